//! Identifiers, as they came.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use url::{Host, Url};

/// The most bytes that an [`Iri`] may have.
pub const MAX_IRI_BYTES: usize = 2048;

/// An absolute identifier of any scheme (`https:`, `did:`, `tag:`, `urn:`, `bear:` …).
///
/// It is kept and compared **byte by byte, as it came**: `https://a.example` and `https://a.example/` are
/// two ids, because the servers that sent them treat them as two. What has to be compared by meaning is
/// compared by [`origin`](Self::origin). Clones are cheap.
///
/// ```
/// use federate_activitystreams::Iri;
///
/// let alice = Iri::parse("https://a.example/users/alice#main-key")?;
/// assert_eq!(alice.host(), Some("a.example"));
/// assert_eq!(alice.without_fragment().as_str(), "https://a.example/users/alice");
/// # Ok::<_, federate_activitystreams::BadIri>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Iri(Arc<str>);

/// Why a text is no [`Iri`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadIri {
    /// Nothing at all.
    #[error("empty identifier")]
    Empty,
    /// More than [`MAX_IRI_BYTES`].
    #[error("identifier longer than {MAX_IRI_BYTES} bytes")]
    TooLong,
    /// A blank, a control character, a quote, an angle bracket or a backslash: what no identifier holds.
    #[error("identifier with a blank or a control character")]
    Blank,
    /// No `scheme:` at its beginning: a relative reference, a handle, a plain word.
    #[error("identifier without a scheme")]
    NotAbsolute,
    /// A scheme that names a host, without a host that can be read.
    #[error("identifier without a valid host")]
    BadHost,
}

/// Who speaks: scheme, host and port, in one spelling.
///
/// Two ids of one origin are of one server. The host is lower-cased and in its ASCII form (IDNA), the
/// scheme's default port is filled in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl Iri {
    /// Reads an identifier.
    ///
    /// # Errors
    ///
    /// Where the text is empty, longer than [`MAX_IRI_BYTES`], holds a blank or a control character, has no
    /// scheme, or is an `http(s)` URL without a valid host.
    pub fn parse(text: &str) -> Result<Self, BadIri> {
        check(text)?;
        Ok(Self(text.into()))
    }

    /// The text, as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the first `:`, as it came.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The host as it came: no port, no user; `None` where there is no `//host`.
    ///
    /// Compare hosts through [`origin`](Self::origin), which knows letter case and IDNA.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let authority = self.authority()?;
        let host = authority.rsplit('@').next().unwrap_or(authority);
        let host = match host.strip_prefix('[') {
            Some(_) => host.split_inclusive(']').next().unwrap_or(host),
            None => host.split(':').next().unwrap_or(host),
        };
        (!host.is_empty()).then_some(host)
    }

    /// What stands between `//` and the next `/`, `?` or `#`, as it came: user, host and port.
    #[must_use]
    pub fn authority(&self) -> Option<&str> {
        let rest = self.0.get(self.scheme().len()..)?.strip_prefix("://")?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
        (!authority.is_empty()).then_some(authority)
    }

    /// Scheme, host and port in one spelling; `None` for `did:`, `urn:`, `tag:` and all else without a host
    /// and a known port.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        match plain_origin(&self.0) {
            Some((scheme, host, port)) => Some(Origin {
                scheme: scheme.to_owned(),
                host: host.to_owned(),
                port,
            }),
            None => self.parsed_origin(),
        }
    }

    fn parsed_origin(&self) -> Option<Origin> {
        let url = Url::parse(&self.0).ok()?;
        let host = match url.host()? {
            Host::Domain(name) => name.to_ascii_lowercase(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => format!("[{address}]"),
        };
        if host.is_empty() {
            return None;
        }
        Some(Origin {
            scheme: url.scheme().to_owned(),
            host,
            port: url.port_or_known_default()?,
        })
    }

    /// Whether both are of one server. Two ids without an origin never are.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        match plain_origin(&self.0) {
            Some(ours) if begins_alike(&other.0, ours) => true,
            Some(ours) => match plain_origin(&other.0) {
                Some(theirs) => ours == theirs,
                None => self.origin() == other.origin(),
            },
            None => self.origin().is_some_and(|origin| Some(origin) == other.origin()),
        }
    }

    /// The same identifier up to its first `#`.
    #[must_use]
    pub fn without_fragment(&self) -> Self {
        match self.0.split_once('#') {
            Some((before, _)) => Self(before.into()),
            None => self.clone(),
        }
    }

    /// The identifier as a URL, for what sends requests.
    ///
    /// # Errors
    ///
    /// Where it is no URL by the [URL Standard](https://url.spec.whatwg.org/).
    pub fn to_url(&self) -> Result<Url, BadIri> {
        Url::parse(&self.0).map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => BadIri::NotAbsolute,
            _ => BadIri::BadHost,
        })
    }
}

