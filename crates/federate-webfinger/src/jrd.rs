use serde::Serialize;
use serde_json::{Map, Value};
use url::Url;

use crate::{Handle, MAX_BYTES};

/// Relations of links.
pub mod rel {
    /// The actor.
    pub const SELF: &str = "self";
    /// The page for people.
    pub const PROFILE_PAGE: &str = "http://webfinger.net/rel/profile-page";
    /// The avatar.
    pub const AVATAR: &str = "http://webfinger.net/rel/avatar";
    /// The template with which a visitor from another server follows or replies.
    pub const SUBSCRIBE: &str = "http://ostatus.org/schema/1.0/subscribe";
    /// The actor of a whole server, at its root URL (FEP-d556).
    pub const SERVICE: &str = "https://www.w3.org/ns/activitystreams#Service";
    /// The actor of a whole server, in the index of NodeInfo (FEP-2677).
    pub const APPLICATION: &str = "https://www.w3.org/ns/activitystreams#Application";
}

/// The two media types of ActivityPub, exactly as Mastodon compares them.
const ACTIVITY_JSON: &str = "application/activity+json";
const LD_JSON: &str = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

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
    /// What it points to.
    pub links: Vec<Link>,
}

/// One link of a [`Jrd`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The relation: `self`, or a URI. See [`rel`].
    pub rel: String,
    /// The media type of what is linked.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// A template in place of `href`, with `{uri}` in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Link {
    /// A link to `href` with a media type.
    #[must_use]
    pub fn new(rel: &str, type_: &str, href: &str) -> Self {
        Self {
            rel: rel.to_owned(),
            type_: Some(type_.to_owned()),
            href: Some(href.to_owned()),
            template: None,
        }
    }

    /// A link with a template.
    #[must_use]
    pub fn with_template(rel: &str, template: &str) -> Self {
        Self {
            rel: rel.to_owned(),
            template: Some(template.to_owned()),
            ..Self::default()
        }
    }

    fn read(value: &Value) -> Option<Self> {
        let link = value.as_object()?;
        let rel = link.get("rel")?.as_str()?.to_owned();
        Some(Self {
            rel,
            type_: text(link, "type"),
            href: text(link, "href"),
            template: text(link, "template"),
        })
    }
}

impl Jrd {
    /// The media type of a WebFinger answer.
    pub const MEDIA_TYPE: &'static str = "application/jrd+json";

    /// Reads an answer, leniently: unknown members and malformed links are passed over, and what lies beyond
    /// 100 links is not read.
    ///
    /// # Errors
    /// More than 64 KiB, not JSON, or not an object.
    pub fn parse(bytes: &[u8]) -> Result<Self, BadJrd> {
        if bytes.len() > MAX_BYTES {
            return Err(BadJrd::TooLarge);
        }
        let value: Value = serde_json::from_slice(bytes).map_err(BadJrd::NotJson)?;
        let object = value.as_object().ok_or(BadJrd::NotAnObject)?;
        let items = |name| {
            object
                .get(name)
                .and_then(Value::as_array)
                .map_or(&[][..], Vec::as_slice)
        };
        Ok(Self {
            subject: text(object, "subject").unwrap_or_default(),
            aliases: items("aliases")
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .take(MAX_LINKS)
                .collect(),
            links: items("links")
                .iter()
                .take(MAX_LINKS)
                .filter_map(Link::read)
                .collect(),
        })
    }

