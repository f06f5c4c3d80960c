//! Whose a host is, as far as its name tells.

use crate::activitystreams::Iri;
use url::{Host, Url};

/// What stands before a country's code in place of a name: `example.co.uk` is somebody's, `co.uk` is not.
const SHARED: &[&str] = &[
    "ac", "co", "com", "edu", "go", "gob", "gov", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc", "sch",
];

/// The domain that was registered: `example.org` of `a.b.example.org`. Whoever has a domain has all hosts below it, and
/// that is a million where he wants it so.
///
/// It goes by the shape of the name. Where many share a domain that looks like one of somebody's, they share its limit too.
#[must_use]
pub fn of(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => registered(name),
        _ => url.host_str().unwrap_or_default().to_owned(),
    }
}

/// As [`of`], of where an id is; empty where that is nowhere.
#[must_use]
pub fn of_id(id: &Iri) -> String {
    match id.origin() {
        // What is no address: of nearly all ids the origin is read without a URL being made.
        Some(origin)
            if !origin
                .host()
                .ends_with(|last: char| last.is_ascii_digit() || last == ']') =>
        {
            registered(origin.host())
        }
        _ => id.to_url().map(|url| of(&url)).unwrap_or_default(),
    }
}

fn registered(name: &str) -> String {
    let name = name.trim_end_matches('.');
    let mut labels = name.rsplit('.');
    let (last, second) = (
        labels.next().unwrap_or_default(),
        labels.next().unwrap_or_default(),
    );
    let parts = if last.len() == 2 && SHARED.contains(&second) {
        3
    } else {
        2
    };
    let start = name
        .rmatch_indices('.')
        .nth(parts - 1)
        .map_or(0, |(at, _)| at + 1);
    name.get(start..).unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_id_it_is_that_of_its_host() {
        let of = |id: &str| of_id(&Iri::parse(id).unwrap());
        assert_eq!(of("https://A.b.Example.org:8443/x"), "example.org");
        assert_eq!(of("https://u@a.Bücher.example./x"), "xn--bcher-kva.example");
        assert_eq!(of("https://0x7f.1/x"), "127.0.0.1");
        assert_eq!(of("https://[::1]:1/x"), "[::1]");
        assert_eq!(of("https://a.host5/x"), "a.host5");
        assert_eq!(of("urn:uuid:0"), "");
    }

    #[test]
    fn r9_whatever_stands_before_it_is_the_same_domain() {
        for (host, domain) in [
            ("example.org", "example.org"),
            ("a.example.org", "example.org"),
            ("a.b.EXAMPLE.org.", "example.org"),
            ("example.co.uk", "example.co.uk"),
            ("a.b.example.co.uk", "example.co.uk"),
            ("co.uk", "co.uk"),
            ("a.abc.io", "abc.io"),
            ("a.com.com", "com.com"),
            ("localhost", "localhost"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
        ] {
            let url = Url::parse(&format!("https://{host}:8443/x")).unwrap();
            assert_eq!(of(&url), domain, "{host}");
        }
    }
}
