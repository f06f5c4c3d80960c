/// The version of the schema. What is older is read and not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// 2.0, which everybody reads.
    V2_0,
    /// 2.1: with repository and homepage.
    V2_1,
    /// 2.2: with name and description of the instance, and the users of the last week.
    V2_2,
}

impl Version {
    /// Every version that we write, the newest first.
    pub const ALL: [Self; 3] = [Self::V2_2, Self::V2_1, Self::V2_0];

    /// As it stands in a document: `2.1`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2_0 => "2.0",
            Self::V2_1 => "2.1",
            Self::V2_2 => "2.2",
        }
    }

    /// The relation of a link to a document of this version.
    #[must_use]
    pub fn rel(self) -> &'static str {
        match self {
            Self::V2_0 => "http://nodeinfo.diaspora.software/ns/schema/2.0",
            Self::V2_1 => "http://nodeinfo.diaspora.software/ns/schema/2.1",
            Self::V2_2 => "http://nodeinfo.diaspora.software/ns/schema/2.2",
        }
    }

    /// The `Content-Type` of a document of this version.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V2_0 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.0#\"",
            Self::V2_1 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"",
            Self::V2_2 => "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.2#\"",
        }
    }
}
