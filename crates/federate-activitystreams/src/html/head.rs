//! The links in the head of a page.

use super::entities::decode_value;
use super::tokens::{Piece, pieces};

/// A `link` element in the head of a page: what the page names for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadLink {
    /// Its relations, as they came: words between blanks.
    pub rel: String,
    /// Its media type, as it came; empty where there is none.
    pub media_type: String,
    /// Where it leads, as it came: perhaps relative to the page.
    pub href: String,
}

impl HeadLink {
    /// Whether it has this relation; relations are compared without regard to case.
    #[must_use]
    pub fn has_rel(&self, rel: &str) -> bool {
        self.rel
            .split_ascii_whitespace()
            .any(|one| one.eq_ignore_ascii_case(rel))
    }
}

/// So many links of one page are read.
const MAX_LINKS: usize = 100;

/// The first 100 links in the head of a page, in their order. Nothing behind the beginning of the body is looked at: what stands there, people may have
/// written who do not speak for the page.
///
/// A page says whatever it wants: what such a link leads to is to be believed for reasons of its own.
///
/// ```
/// use federate_activitystreams::html::head_links;
///
/// let page = r#"<!doctype html><head><title>A note</title>
///     <link rel="alternate" type="application/activity+json" href="/notes/1">"#;
/// let links = head_links(page);
/// assert!(links[0].has_rel("alternate"));
/// assert_eq!(links[0].href, "/notes/1");
/// ```
#[must_use]
pub fn head_links(page: &str) -> Vec<HeadLink> {
    // A mark of the byte order is no text.
    let page = page.strip_prefix('\u{feff}').unwrap_or(page);
    let mut links = Vec::new();
    let mut titled = false;
    for piece in pieces(page) {
        match piece {
            Piece::Open(name, _) if name.eq_ignore_ascii_case("title") => titled = true,
            Piece::Close(name) if name.eq_ignore_ascii_case("title") => titled = false,
            // To a browser, a title has no tags in it.
            _ if titled => {}
            Piece::Open(name, attributes) if name.eq_ignore_ascii_case("link") => {
                if let Some(href) = attributes.get("href")
                    && let Some(rel) = attributes.get("rel")
                {
                    let text = |raw| decode_value(raw).trim().to_owned();
                    links.push(HeadLink {
                        rel: text(rel),
                        media_type: attributes.get("type").map(text).unwrap_or_default(),
                        href: text(href),
                    });
                }
            }
            Piece::Open(name, _) if !stands_in_a_head(name) => break,
            Piece::Close(name) if name.eq_ignore_ascii_case("head") => break,
            Piece::Text(text) if !text.trim_ascii().is_empty() => break,
            Piece::Open(..) | Piece::Close(_) | Piece::Text(_) => {}
        }
        if links.len() == MAX_LINKS {
            break;
        }
    }
    links
}

/// Whatever else opens is the beginning of the body, also where nobody says so.
fn stands_in_a_head(name: &str) -> bool {
    ["html", "head", "base", "meta", "noscript", "template"]
        .iter()
        .any(|one| name.eq_ignore_ascii_case(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hrefs(page: &str) -> Vec<String> {
        head_links(page).into_iter().map(|link| link.href).collect()
    }

    #[test]
    fn links_in_all_spellings() {
        let page = "\u{feff}<!DOCTYPE html>\n<!-- <link rel=a href=no> --><HTML lang=en><Head><meta charset=utf-8>\
            <LINK REL='Alternate  Canonical' TYPE=\"application/activity+json\" HREF=' /a?x=1&amp;y=2 '/>\
            <style>a<link rel=a href=no></style><script>'<link rel=a href=no>'</script>\
            <link href=/b rel=alternate><link rel=alternate><link href=/no></head><link rel=alternate href=/no>";
        let links = head_links(page);
        assert_eq!(links.len(), 2, "{links:?}");
        assert!(links.iter().all(|link| link.has_rel("alternate")));
        assert!(links.iter().any(|link| link.has_rel("CANONICAL")));
        assert_eq!(
            links.iter().map(|link| link.href.as_str()).collect::<Vec<_>>(),
            ["/a?x=1&y=2", "/b"]
        );
        assert_eq!(
            links.first().map(|link| link.media_type.as_str()),
            Some("application/activity+json")
        );
    }

    #[test]
    fn i19_what_people_write_is_no_link_of_the_page() {
        let evil = "<link rel=alternate href=/evil>";
        for page in [
            format!("<head></head>{evil}"),
            format!("<body>{evil}"),
            format!("<head><p>{evil}"),
            format!("<head>text{evil}"),
            format!("<title>{evil}</title>"),
            format!("<title>{evil}"),
            format!("<textarea>{evil}"),
            format!("<!--{evil}-->"),
            format!("<meta content='{evil}'>"),
            format!("<script>{evil}</script>"),
            format!("<div>{evil}</div>"),
        ] {
            assert_eq!(hrefs(&page), [""; 0], "{page}");
        }
        assert_eq!(hrefs(&format!("<title>Alice</title>{evil}")), ["/evil"]);
    }

    #[test]
    fn a_hundred_links_and_no_more() {
        let page = |count: usize| "<link rel=a href=b>".repeat(count);
        assert_eq!(hrefs(&page(100)).len(), 100);
        assert_eq!(hrefs(&page(101)).len(), 100);
    }
}
