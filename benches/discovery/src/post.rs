//! Who posts: the guarded client, and reqwest as it is without a guard.

use std::io::BufRead as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use federate_http::{Budget, Guard, GuardedClient, HttpClient as _};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, DATE, HOST, HeaderMap, HeaderName, HeaderValue};
use nix::time::{ClockId, clock_gettime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::Verifier;

use crate::sink::Sink;

/// The bytes of one body.
pub const BODY: usize = 3 * 1024;
/// As many as the pool of either client keeps.
const AT_ONCE: u64 = 8;
const AGENT: &str = "discovery-bench/0.0 (+https://social.example/)";
const DEADLINE: Duration = Duration::from_secs(10);

/// Does what its input says, line by line (`ours http 1000`), and prints the nanoseconds of CPU and of time that it took.
pub fn run() {
    let mut lines = std::io::stdin().lock().lines();
    let sink: Sink = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let clients = Clients::new(&sink);
    let runtime = runtime();
    println!("ready");
    for line in lines {
        let line = line.unwrap();
        let mut words = line.split(' ');
        let mut word = || words.next().unwrap();
        let (who, how, times) = (word(), word(), word().parse().unwrap());
        let (cpu, began) = (cpu(), Instant::now());
        runtime.block_on(clients.post(who, how, times, AT_ONCE));
        println!("{} {}", self::cpu() - cpu, began.elapsed().as_nanos());
    }
}

/// The same for valgrind, which counts a whole process: on one connection, as a race for more would be counted too.
pub fn run_one(who: &str, how: &str, times: u64) {
    let sink: Sink = serde_json::from_reader(std::io::stdin()).unwrap();
    let clients = Clients::new(&sink);
    runtime().block_on(clients.post(who, how, times, 1));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// Nanoseconds of CPU that this process has had.
fn cpu() -> u128 {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).unwrap();
    Duration::from(time).as_nanos()
}

struct Clients {
    ours: GuardedClient,
    bare: reqwest::Client,
    /// With a deadline for the whole, which ours has too.
    timed: reqwest::Client,
    sink: [(&'static str, String); 3],
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Clients {
    fn new(sink: &Sink) -> Arc<Self> {
        let guard = Guard::new()
            .extra_root_ca(sink.ca.as_bytes())
            .unwrap()
            .dangerous()
            .allow_loopback();
        Arc::new(Self {
            ours: GuardedClient::new(guard, AGENT).unwrap(),
            bare: bare(sink).build().unwrap(),
            timed: bare(sink).timeout(DEADLINE).build().unwrap(),
            sink: [
                ("http", format!("http://localhost:{}/inbox", sink.http)),
                ("https", format!("https://localhost:{}/inbox", sink.https)),
                ("h2", format!("https://localhost:{}/inbox", sink.h2)),
            ],
            headers: headers(),
            body: Bytes::from(vec![b'x'; BODY]),
        })
    }

    async fn post(self: &Arc<Self>, who: &str, how: &str, times: u64, at_once: u64) {
        let url = self.sink.iter().find(|(name, _)| *name == how).unwrap().1.clone();
        let posting: Vec<_> = (0..at_once)
            .map(|index| {
                let (clients, who, url) = (Arc::clone(self), who.to_owned(), url.clone());
                // What does not divide is the first one's.
                let times = times / at_once + if index == 0 { times % at_once } else { 0 };
                tokio::spawn(async move { clients.post_in_turn(&who, &url, times).await })
            })
            .collect();
        for one in posting {
            one.await.unwrap();
        }
    }

    async fn post_in_turn(&self, who: &str, url: &str, times: u64) {
        for _ in 0..times {
            let status = match who {
                "ours" => self.guarded(url).await,
                "bare" => self.unguarded(&self.bare, url).await,
                "timed" => self.unguarded(&self.timed, url).await,
                other => panic!("there is no {other}"),
            };
            assert_eq!(status, 202);
        }
    }

    /// As a delivery does: a request that was signed, `Host` and all.
    async fn guarded(&self, url: &str) -> http::StatusCode {
        let mut request = http::Request::post(url).body(self.body.clone()).unwrap();
        let authority = request.uri().authority().unwrap().as_str();
        let host = HeaderValue::from_str(authority).unwrap();
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.extend(self.headers.iter().cloned());
        let budget = Budget {
            deadline: DEADLINE,
            max_body: 64 * 1024,
        };
        self.ours.send(request, &budget).await.unwrap().status()
    }

    async fn unguarded(&self, client: &reqwest::Client, url: &str) -> http::StatusCode {
        let mut headers = HeaderMap::new();
        headers.extend(self.headers.iter().cloned());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let request = client.post(url).headers(headers).body(self.body.clone());
        let response = request.send().await.unwrap();
        let status = response.status();
        response.bytes().await.unwrap();
        status
    }
}

/// The headers of a delivery; nobody verifies them here.
fn headers() -> Vec<(HeaderName, HeaderValue)> {
    let signature = format!(
        "keyId=\"https://social.example/users/alice#main-key\",algorithm=\"rsa-sha256\",headers=\"(request-target) host date \
         digest content-type\",signature=\"{}==\"",
        "A".repeat(342)
    );
    [
        (DATE, "Tue, 20 Apr 2021 02:07:55 GMT"),
        (CONTENT_TYPE, "application/activity+json"),
        (
            HeaderName::from_static("digest"),
            "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        ),
        (HeaderName::from_static("signature"), signature.as_str()),
    ]
    .into_iter()
    .map(|(name, value)| (name, HeaderValue::from_str(value).unwrap()))
    .collect()
}

/// reqwest with the TLS, the pool and the limits of the guarded client, and nothing else of it.
fn bare(sink: &Sink) -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let root = CertificateDer::from_pem_slice(sink.ca.as_bytes()).unwrap();
    let verifier = Verifier::new_with_extra_roots([root], Arc::clone(&provider)).unwrap();
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    reqwest::Client::builder()
        .user_agent(AGENT)
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(DEADLINE)
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(8)
        .http2_max_header_list_size(64 * 1024)
}
