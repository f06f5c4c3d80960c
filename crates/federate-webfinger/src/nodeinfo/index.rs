use serde::Serialize;
use serde_json::Value;
use url::Url;

use super::read::{MAX_ITEMS, object};
use super::{BadNodeInfo, Version};
use crate::rel;

/// Relations of documents that are read and not written, the newest first.
const OLD: [&str; 2] = [
    "http://nodeinfo.diaspora.software/ns/schema/1.1",
    "http://nodeinfo.diaspora.software/ns/schema/1.0",
];

/// `/.well-known/nodeinfo`: where the documents are. Its `Content-Type` is `application/json`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// Relation and address, in the order of the document.
    pub links: Vec<(String, String)>,
}

impl Index {
    /// An index of documents at `{base}/nodeinfo/2.0`, `2.1` and `2.2`.
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

    /// Adds the link to the server's own actor ([FEP-2677]), which has to be readable without a signature.
    ///
    /// [FEP-2677]: https://w3id.org/fep/2677
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

    /// Where the document of the highest version is that we read; 1.1 and 1.0 where there is nothing newer.
    ///
    /// Only on the origin that was asked: an index elsewhere (`data:`, another host, another port) would have
    /// us ask what its author wants. `asked` is the URL that the index came from in the end.
    #[must_use]
    pub fn best(&self, asked: &Url) -> Option<Url> {
        Version::ALL
            .into_iter()
            .map(Version::rel)
            .chain(OLD)
            .find_map(|rel| self.link(rel, asked))
    }

    /// The server's own actor ([FEP-2677]), on the origin that was asked and nowhere else.
    ///
    /// A claim: it holds when the document there has this id, and is of type `Application`.
    ///
    /// [FEP-2677]: https://w3id.org/fep/2677
    #[must_use]
    pub fn application(&self, asked: &Url) -> Option<Url> {
        self.link(rel::APPLICATION, asked)
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

    /// The first link of a relation that may be followed.
    fn link(&self, rel: &str, asked: &Url) -> Option<Url> {
        self.links
            .iter()
            .filter(|(theirs, _)| theirs == rel)
            .find_map(|(_, href)| {
                let url = Url::parse(href).ok()?;
                let is_web = matches!(url.scheme(), "https" | "http");
                let is_plain = url.username().is_empty() && url.password().is_none();
                (is_web && is_plain && url.origin() == asked.origin()).then_some(url)
            })
    }
}
