use url::Url;

use crate::{Handle, percent};

/// The longest template, and the longest URL that comes of one, in bytes.
const MAX_TEMPLATE: usize = 2048;
const MAX_FILLED: usize = 8 * 1024;

/// A link template of another server that is safe to fill and to send a browser to: `https://example.org/interact?uri={uri}`.
///
/// It is an https URL of a public host, without credentials, with at least one placeholder behind the host; a placeholder
/// is a name in braces, as the first level of [RFC 6570] has it. What is filled in is percent-encoded but for letters,
/// digits and `-._~`, so that it stays the one value that it is.
///
/// ```
/// use federate_webfinger::Template;
///
/// let template = Template::parse("https://example.org/interact?uri={uri}&then={on-success}")?;
/// let url = template.fill(&[("uri", "https://a.example/1?x=y&z")])?;
/// assert_eq!(url.as_str(), "https://example.org/interact?uri=https%3A%2F%2Fa.example%2F1%3Fx%3Dy%26z&then=");
/// # Ok::<(), federate_webfinger::BadTemplate>(())
/// ```
///
/// [RFC 6570]: https://www.rfc-editor.org/rfc/rfc6570#section-1.2
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// What stands before the first placeholder.
    start: String,
    /// Each placeholder, and what stands behind it.
    rest: Vec<(String, String)>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Another scheme than https, credentials, a host that is not a public name, no placeholder, one in the host, one that
    /// is more than a name, characters that no URL has, or more than 2 KiB.
    pub fn parse(template: &str) -> Result<Self, BadTemplate> {
        if template.len() > MAX_TEMPLATE {
            return Err(BadTemplate::TooLong);
        }
        let is_url_char = |c: char| !c.is_control() && !c.is_whitespace() && c != '\\';
        if !template.chars().all(is_url_char) {
            return Err(BadTemplate::NotUrl);
        }
        let template = Self::split(template)?;
        let scheme = template.start.get(..8).unwrap_or(&template.start);
        if !scheme.eq_ignore_ascii_case("https://") {
            return Err(BadTemplate::NotHttps);
        }
        checked(&template.start)?;
        if template.rest.is_empty() {
            return Err(BadTemplate::NoPlaceholder);
        }
        // The host ends before the first placeholder. It begins at once: to readers of URLs `https:///a` has a host.
        match template
            .start
            .get(8..)
            .and_then(|behind| behind.find(['/', '?', '#']))
        {
            Some(end) if end > 0 => Ok(template),
            _ => Err(BadTemplate::Host),
        }
    }

    /// Whether it has a placeholder of this name.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        self.rest.iter().any(|(placeholder, _)| placeholder == name)
    }

    /// Fills values in by name. A placeholder without a value becomes empty, as [FEP-3b86] wants it.
    ///
    /// # Errors
    /// More than 8 KiB, or a value that would lead to another path than the template's: `..` as a segment.
    ///
    /// [FEP-3b86]: https://w3id.org/fep/3b86
    pub fn fill(&self, values: &[(&str, &str)]) -> Result<Url, BadTemplate> {
        let mut filled = self.start.clone();
        for (name, literal) in &self.rest {
            if let Some((_, value)) = values.iter().find(|(key, _)| key == name) {
                // Before anything is encoded, which makes up to three bytes of one.
                if value.len() > MAX_FILLED {
                    return Err(BadTemplate::TooLong);
                }
                filled.push_str(&percent::encode(value, b""));
            }
            filled.push_str(literal);
            if filled.len() > MAX_FILLED {
                return Err(BadTemplate::TooLong);
            }
        }
        if has_dot_segment(&filled) {
            return Err(BadTemplate::Path);
        }
        checked(&filled)
    }

    fn split(template: &str) -> Result<Self, BadTemplate> {
        let mut pieces = template.split('{');
        let start = pieces.next().unwrap_or_default();
        let rest = pieces
            .map(|piece| {
                let (name, literal) = piece.split_once('}').ok_or(BadTemplate::Placeholder)?;
                if !is_name(name) || literal.contains('}') {
                    return Err(BadTemplate::Placeholder);
                }
                Ok((name.to_owned(), literal.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        if start.contains('}') {
            return Err(BadTemplate::Placeholder);
        }
        Ok(Self {
            start: start.to_owned(),
            rest,
        })
    }
}

/// A name as FEP-3b86 has them: `uri`, `inReplyTo`, `on-success`. An operator of RFC 6570 is none: `{+uri}` would have the
/// value stand as it is.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// An https URL of a public host without credentials.
fn checked(url: &str) -> Result<Url, BadTemplate> {
    let url = Url::parse(url).map_err(|_| BadTemplate::NotUrl)?;
    if url.scheme() != "https" {
        return Err(BadTemplate::NotHttps);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadTemplate::Credentials);
    }
    // A handle takes just the hosts that may be meant here: public names, and no addresses.
    match url.host_str().map(|host| Handle::parse(&format!("x@{host}"))) {
        Some(Ok(_)) => Ok(url),
        _ => Err(BadTemplate::Host),
    }
}

/// A segment of the path that readers of URLs take for a step, encoded or not.
fn has_dot_segment(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.split('/').skip(3).any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    })
}

/// Why a template is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTemplate {
    /// Not a URL.
    #[error("the template is not a URL")]
    NotUrl,
    /// Another scheme than https.
    #[error("the template is not https")]
    NotHttps,
    /// A user name or a password.
    #[error("the template has credentials")]
    Credentials,
    /// No host, an address, a host of one label, or one that is filled in.
    #[error("the host of the template is not a public host name")]
    Host,
    /// Nothing to fill in.
    #[error("the template has no placeholder")]
    NoPlaceholder,
    /// A placeholder that is more than a name in braces.
    #[error("a placeholder of the template is not a name")]
    Placeholder,
    /// A value that would lead to another path.
    #[error("a value would change the path of the template")]
    Path,
    /// More than 2 KiB, or more than 8 KiB with what is filled in.
    #[error("the template or what comes of it is too long")]
    TooLong,
}

#[cfg(test)]
mod tests;
