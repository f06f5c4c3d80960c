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
///
/// ```
/// use federate_activitystreams::{Iri, html::{Word, text_to_html}};
///
/// let html = text_to_html("see #rust\n<3", |word| match word {
///     Word::Hashtag(tag) => Iri::parse(&format!("https://a.example/tags/{tag}")).ok(),
///     Word::Mention(_) => None,
/// });
/// assert_eq!(
///     html,
///     "<p>see <a href=\"https://a.example/tags/rust\" class=\"mention hashtag\" rel=\"tag\">#<span>rust</span></a>\
///      <br>&lt;3</p>"
/// );
/// ```
#[must_use]
pub fn text_to_html(text: &str, resolve: impl Fn(Word<'_>) -> Option<Iri>) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4 + 8);
    let mut inside = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            if std::mem::take(&mut inside) {
                out.push_str("</p>");
            }
            continue;
        }
        out.push_str(if inside { "<br>" } else { "<p>" });
        inside = true;
        write_line(&mut out, line, &resolve);
    }
    if inside {
        out.push_str("</p>");
    }
    out
}

/// Escapes text for HTML, attributes included. U+0000 is left out.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}

fn escape_into(out: &mut String, text: &str) {
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
}

fn write_line(out: &mut String, line: &str, resolve: &impl Fn(Word<'_>) -> Option<Iri>) {
    let mut rest = line;
    // A link begins only where a word does.
    let mut word_before = false;
    while let Some(c) = rest.chars().next() {
        let used = if word_before {
            None
        } else {
            write_link(out, rest, resolve)
        };
        let used = used.unwrap_or_else(|| {
            escape_into(out, rest.get(..c.len_utf8()).unwrap_or_default());
            c.len_utf8()
        });
        let (done, after) = rest.split_at_checked(used).unwrap_or((rest, ""));
        word_before = done
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '@'));
        rest = after;
    }
}

/// Writes the link with which `text` begins; answers with how many bytes it took.
fn write_link(out: &mut String, text: &str, resolve: &impl Fn(Word<'_>) -> Option<Iri>) -> Option<usize> {
    match text.bytes().next()? {
        b'h' | b'H' => write_address(out, text),
        b'@' => {
            let handle = handle(text.get(1..)?)?;
            let target = resolve(Word::Mention(handle))?;
            let name = handle.split('@').next().unwrap_or(handle);
            out.push_str("<span class=\"h-card\"><a href=\"");
            escape_into(out, target.as_str());
            out.push_str("\" class=\"u-url mention\">@<span>");
            escape_into(out, name);
            out.push_str("</span></a></span>");
            Some(1 + handle.len())
        }
        b'#' => {
            let rest = text.get(1..)?;
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let tag = rest.get(..end)?;
            tag.chars().find(|c| !c.is_numeric() && *c != '_')?;
            let target = resolve(Word::Hashtag(tag))?;
            out.push_str("<a href=\"");
            escape_into(out, target.as_str());
            out.push_str("\" class=\"mention hashtag\" rel=\"tag\">#<span>");
            escape_into(out, tag);
            out.push_str("</span></a>");
            Some(1 + end)
        }
        _ => None,
    }
}

fn write_address(out: &mut String, text: &str) -> Option<usize> {
    let is = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    if !is("https://") && !is("http://") {
        return None;
    }
    let end = text.find(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '\\'));
    let whole = text.get(..end.unwrap_or(text.len()))?;
    let mut address = whole.trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '*']);
    // A closing bracket that nothing in the address opens belongs to the sentence.
    for (open, close) in [('(', ')'), ('[', ']')] {
        if address.ends_with(close) && !address.contains(open) {
            address = address.trim_end_matches([close, '.', ',', ':', ';', '!', '?', '\'', '*']);
        }
    }
    Iri::parse(address).ok().filter(|iri| iri.origin().is_some())?;
    out.push_str("<a href=\"");
    escape_into(out, address);
    out.push_str("\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">");
    escape_into(out, address);
    out.push_str("</a>");
    Some(address.len())
}

/// `alice` or `alice@a.example` at the beginning of a text.
fn handle(text: &str) -> Option<&str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = text.find(|c: char| !letter(c)).unwrap_or(text.len());
    let host = match text.get(name..)?.strip_prefix('@') {
        Some(rest) => rest
            .find(|c: char| !letter(c) && c != ':' && !c.is_alphanumeric())
            .unwrap_or(rest.len()),
        None => 0,
    };
    let end = if host > 0 { name + 1 + host } else { name };
    let handle = text.get(..end)?.trim_end_matches(['.', '-', ':']);
    (!handle.is_empty() && !handle.starts_with('@')).then_some(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        text_to_html(text, |word| match word {
            Word::Mention("bob@b.example") => Iri::parse("https://b.example/u/bob").ok(),
            Word::Mention(_) => None,
            Word::Hashtag(tag) => Iri::parse(&format!("https://a.example/tags/{tag}")).ok(),
        })
    }

    #[test]
    fn paragraphs_and_line_breaks() {
        assert_eq!(html("a\nb\r\n\r\n\n c"), "<p>a<br>b</p><p> c</p>");
        assert_eq!(html(""), "");
        assert_eq!(html("<b>&\"'"), "<p>&lt;b&gt;&amp;&quot;&#39;</p>");
    }

    #[test]
    fn addresses_become_links_without_the_sentence_around_them() {
        let link = |at: &str| {
            format!("<a href=\"{at}\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">{at}</a>")
        };
        assert_eq!(
            html("(https://a.example/x)."),
            format!("<p>({}).</p>", link("https://a.example/x"))
        );
        let wiki = "https://a.example/x_(y)";
        assert_eq!(html(wiki), format!("<p>{}</p>", link(wiki)));
        assert_eq!(
            html("xhttps://a.example http:// https:/"),
            "<p>xhttps://a.example http:// https:/</p>"
        );
        assert_eq!(
            html("https://a.example/\"onclick=x"),
            format!("<p>{}&quot;onclick=x</p>", link("https://a.example/"))
        );
    }

    #[test]
    fn mentions_and_hashtags_that_are_known() {
        assert_eq!(
            html("@bob@b.example."),
            "<p><span class=\"h-card\"><a href=\"https://b.example/u/bob\" class=\"u-url mention\">@<span>bob</span></a></span>.</p>"
        );
        assert_eq!(
            html("@nobody a@bob@b.example #1 # &#39;"),
            "<p>@nobody a@bob@b.example #1 # &amp;#39;</p>"
        );
        assert!(html("#größe").contains("#<span>größe</span>"));
    }
}
