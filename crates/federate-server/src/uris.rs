//! How URLs are made here, and what one of ours means.

use std::fmt::Display;

use federate_protocol::activitystreams::{Iri, Origin};
use federate_protocol::webfinger::Link;

mod existing;
mod paths;
mod place;
mod template;
#[cfg(test)]
mod tests;

pub use paths::Paths;
pub use place::{Local, ObjectRef};
pub(crate) use place::{Part, Place, actor_part};
pub(crate) use template::{is_interaction, is_template, shape};

use place::object_part;
use template::{decode, encode, fill, unfill};

/// Makes the URLs of this instance and reads them back.
#[derive(Clone, Debug)]
pub struct Uris {
    base: String,
    root: Iri,
    origin: Origin,
    host: String,
    paths: Paths,
}

impl Uris {
    /// `base`: scheme and authority without a final slash; checked by the builder.
    pub(crate) fn new(root: Iri, origin: Origin, paths: Paths) -> Self {
        let base = root.as_str().trim_end_matches('/').to_owned();
        let host = root.authority().unwrap_or_default().to_owned();
        Uris {
            base,
            root,
            origin,
            host,
            paths,
        }
    }

    /// Scheme and authority, without a slash at the end: `https://example.org`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host, with the port where it is not the usual one: what stands after the `@` of a handle.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user name of the instance's own actor: the host, as with Mastodon, and never a port, for no name has a colon.
    pub(crate) fn instance_name(&self) -> &str {
        let end = self.host.rfind(':').filter(|_| !self.host.ends_with(']'));
        let name = end.and_then(|end| self.host.get(..end)).unwrap_or(&self.host);
        name.trim_matches(['[', ']'])
    }

    /// The origin that all our ids have.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The id of an actor.
    pub fn actor(&self, name: &str) -> Iri {
        self.at(&fill(&self.paths.actor, name))
    }

    /// The page on which people see the actor, where the application has [named](Paths::profile) one.
    pub fn profile(&self, name: &str) -> Option<Iri> {
        self.paths
            .profile
            .as_ref()
            .map(|template| self.at(&fill(template, name)))
    }

    /// The id of an object: `uris.object("post", 7)`.
    pub fn object(&self, kind: &str, id: impl Display) -> Iri {
        let id = id.to_string();
        self.at(&self.object_path(kind, &id))
    }

    /// The inbox of an actor.
    pub fn inbox(&self, name: &str) -> Iri {
        self.below(name, Part::Inbox, "inbox")
    }

    /// The outbox of an actor.
    pub fn outbox(&self, name: &str) -> Iri {
        self.below(name, Part::Outbox, "outbox")
    }

    /// The followers of an actor, as an audience and as a collection.
    pub fn followers(&self, name: &str) -> Iri {
        self.below(name, Part::Followers, "followers")
    }

    /// Those followers of an actor that are of the server that asks.
    pub(crate) fn synchronization(&self, name: &str) -> Iri {
        self.below(name, Part::Synchronization, "followers_synchronization")
    }

    /// Whom an actor follows.
    pub fn following(&self, name: &str) -> Iri {
        self.below(name, Part::Following, "following")
    }

    /// The posts that an actor has pinned.
    pub fn featured(&self, name: &str) -> Iri {
        self.below(name, Part::Featured, "featured")
    }

    /// The hashtags that an actor has pinned. Other servers look there where the profile says so:
    /// `profile.property("featuredTags", …)`.
    pub fn featured_tags(&self, name: &str) -> Iri {
        self.below(name, Part::FeaturedTags, "featured_tags")
    }

    /// The replies to an object.
    pub fn replies(&self, kind: &str, id: impl Display) -> Iri {
        self.below_object(kind, &id.to_string(), "replies")
    }

    /// The likes of an object.
    pub fn likes(&self, kind: &str, id: impl Display) -> Iri {
        self.below_object(kind, &id.to_string(), "likes")
    }

    /// What announces an object to others.
    pub fn shares(&self, kind: &str, id: impl Display) -> Iri {
        self.below_object(kind, &id.to_string(), "shares")
    }

    /// The inbox of everybody here.
    pub fn shared_inbox(&self) -> Iri {
        self.at(&self.paths.inbox)
    }

    /// The instance's own actor, which signs look-ups.
    pub fn instance_actor(&self) -> Iri {
        self.at(&self.paths.instance)
    }

    /// The actor that relays.
    pub(crate) fn relay_actor(&self) -> Iri {
        self.at(&self.paths.relay)
    }

    /// The path below which files of other servers are.
    pub(crate) fn media(&self) -> &str {
        &self.paths.media
    }

