//! NodeInfo 2.0 and 2.1: what software a server runs.

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
    /// The relation of a link to a document of this version.
    pub fn rel(self) -> &'static str {
        match self {
            Self::V2_0 => "http://nodeinfo.diaspora.software/ns/schema/2.0",
            Self::V2_1 => "http://nodeinfo.diaspora.software/ns/schema/2.1",
        }
    }
    /// The `Content-Type` of a document of this version.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V2_0 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"",
            Self::V2_1 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"",
        }
    }
}

/// `/.well-known/nodeinfo`: where the documents are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Relation and address, in the order of the document.
    pub links: Vec<(String, String)>,
}

impl Index {
    /// An index of documents at `{base}/nodeinfo/2.0` and `{base}/nodeinfo/2.1`.
    pub fn new(base: &str) -> Self {
        todo!()
    }
    /// Adds the link to the server's own actor (FEP-2677).
    pub fn application_actor(self, id: &str) -> Self {
        todo!()
    }
    /// Reads an index leniently.
    ///
    /// # Errors
    /// Not a JSON object, or too large.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNodeInfo> {
        todo!()
    }
    /// The best document on the host that was asked: the highest version that we know.
    pub fn best(&self, asked: &url::Url) -> Option<(Version, url::Url)> {
        todo!()
    }
    /// The bytes to answer with.
    pub fn to_bytes(&self) -> Vec<u8> {
        todo!()
    }
}

/// What a server says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// `software.name`: `[a-z0-9-]+`.
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
    /// `metadata`.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

impl NodeInfo {
    /// A document for a server that speaks ActivityPub.
    pub fn new(software: &str, version: &str) -> Self {
        todo!()
    }
    /// Reads a document of any 2.x (and 1.x as far as it goes), leniently and under caps.
    ///
    /// # Errors
    /// Not a JSON object, or too large.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadNodeInfo> {
        todo!()
    }
    /// The bytes to answer with.
    pub fn to_bytes(&self, version: Version) -> Vec<u8> {
        todo!()
    }
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