impl Origin {
    /// `https`, in lower case.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host in its ASCII form and lower case; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, with the scheme's default filled in.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host`, or `host:port` where the port is not the scheme's own: what a `Host` header says.
    #[must_use]
    pub fn authority(&self) -> String {
        match (self.scheme.as_str(), self.port) {
            ("https" | "wss", 443) | ("http" | "ws", 80) => self.host.clone(),
            (_, port) => format!("{}:{port}", self.host),
        }
    }
}

fn check(text: &str) -> Result<(), BadIri> {
    if text.is_empty() {
        return Err(BadIri::Empty);
    }
    if text.len() > MAX_IRI_BYTES {
        return Err(BadIri::TooLong);
    }
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\');
    if !is_plain(text.as_bytes()) && text.chars().any(bad) {
        return Err(BadIri::Blank);
    }
    if has_web_host(text.as_bytes()) {
        return Ok(());
    }
    let (scheme, rest) = text.split_once(':').ok_or(BadIri::NotAbsolute)?;
    let mut letters = scheme.bytes();
    if !letters.next().is_some_and(|c| c.is_ascii_alphabetic())
        || !letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.'))
        || rest.is_empty()
    {
        return Err(BadIri::NotAbsolute);
    }
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") {
        let authority = rest
            .strip_prefix("//")
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        if !authority.is_some_and(names_a_host) {
            return Err(BadIri::BadHost);
        }
    }
    Ok(())
}

/// Whether there is a host in it, and behind it, if anything, a port.
fn names_a_host(authority: &str) -> bool {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, after_user)| after_user);
    let (host, port) = match host.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((address, after)) => (address, after),
            None => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(digits) => digits.is_empty() || digits.parse::<u16>().is_ok(),
        None => port.is_empty(),
    };
    !host.is_empty() && port
}

/// Whether this begins as nearly all identifiers do, with a plain host and no port: nothing else is to be asked of those.
fn has_web_host(text: &[u8]) -> bool {
    let Some(rest) = text
        .strip_prefix(b"https://")
        .or_else(|| text.strip_prefix(b"http://"))
    else {
        return false;
    };
    let of_host = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let end = rest.iter().position(|byte| !of_host(byte));
    end != Some(0)
        && !rest.is_empty()
        && end
            .and_then(|end| rest.get(end))
            .is_none_or(|byte| matches!(byte, b'/' | b'?' | b'#'))
}

/// The origin of what begins as nearly all identifiers do, read without the URL parser: a host in the spelling that it has
/// in an [`Origin`] already, and no port. Everything that IDNA or IPv4 could have a say in is left to the parser.
fn plain_origin(text: &str) -> Option<(&'static str, &str, u16)> {
    let (scheme, rest, port) = match text.strip_prefix("https://") {
        Some(rest) => ("https", rest, 443),
        None => ("http", text.strip_prefix("http://")?, 80),
    };
    let of_host = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let end = rest
        .bytes()
        .position(|byte| !of_host(&byte))
        .unwrap_or(rest.len());
    let (host, after) = rest.split_at_checked(end)?;
    // A host whose last label begins with a digit may be an address in one of its many spellings.
    let last = host
        .bytes()
        .rposition(|byte| byte == b'.')
        .map_or(0, |dot| dot + 1);
    let is_name = host.as_bytes().get(last).is_some_and(u8::is_ascii_lowercase)
        && !host.as_bytes().array_windows().any(|four| four == b"xn--");
    (ends_host(after) && is_name).then_some((scheme, host, port))
}