    /// The answer for an actor: its handle, its id and, for people, its page. More links can be pushed.
    #[must_use]
    pub fn for_actor(handle: &Handle, actor: &str, page: Option<&str>) -> Self {
        let mut jrd = Self {
            subject: handle.acct(),
            aliases: Vec::new(),
            links: Vec::new(),
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

    /// The answer for the root URL of a server, with the server's own actor (FEP-d556).
    #[must_use]
    pub fn for_server(root: &str, actor: &str) -> Self {
        Self {
            subject: root.to_owned(),
            aliases: vec![actor.to_owned()],
            links: vec![
                Link::new(rel::SELF, ACTIVITY_JSON, actor),
                Link::new(rel::SERVICE, ACTIVITY_JSON, actor),
            ],
        }
    }

    /// The id of the actor: the first `self` link with one of the two media types of ActivityPub and an
    /// https URL (failing that, an http URL, which only a client that allows loopback will follow).
    ///
    /// It may be on another host than the one that was asked. It is a claim until the actor points back.
    #[must_use]
    pub fn actor_link(&self) -> Option<&str> {
        let candidates = || {
            self.links
                .iter()
                .filter(|link| link.rel == rel::SELF)
                .filter(|link| matches!(link.type_.as_deref(), Some(ACTIVITY_JSON | LD_JSON)))
                .filter_map(|link| link.href.as_deref())
        };
        ["https", "http"]
            .into_iter()
            .find_map(|scheme| candidates().find(|href| has_scheme(href, scheme)))
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
        // Strings always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

fn has_scheme(href: &str, scheme: &str) -> bool {
    Url::parse(href).is_ok_and(|url| url.scheme() == scheme && url.has_host())
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(str::to_owned)
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
mod tests {
    use super::*;

    fn parse(json: &str) -> Jrd {
        Jrd::parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        let handle = Handle::parse("alice@example.org").unwrap();
        let mut jrd = Jrd::for_actor(
            &handle,
            "https://example.org/users/alice",
            Some("https://example.org/@alice"),
        );
        jrd.links.push(Link::with_template(
            rel::SUBSCRIBE,
            "https://example.org/authorize_interaction?uri={uri}",
        ));
        assert_eq!(Jrd::parse(&jrd.to_bytes()).unwrap(), jrd);
        assert_eq!(jrd.subject_handle(), Some(handle));
        assert_eq!(
            jrd.aliases,
            ["https://example.org/@alice", "https://example.org/users/alice"]
        );
        assert_eq!(
            Jrd::for_server("https://example.org/", "https://example.org/actor").actor_link(),
            Some("https://example.org/actor")
        );
    }

    #[test]
    fn w1_the_subject_is_what_was_claimed() {
        let jrd = parse(r#"{"subject":"acct:trump@whitehouse.example","links":[]}"#);
        assert_eq!(jrd.subject_handle().unwrap().host(), "whitehouse.example");
    }

    #[test]
    fn w2_the_subject_is_canonical() {
        for subject in [
            "acct:alice@Example.ORG",
            "alice@example.org",
            "ACCT:alice@example.org",
        ] {
            let jrd = parse(&format!(r#"{{"subject":"{subject}"}}"#));
            assert_eq!(jrd.subject_handle().unwrap().acct(), "acct:alice@example.org");
        }
        for subject in [
            "acct:alice@example.org:443",
            "https://example.org/alice",
            "acct:alice@127.0.0.1",
            "",
        ] {
            assert_eq!(
                parse(&format!(r#"{{"subject":"{subject}"}}"#)).subject_handle(),
                None,
                "{subject}"
            );
        }
    }

    #[test]
    fn w3_the_first_self_link_of_an_activitypub_type() {
        let jrd = parse(
            r#"{"links":[
            {"rel":"self","type":"text/html","href":"https://a.example/html"},
            {"rel":"self","type":"application/json","href":"https://a.example/json"},
            {"rel":"self","type":"application/ld+json","href":"https://a.example/ld-without-profile"},
            {"rel":"self","href":"https://a.example/untyped"},
            {"rel":"self","type":"application/activity+json"},
            {"rel":"self","type":"application/activity+json","href":"javascript:alert(1)"},
            {"rel":"self","type":"application/activity+json","href":"/users/relative"},
            {"rel":"self","type":"application/activity+json","href":"http://a.example/plain"},
            {"rel":"alternate","type":"application/activity+json","href":"https://a.example/alternate"},
            {"rel":"self","type":"application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"","href":"https://a.example/first"},
            {"rel":"self","type":"application/activity+json","href":"https://b.example/second"}]}"#,
        );
        assert_eq!(jrd.actor_link(), Some("https://a.example/first"));
        let plain =
            r#"{"links":[{"rel":"self","type":"application/activity+json","href":"http://127.0.0.1:1/a"}]}"#;
        assert_eq!(parse(plain).actor_link(), Some("http://127.0.0.1:1/a"));
    }

    #[test]
    fn odd_members_are_passed_over() {
        let jrd = parse(
            r#"{"subject":7,"aliases":[1,"https://a.example/"],"properties":{"x":null},"expires":"never",
                "links":[null,"x",[],{},{"rel":1},{"rel":"x","href":null,"titles":{"und":"t"}}]}"#,
        );
        assert_eq!(jrd.subject, "");
        assert_eq!(jrd.aliases, ["https://a.example/"]);
        assert_eq!(
            jrd.links,
            [Link {
                rel: "x".into(),
                ..Link::default()
            }]
        );
        assert_eq!(parse(r#"{"links":{},"aliases":"x"}"#), Jrd::default());
    }

    #[test]
    fn what_is_no_answer() {
        assert!(matches!(Jrd::parse(b"<XRD/>"), Err(BadJrd::NotJson(_))));
        assert!(matches!(Jrd::parse(b""), Err(BadJrd::NotJson(_))));
        assert!(matches!(
            Jrd::parse("[".repeat(60_000).as_bytes()),
            Err(BadJrd::NotJson(_))
        ));
        assert!(matches!(Jrd::parse(b"[]"), Err(BadJrd::NotAnObject)));
        assert!(matches!(
            Jrd::parse(&vec![b' '; MAX_BYTES + 1]),
            Err(BadJrd::TooLarge)
        ));
        let many = format!(r#"{{"links":[{}]}}"#, vec![r#"{"rel":"x"}"#; 1000].join(","));
        assert_eq!(parse(&many).links.len(), MAX_LINKS);
    }

    #[test]
    fn w5_relations_filter() {
        let handle = Handle::parse("alice@example.org").unwrap();
        let mut jrd = Jrd::for_actor(&handle, "https://example.org/a", Some("https://example.org/@a"));
        jrd.retain_rels(&[]);
        assert_eq!(jrd.links.len(), 2);
        jrd.retain_rels(&["self".into()]);
        assert_eq!(jrd.links.len(), 1);
        assert_eq!(jrd.actor_link(), Some("https://example.org/a"));
    }
}
