//! What a person types, and the HTML that it becomes: paragraphs, links, mentions, hashtags. One pass, no regular expression.

use crate::urls::Urls;
use std::collections::HashMap;
use std::fmt::Write;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Plain(&'a str),
    /// `@user` or `@user@host`.
    Mention {
        user: &'a str,
        host: Option<&'a str>,
        whole: &'a str,
    },
    /// Without its `#`.
    Tag(&'a str),
    Link(&'a str),
}

/// Somebody who is mentioned, ready to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Mentioned {
    pub(crate) page: String,
    pub(crate) username: String,
}

/// Takes a text apart.
pub(crate) fn scan(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut plain_from, mut at, mut before) = (0, 0, ' ');
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        let found = match c {
            '@' if !is_word(before) && !matches!(before, '/' | '=') => mention(rest),
            '#' if !is_word(before) && !matches!(before, '/' | '&') => tag(rest),
            'h' if !is_word(before) => link(rest),
            _ => None,
        };
        if let Some((piece, len)) = found {
            if let Some(plain) = text.get(plain_from..at).filter(|p| !p.is_empty()) {
                pieces.push(Piece::Plain(plain));
            }
            pieces.push(piece);
            at += len;
            plain_from = at;
            before = 'x';
        } else {
            at += c.len_utf8();
            before = c;
        }
    }
    if let Some(plain) = text.get(plain_from..).filter(|p| !p.is_empty()) {
        pieces.push(Piece::Plain(plain));
    }
    pieces
}

/// The hashtags of a text, in lower case, each once.
pub(crate) fn tags(pieces: &[Piece<'_>]) -> Vec<String> {
    let mut tags = Vec::new();
    for piece in pieces {
        if let Piece::Tag(name) = piece {
            let name = name.to_lowercase();
            if !tags.contains(&name) {
                tags.push(name);
            }
        }
    }
    tags
}

/// The text as HTML. `people` holds who a mention turned out to be, by the mention as it stands in the text.
pub(crate) fn html(pieces: &[Piece<'_>], people: &HashMap<String, Mentioned>, urls: &Urls) -> String {
    let mut out = String::from("<p>");
    for piece in pieces {
        match piece {
            Piece::Plain(text) => plain(&mut out, text),
            Piece::Mention { whole, .. } => match people.get(*whole) {
                Some(who) => {
                    let (page, name) = (escape(&who.page), escape(&who.username));
                    let _ = write!(
                        out,
                        r#"<span class="h-card" translate="no"><a href="{page}" class="u-url mention">@<span>{name}</span></a></span>"#
                    );
                }
                None => plain(&mut out, whole),
            },
            Piece::Tag(name) => {
                let (href, name) = (escape(&urls.tag(&name.to_lowercase())), escape(name));
                let _ = write!(
                    out,
                    r##"<a href="{href}" class="mention hashtag" rel="tag">#<span>{name}</span></a>"##
                );
            }
            Piece::Link(href) => {
                let href = escape(href);
                let _ = write!(
                    out,
                    r#"<a href="{href}" target="_blank" rel="nofollow noopener noreferrer">{href}</a>"#
                );
            }
        }
    }
    out.push_str("</p>");
    out
}

/// For text and for values of attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\0' => {}
            c => out.push(c),
        }
    }
    out
}

