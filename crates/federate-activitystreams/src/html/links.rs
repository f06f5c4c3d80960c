//! The links in content.

use url::Host;

use super::{entities::decode_value, href, plain::Text, shown::shown, tokens::Piece, words::is_invisible};
use crate::Iri;

/// A link in a piece of content.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Link {
    /// Where it leads.
    pub href: Iri,
    /// What readers see, as plain text.
    pub text: String,
}

/// The links of a piece of HTML that [`sanitize`](super::sanitize) keeps, in their order.
///
/// A link is shown as it came. What it says and where it leads may be two things, and only the reader can know whether that is
/// meant: show the [host](Link::host) beside those that [mislead](Link::is_misleading).
///
/// ```
/// use federate_activitystreams::html::links;
///
/// let html = "<p><a href=\"https://evil.example/\">https://bank.example/login</a>, <a href=\"https://a.example\">here</a></p>";
/// let links = links(html);
/// assert_eq!(links[0].host().as_deref(), Some("evil.example"));
/// assert_eq!(links[0].label_host().as_deref(), Some("bank.example"));
/// assert!(links[0].is_misleading() && !links[1].is_misleading());
/// ```
#[must_use]
pub fn links(html: &str) -> Vec<Link> {
    let mut links = Vec::new();
    let mut open: Option<(Iri, Text)> = None;
    for piece in shown(html) {
        let ends = match piece {
            Piece::Open(name, _) | Piece::Close(name) => name.eq_ignore_ascii_case("a"),
            Piece::Text(_) => false,
        };
        if !ends {
            if let Some((_, text)) = &mut open {
                text.take_in(piece);
            }
            continue;
        }
        links.extend(open.take().map(Link::of));
        if let Piece::Open(_, attributes) = piece {
            let raw = attributes.get("href").map(decode_value);
            let href = raw.and_then(|raw| Iri::parse(&href::address(&raw)?).ok());
            open = href.map(|href| (href, Text::default()));
        }
    }
    links.extend(open.map(Link::of));
    links
}

impl Link {
    fn of((href, text): (Iri, Text)) -> Self {
        Self { href, text: text.out }
    }

    /// The host to which it leads, in lower case and as A-labels (`xn--…`); `None` where its scheme has none.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        host(self.href.host()?)
    }

    /// The host that its text names: of the first word that begins with `https://`, `http://` or `www.`, or of the
    /// whole text where that is one word like `a.example` or `a.example/path`. In the form of [`host`](Self::host).
    ///
    /// A file name such as `read.me` looks the same; a handle such as `@alice@a.example` names no host.
    #[must_use]
    pub fn label_host(&self) -> Option<String> {
        let text: String = self.text.chars().filter(|c| !is_invisible(*c)).collect();
        let mut words = text
            .split_whitespace()
            .map(|word| word.trim_start_matches(is_bracket));
        if let Some(host) = words.clone().find_map(written_host) {
            return Some(host);
        }
        match (words.next(), words.next()) {
            (Some(only), None) => bare_host(only),
            _ => None,
        }
    }

    /// Whether readers may take it for a link to somewhere else: its text names a host that is neither the one to which it
    /// leads nor a parent of that, or its address has a user before the host (`https://bank.example@evil.example`).
    ///
    /// A hint: what it does not find can mislead too, by letters that look alike or in a picture.
    #[must_use]
    pub fn is_misleading(&self) -> bool {
        let is_web = matches!(self.href.scheme().to_ascii_lowercase().as_str(), "http" | "https");
        if is_web
            && self
                .href
                .authority()
                .is_some_and(|authority| authority.contains('@'))
        {
            return true;
        }
        let Some(label) = self.label_host() else {
            return false;
        };
        let Some(host) = self.host() else {
            return true;
        };
        let label = label.strip_prefix("www.").unwrap_or(&label);
        let host = host.strip_prefix("www.").unwrap_or(&host);
        host != label && !host.strip_suffix(label).is_some_and(|below| below.ends_with('.'))
    }
}