    /// What stands behind it in a path; `None` where none are passed on.
    pub(crate) fn below_media<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.paths.media.is_empty() {
            return None;
        }
        path.strip_prefix(self.paths.media.as_str())?.strip_prefix('/')
    }

    /// Where people of this instance do things, as WebFinger has it.
    pub(crate) fn interactions(&self) -> impl Iterator<Item = Link> {
        self.paths
            .interactions
            .iter()
            .map(|(rel, template)| Link::with_template(rel, &format!("{}{template}", self.base)))
    }

    /// The id of the key with which an actor signs requests, unless the application has [another](crate::AdoptedKey::id) for it.
    pub fn key_id(&self, name: &str) -> String {
        format!("{}{}", self.owner(name), self.paths.key)
    }

    /// The id of the key with which an actor proves documents.
    pub(crate) fn proof_key_id(&self, name: &str) -> String {
        format!("{}#ed25519-key", self.owner(name))
    }

    /// Whether clients may post to outboxes.
    pub(crate) fn takes_posts(&self) -> bool {
        self.paths.takes_posts
    }

    /// The id of an actor that sends: one of the application's, or one of the instance's own.
    pub(crate) fn owner(&self, name: &str) -> Iri {
        match name {
            crate::INSTANCE => self.instance_actor(),
            crate::RELAY => self.relay_actor(),
            name => self.actor(name),
        }
    }

    /// Whether an id is of our origin.
    pub fn is_local(&self, id: &Iri) -> bool {
        id.origin().is_some_and(|origin| origin == self.origin)
    }

    /// What an id of ours names; `None` where it is not the id of an actor or an object here.
    pub fn parse(&self, id: &Iri) -> Option<Local> {
        match self.place(self.path_of(id)?)? {
            Place::Actor(name, Part::Itself) => Some(Local::Actor(name)),
            Place::Object(object, Part::Itself) => Some(Local::Object(object)),
            _ => None,
        }
    }

    /// The actor whose followers collection this is.
    pub(crate) fn parse_followers(&self, id: &Iri) -> Option<String> {
        match self.place(self.path_of(id)?)? {
            Place::Actor(name, Part::Followers) => Some(name),
            _ => None,
        }
    }

    /// The actor whose profile page this is.
    pub(crate) fn parse_profile(&self, url: &str) -> Option<String> {
        let path = url.strip_prefix(self.base.as_str())?;
        unfill(self.paths.profile.as_deref()?, path)
    }

    /// What a path of ours names.
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        if path == self.paths.inbox {
            return Some(Place::SharedInbox);
        }
        if let Some(part) = self.own_part(&self.paths.instance, path) {
            return Some(Place::Instance(part));
        }
        if let Some(part) = self.own_part(&self.paths.relay, path) {
            return Some(Place::Relay(part));
        }
        for (part, template) in &self.paths.parts {
            if let Some(name) = unfill(template, path) {
                return Some(Place::Actor(name, *part));
            }
        }
        if let Some(name) = unfill(&self.paths.actor, path) {
            return Some(Place::Actor(name, Part::Itself));
        }
        if let Some(object) = self.unfill_object(path) {
            return Some(Place::Object(object, Part::Itself));
        }
        let (above, last) = path.rsplit_once('/')?;
        let part = match self.paths.key.strip_prefix('/') {
            Some(key) if key == last => Some(Part::Key),
            // What has a template of its own has no second URL.
            _ => actor_part(last).filter(|part| self.paths.elsewhere(*part).is_none()),
        };
        if let Some(part) = part
            && let Some(name) = unfill(&self.paths.actor, above)
        {
            return Some(Place::Actor(name, part));
        }
        let part = object_part(last)?;
        Some(Place::Object(self.unfill_object(above)?, part))
    }

    /// What of an actor of the instance's own is at this path.
    fn own_part(&self, actor: &str, path: &str) -> Option<Part> {
        let rest = path.strip_prefix(actor).filter(|_| !actor.is_empty())?;
        match rest {
            "" => Some(Part::Itself),
            "/inbox" => Some(Part::Inbox),
            "/outbox" => Some(Part::Outbox),
            key if key == self.paths.key => Some(Part::Key),
            _ => None,
        }
    }

    /// The URL of a path of ours.
    pub(crate) fn path(&self, path: &str) -> Iri {
        self.at(path)
    }

    fn path_of<'a>(&self, id: &'a Iri) -> Option<&'a str> {
        id.as_str().strip_prefix(self.base.as_str())
    }

    fn below(&self, name: &str, part: Part, usual: &str) -> Iri {
        match self.paths.elsewhere(part) {
            Some(template) => self.at(&fill(template, name)),
            None => self.at(&format!("{}/{usual}", fill(&self.paths.actor, name))),
        }
    }

    fn below_object(&self, kind: &str, id: &str, part: &str) -> Iri {
        self.at(&format!("{}/{part}", self.object_path(kind, id)))
    }

    fn object_path(&self, kind: &str, id: &str) -> String {
        match self.paths.objects.iter().find(|(k, _)| k == kind) {
            Some((_, template)) => fill(template, id),
            None => format!("/objects/{}/{}", encode(kind), encode(id)),
        }
    }

    fn unfill_object(&self, path: &str) -> Option<ObjectRef> {
        for (kind, template) in &self.paths.objects {
            if let Some(id) = unfill(template, path) {
                return Some(ObjectRef {
                    kind: kind.clone(),
                    id,
                });
            }
        }
        let (kind, id) = path.strip_prefix("/objects/")?.split_once('/')?;
        let (kind, id) = (decode(kind)?, decode(id)?);
        // A kind that has a template of its own has no second URL.
        (!self.paths.objects.iter().any(|(k, _)| *k == kind)).then_some(ObjectRef { kind, id })
    }

    /// A path that is too long for an id names nothing; so it names the root, which is no actor and no object.
    fn at(&self, path: &str) -> Iri {
        Iri::parse(&format!("{}{path}", self.base)).unwrap_or_else(|_| self.root.clone())
    }
}
