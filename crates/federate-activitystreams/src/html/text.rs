//! Plain text to HTML.

use crate::Iri;

/// A word in a text that may become a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// `@alice` or `@alice@a.example`, without its first `@`.
    Mention(&'a str),
    /// `#word`, without its `#`.
    Hashtag(&'a str),
}

/// Makes text HTML: escaped, blank lines as paragraphs, line breaks as `<br>`, `http(s)` addresses as links,
/// and those mentions and hashtags as links for which `resolve` knows where they lead.
#[must_use]
pub fn text_to_html(text: &str, resolve: impl Fn(Word<'_>) -> Option<Iri>) -> String {
    let _ = (text, resolve(Word::Mention("")));
    todo!()
}

/// Escapes text for HTML, attributes included.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

pub(super) fn escape_into(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}
