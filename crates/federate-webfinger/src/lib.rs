//! Handles, WebFinger, host-meta and NodeInfo. Sans-io.
#![deny(missing_docs)]
#![allow(clippy::todo, unused_variables, reason = "the bodies follow")]

use url::Url;

pub mod host_meta;
pub mod nodeinfo;

/// A handle: a user at a host, as in `@alice@example.org` or `acct:alice@example.org` (RFC 7565).
///
/// The host is canonical: lower case, IDNs as A-labels. The user is kept as it came and compared as it came;
/// see [`Handle::folded`] for local names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle {
    user: String,
    host: String,
}

impl Handle {
    /// Reads `@alice@example.org`, `alice@example.org` or `acct:alice@example.org`.
    ///
    /// # Errors
    /// A user or host that is none; a port, path, userinfo, IP literal or a host of one label.
    pub fn parse(s: &str) -> Result<Self, BadHandle> {
        todo!()
    }
    /// Like [`parse`](Self::parse), but takes a port, IP literals and `localhost` too. Only for loopback.
    ///
    /// # Errors
    /// A user or host that is none.
    pub fn parse_allowing_port(s: &str) -> Result<Self, BadHandle> {
        todo!()
    }
    /// Puts a handle together from a user and a host (which may have a port).
    ///
    /// # Errors
    /// A user or host that is none.
    pub fn new(user: &str, host: &str) -> Result<Self, BadHandle> {
        todo!()
    }
    /// The user, percent-decoded, as it came.
    pub fn user(&self) -> &str {
        &self.user
    }
    /// The host, canonical; with `:port` where one was allowed and given.
    pub fn host(&self) -> &str {
        &self.host
    }
    /// The `acct:` URI: `acct:alice@example.org`, percent-encoded.
    pub fn acct(&self) -> String {
        todo!()
    }
    /// The same handle with the user in lower case: local names are compared without regard to case.
    pub fn folded(&self) -> Self {
        todo!()
    }
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "@{}@{}", self.user, self.host)
    }
}

impl std::str::FromStr for Handle {
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
    /// The host is not a host name.
    #[error("the host of a handle is not a public host name")]
    Host,
}

/// The WebFinger request for a handle: `https://host/.well-known/webfinger?resource=acct%3A…`.
///
/// `scheme` is `https`; `http` is for loopback only.
pub fn request_url(handle: &Handle, scheme: &str) -> Option<Url> {
    todo!()
}

/// A WebFinger answer: a JSON Resource Descriptor (RFC 7033).
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Jrd {
    /// What the answer is about: an `acct:` URI or a URL.
    pub subject: String,
    /// Other names of the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What it points to.
    pub links: Vec<Link>,
}

/// One link of a [`Jrd`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Link {
    /// The relation: `self`, or a URI.
    pub rel: String,
    /// The media type of what is linked.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// A template in place of `href`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Jrd {
    /// The media type of a WebFinger answer.
    pub const MEDIA_TYPE: &'static str = "application/jrd+json";
    /// Reads an answer, leniently: unknown members and malformed links are passed over.
    ///
    /// # Errors
    /// Not JSON, not an object, more than 64 KiB.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJrd> {
        todo!()
    }
    /// The answer for an actor: subject, aliases and the `self` link.
    pub fn for_actor(handle: &Handle, actor: &str, page: Option<&str>) -> Self {
        todo!()
    }
    /// The id of the actor: the first `self` link with one of the two media types of ActivityPub.
    pub fn actor_link(&self) -> Option<&str> {
        todo!()
    }
    /// The handle that the subject names, if it names one.
    pub fn subject_handle(&self) -> Option<Handle> {
        todo!()
    }
    /// Keeps the links of the given relations (`rel` of the query); all, if none are given.
    pub fn retain_rels(&mut self, rels: &[String]) {
        todo!()
    }
    /// The bytes to answer with.
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }
}

/// Why bytes are not a WebFinger answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadJrd {
    /// More than 64 KiB.
    #[error("the answer is larger than 64 KiB")]
    TooLarge,
    /// Not JSON.
    #[error("the answer is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not an object.
    #[error("the answer is not a JSON object")]
    NotAnObject,
}

/// What a WebFinger request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Query {
    /// `acct:user@host`; the user percent-decoded as it came, the host canonical (with `:port` if one came).
    Account {
        /// The user.
        user: String,
        /// The host.
        host: String,
    },
    /// A URL, as it came: the id of an actor, the URL of a profile, the root of the server.
    Url(String),
}

/// Reads the query string of a WebFinger request (without the `?`).
///
/// # Errors
/// No `resource`, or one that is neither an `acct:` URI nor an http(s) URL: answer 400.
pub fn parse_query(query: &str) -> Result<Query, BadQuery> {
    todo!()
}

/// The `rel` parameters of a WebFinger request; none means all.
pub fn parse_rels(query: &str) -> Vec<String> {
    todo!()
}

/// Why a WebFinger request is answered 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadQuery {
    /// No `resource`.
    #[error("the query has no resource")]
    Missing,
    /// `resource` is given more than once.
    #[error("the query has more than one resource")]
    Repeated,
    /// Neither an `acct:` URI nor a URL.
    #[error("the resource is neither an acct: URI nor an http(s) URL")]
    Malformed,
}
