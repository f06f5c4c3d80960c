//! NodeInfo 2.0 and 2.1: what software a server runs ([schema]).
//!
//! Written strictly, read leniently: of the documents that servers really publish a quarter breaks the schema.
//!
//! ```
//! use federate_webfinger::nodeinfo::{Index, NodeInfo, Version};
//!
//! let mut info = NodeInfo::new("my-software", "1.0.0");
//! info.users_total = Some(3);
//! let document = info.to_bytes(Version::V2_1);
//! assert_eq!(NodeInfo::parse(&document)?, info);
//!
//! let index = Index::new("https://example.org");
//! let asked = "https://example.org/.well-known/nodeinfo".parse()?;
//! let (version, url) = index.best(&asked).ok_or("no document")?;
//! assert_eq!((version, url.path()), (Version::V2_1, "/nodeinfo/2.1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [schema]: https://github.com/jhass/nodeinfo/blob/main/PROTOCOL.md

use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{MAX_BYTES, rel};

/// The most links that are read of an index, and the most protocols of a document.
const MAX_ITEMS: usize = 32;
/// The most characters that are read of a name, version or address.
const MAX_TEXT: usize = 256;
/// The most bytes of `metadata`, written out, that are kept; larger ones are left out whole.
const MAX_METADATA: usize = 16 * 1024;

/// The version of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// 2.0
    V2_0,
    /// 2.1
    V2_1,
}

impl Version {
    /// Every version that we write, the newest first.
    pub const ALL: [Self; 2] = [Self::V2_1, Self::V2_0];

    /// As it stands in a document: `2.1`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
        }
    }

    /// The relation of a link to a document of this version.
    #[must_use]
    pub fn rel(self) -> &'static str {
        match self {
            Self::V2_0 => "http://nodeinfo.diaspora.software/ns/schema/2.0",
            Self::V2_1 => "http://nodeinfo.diaspora.software/ns/schema/2.1",
        }
    }

    /// The `Content-Type` of a document of this version.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V2_0 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"",
            Self::V2_1 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"",
        }
    }
}

/// `/.well-known/nodeinfo`: where the documents are. Its `Content-Type` is `application/json`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Relation and address, in the order of the document.
    pub links: Vec<(String, String)>,
}

impl Index {
    /// An index of documents at `{base}/nodeinfo/2.1` and `{base}/nodeinfo/2.0`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let link = |version: Version| {
            (
                version.rel().to_owned(),
                format!("{base}/nodeinfo/{}", version.as_str()),
            )
        };
        // Oldest first: some clients take the first link that they know.
        Self {
            links: Version::ALL.into_iter().rev().map(link).collect(),
        }
    }

    /// Adds the link to the server's own actor (FEP-2677), which has to be readable without a signature.
    #[must_use]
    pub fn application_actor(mut self, id: &str) -> Self {
        self.links.push((rel::APPLICATION.to_owned(), id.to_owned()));
        self
    }

    /// Reads an index leniently: malformed links are passed over, and what lies beyond 32 links is not read.
    ///
    /// # Errors
    /// More than 64 KiB, not JSON, or not an object.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNodeInfo> {
        let object = object(bytes)?;
        let links = object
            .get("links")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        let link = |link: &Value| {
            let text = |name| link.get(name).and_then(Value::as_str).map(str::to_owned);
            Some((text("rel")?, text("href")?))
        };
        Ok(Self {
            links: links.iter().take(MAX_ITEMS).filter_map(link).collect(),
        })
    }

    /// The document of the highest version that we know.
    ///
    /// Only on the origin that was asked: an index elsewhere (`data:`, another host, another port) would have
    /// us ask what its author wants. `asked` is the URL that the index came from in the end.
    #[must_use]
    pub fn best(&self, asked: &Url) -> Option<(Version, Url)> {
        Version::ALL.into_iter().find_map(|version| {
            self.links
                .iter()
                .filter(|(rel, _)| rel == version.rel())
                .find_map(|(_, href)| {
                    let url = Url::parse(href).ok()?;
                    let is_web = matches!(url.scheme(), "https" | "http");
                    let is_plain = url.username().is_empty() && url.password().is_none();
                    (is_web && is_plain && url.origin() == asked.origin()).then_some((version, url))
                })
        })
    }

    /// The bytes to answer with.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Document<'a> {
            links: Vec<Link<'a>>,
        }
        #[derive(Serialize)]
        struct Link<'a> {
            rel: &'a str,
            href: &'a str,
        }
        let links = self.links.iter().map(|(rel, href)| Link { rel, href }).collect();
        // Strings always serialise.
        serde_json::to_vec(&Document { links }).unwrap_or_default()
    }
}

