//! HTML to plain text.

use super::{entities::reference, shown::shown, tokens::Piece};

/// The text of a piece of HTML: paragraphs and line breaks as line breaks, list items and table rows as lines,
/// pictures as their alternative text, formulas as their TeX, entities decoded, scripts and styles left out.
///
/// A link is its text, not its address: what Mastodon shortens by the classes `invisible` and `ellipsis` comes out whole.
/// [`links`](super::links) gives the addresses.
///
/// For search, notifications and bots. What it returns is text: escape it before it is HTML again. It takes
/// linear time.
///
/// ```
/// use federate_activitystreams::html::to_plain_text;
///
/// assert_eq!(to_plain_text("<p>Fish &amp; chips</p><p>a<br>b</p>"), "Fish & chips\n\na\nb");
/// ```
#[must_use]
pub fn to_plain_text(html: &str) -> String {
    let mut text = Text::default();
    shown(html).for_each(|piece| text.take_in(piece));
    text.out
}

/// What an element is for those who read its text.
enum Layout {
    /// An empty line before and behind.
    Paragraph,
    /// A line of its own.
    Line,
    /// A blank before and behind.
    Cell,
    Inline,
}

fn layout(name: &str) -> Layout {
    match name {
        "p" | "blockquote" | "ul" | "ol" | "dl" | "table" | "pre" | "figure" | "h1" | "h2" | "h3" | "h4"
        | "h5" | "h6" => Layout::Paragraph,
        "li" | "div" | "tr" | "hr" | "dt" | "dd" | "section" | "article" | "aside" | "header" | "footer"
        | "main" | "nav" | "address" | "center" | "caption" | "figcaption" | "details" | "summary"
        | "option" => Layout::Line,
        "td" | "th" => Layout::Cell,
        _ => Layout::Inline,
    }
}

/// Text as it is gathered from the pieces of HTML.
#[derive(Default)]
pub(super) struct Text {
    pub(super) out: String,
    /// Line breaks that are due before the next text.
    breaks: usize,
    /// A blank that is due before the next text.
    blank: bool,
    /// How many `<pre>` are open.
    preformatted: usize,
    /// The text before this one ended with a carriage return.
    after_return: bool,
}

impl Text {
    pub(super) fn take_in(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Text(raw) => self.push(raw),
            Piece::Open(name, _) => self.tag(name, true),
            Piece::Close(name) => self.tag(name, false),
        }
    }

    fn tag(&mut self, name: &str, opens: bool) {
        let name = name.to_ascii_lowercase();
        if name == "pre" {
            self.preformatted = match opens {
                true => self.preformatted + 1,
                false => self.preformatted.saturating_sub(1),
            };
        }
        match layout(&name) {
            Layout::Paragraph => self.breaks = 2,
            Layout::Line => self.breaks = self.breaks.max(1),
            Layout::Cell => self.blank = true,
            // `</br>` is read as `<br>`.
            Layout::Inline if name == "br" => self.breaks = (self.breaks + 1).min(2),
            Layout::Inline => {}
        }
    }

    fn push(&mut self, raw: &str) {
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            let (c, after) = match c {
                '&' => reference(rest, false),
                // A line ends with CR, LF or both.
                '\r' => ('\n', rest.get(1..).unwrap_or_default()),
                '\n' if self.after_return => {
                    self.after_return = false;
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
                c => (c, rest.get(c.len_utf8()..).unwrap_or_default()),
            };
            self.after_return = rest.starts_with('\r');
            rest = after;
            if c != '\0' {
                self.put(c);
            }
        }
    }

    fn put(&mut self, c: char) {
        if c.is_ascii_whitespace() && (self.preformatted == 0 || self.breaks > 0 && c == '\n') {
            self.blank = self.preformatted == 0;
            return;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_breaks_and_entities() {
        for (html, text) in [
            ("", ""),
            ("plain", "plain"),
            ("<p>a</p>\n<p>b</p>", "a\n\nb"),
            ("a<br />b<br><br><BR/>c</br>d", "a\nb\n\nc\nd"),
            (
                "&lt;b&gt; &amp;amp; &#39;x&#x27; &unknown; & &;",
                "<b> &amp; 'x' &unknown; & &;",
            ),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("<div>a</div><div>b</div>", "a\nb"),
            (
                "<table><tr><th>a<th>b<tr><td>c</td><td>d</td></table>",
                "a b\nc d",
            ),
            ("<dl><dt>a<dd>b</dl>", "a\nb"),
            ("a  \n b<b> c </b>d", "a b c d"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("<pre>\n\r\na\r\nb\rc\r\n\r\nd</pre>", "a\nb\nc\n\nd"),
            ("1 < 2 <3", "1 < 2 <3"),
            ("<a href=\"https://x.example/?a>b\" title='\">'>link</a>", "link"),
            ("a<script>alert('<p>')</script>b<STYLE>p{}</Style >c", "abc"),
            ("a<!-- <p>b</p> -->c<!doctype x>d", "acd"),
            ("a<b", "a"),
            ("a<!-- b", "a"),
            ("a\0b", "ab"),
            ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>", "漢(かん)"),
        ] {
            assert_eq!(to_plain_text(html), text, "{html}");
        }
    }

    #[test]
    fn pictures_formulas_and_shortened_links() {
        for (html, text) in [
            (
                "a <img src=x alt='a cat &amp; a dog'> b<img src=y>",
                "a a cat & a dog b",
            ),
            ("<img class=emoji alt=':blobcat:' src=x>", ":blobcat:"),
            (
                "<a href='https://a.example/long/path'><span class='invisible'>https://</span>\
                 <span class='ellipsis'>a.example/lo</span><span class='invisible'>ng/path</span></a>",
                "https://a.example/long/path",
            ),
            (
                "<math><semantics><mi>x</mi><annotation encoding='text/plain'>ex</annotation>\
                 <annotation encoding='application/x-tex'>x &lt; 1</annotation></semantics></math>!",
                "$x < 1$!",
            ),
            (
                "<math display=block><semantics><mi>x</mi><annotation encoding='text/plain'>ex</annotation></semantics></math>",
                "ex",
            ),
            (
                "<math display=block><semantics><mi>y</mi><annotation encoding='application/x-tex'>x</annotation>",
                "$$x$$",
            ),
            ("<math><mi>x</mi><mo>+</mo><mi>y</mi></math>", "x+y"),
        ] {
            assert_eq!(to_plain_text(html), text, "{html}");
        }
    }
}
