use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::link::{list, object, text};
use crate::{Handle, Link, MAX_BYTES, rel};

const ACTIVITY_JSON: &str = "application/activity+json";
const LD_JSON: &str = "application/ld+json";
const PROFILE: &str = "https://www.w3.org/ns/activitystreams";

/// The most links and aliases that are read of an answer.
const MAX_LINKS: usize = 100;

/// A WebFinger answer: a JSON Resource Descriptor ([RFC 7033]).
///
/// [RFC 7033]: https://www.rfc-editor.org/rfc/rfc7033#section-4.4
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Jrd {
    /// What the answer is about: an `acct:` URI or a URL. Empty where an answer has none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Other names of the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// What is said about it, by URI; a text or null.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
    /// What it points to.
    pub links: Vec<Link>,
    /// Members that no specification knows, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Jrd {
    /// The media type of a WebFinger answer.
    pub const MEDIA_TYPE: &'static str = "application/jrd+json";

    /// Reads an answer, leniently: members of the wrong shape and malformed links are passed over, unknown
    /// members are kept, and what lies beyond 100 links is not read.
    ///
    /// # Errors
    /// More than 64 KiB, not JSON, or not an object.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJrd> {
        if bytes.len() > MAX_BYTES {
            return Err(BadJrd::TooLarge);
        }
        let Value::Object(mut jrd) = serde_json::from_slice(bytes).map_err(BadJrd::NotJson)? else {
            return Err(BadJrd::NotAnObject);
        };
        Ok(Self {
            subject: text(&mut jrd, "subject").unwrap_or_default(),
            aliases: list(&mut jrd, "aliases")
                .into_iter()
                .filter_map(|alias| match alias {
                    Value::String(alias) => Some(alias),
                    _ => None,
                })
                .take(MAX_LINKS)
                .collect(),
            properties: object(&mut jrd, "properties"),
            links: list(&mut jrd, "links")
                .into_iter()
                .take(MAX_LINKS)
                .filter_map(Link::read)
                .collect(),
            other: jrd,
        })
    }

    /// The answer for an actor: its handle, its id and, for people, its page. More links can be pushed.
    #[must_use]
    pub fn for_actor(handle: &Handle, actor: &str, page: Option<&str>) -> Self {
        let mut jrd = Self {
            subject: handle.acct(),
            ..Self::default()
        };
        if let Some(page) = page {
            if page != actor {
                jrd.aliases.push(page.to_owned());
            }
            jrd.links.push(Link::new(rel::PROFILE_PAGE, "text/html", page));
        }
        jrd.aliases.push(actor.to_owned());
        jrd.links.push(Link::new(rel::SELF, ACTIVITY_JSON, actor));
        jrd
    }

    /// The answer for the root URL of a server, with the server's own actor ([FEP-d556]).
    ///
    /// [FEP-d556]: https://w3id.org/fep/d556
    #[must_use]
    pub fn for_server(root: &str, actor: &str) -> Self {
        Self {
            subject: root.to_owned(),
            aliases: vec![actor.to_owned()],
            links: vec![
                Link::new(rel::SELF, ACTIVITY_JSON, actor),
                Link::new(rel::SERVICE, ACTIVITY_JSON, actor),
            ],
            ..Self::default()
        }
    }

    /// The id of the actor: the first `self` link with one of the two media types of ActivityPub and an
    /// https URL (failing that, an http URL, which only a client that allows loopback will follow).
    ///
    /// It may be on another host than the one that was asked. It is a claim until the actor points back.
    #[must_use]
    pub fn actor_link(&self) -> Option<&str> {
        self.activity_link(rel::SELF)
    }

    /// The id of the server's own actor, in an answer about a server's root URL ([FEP-d556]): the first link of
    /// type [`SERVICE`](rel::SERVICE), or what `self` says, as Mastodon has it. Of whatever type that actor is.
    ///
    /// Who asks compares its origin with the one that was asked: it is a claim, too.
    ///
    /// [FEP-d556]: https://w3id.org/fep/d556
    #[must_use]
    pub fn server_actor_link(&self) -> Option<&str> {
        self.activity_link(rel::SERVICE).or_else(|| self.actor_link())
    }

    /// The handle that the subject names, if it names one; ports are not taken.
    #[must_use]
    pub fn subject_handle(&self) -> Option<Handle> {
        Handle::parse(&self.subject).ok()
    }

    /// Keeps the links of the given relations; all, if none are given. See [`parse_rels`](crate::parse_rels).
    pub fn retain_rels(&mut self, rels: &[String]) {
        if !rels.is_empty() {
            self.links.retain(|link| rels.contains(&link.rel));
        }
    }

    /// The bytes to answer with.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        // Strings and JSON values always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn activity_link(&self, rel: &str) -> Option<&str> {
        let candidates = || {
            self.links
                .iter()
                .filter(|link| link.rel == rel)
                .filter(|link| link.type_.as_deref().is_some_and(is_activity_type))
                .filter_map(|link| link.href.as_deref())
        };
        ["https", "http"]
            .into_iter()
            .find_map(|scheme| candidates().find(|href| has_scheme(href, scheme)))
    }
}

/// One of the two media types of ActivityPub. Mastodon compares them to the byte; others write the profile
/// without the blank before it, or a charset behind it.
fn is_activity_type(type_: &str) -> bool {
    let mut parts = type_.split(';').map(str::trim);
    match parts.next() {
        Some(essence) if essence.eq_ignore_ascii_case(ACTIVITY_JSON) => true,
        Some(essence) if essence.eq_ignore_ascii_case(LD_JSON) => parts
            .filter_map(|parameter| parameter.split_once('='))
            .any(|(name, value)| name.eq_ignore_ascii_case("profile") && value.trim_matches('"') == PROFILE),
        _ => false,
    }
}

fn has_scheme(href: &str, scheme: &str) -> bool {
    Url::parse(href).is_ok_and(|url| url.scheme() == scheme && url.has_host())
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

#[cfg(test)]
mod tests;
