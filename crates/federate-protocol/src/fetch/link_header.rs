//! `Link` headers ([RFC 8288]), as far as they name another form of what was asked for.
//!
//! [RFC 8288]: https://www.rfc-editor.org/rfc/rfc8288

/// A link of a `Link` header: its target, its relations, its media type, as they came.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HeaderLink<'a> {
    pub(super) target: &'a str,
    pub(super) rel: &'a str,
    pub(super) media_type: &'a str,
}

/// The links of one header value. What cannot be read ends them: what stands behind it could be read in two ways.
pub(super) fn links(value: &str) -> impl Iterator<Item = HeaderLink<'_>> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let (link, after) = link(rest.take()?)?;
        rest = after;
        Some(link)
    })
}

/// The first link, and what follows its comma.
fn link(text: &str) -> Option<(HeaderLink<'_>, Option<&str>)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (target, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let mut link = HeaderLink {
        target,
        rel: "",
        media_type: "",
    };
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Some((link, None));
        }
        if let Some(after) = rest.strip_prefix(',') {
            return Some((link, Some(after)));
        }
        let (name, value, after) = parameter(rest.strip_prefix(';')?.trim_start())?;
        // Of a parameter that comes twice, the first counts.
        if name.eq_ignore_ascii_case("rel") && link.rel.is_empty() {
            link.rel = value;
        } else if name.eq_ignore_ascii_case("type") && link.media_type.is_empty() {
            link.media_type = value;
        }
        rest = after;
    }
}

/// Name and value of a parameter, and what follows it. Escapes within quotes are left as they are: no relation and no media type that is looked for has one.
fn parameter(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let name = name.trim();
    let Some(value) = rest.strip_prefix('=') else {
        return Some((name, "", rest));
    };
    let value = value.trim_start();
    match value.strip_prefix('"') {
        Some(quoted) => {
            let (inside, after) = quoted.split_at_checked(end_of_quoted(quoted)?)?;
            Some((name, inside, after.get(1..)?))
        }
        None => {
            let end = value.find([';', ',']).unwrap_or(value.len());
            let (value, after) = value.split_at_checked(end)?;
            Some((name, value.trim_end(), after))
        }
    }
}

fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Vec<(&str, &str, &str)> {
        links(value)
            .map(|link| (link.target, link.rel, link.media_type))
            .collect()
    }

    #[test]
    fn links_as_servers_send_them() {
        assert_eq!(
            read(
                r#"<https://a.example/.well-known/webfinger?resource=acct%3Aa%40a.example>; rel="lrdd"; type="application/jrd+json", <https://a.example/users/a>; rel="alternate"; type="application/activity+json""#
            ),
            [
                (
                    "https://a.example/.well-known/webfinger?resource=acct%3Aa%40a.example",
                    "lrdd",
                    "application/jrd+json"
                ),
                (
                    "https://a.example/users/a",
                    "alternate",
                    "application/activity+json"
                ),
            ]
        );
        assert_eq!(
            read(r#" <a,b>;REL=alternate ;type=x;title="a, \"<b>\"; c" , <c>"#),
            [("a,b", "alternate", "x"), ("c", "", "")]
        );
        assert_eq!(read("<a>;rel;type=y;rel=z;rel=w"), [("a", "z", "y")]);
    }

    #[test]
    fn what_cannot_be_read_ends_them() {
        assert_eq!(read(""), []);
        assert_eq!(read("a; rel=b"), []);
        assert_eq!(read("<a"), []);
        assert_eq!(read("<a> rel=b"), []);
        assert_eq!(read(r#"<a>, <b>; rel="c"#), [("a", "", "")]);
    }
}
