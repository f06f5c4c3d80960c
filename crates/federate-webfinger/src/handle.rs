use std::fmt;
use std::str::FromStr;

use url::Host;

use crate::percent;

/// What a user may have unencoded in an `acct:` URI beside letters, digits and `-._~`: sub-delims of RFC 3986.
const SUB_DELIMS: &[u8] = b"!$&'()*+,;=";

/// The longest user, in bytes. Mastodon's limit for names of other servers.
const MAX_USER: usize = 2048;
/// The longest host name, in bytes, and the longest of its labels (RFC 1035).
const MAX_HOST: usize = 253;
const MAX_LABEL: usize = 63;

/// A handle: a user at a host, as in `@alice@example.org` or `acct:alice@example.org` ([RFC 7565]).
///
/// The host is canonical: lower case, IDNs as A-labels, so that each host has one spelling. The user is kept
/// and compared as it came, because other servers may tell `Alice` from `alice`; for names of one's own there
/// is [`folded`](Self::folded).
///
/// ```
/// use federate_webfinger::Handle;
///
/// let handle: Handle = "@alice@Bücher.example".parse()?;
/// assert_eq!(handle.host(), "xn--bcher-kva.example");
/// assert_eq!(handle.acct(), "acct:alice@xn--bcher-kva.example");
/// assert_eq!(handle, Handle::parse("acct:alice@xn--bcher-kva.example")?);
/// # Ok::<(), federate_webfinger::BadHandle>(())
/// ```
///
/// [RFC 7565]: https://www.rfc-editor.org/rfc/rfc7565
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle {
    user: String,
    host: String,
}

/// Which hosts a handle may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hosts {
    /// Names with at least two labels.
    Public,
    /// IP literals, single labels and ports too.
    Any,
}

impl Handle {
    /// Reads `@alice@example.org`, `alice@example.org` or `acct:alice@example.org`.
    ///
    /// The user and the host are split at the last `@`; an `@` inside the user is `%40`.
    ///
    /// # Errors
    /// A user or a host that is none; a port, path, query, userinfo, IP literal, trailing dot, or a host of
    /// one label.
    pub fn parse(s: &str) -> Result<Self, BadHandle> {
        Self::read(s, Hosts::Public)
    }

    /// Like [`parse`](Self::parse), but takes a port, IP literals and `localhost` too.
    ///
    /// For loopback only: elsewhere such a handle makes a server ask whatever its attacker wants.
    ///
    /// # Errors
    /// A user or a host that is none.
    pub fn parse_allowing_port(s: &str) -> Result<Self, BadHandle> {
        Self::read(s, Hosts::Any)
    }

    /// Puts a handle together: `user` as it is (not percent-encoded), `host` with a port where it has one.
    ///
    /// For hosts that are known, such as one's own; what others claim goes through [`parse`](Self::parse).
    ///
    /// # Errors
    /// A user or a host that is none.
    pub fn new(user: &str, host: &str) -> Result<Self, BadHandle> {
        Ok(Self {
            user: checked_user(user.to_owned())?,
            host: canonical_host(host, Hosts::Any)?,
        })
    }

    fn read(s: &str, hosts: Hosts) -> Result<Self, BadHandle> {
        let s = s.trim();
        let s = match s.get(..5) {
            Some(scheme) if scheme.eq_ignore_ascii_case("acct:") => s.get(5..).unwrap_or_default(),
            _ => s,
        };
        let s = s.strip_prefix('@').unwrap_or(s);
        let (user, host) = s.rsplit_once('@').ok_or(BadHandle::Shape)?;
        if user.contains('@') {
            return Err(BadHandle::User);
        }
        let user = percent::decode(user).ok_or(BadHandle::User)?;
        Ok(Self {
            user: checked_user(user)?,
            host: canonical_host(host, hosts)?,
        })
    }

    /// The user, percent-decoded, otherwise as it came.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The host, canonical; with `:port` where one was allowed and given.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The `acct:` URI: `acct:alice@example.org`, the user percent-encoded.
    #[must_use]
    pub fn acct(&self) -> String {
        format!("acct:{}@{}", percent::encode(&self.user, SUB_DELIMS), self.host)
    }