/// What a server says about itself. Texts of other servers are plain text: escape them before you show them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// `software.name`. The schema wants `[a-z0-9-]+`; what comes from others may have other characters.
    pub software: String,
    /// `software.version`.
    pub version: String,
    /// `software.repository` (2.1).
    pub repository: Option<String>,
    /// `software.homepage` (2.1).
    pub homepage: Option<String>,
    /// `protocols`.
    pub protocols: Vec<String>,
    /// `openRegistrations`.
    pub open_registrations: bool,
    /// `usage.users.total`.
    pub users_total: Option<u64>,
    /// `usage.users.activeMonth`.
    pub users_active_month: Option<u64>,
    /// `usage.users.activeHalfyear`.
    pub users_active_halfyear: Option<u64>,
    /// `usage.localPosts`.
    pub local_posts: Option<u64>,
    /// `usage.localComments`.
    pub local_comments: Option<u64>,
    /// `metadata`: whatever else.
    pub metadata: Map<String, Value>,
}

impl NodeInfo {
    /// A document for a server that speaks ActivityPub. The rest is set by field.
    ///
    /// `software` is brought to what the schema wants: lower case, everything else becomes `-`.
    #[must_use]
    pub fn new(software: &str, version: &str) -> Self {
        let plain = |c: char| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        };
        Self {
            software: software.chars().map(plain).collect(),
            version: version.to_owned(),
            protocols: vec!["activitypub".to_owned()],
            ..Self::default()
        }
    }

    /// Reads a document of any version, leniently and under caps: what is missing or misshapen is empty, a
    /// count that is no natural number is none, control characters are left out, long texts are cut.
    ///
    /// # Errors
    /// More than 64 KiB, not JSON, or not an object.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNodeInfo> {
        let document = object(bytes)?;
        let at = |path: &[&str]| {
            let (first, rest) = path.split_first()?;
            rest.iter()
                .try_fold(document.get(*first)?, |value, name| value.get(name))
        };
        let text = |path: &[&str]| at(path).and_then(Value::as_str).map(tidy);
        Ok(Self {
            software: text(&["software", "name"]).unwrap_or_default(),
            version: text(&["software", "version"]).unwrap_or_default(),
            repository: text(&["software", "repository"]),
            homepage: text(&["software", "homepage"]),
            protocols: at(&["protocols"]).map(protocols).unwrap_or_default(),
            open_registrations: at(&["openRegistrations"])
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            users_total: at(&["usage", "users", "total"]).and_then(count),
            users_active_month: at(&["usage", "users", "activeMonth"]).and_then(count),
            users_active_halfyear: at(&["usage", "users", "activeHalfyear"]).and_then(count),
            local_posts: at(&["usage", "localPosts"]).and_then(count),
            local_comments: at(&["usage", "localComments"]).and_then(count),
            metadata: at(&["metadata"])
                .filter(|value| value.to_string().len() <= MAX_METADATA)
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        })
    }

    /// The bytes to answer with. The schema is closed: 2.0 has neither repository nor homepage.
    #[must_use]
    pub fn to_bytes(&self, version: Version) -> Vec<u8> {
        let has_links = version >= Version::V2_1;
        let document = Document {
            version: version.as_str(),
            software: Software {
                name: &self.software,
                version: &self.version,
                repository: self.repository.as_deref().filter(|_| has_links),
                homepage: self.homepage.as_deref().filter(|_| has_links),
            },
            protocols: &self.protocols,
            services: Services {
                inbound: [],
                outbound: [],
            },
            open_registrations: self.open_registrations,
            usage: Usage {
                users: Users {
                    total: self.users_total,
                    active_month: self.users_active_month,
                    active_halfyear: self.users_active_halfyear,
                },
                local_posts: self.local_posts,
                local_comments: self.local_comments,
            },
            metadata: &self.metadata,
        };
        // Strings, numbers and JSON values always serialise.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: &'static str,
    software: Software<'a>,
    protocols: &'a [String],
    services: Services,
    open_registrations: bool,
    usage: Usage,
    metadata: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Software<'a> {
    name: &'a str,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<&'a str>,
}

#[derive(Serialize)]
struct Services {
    inbound: [&'static str; 0],
    outbound: [&'static str; 0],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    users: Users,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_posts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_comments: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Users {
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_month: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_halfyear: Option<u64>,
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, BadNodeInfo> {
    if bytes.len() > MAX_BYTES {
        return Err(BadNodeInfo::TooLarge);
    }
    match serde_json::from_slice(bytes).map_err(BadNodeInfo::NotJson)? {
        Value::Object(object) => Ok(object),
        _ => Err(BadNodeInfo::NotAnObject),
    }
}

fn tidy(s: &str) -> String {
    s.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

/// A natural number; some servers write it as a string.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// A list of names in 2.x, `{"inbound":[…],"outbound":[…]}` in 1.x.
fn protocols(value: &Value) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let lists = [Some(value), value.get("inbound"), value.get("outbound")];
    for name in lists
        .into_iter()
        .flatten()
        .filter_map(Value::as_array)
        .flatten()
        .filter_map(Value::as_str)
        .map(tidy)
    {
        if names.len() < MAX_ITEMS && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Why bytes are not NodeInfo.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadNodeInfo {
    /// More than 64 KiB.
    #[error("the document is larger than 64 KiB")]
    TooLarge,
    /// Not JSON.
    #[error("the document is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not an object.
    #[error("the document is not a JSON object")]
    NotAnObject,
}

#[cfg(test)]
mod tests;