/// The host of a word that says that it is an address.
fn written_host(word: &str) -> Option<String> {
    let starts = |begin: &str| {
        word.get(..begin.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(begin))
    };
    let from = ["https://", "http://"]
        .into_iter()
        .find(|scheme| starts(scheme))
        .map(str::len);
    let from = from.or_else(|| starts("www.").then_some(0))?;
    host(authority(word.get(from..)?))
}

/// The host of a word that looks like one.
fn bare_host(word: &str) -> Option<String> {
    let name = authority(word);
    let labels = name.split('.');
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    let (_, last) = name.rsplit_once('.')?;
    let is_name =
        labels.clone().all(is_label) && last.chars().count() > 1 && last.chars().all(char::is_alphabetic);
    is_name.then(|| host(name)).flatten()
}

/// What readers take for the host at the beginning of an address: before a port, a user's `@`, a path.
fn authority(address: &str) -> &str {
    let end = address
        .find(['/', '\\', ':', '?', '#', '@'])
        .unwrap_or(address.len());
    address.get(..end).unwrap_or_default().trim_end_matches(is_sign)
}

/// A host in its one form.
fn host(text: &str) -> Option<String> {
    match Host::parse(text).ok()? {
        Host::Domain(name) => Some(name.trim_end_matches('.').to_owned()).filter(|name| !name.is_empty()),
        address => Some(address.to_string()),
    }
}

fn is_bracket(c: char) -> bool {
    matches!(
        c,
        '(' | '[' | '{' | '<' | '"' | '\'' | '«' | '‹' | '„' | '“' | '”' | '‘' | '’' | '「' | '→'
    )
}

fn is_sign(c: char) -> bool {
    matches!(c, '.' | ',' | ';' | '!' | ')' | ']' | '}' | '>' | '»' | '›') || is_bracket(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_a_label_that_names_another_host() {
        for (href, label, misleads) in [
            ("https://evil.example", "https://bank.example", true),
            ("https://evil.example", "see (https://bank.example/x?y)", true),
            ("https://evil.example", "www.bank.example", true),
            ("https://evil.example", "bank.example", true),
            ("https://evil.example", "bank\u{200b}.exam\u{2060}ple/login", true),
            ("https://evil.example", "<b>bank</b>.<i>example</i>", true),
            ("https://evil.example", "BANK.example:443/", true),
            ("https://evil.example", "https://bank.example@evil.example", true),
            ("https://bank.example@evil.example", "log in", true),
            (
                "https://evil.example/bank.example",
                "https:&#x2f;/bank.example",
                true,
            ),
            ("mailto:a@evil.example", "bank.example", true),
            ("https://bank.example.evil.example", "bank.example", true),
            ("https://notbank.example", "bank.example", true),
            (
                "https://bank.example/long",
                "<span class=invisible>https://</span><span>bank.example/lo</span>",
                false,
            ),
            ("https://www.bank.example", "bank.example", false),
            ("https://m.bank.example", "www.bank.example", false),
            ("https://xn--bcher-kva.example", "Bücher.example", false),
            ("https://a.example/@b", "@<span>b</span>", false),
            ("https://social.a.example/@b", "@b@a.example", false),
            ("https://a.example/tags/x.y", "#<span>x</span>", false),
            ("https://a.example", "here", false),
            ("https://a.example", "1.5", false),
            ("https://a.example", "…", false),
        ] {
            let found = links(&format!("<p>x <a class=y href='{href}'>{label}</a> z</p>"));
            assert_eq!(found.len(), 1, "{href} {label}");
            assert_eq!(found[0].is_misleading(), misleads, "{href} {:?}", found[0]);
        }
    }

    #[test]
    fn links_that_stay_and_those_that_go() {
        let html = "<a href='javascript:x'>a</a><a href=/b>b</a><a>c</a><a href='https://d.example?x=1&amp;y'>d<a href=gemini://e.example>e</a>f";
        let found: Vec<_> = links(html)
            .into_iter()
            .map(|link| (link.href.to_string(), link.text))
            .collect();
        let expected = [("https://d.example?x=1&y", "d"), ("gemini://e.example", "e")];
        assert_eq!(
            found,
            expected.map(|(href, text)| (href.to_owned(), text.to_owned()))
        );
    }
}
