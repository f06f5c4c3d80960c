//! The URL templates of an application.

use federate_protocol::webfinger::rel::{self, SUBSCRIBE};

use super::Part;

/// The URL templates of the application; see [`Builder::paths`](crate::Builder::paths).
///
/// A template is a path with one placeholder, which stands for one path segment: `/users/{name}`. That of an object may have
/// several: with `/users/{name}/posts/{number}` the object whose key is `alice/7` is at `/users/alice/posts/7`.
#[derive(Clone, Debug)]
pub struct Paths {
    pub(crate) actor: String,
    pub(crate) profile: Option<String>,
    pub(crate) objects: Vec<(String, String)>,
    pub(crate) inbox: String,
    pub(crate) instance: String,
    /// Empty where there is no such actor.
    pub(crate) relay: String,
    /// Empty where none are passed on.
    pub(crate) media: String,
    /// What stands behind an actor's id in the id of its key.
    pub(crate) key: String,
    /// Where parts of an actor are that are not below it.
    pub(crate) parts: Vec<(Part, String)>,
    /// Whether clients may post to outboxes.
    pub(crate) takes_posts: bool,
    /// Relation and template.
    pub(crate) interactions: Vec<(String, String)>,
}

impl Default for Paths {
    fn default() -> Self {
        Paths {
            actor: "/users/{name}".into(),
            profile: None,
            objects: Vec::new(),
            inbox: "/inbox".into(),
            instance: "/actor".into(),
            relay: "/relay".into(),
            media: "/media-proxy".into(),
            key: "#main-key".into(),
            parts: Vec::new(),
            takes_posts: false,
            interactions: Vec::new(),
        }
    }
}

impl Paths {
    /// Where an actor's document is: `/users/{name}` unless told otherwise. Its inbox and its collections
    /// are below it.
    pub fn actor(mut self, template: &str) -> Self {
        self.actor = template.into();
        self
    }

    /// Where people see the profile, for instance `/@{name}`: the actor's `url`, unless the profile says
    /// another, and a name by which WebFinger finds it.
    pub fn profile(mut self, template: &str) -> Self {
        self.profile = Some(template.into());
        self
    }

    /// Where the objects of one kind are: `.object("post", "/posts/{id}")`. A kind without a template
    /// is at `/objects/{kind}/{id}`.
    pub fn object(mut self, kind: &str, template: &str) -> Self {
        self.objects.push((kind.into(), template.into()));
        self
    }

    /// Where the shared inbox is: `/inbox` unless told otherwise.
    pub fn shared_inbox(mut self, path: &str) -> Self {
        self.inbox = path.into();
        self
    }

    /// Where the instance's own actor is, which signs look-ups: `/actor` unless told otherwise.
    pub fn instance_actor(mut self, path: &str) -> Self {
        self.instance = path.into();
        self
    }

    /// Where the actor is by which this instance is a relay, or speaks to relays, where it [does](crate::Builder::manage_relays): `/relay`
    /// unless told otherwise. Relays of the LitePub kind know each other by this end.
    pub fn relay_actor(mut self, path: &str) -> Self {
        self.relay = path.into();
        self
    }

    /// Below which files of other servers are, where they are [passed on](crate::Builder::media_proxy): `/media-proxy` unless told otherwise.
    pub fn media(mut self, path: &str) -> Self {
        self.media = path.into();
        self
    }

    /// Where people of this instance follow and reply to what they saw elsewhere: a page that asks them, and takes what it is
    /// about in the place of `{uri}`, for instance `/authorize_interaction?uri={uri}`. WebFinger tells it to other servers.
    pub fn subscribe(mut self, template: &str) -> Self {
        self.interactions.push((SUBSCRIBE.into(), template.into()));
        self
    }

    /// The same for one kind of activity ([FEP-3b86]), or for `Object`, with the names of properties in braces:
    /// `.intent("Like", "/intents/like?id={object}")`.
    ///
    /// [FEP-3b86]: https://w3id.org/fep/3b86
    pub fn intent(mut self, activity: &str, template: &str) -> Self {
        self.interactions.push((rel::intent(activity), template.into()));
        self
    }
}
