//! Where a link may lead.

use std::borrow::Cow;

use url::Url;

use crate::MAX_IRI_BYTES;

/// The schemes to which a link may lead: Mastodon's and `mailto`. None of them runs anything in the page.
pub(super) const SCHEMES: [&str; 12] = [
    "http", "https", "dat", "dweb", "ipfs", "ipns", "ssb", "gopher", "xmpp", "magnet", "gemini", "mailto",
];

/// An address to which a link may lead, as it came where no reader could read it otherwise.
pub(super) fn address(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim_matches(|c: char| c.is_ascii_control() || c == ' ');
    if text.len() > MAX_IRI_BYTES {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if !SCHEMES.contains(&url.scheme()) {
        return None;
    }
    // Readers leave out controls, and take `\` for `/`: what was read is what is handed on.
    let odd = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '\\' | '"' | '<' | '>' | '`');
    let is_plain = !text.contains(odd) && (!is_web(&url) || text.contains("://"));
    Some(if is_plain {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(url.into())
    })
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}
