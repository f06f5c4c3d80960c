//! HTML to plain text.

use super::tags::{Piece, pieces};

/// The text of a piece of HTML: paragraphs and line breaks as line breaks, entities decoded, scripts and
/// styles left out.
///
/// For search, notifications and bots. What it returns is text: escape it before it is HTML again.
///
/// ```
/// use federate_activitystreams::html::to_plain_text;
///
/// assert_eq!(to_plain_text("<p>Fish &amp; chips</p><p>a<br>b</p>"), "Fish & chips\n\na\nb");
/// ```
#[must_use]
pub fn to_plain_text(html: &str) -> String {
    let mut text = Text::default();
    let mut preformatted = 0_usize;
    for piece in pieces(html) {
        match piece {
            Piece::Text(raw) => text.push(raw, preformatted > 0),
            Piece::Tag { name, closes, .. } => match name.to_ascii_lowercase().as_str() {
                "br" if !closes => text.breaks = (text.breaks + 1).min(2),
                "pre" => {
                    preformatted = if closes {
                        preformatted.saturating_sub(1)
                    } else {
                        preformatted + 1
                    };
                    text.breaks = 2;
                }
                "p" | "blockquote" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                    text.breaks = 2;
                }
                "li" | "div" | "tr" | "hr" | "section" | "article" => text.breaks = text.breaks.max(1),
                _ => {}
            },
            Piece::Nothing => {}
        }
    }
    text.out
}

#[derive(Default)]
struct Text {
    out: String,
    /// Line breaks that are due before the next text.
    breaks: usize,
    /// A blank that is due before the next text.
    blank: bool,
}

impl Text {
    fn push(&mut self, raw: &str, preformatted: bool) {
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            let (c, after) = match c {
                '&' => entity(rest),
                c => (c, rest.get(c.len_utf8()..).unwrap_or_default()),
            };
            rest = after;
            if c.is_ascii_whitespace() && !preformatted {
                self.blank = true;
                continue;
            }
            if self.breaks > 0 {
                if !self.out.is_empty() {
                    self.out.extend(std::iter::repeat_n('\n', self.breaks));
                }
                (self.breaks, self.blank) = (0, false);
            }
            if std::mem::take(&mut self.blank) && !self.out.is_empty() {
                self.out.push(' ');
            }
            self.out.push(c);
        }
    }
}

/// The character that `&…;` stands for, and what follows; of what is no entity, the `&`.
fn entity(text: &str) -> (char, &str) {
    const LONGEST: usize = 12;
    let plain = ('&', text.get(1..).unwrap_or_default());
    let Some(end) = text.bytes().take(LONGEST).position(|byte| byte == b';') else {
        return plain;
    };
    let name = text.get(1..end).unwrap_or_default();
    let number = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => {
            u32::from_str_radix(hex.get(1..).unwrap_or_default(), 16).ok()
        }
        Some(decimal) => decimal.parse().ok(),
        None => None,
    };
    let found = match (number, name) {
        (Some(0), _) => None,
        (Some(number), _) => char::from_u32(number),
        (None, name) => NAMED.iter().find(|(known, _)| *known == name).map(|(_, c)| *c),
    };
    found.map_or(plain, |c| (c, text.get(end + 1..).unwrap_or_default()))
}

/// The entities that servers write; the rest comes as characters.
const NAMED: [(&str, char); 22] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("hellip", '…'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("copy", '©'),
    ("reg", '®'),
    ("trade", '™'),
    ("euro", '€'),
    ("bull", '•'),
    ("middot", '·'),
    ("times", '×'),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_breaks_and_entities() {
        for (html, text) in [
            ("", ""),
            ("plain", "plain"),
            ("<p>a</p>\n<p>b</p>", "a\n\nb"),
            ("a<br />b<br><br><br>c", "a\nb\n\nc"),
            (
                "&lt;b&gt; &amp;amp; &#39;x&#x27; &unknown; & &;",
                "<b> &amp; 'x' &unknown; & &;",
            ),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("a  \n b<b> c </b>d", "a b c d"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("1 < 2 <3", "1 < 2 <3"),
            ("<a href=\"https://x.example/?a>b\" title='\">'>link</a>", "link"),
            ("a<script>alert('<p>')</script>b<STYLE>p{}</Style >c", "abc"),
            ("a<!-- <p>b</p> -->c<!doctype x>d", "acd"),
            ("a<b", "a"),
            ("a<!-- b", "a"),
        ] {
            assert_eq!(to_plain_text(html), text, "{html}");
        }
    }
}
