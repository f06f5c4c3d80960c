//! What a URL of ours names.

use std::fmt::Display;
use std::str::FromStr;

/// One of the application's objects: its kind and the application's own key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    pub(crate) kind: String,
    pub(crate) id: String,
}

impl ObjectRef {
    /// A reference to the object of this kind with this key.
    pub fn new(kind: &str, id: impl Display) -> Self {
        ObjectRef {
            kind: kind.into(),
            id: id.to_string(),
        }
    }

    /// The kind, as in [`Paths::object`](super::Paths::object).
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The application's own key; `None` where it does not parse as one.
    pub fn id<T: FromStr>(&self) -> Option<T> {
        self.id.parse().ok()
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.id
    }
}

/// What a URL of ours names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Local {
    /// An actor, by its identifier.
    Actor(String),
    /// An object.
    Object(ObjectRef),
}

/// What is below an actor's or an object's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Itself,
    Inbox,
    Outbox,
    Followers,
    Following,
    /// Those followers that are of the server that asks.
    Synchronization,
    Featured,
    FeaturedTags,
    Replies,
    Likes,
    Shares,
    Activity,
    Key,
}

/// What a path of ours names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    SharedInbox,
    Instance(Part),
    Relay(Part),
    Actor(String, Part),
    Object(ObjectRef, Part),
}

pub(crate) fn actor_part(last: &str) -> Option<Part> {
    Some(match last {
        "inbox" => Part::Inbox,
        "outbox" => Part::Outbox,
        "followers" => Part::Followers,
        "following" => Part::Following,
        "followers_synchronization" => Part::Synchronization,
        "featured" => Part::Featured,
        "featured_tags" => Part::FeaturedTags,
        _ => return None,
    })
}

pub(super) fn object_part(last: &str) -> Option<Part> {
    Some(match last {
        "replies" => Part::Replies,
        "likes" => Part::Likes,
        "shares" => Part::Shares,
        "activity" => Part::Activity,
        _ => return None,
    })
}
