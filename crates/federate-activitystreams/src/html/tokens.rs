//! HTML as text and tags: enough to read it, not to trust it.
//!
//! It splits as browsers do (<https://html.spec.whatwg.org/multipage/parsing.html#tokenization>), apart from the
//! inside of `title`, `textarea` and the like, where it sees tags.

/// One piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text, with its entities.
    Text(&'a str),
    /// A tag that opens; its name as written.
    Open(&'a str, Attributes<'a>),
    /// A tag that closes; its name as written.
    Close(&'a str),
}

/// What stands in a tag behind its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Attributes<'a>(&'a str);

impl<'a> Attributes<'a> {
    /// The first value under this name, with its entities; the others are not the attribute.
    pub(super) fn get(self, wanted: &str) -> Option<&'a str> {
        let mut at = 0;
        while let Step::Attribute { name, value, next } = step(self.0, at) {
            if name.eq_ignore_ascii_case(wanted) {
                return Some(value);
            }
            at = next;
        }
        None
    }
}

/// Elements of which nothing is shown. What stands in them is no markup, up to their own closing tag.
const UNSHOWN: [&str; 5] = ["script", "style", "iframe", "noembed", "noframes"];

/// The pieces of a text. Each byte is looked at a fixed number of times: what a search went over is never gone over
/// again.
pub(super) fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find('<').unwrap_or(rest.len());
            if at > 0 {
                let (text, after) = rest.split_at_checked(at)?;
                rest = after;
                return Some(Piece::Text(text));
            }
            if rest.is_empty() {
                return None;
            }
            let (piece, after) = markup(rest);
            rest = after;
            if let Some(Piece::Open(name, _)) = piece
                && let Some(name) = UNSHOWN.iter().find(|one| name.eq_ignore_ascii_case(one))
            {
                rest = after_closing(rest, name);
                continue;
            }
            if piece.is_some() {
                return piece;
            }
        }
    })
}

/// What begins with `<`, and what follows it. No piece: a comment or a declaration.
fn markup(html: &str) -> (Option<Piece<'_>>, &str) {
    let inside = html.get(1..).unwrap_or_default();
    let closes = inside.starts_with('/');
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    match inside.bytes().next() {
        Some(b'!') if !closes => (None, after_declaration(inside)),
        Some(letter) if letter.is_ascii_alphabetic() => {
            let Some((name, attributes, after)) = tag(inside) else {
                return (None, "");
            };
            let piece = if closes {
                Piece::Close(name)
            } else {
                Piece::Open(name, attributes)
            };
            (Some(piece), after)
        }
        // What no tag begins with, after `</` or as `<?`, is a comment up to the next `>`.
        Some(b'?') => (None, after(inside, ">")),
        Some(_) if closes => (None, after(inside, ">")),
        _ => (Some(Piece::Text("<")), html.get(1..).unwrap_or_default()),
    }
}

/// What follows a comment or a declaration that begins with `!`.
fn after_declaration(inside: &str) -> &str {
    let Some(comment) = inside.strip_prefix("!--") else {
        return after(inside, ">");
    };
    // `<!-->` and `<!--->` are whole.
    if let Some(rest) = comment.strip_prefix('>').or_else(|| comment.strip_prefix("->")) {
        return rest;
    }
    let mut rest = comment;
    while let Some((_, behind)) = rest.split_once("--") {
        // A third dash may be the one that counts.
        let end = behind.trim_start_matches('-');
        if let Some(rest) = end.strip_prefix('>').or_else(|| end.strip_prefix("!>")) {
            return rest;
        }
        rest = end;
    }
    ""
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, after)| after)
}

/// What follows the closing tag of this name.
fn after_closing<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some((_, behind)) = rest.split_once("</") {
        if let (Some(begin), Some(end)) = (behind.get(..name.len()), behind.get(name.len()..))
            && begin.eq_ignore_ascii_case(name)
            && end.starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        {
            return tag(behind).map_or("", |(_, _, after)| after);
        }
        rest = behind;
    }
    ""
}