    /// The same handle with the user in lower case, as local names are compared: each letter by itself, so that
    /// a name and its capitals fold to the same. Letters that only look alike, or are composed otherwise, stay apart.
    #[must_use]
    pub fn folded(&self) -> Self {
        Self {
            user: self.user.chars().flat_map(fold).collect(),
            host: self.host.clone(),
        }
    }
}

/// `@alice@example.org`: what people read, and what [`Handle::parse`] reads back.
impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("@")?;
        for c in self.user.chars() {
            match c {
                '@' => f.write_str("%40")?,
                '%' => f.write_str("%25")?,
                c => write!(f, "{c}")?,
            }
        }
        write!(f, "@{}", self.host)
    }
}

impl FromStr for Handle {
    type Err = BadHandle;

    fn from_str(s: &str) -> Result<Self, BadHandle> {
        Self::parse(s)
    }
}

/// Why a text is not a handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHandle {
    /// No `@` between a user and a host.
    #[error("a handle has the form user@host")]
    Shape,
    /// The user is empty, too long or has characters that no user has.
    #[error("the user of a handle is empty, too long or has characters that are not allowed")]
    User,
    /// The host is not a host name, or not one that handles may have.
    #[error("the host of a handle is not a public host name")]
    Host,
}

/// Whether a character may stand in a user: no white space, nothing that ends the part of a URL, nothing that
/// is invisible or turns the direction of the text around it.
fn is_user_char(c: char) -> bool {
    !(c.is_control()
        || c.is_whitespace()
        || matches!(
            c,
            '/' | '\\' | '?' | '#' | ':' | '<' | '>' | '"' | '[' | ']' | '{' | '}' | '|' | '^' | '`'
        )
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
            | '\u{e0000}'..='\u{e0fff}'))
}

/// The lower case of a letter wherever it stands: a sigma at the end of a word is a sigma.
fn fold(c: char) -> impl Iterator<Item = char> {
    (if c == 'ς' { 'σ' } else { c }).to_lowercase()
}

fn checked_user(user: String) -> Result<String, BadHandle> {
    if user.is_empty() || user.len() > MAX_USER || !user.chars().all(is_user_char) {
        return Err(BadHandle::User);
    }
    Ok(user)
}

/// The one spelling of a host.
fn canonical_host(host: &str, hosts: Hosts) -> Result<String, BadHandle> {
    // The parser of URLs decodes escapes and takes more than host names: what is not plain is refused before.
    // Full-width forms of these characters are mapped by it and then refused by it.
    if host.is_empty()
        || host.len() > 4 * MAX_HOST
        || host.contains(|c: char| {
            c.is_control() || c.is_whitespace() || matches!(c, '%' | '/' | '\\' | '?' | '#' | '@')
        })
    {
        return Err(BadHandle::Host);
    }
    let (name, port) = match hosts {
        Hosts::Public => (host, None),
        Hosts::Any => split_port(host)?,
    };
    let name = match Host::parse(name).map_err(|_| BadHandle::Host)? {
        Host::Domain(name) => checked_domain(name, hosts)?,
        Host::Ipv4(address) if hosts == Hosts::Any => address.to_string(),
        Host::Ipv6(address) if hosts == Hosts::Any => format!("[{address}]"),
        Host::Ipv4(_) | Host::Ipv6(_) => return Err(BadHandle::Host),
    };
    Ok(match port {
        Some(port) => format!("{name}:{port}"),
        None => name,
    })
}

fn split_port(host: &str) -> Result<(&str, Option<u16>), BadHandle> {
    match host.rsplit_once(':') {
        // The colons of an IPv6 address are inside its brackets.
        Some((name, port)) if !port.ends_with(']') => {
            if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
                return Err(BadHandle::Host);
            }
            match port.parse() {
                Ok(0) | Err(_) => Err(BadHandle::Host),
                Ok(port) => Ok((name, Some(port))),
            }
        }
        _ => Ok((host, None)),
    }
}

fn checked_domain(name: String, hosts: Hosts) -> Result<String, BadHandle> {
    let labels_are_sound = name.split('.').all(|label| {
        !label.is_empty()
            && label.len() <= MAX_LABEL
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    });
    let has_dot = name.contains('.');
    if name.len() > MAX_HOST || !labels_are_sound || (hosts == Hosts::Public && !has_dot) {
        return Err(BadHandle::Host);
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