fn plain(out: &mut String, text: &str) {
    let mut lines = 0;
    for c in text.chars() {
        match c {
            '\r' => {}
            '\n' => lines += 1,
            c => {
                match lines {
                    0 => {}
                    1 => out.push_str("<br>"),
                    _ => out.push_str("</p><p>"),
                }
                lines = 0;
                out.push_str(&escape(c.encode_utf8(&mut [0; 4])));
            }
        }
    }
    match lines {
        0 => {}
        1 => out.push_str("<br>"),
        _ => out.push_str("</p><p>"),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn mention(rest: &str) -> Option<(Piece<'_>, usize)> {
    let after = rest.get(1..)?;
    let user = name(after, |c| c.is_ascii_alphanumeric() || c == '_')?;
    let mut len = 1 + user.len();
    let mut host = None;
    if let Some(tail) = after.get(user.len()..).and_then(|t| t.strip_prefix('@'))
        && let Some(found) = name(tail, |c| c.is_alphanumeric())
    {
        let port: usize = match tail.get(found.len()..).and_then(|t| t.strip_prefix(':')) {
            Some(t) => match t.bytes().take_while(u8::is_ascii_digit).count() {
                digits @ 1..=5 => 1 + digits,
                _ => 0,
            },
            None => 0,
        };
        host = tail.get(..found.len() + port);
        len += 1 + found.len() + port;
    }
    Some((
        Piece::Mention {
            user,
            host,
            whole: rest.get(..len)?,
        },
        len,
    ))
}

/// The longest start of `text` of `good` characters, with single dots and hyphens between them.
fn name(text: &str, good: impl Fn(char) -> bool) -> Option<&str> {
    let mut end = 0;
    for (at, c) in text.char_indices() {
        if good(c) {
            end = at + c.len_utf8();
        } else if !matches!(c, '.' | '-') || end == 0 {
            break;
        }
    }
    text.get(..end).filter(|n| !n.is_empty())
}

fn tag(rest: &str) -> Option<(Piece<'_>, usize)> {
    let after = rest.get(1..)?;
    let end = after
        .char_indices()
        .find(|(_, c)| !is_word(*c) && *c != '·')
        .map_or(after.len(), |(at, _)| at);
    let name = after.get(..end)?;
    // `#1` is a number, not a tag.
    name.chars()
        .any(|c| c.is_alphabetic())
        .then_some((Piece::Tag(name), 1 + end))
}

fn link(rest: &str) -> Option<(Piece<'_>, usize)> {
    let after = rest
        .strip_prefix("https://")
        .or_else(|| rest.strip_prefix("http://"))?;
    let end = rest
        .char_indices()
        .find(|(_, c)| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`'))
        .map_or(rest.len(), |(at, _)| at);
    let mut link = rest.get(..end)?;
    while let Some(last) = link.chars().next_back() {
        let dangling = match last {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => true,
            ')' => link.matches(')').count() > link.matches('(').count(),
            ']' => link.matches(']').count() > link.matches('[').count(),
            _ => false,
        };
        if !dangling {
            break;
        }
        link = link.get(..link.len() - last.len_utf8())?;
    }
    let scheme = rest.len() - after.len();
    (link.len() > scheme).then_some((Piece::Link(link), link.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str) -> String {
        let urls = Urls::parse("https://a.example").unwrap();
        let bob = Mentioned {
            page: "https://b.example/@bob".into(),
            username: "bob".into(),
        };
        html(
            &scan(text),
            &HashMap::from([("@bob@b.example".to_owned(), bob)]),
            &urls,
        )
    }

    #[test]
    fn what_is_typed_is_escaped() {
        assert_eq!(render("<script>&\"'"), "<p>&lt;script&gt;&amp;&quot;&#39;</p>");
        assert!(!render("https://x.example/\"onclick=1").contains("\"onclick"));
    }

    #[test]
    fn lines_and_paragraphs() {
        assert_eq!(render("a\nb\r\n\r\nc"), "<p>a<br>b</p><p>c</p>");
    }

    #[test]
    fn mentions() {
        let pieces = scan("hi @bob@b.example, @al and a@b.example; @c@127.0.0.1:80. @d@e.");
        let found: Vec<_> = pieces
            .iter()
            .filter_map(|p| match p {
                Piece::Mention { whole, .. } => Some(*whole),
                _ => None,
            })
            .collect();
        assert_eq!(found, ["@bob@b.example", "@al", "@c@127.0.0.1:80", "@d@e"]);
        assert!(
            render("@bob@b.example").contains(r#"<a href="https://b.example/@bob" class="u-url mention">"#)
        );
        assert_eq!(render("@who@c.example"), "<p>@who@c.example</p>");
    }

    #[test]
    fn links_and_tags() {
        assert_eq!(tags(&scan("#Rust #rust #1 x#no #fünf")), ["rust", "fünf"]);
        assert!(render("see https://x.example/a_(b).").contains(r#"href="https://x.example/a_(b)""#));
        assert_eq!(scan("http://"), [Piece::Plain("http://")]);
    }
}
