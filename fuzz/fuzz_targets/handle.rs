//! Handles, and queries for them: no panic; what is written of a handle is read as the same; canonical forms stay.
#![no_main]

use federate_webfinger::{Handle, Query, Request, parse_query, parse_rels};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    for parse in [Handle::parse, Handle::parse_allowing_port] {
        let Ok(handle) = parse(text) else { continue };
        for written in [handle.to_string(), handle.acct()] {
            assert_eq!(parse(&written).as_ref(), Ok(&handle), "{written}");
        }
        let folded = handle.folded();
        assert_eq!(folded.folded(), folded);
        assert_eq!(parse(&folded.acct()).as_ref(), Ok(&folded));
        // Who is asked about it is its host and nobody else, and reads it as the same.
        let url = Request::account(&handle)
            .rel("self")
            .to_url("https")
            .expect("a handle can be asked for");
        assert_eq!(url.username(), "");
        assert_eq!(url.path(), "/.well-known/webfinger");
        let host = url.host_str().expect("a host");
        assert!(handle.host() == host || handle.host().starts_with(&format!("{host}:")));
        let query = url.query().expect("a query");
        if query.len() > 8 * 1024 {
            // By what is encoded; nobody reads it.
            continue;
        }
        assert_eq!(parse_rels(query), ["self"]);
        assert_eq!(
            parse_query(query),
            Ok(Query::Account {
                user: handle.user().to_owned(),
                host: handle.host().to_owned()
            })
        );
    }
    let _ = parse_rels(text);
    if let Ok(Query::Account { user, host }) = parse_query(text) {
        // Ports are taken there, and the host is canonical already.
        let handle = Handle::new(&user, &host).expect("what a query names is a handle");
        assert_eq!((handle.user(), handle.host()), (user.as_str(), host.as_str()));
    }
    if let Some(url) = Url::parse(text)
        .ok()
        .as_ref()
        .and_then(Request::url)
        .and_then(|asked| asked.to_url("https"))
    {
        let asked = Url::parse(text).expect("it was one");
        assert_eq!(
            (url.host(), url.port()),
            (asked.host(), asked.port().filter(|port| *port != 443))
        );
        match parse_query(url.query().expect("a query")) {
            Ok(Query::Url(resource)) => assert_eq!(resource, asked.as_str()),
            // Too long for a query, by what is encoded.
            other => assert!(other.is_err() && asked.as_str().len() > 2000, "{other:?}"),
        }
    }
});
