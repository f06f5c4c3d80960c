//! Plain text to HTML.

use super::words::{is_mark, is_word};
use crate::{Iri, MAX_IRI_BYTES};

/// A word in a text that may become a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word<'a> {
    /// `@alice` or `@alice@a.example`, without its first `@`.
    Mention(&'a str),
    /// `#word`, without its `#`.
    Hashtag(&'a str),
}

/// Makes text HTML: escaped, blank lines as paragraphs, line breaks (LF, CR or both) as `<br>`, `http(s)` addresses as links,
/// and those mentions and hashtags as links for which `resolve` knows where they lead.
///
/// What is what follows Mastodon, so that a post is read there as it was written here:
///
/// - A mention is `@user` or `@user@host`, of ASCII letters, digits, `_`, and `.` and `-` within, behind no word, `/` or `=`.
/// - A hashtag is `#` (or `＃`) and letters, digits, marks and `_` of any script, with `·`, `・` and U+200C within, behind no
///   word, `/`, `=` or `)`, and not of digits alone.
/// - An address ends before a blank, a control, a quote, `<`, `>`, `\`, a backtick and the punctuation of East Asia; signs at its end, and a
///   bracket that nothing in it opens, belong to the sentence. One with a user before its host, which only misleads, or of more
///   than 2,048 bytes stays text.
///
/// Other than on Mastodon, addresses are shown whole: Mastodon hides all behind the 30th letter, and with it the end of a long
/// host. Who shows content can shorten it then.
///
/// What comes out is what [`sanitize`](super::sanitize) leaves as it is, apart from `rel` and `target`, and what
/// [`to_plain_text`](super::to_plain_text) reads back. It takes linear time, apart from what `resolve` takes.
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
    for line in text.lines().flat_map(|line| line.split('\r')) {
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
///
/// ```
/// use federate_activitystreams::html::escape;
///
/// assert_eq!(escape("<b title='x'>"), "&lt;b title=&#39;x&#39;&gt;");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' => out.push_str("&#39;"),
            c => escape_char(&mut out, c, true),
        }
    }
    out
}

/// Escapes for a value in double quotes.
pub(super) fn escape_value(out: &mut String, text: &str) {
    text.chars().for_each(|c| escape_char(out, c, true));
}

/// Escapes for where text stands, as parsers of HTML write it.
fn escape_text(out: &mut String, text: &str) {
    text.chars().for_each(|c| match c {
        '\u{a0}' => out.push_str("&nbsp;"),
        c => escape_char(out, c, false),
    });
}

fn escape_char(out: &mut String, c: char, quotes: bool) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' if quotes => out.push_str("&quot;"),
        '\0' => {}
        c => out.push(c),
    }
}

fn write_line(out: &mut String, line: &str, resolve: &impl Fn(Word<'_>) -> Option<Iri>) {
    let mut rest = line;
    let mut before = None;
    // How much of the rest is known to begin no address: what was looked at in vain is not looked at again.
    let mut barred = 0_usize;
    while let Some(c) = rest.chars().next() {
        let used = match c {
            'h' | 'H' if barred == 0 && before.is_none_or(may_be_before_address) => match address(rest) {
                Ok(found) => {
                    write_address(out, found);
                    Some(found.len())
                }
                Err(looked_at) => {
                    barred = looked_at;
                    None
                }
            },
            '@' if before.is_none_or(may_be_before_mention) => write_mention(out, rest, resolve),
            '#' | '＃' if before.is_none_or(may_be_before_hashtag) => write_hashtag(out, rest, resolve),
            _ => None,
        };
        let used = used.unwrap_or_else(|| {
            escape_text(out, rest.get(..c.len_utf8()).unwrap_or_default());
            c.len_utf8()
        });
        let (done, after) = rest.split_at_checked(used).unwrap_or((rest, ""));
        before = done.chars().next_back();
        barred = barred.saturating_sub(used);
        rest = after;
    }
}

fn may_be_before_address(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || is_mark(c) || matches!(c, '_' | '/' | '@' | '#' | '$' | '＠' | '＃'))
}

fn may_be_before_mention(c: char) -> bool {
    !(is_word(c) || matches!(c, '/' | '=' | '@'))
}

fn may_be_before_hashtag(c: char) -> bool {
    !(is_word(c) || matches!(c, '/' | '=' | ')' | '#'))
}

