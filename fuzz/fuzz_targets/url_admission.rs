//! Which URLs are asked: the one that was judged is the one that is dialled, whoever reads it; a name that leads to
//! private addresses is dialled nowhere.
#![no_main]

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use federate_http::{Budget, Guard, GuardedClient, HttpClient, HttpErrorKind, Resolver};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;
use url::Url;

/// Knows no name, or none with a public address; and remembers what it was asked.
#[derive(Debug)]
struct Names {
    private: bool,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn new(private: bool) -> Arc<Self> {
        Arc::new(Self {
            private,
            asked: Mutex::default(),
        })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("nobody panicked"))
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.lock().expect("nobody panicked").push(name.to_owned());
        if !self.private {
            return Err(io::Error::other("no such name"));
        }
        Ok(["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "fd00::1", "0.0.0.0"]
            .map(|address| address.parse().expect("an address"))
            .to_vec())
    }
}

struct Side {
    names: Arc<Names>,
    client: GuardedClient,
    /// What comes of a request that the guard lets through.
    end: HttpErrorKind,
}

impl Side {
    fn new(private: bool) -> Self {
        let names = Names::new(private);
        let guard = Guard::new().resolver(names.clone());
        Self {
            client: GuardedClient::new(guard, "fuzz/1.0").expect("a client"),
            names,
            end: match private {
                true => HttpErrorKind::Address,
                false => HttpErrorKind::Dns,
            },
        }
    }
}

static SIDES: LazyLock<[Side; 2]> = LazyLock::new(|| [Side::new(false), Side::new(true)]);
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
});

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    ask(text);
    // What one parser makes of it is asked as well: most of what a fuzzer writes only that one takes.
    if let Ok(url) = Url::parse(text) {
        ask(url.as_str());
        // An address, whatever its spelling, is never asked for.
        if !matches!(url.host(), Some(url::Host::Domain(_))) {
            assert!(Guard::new().admits(&url).is_err(), "{url}");
        }
    }
    // As a host, in what is a URL otherwise.
    ask(&format!("https://{text}/x?y"));
});

fn ask(text: &str) {
    let Ok(uri) = text.parse::<http::Uri>() else { return };
    for side in SIDES.iter() {
        let request = http::Request::post(uri.clone())
            .body(Bytes::from_static(b"{}"))
            .expect("a request");
        let budget = Budget {
            deadline: Duration::from_secs(3),
            max_body: 1,
        };
        let error = RUNTIME
            .block_on(side.client.send(request, &budget))
            .expect_err("there is nobody to answer");
        let asked = side.names.take();
        if error.is_permanent() {
            assert!(asked.is_empty(), "{text} is refused and {asked:?} looked up");
            continue;
        }
        assert_eq!(error.kind(), side.end, "{text}");
        let [name] = asked.as_slice() else {
            panic!("{text}: {asked:?} looked up");
        };
        assert_is_public(name);
        // Both parsers, of what was written and of what was understood, see the host that was looked up.
        assert!(uri.host().is_some_and(|host| host.eq_ignore_ascii_case(name)), "{text}");
        for seen in [text, &uri.to_string()] {
            let url = Url::parse(seen).expect("two parsers take it");
            assert_eq!(side.client.guard().admits(&url), Ok(()), "{text}");
            assert_eq!(url.scheme(), "https", "{text}");
            assert_eq!(url.host_str(), Some(name.as_str()), "{text}");
            assert_eq!(url.port_or_known_default(), Some(uri.port_u16().unwrap_or(443)), "{text}");
            assert_eq!((url.username(), url.password()), ("", None), "{text}");
            assert_eq!(url.path(), uri.path(), "{text}");
            assert_eq!(url.query(), uri.query(), "{text}");
        }
        assert!(!uri.authority().expect("an authority").as_str().contains('@'), "{text}");
    }
}

/// A name by the letter: nothing that any resolver takes for an address, nothing that is local.
fn assert_is_public(name: &str) {
    assert!(
        name.bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.')),
        "{name}"
    );
    let labels: Vec<&str> = name.split('.').collect();
    assert!(labels.len() > 1 && labels.iter().all(|label| !label.is_empty()), "{name}");
    let last = labels[labels.len() - 1];
    // Each part of an address is a number: decimal, octal or hexadecimal.
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    assert!(!is_number, "{name}");
    assert!(
        ![
            "alt", "arpa", "example", "internal", "invalid", "local", "localhost", "onion", "test"
        ]
        .contains(&last),
        "{name}"
    );
}