/// The name and the attributes of a tag, and what follows it; `None` where it never ends.
fn tag(inside: &str) -> Option<(&str, Attributes<'_>, &str)> {
    let end = inside
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
        .unwrap_or(inside.len());
    let (name, behind) = inside.split_at_checked(end)?;
    let mut at = 0;
    loop {
        match step(behind, at) {
            Step::Attribute { next, .. } => at = next,
            Step::End(end) => {
                return Some((name, Attributes(behind.get(..end)?), behind.get(end + 1..)?));
            }
            Step::Unfinished => return None,
        }
    }
}

enum Step<'a> {
    Attribute {
        name: &'a str,
        value: &'a str,
        next: usize,
    },
    /// Where the `>` stands.
    End(usize),
    /// The text ends within the tag.
    Unfinished,
}

/// The attribute at or behind a place in a tag.
fn step(tag: &str, at: usize) -> Step<'_> {
    let find = |from: usize, end: &dyn Fn(u8) -> bool| {
        let rest = tag.as_bytes().get(from..).unwrap_or_default();
        from + rest.iter().position(|byte| end(*byte)).unwrap_or(rest.len())
    };
    let byte = |at: usize| tag.as_bytes().get(at).copied();
    let text = |from: usize, to: usize| tag.get(from..to).unwrap_or_default();

    let begin = find(at, &|byte| !byte.is_ascii_whitespace() && byte != b'/');
    match byte(begin) {
        None => return Step::Unfinished,
        Some(b'>') => return Step::End(begin),
        Some(_) => {}
    }
    // A `=` where a name begins is its first letter.
    let end = find(begin + 1, &|byte| {
        byte.is_ascii_whitespace() || matches!(byte, b'/' | b'>' | b'=')
    });
    let name = text(begin, end);
    let equals = find(end, &|byte| !byte.is_ascii_whitespace());
    if byte(equals) != Some(b'=') {
        return Step::Attribute {
            name,
            value: "",
            next: end,
        };
    }
    let begin = find(equals + 1, &|byte| !byte.is_ascii_whitespace());
    match byte(begin) {
        Some(quote @ (b'"' | b'\'')) => {
            let end = find(begin + 1, &|byte| byte == quote);
            if byte(end).is_none() {
                return Step::Unfinished;
            }
            Step::Attribute {
                name,
                value: text(begin + 1, end),
                next: end + 1,
            }
        }
        _ => {
            let end = find(begin, &|byte| byte.is_ascii_whitespace() || byte == b'>');
            Step::Attribute {
                name,
                value: text(begin, end),
                next: end,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_end_where_browsers_end_them() {
        let rest = |html: &str| {
            pieces(html)
                .filter_map(|piece| match piece {
                    Piece::Text(text) => Some(text.to_owned()),
                    _ => None,
                })
                .collect::<String>()
        };
        for (html, text) in [
            ("<a b==\">c\">d", "c\">d"),
            ("<a =\"b>c\">d", "c\">d"),
            ("<a b = 'x>y' c>d", "d"),
            ("<a b=\"x>y\"c='>'>d", "d"),
            ("<a b=>d", "d"),
            ("<a/b/>d", "d"),
            ("<!-->a<!--->b<!-- x --->c<!-- y --!>d<!-x>e<!>f", "abcdef"),
            ("<!-- a -- > b -->c", "c"),
            ("a</>b</ x>c<?php >d<![CDATA[e]]>f", "abcdf"),
            ("<script></scripty><b></script >a", "a"),
            ("a<script></script", "a"),
            ("1 < 2 <3", "1 < 2 <3"),
        ] {
            assert_eq!(rest(html), text, "{html}");
        }
    }

    #[test]
    fn the_first_attribute_of_a_name_counts() {
        let get = |html, name| match pieces(html).next() {
            Some(Piece::Open(_, attributes)) => attributes.get(name),
            _ => None,
        };
        let img = "<img SRC=a alt = 'b c' alt=d e\u{fc}=f>";
        assert_eq!(get(img, "src"), Some("a"));
        assert_eq!(get(img, "alt"), Some("b c"));
        assert_eq!(get(img, "title"), None);
    }
}