/// The address with which a text begins; where it is none, how many bytes begin none either.
fn address(text: &str) -> Result<&str, usize> {
    let is = |scheme: &str| {
        text.get(..scheme.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    if !is("https://") && !is("http://") {
        return Err(0);
    }
    let end = text.find(ends_address).unwrap_or(text.len());
    let whole = text.get(..end).unwrap_or(text);
    // Signs at the end may be many; an address behind which there are more than this is no longer one.
    if end > 2 * MAX_IRI_BYTES {
        return Err(end);
    }
    let address = without_sentence(whole);
    let known = Iri::parse(address).ok().filter(|iri| iri.origin().is_some());
    let has_user = |iri: &Iri| iri.authority().is_none_or(|authority| authority.contains('@'));
    match known {
        Some(iri) if !has_user(&iri) => Ok(address),
        _ => Err(end),
    }
}

fn ends_address(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"' | '\\' | '`')
        // Quotes of Europe, brackets and full stops of East Asia, full-width signs.
        || matches!(c, '«' | '»' | '‘'..='‟' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}')
        || matches!(c, '\u{ff01}'..='\u{ff0c}' | '\u{ff1a}'..='\u{ff1f}' | '\u{ff3b}'..='\u{ff3d}' | '\u{ff5b}'..='\u{ff64}')
}

/// An address without the signs at its end that belong to the sentence around it.
fn without_sentence(address: &str) -> &str {
    let count = |sign: char| address.matches(sign).count();
    let brackets = [('(', ')'), ('[', ']'), ('{', '}')];
    let mut closing = brackets.map(|(open, close)| count(close).saturating_sub(count(open)));
    let mut kept = address;
    while let Some(last) = kept.chars().next_back() {
        let belongs = matches!(last, '.' | ',' | ':' | ';' | '!' | '?' | '\'' | '*' | '…');
        let bracket = brackets.iter().position(|(_, close)| *close == last);
        let surplus = bracket
            .and_then(|at| closing.get_mut(at))
            .filter(|left| **left > 0);
        match surplus {
            Some(left) => *left -= 1,
            None if belongs => {}
            None => break,
        }
        kept = kept.get(..kept.len() - last.len_utf8()).unwrap_or_default();
    }
    kept
}

fn write_address(out: &mut String, address: &str) {
    out.push_str("<a href=\"");
    escape_value(out, address);
    out.push_str("\" rel=\"nofollow noopener noreferrer\" target=\"_blank\">");
    escape_text(out, address);
    out.push_str("</a>");
}

fn write_mention(out: &mut String, text: &str, resolve: &impl Fn(Word<'_>) -> Option<Iri>) -> Option<usize> {
    let handle = handle(text.get(1..)?)?;
    let target = resolve(Word::Mention(handle))?;
    let name = handle.split('@').next().unwrap_or(handle);
    out.push_str("<span class=\"h-card\"><a href=\"");
    escape_value(out, target.as_str());
    out.push_str("\" class=\"u-url mention\">@<span>");
    escape_text(out, name);
    out.push_str("</span></a></span>");
    Some(1 + handle.len())
}

fn write_hashtag(out: &mut String, text: &str, resolve: &impl Fn(Word<'_>) -> Option<Iri>) -> Option<usize> {
    let sign = text.chars().next()?;
    let rest = text.get(sign.len_utf8()..)?;
    let parts = |c: char| matches!(c, '·' | '・' | '\u{200c}');
    let end = rest
        .find(|c: char| !is_word(c) && !parts(c))
        .unwrap_or(rest.len());
    let tag = rest.get(..end)?.trim_end_matches(parts);
    if tag.starts_with(parts) || tag.starts_with(is_mark) {
        return None;
    }
    tag.chars().find(|c| !c.is_numeric() && *c != '_' && !parts(*c))?;
    let target = resolve(Word::Hashtag(tag))?;
    out.push_str("<a href=\"");
    escape_value(out, target.as_str());
    out.push_str("\" class=\"mention hashtag\" rel=\"tag\">#<span>");
    escape_text(out, tag);
    out.push_str("</span></a>");
    Some(sign.len_utf8() + tag.len())
}

/// `alice` or `alice@a.example` at the beginning of a text.
fn handle(text: &str) -> Option<&str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let name = text.find(|c: char| !letter(c)).unwrap_or(text.len());
    let host = match text.get(name..)?.strip_prefix('@') {
        Some(rest) => rest
            .find(|c: char| !letter(c) && c != ':' && !is_word(c))
            .unwrap_or(rest.len()),
        None => 0,
    };
    let end = if host > 0 { name + 1 + host } else { name };
    let handle = text.get(..end)?.trim_end_matches(['.', '-', ':', '@']);
    handle
        .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        .then_some(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        text_to_html(text, |word| match word {
            Word::Mention("bob@b.example") => Iri::parse("https://b.example/u/bob").ok(),
            Word::Mention("kai@bücher.example") => Iri::parse("https://xn--bcher-kva.example/kai").ok(),
            Word::Mention(_) => None,
            Word::Hashtag(tag) => Iri::parse(&format!("https://a.example/tags/{tag}")).ok(),
        })
    }

    /// The texts of the links of what becomes of a text.
    fn linked(text: &str) -> Vec<String> {
        let links = crate::html::links(&html(text));
        links.into_iter().map(|link| link.text).collect()
    }

    #[test]
    fn paragraphs_and_line_breaks() {
        assert_eq!(html("a\nb\r\n\r\n\n c"), "<p>a<br>b</p><p> c</p>");
        assert_eq!(html("a\rb\r\rc\0"), "<p>a<br>b</p><p>c</p>");
        assert_eq!(html(""), "");
        assert_eq!(html("<b>&\"'\u{a0}"), "<p>&lt;b&gt;&amp;\"'&nbsp;</p>");
        assert_eq!(escape("<b>&\"'"), "&lt;b&gt;&amp;&quot;&#39;");
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
        assert_eq!(html(&format!("({wiki})!")), format!("<p>({})!</p>", link(wiki)));
        assert_eq!(
            html("xhttps://a.example http:// https:/ https://u@a.example"),
            "<p>xhttps://a.example http:// https:/ https://u@a.example</p>"
        );
        assert_eq!(
            html("https://a.example/\"onclick=x"),
            format!("<p>{}\"onclick=x</p>", link("https://a.example/"))
        );
        for (text, addresses) in [
            (
                "HTTPS://A.example?a=1&b=2#c, x",
                vec!["HTTPS://A.example?a=1&b=2#c"],
            ),
            (
                "https://bücher.example/straße",
                vec!["https://bücher.example/straße"],
            ),
            ("見てhttps://a.example/日本。次", vec!["https://a.example/日本"]),
            (
                "「https://a.example」（https://b.example）",
                vec!["https://a.example", "https://b.example"],
            ),
            (
                "<https://a.example><https://b.example>",
                vec!["https://a.example", "https://b.example"],
            ),
            (
                "https://a.example/@bob@b.example",
                vec!["https://a.example/@bob@b.example"],
            ),
            ("https://a.example/?q=#x", vec!["https://a.example/?q=#x"]),
            ("https://[2001:db8::1]/x]", vec!["https://[2001:db8::1]/x"]),
            ("https://א.example/ב", vec!["https://א.example/ב"]),
            ("https:// https://. (https://)", vec![]),
            ("a@https://a.example", vec![]),
        ] {
            assert_eq!(linked(text), addresses, "{text}");
        }
        let long = format!("https://a.example/{} https://b.example", "x".repeat(5000));
        assert_eq!(linked(&long), ["https://b.example"]);
    }

    #[test]
    fn mentions_that_are_known() {
        assert_eq!(
            html("@bob@b.example."),
            "<p><span class=\"h-card\"><a href=\"https://b.example/u/bob\" class=\"u-url mention\">@<span>bob</span></a></span>.</p>"
        );
        assert_eq!(
            html("@nobody a@bob@b.example #1 # &#39;"),
            "<p>@nobody a@bob@b.example #1 # &amp;#39;</p>"
        );
        for (text, count) in [
            ("(@bob@b.example)", 1),
            (".@bob@b.example: @kai@bücher.example!", 2),
            ("@bob@b.example@bob@b.example", 1),
            (
                "/@bob@b.example =@bob@b.example @@bob@b.example é@bob@b.example",
                0,
            ),
            ("@-bob@b.example @ @@ @bob@", 0),
        ] {
            assert_eq!(linked(text).len(), count, "{text}");
        }
    }

    #[test]
    fn hashtags_in_all_scripts() {
        for (text, tags) in [
            (
                "#größe #日本語 #हिन्दी #ภาษาไทย",
                vec!["#größe", "#日本語", "#हिन्दी", "#ภาษาไทย"],
            ),
            ("#עִבְרִית #عربي، x", vec!["#עִבְרִית", "#عربي"]),
            (
                "#c·d· #アイ・ウ #می\u{200c}خواهم",
                vec!["#c·d", "#アイ・ウ", "#می\u{200c}خواهم"],
            ),
            (
                "＃full #1a #a1 #_a #a-b",
                vec!["#full", "#1a", "#a1", "#_a", "#a"],
            ),
            ("#1 #_ #· #・a #\u{301}a ##a /#a =#a )#a a#a", vec![]),
            ("#a#b (#c)", vec!["#a", "#c"]),
        ] {
            assert_eq!(linked(text), tags, "{text}");
        }
    }
}
