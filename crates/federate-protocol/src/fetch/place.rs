//! Whether two URLs are of one place.

use crate::activitystreams::Iri;
use url::Url;

/// One text for all spellings of a place: the host in any letters, the port that the scheme has anyway, letters that are escaped
/// without need, the query in any order, whatever fragment.
pub(super) fn of(url: &Url) -> String {
    let mut query: Vec<_> = url.query_pairs().collect();
    query.sort();
    let origin = url.origin().ascii_serialization();
    // Both as Rust writes them: a name cannot pass for two.
    format!("{origin}{} {query:?}", unescaped(url.path()))
}

pub(super) fn of_iri(iri: &Iri) -> Option<String> {
    iri.to_url().ok().as_ref().map(of)
}

/// A path whose letters, digits, `-`, `.`, `_` and `~` stand as themselves, and whose other escapes are in capitals (RFC 3986, 6.2.2).
fn unescaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        rest = after;
        let Some(byte) = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) else {
            out.push('%');
            continue;
        };
        rest = after.get(2..).unwrap_or_default();
        match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) => out.push(c),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_many_spellings() {
        let place = |text| of_iri(&Iri::parse(text).unwrap()).unwrap();
        let one = place("https://a.example/~alice/outbox?max_id=1&page=true");
        for same in [
            "https://A.example:443/~alice/outbox?max_id=1&page=true",
            "https://a.example/%7Ealice/outb%6fx?page=true&max_id=1",
            "https://a.example/~alice/outbox?page=%74rue&max_id=1#top",
            "https://a.example/x/../~alice/outbox?max_id=1&page=true",
        ] {
            assert_eq!(place(same), one, "{same}");
        }
        for other in [
            "https://a.example/~alice/outbox?max_id=1",
            "https://a.example/~alice/outbox?max_id=1&page=true&page=true",
            "https://a.example/~Alice/outbox?max_id=1&page=true",
            "https://a.example/~alice/outbox/?max_id=1&page=true",
            "https://a.example/~alice%2Foutbox?max_id=1&page=true",
            "https://a.example:444/~alice/outbox?max_id=1&page=true",
            "https://a.example/~alice/outbox?max_id=1%26page=true",
        ] {
            assert_ne!(place(other), one, "{other}");
        }
        assert_eq!(place("https://a.example/%c3%A4"), place("https://a.example/ä"));
        assert_eq!(place("https://a.example/100%"), place("https://a.example/100%"));
        assert_ne!(place("https://a.example/%2b"), place("https://a.example/%2c"));
    }
}