/// Whether the text has this very [plain](plain_origin) origin, in the same spelling.
fn begins_alike(text: &str, (scheme, host, _): (&str, &str, u16)) -> bool {
    let rest = text
        .strip_prefix(scheme)
        .and_then(|rest| rest.strip_prefix("://"));
    rest.and_then(|rest| rest.strip_prefix(host))
        .is_some_and(ends_host)
}

/// Whether a host ends before this.
fn ends_host(after: &str) -> bool {
    matches!(after.as_bytes().first(), None | Some(b'/' | b'?' | b'#'))
}

/// Whether it holds nothing but what nearly all identifiers are made of. What does not (it is beyond ASCII, or has an
/// exclamation mark) is to be looked at as characters, which is slow.
fn is_plain(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some((chunk, after)) = rest.split_first_chunk() {
        if any_odd(chunk) {
            return false;
        }
        rest = after;
    }
    // What is left is looked at with bytes that were looked at before: all sixteen at once.
    match text.last_chunk() {
        Some(last) => !any_odd(last),
        None => rest
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#@".contains(byte)),
    }
}

/// Whether one of these is none of `#` to `~`, or `<`, `>` or a backslash: in two rounds that compilers make a few
/// instructions of.
fn any_odd(chunk: &[u8; 16]) -> bool {
    let odd = |byte: u8| !(b'#'..=b'~').contains(&byte) | (byte == b'\\');
    let angle = |byte: u8| byte | 2 == b'>';
    chunk.iter().fold(false, |any, byte| any | odd(*byte))
        | chunk.iter().fold(false, |any, byte| any | angle(*byte))
}

impl fmt::Display for Iri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Iri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())
    }
}

impl FromStr for Iri {
    type Err = BadIri;

