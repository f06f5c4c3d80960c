//! Several instances in one process, each at an origin of its own: which of them a request is for.

use http::{HeaderMap, Uri, header};

use crate::{Builder, Directory, Federation};

impl<App: Directory> Builder<App> {
    /// Answers only what is asked of the base URL's own host, and lets all else through: for several instances, each with a store of
    /// its own, that are layered over one application. What is asked of a host that none of them has is the application's.
    ///
    /// The host is that of the request line or HTTP/2's `:authority`, or else of the one `Host` header; never `X-Forwarded-Host`, which anybody can
    /// send. A proxy in front has to pass it on as it came (nginx: `proxy_set_header Host $host`). Without this option, documents
    /// are served whatever the host is called that was asked, as behind a proxy which does not; what is posted has to be signed for the
    /// base URL's host in either case.
    pub fn own_host_only(mut self) -> Self {
        self.own_host_only = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    /// Whether a request is for this instance.
    pub(crate) fn is_asked(&self, target: &Uri, headers: &HeaderMap) -> bool {
        !self.inner.own_host_only
            || asked(target, headers)
                .is_some_and(|asked| is_same(asked, self.uris().host(), self.uris().base()))
    }
}

/// The host of which something is asked; `None` where there is none, or where there are two.
fn asked<'a>(target: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) => None,
        (Some(host), None) => Some(host.to_str().ok()?),
        (Some(_), Some(_)) => return None,
    };
    let line = target.authority().map(http::uri::Authority::as_str);
    match (line, host) {
        (Some(line), Some(host)) => line.eq_ignore_ascii_case(host).then_some(line),
        (line, host) => line.or(host),
    }
}

/// Whether a host as it was asked is the one of the base URL, which has a port only where that is not the usual one.
fn is_same(asked: &str, own: &str, base: &str) -> bool {
    let usual = if base.starts_with("https:") { ":443" } else { ":80" };
    asked
        .strip_suffix(usual)
        .unwrap_or(asked)
        .eq_ignore_ascii_case(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(hosts: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, host.parse().unwrap());
        }
        headers.insert("x-forwarded-host", "forwarded.test".parse().unwrap());
        headers
    }

    #[test]
    fn s13_who_is_asked_is_said_once() {
        for (line, hosts, expected) in [
            ("/", vec!["a.test"], Some("a.test")),
            ("https://a.test/", vec![], Some("a.test")),
            ("https://a.test/", vec!["A.test"], Some("a.test")),
            ("https://a.test/", vec!["b.test"], None),
            ("/", vec![], None),
            ("/", vec!["a.test", "a.test"], None),
            ("/", vec!["a.test", "b.test"], None),
        ] {
            assert_eq!(
                asked(&line.parse().unwrap(), &headers(&hosts)),
                expected,
                "{line} {hosts:?}"
            );
        }
    }

    #[test]
    fn s13_a_host_has_several_spellings_and_others_are_not_it() {
        let ours = |asked| is_same(asked, "a.test", "https://a.test");
        for same in ["a.test", "A.TEST", "a.test:443"] {
            assert!(ours(same), "{same}");
        }
        for other in [
            "a.test:80",
            "a.test:8443",
            "a.test.",
            "b.a.test",
            "aa.test",
            "u@a.test",
            "a.test:443:443",
            "",
        ] {
            assert!(!ours(other), "{other}");
        }
        let loopback = |asked| is_same(asked, "127.0.0.1:8080", "http://127.0.0.1:8080");
        assert!(loopback("127.0.0.1:8080") && !loopback("127.0.0.1"));
        assert!(is_same("localhost:80", "localhost", "http://localhost"));
    }
}