    fn from_str(text: &str) -> Result<Self, BadIri> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Iri {
    type Error = BadIri;

    fn try_from(text: &str) -> Result<Self, BadIri> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Iri {
    type Error = BadIri;

    fn try_from(text: String) -> Result<Self, BadIri> {
        check(&text)?;
        Ok(Self(text.into()))
    }
}

impl From<&Iri> for Iri {
    fn from(iri: &Iri) -> Self {
        iri.clone()
    }
}

impl From<Iri> for String {
    fn from(iri: Iri) -> Self {
        iri.as_str().to_owned()
    }
}

impl AsRef<str> for Iri {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Iri {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Iri {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Iri {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl Serialize for Iri {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Iri {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .try_into()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_compare_as_they_came_and_origins_by_meaning() {
        let a = Iri::parse("https://A.Example:443/x").unwrap();
        let b = Iri::parse("https://a.example/x").unwrap();
        assert_ne!(a, b);
        assert!(a.same_origin(&b));
        assert_eq!(a.origin().unwrap().to_string(), "https://a.example");
        assert!(!b.same_origin(&Iri::parse("http://a.example/x").unwrap()));
        let idn = Iri::parse("https://münchen.example/").unwrap();
        assert!(idn.same_origin(&Iri::parse("https://xn--mnchen-3ya.example/").unwrap()));
        let did = Iri::parse("did:key:z6Mk").unwrap();
        assert_eq!(
            (did.origin(), did.host(), did.same_origin(&did)),
            (None, None, false)
        );
    }

    #[test]
    fn an_origin_is_the_same_with_and_without_the_parser() {
        let hosts = [
            "a.example",
            "a",
            "a-.b",
            "-a.example",
            "a..b",
            ".a",
            "a.example.",
            "1.2.3.4",
            "1.2.3.0x4",
            "a.0x4",
            "a.4",
            "4a",
            "a.4a",
            "0x7f.1",
            "a.e4",
            "xn--mnchen-3ya.example",
            "xn--a.example",
            "a.xn--",
            "A.example",
            "a_b.example",
            "a%41.example",
            "münchen.example",
            "a.example:443",
            "a.example:80",
            "a.example:",
            "u@a.example",
            "[::1]",
            "a--b.c--d",
            "--",
            "a.-",
        ];
        let mut plain = 0;
        let mut all = Vec::new();
        for scheme in ["https", "http", "HTTPS", "ftp"] {
            for host in hosts {
                for rest in [
                    "",
                    "/",
                    "/x/../y",
                    "?q",
                    "#f",
                    ":1",
                    "@b.example",
                    "%",
                    "/%zz",
                    "!",
                ] {
                    let Ok(iri) = Iri::parse(&format!("{scheme}://{host}{rest}")) else {
                        continue;
                    };
                    assert_eq!(iri.origin(), iri.parsed_origin(), "{iri}");
                    plain += usize::from(plain_origin(&iri.0).is_some());
                    all.push((iri.origin(), iri));
                }
            }
        }
        assert!(plain > 50, "{plain}");
        // Each with some of all kinds, both ways.
        for (ours, iri) in &all {
            for (theirs, other) in all.iter().step_by(7) {
                let same = ours.is_some() && ours == theirs;
                assert_eq!(iri.same_origin(other), same, "{iri} {other}");
                assert_eq!(other.same_origin(iri), same, "{other} {iri}");
            }
        }
    }

    #[test]
    fn parts_are_taken_without_losing_a_user_or_a_port() {
        let iri = Iri::parse("https://u:p@[::1]:8080/path?q#f").unwrap();
        assert_eq!(iri.authority(), Some("u:p@[::1]:8080"));
        assert_eq!(iri.host(), Some("[::1]"));
        assert_eq!(iri.origin().unwrap().authority(), "[::1]:8080");
        assert_eq!(iri.without_fragment().as_str(), "https://u:p@[::1]:8080/path?q");
    }

    #[test]
    fn what_no_identifier_holds_is_found_at_every_place() {
        for length in 0..70 {
            for odd in [
                "", " ", "\"", "<", ">", "\\", "\u{7f}", "\t", "\u{85}", "\u{3000}", "é", "~", "!",
            ] {
                let text = format!("https://{}{odd}{}", "a".repeat(length), "b".repeat(40));
                let bad = |c: char| c.is_control() || c.is_whitespace() || "\"<>\\".contains(c);
                assert_eq!(Iri::parse(&text).is_err(), odd.contains(bad), "{text:?}");
            }
        }
        let long = |length: usize| format!("http://{}", "a".repeat(length - 7));
        assert!(Iri::parse(&long(MAX_IRI_BYTES)).is_ok());
        assert_eq!(Iri::parse(&long(MAX_IRI_BYTES + 1)), Err(BadIri::TooLong));
    }

    #[test]
    fn what_is_no_identifier_is_refused_with_the_reason() {
        for (text, why) in [
            ("", BadIri::Empty),
            ("alice", BadIri::NotAbsolute),
            ("/users/alice", BadIri::NotAbsolute),
            ("1https://a.example/", BadIri::NotAbsolute),
            ("https:", BadIri::NotAbsolute),
            ("https:///x", BadIri::BadHost),
            ("https:x", BadIri::BadHost),
            ("https://user@/x", BadIri::BadHost),
            ("https://:443/", BadIri::BadHost),
            ("https://[::1/", BadIri::BadHost),
            ("https://[::1]x/", BadIri::BadHost),
            ("https://a.example:99999/", BadIri::BadHost),
            ("https://a.example:b/", BadIri::BadHost),
            ("https://", BadIri::BadHost),
            ("http://?x", BadIri::BadHost),
            ("https://#x", BadIri::BadHost),
            ("https://a.example/ b", BadIri::Blank),
            ("https://a.example/\n", BadIri::Blank),
        ] {
            assert_eq!(Iri::parse(text), Err(why), "{text:?}");
        }
        assert_eq!(
            Iri::parse(&format!("https://a.example/{}", "x".repeat(3000))),
            Err(BadIri::TooLong)
        );
    }
}
