//! URLs that exist already: other servers know them, and they stay.

use super::{Part, Paths};

impl Paths {
    /// What stands behind an actor's id in the id of its key: `#main-key` unless told otherwise, for example `#key`, or `/main-key`. What begins
    /// with a slash is a document of its own, which is served there and names the actor.
    pub fn key(mut self, suffix: &str) -> Self {
        self.key = suffix.into();
        self
    }

    /// Where an actor's inbox is, where that is not `/inbox` below the actor: `/inbox/{name}`.
    pub fn inbox(self, template: &str) -> Self {
        self.part(Part::Inbox, template)
    }

    /// Where an actor's outbox is, where that is not `/outbox` below the actor.
    pub fn outbox(self, template: &str) -> Self {
        self.part(Part::Outbox, template)
    }

    /// Where an actor's followers are, where that is not `/followers` below the actor. What was once addressed to them there still is.
    pub fn followers(self, template: &str) -> Self {
        self.part(Part::Followers, template)
    }

    /// Where the list of those is whom an actor follows, where that is not `/following` below the actor.
    pub fn following(self, template: &str) -> Self {
        self.part(Part::Following, template)
    }

    /// Where what an actor has pinned is, where that is not `/featured` below the actor.
    pub fn featured(self, template: &str) -> Self {
        self.part(Part::Featured, template)
    }

    fn part(mut self, part: Part, template: &str) -> Self {
        self.parts.retain(|(other, _)| *other != part);
        self.parts.push((part, template.into()));
        self
    }

    /// The template of a part that is not below its actor.
    pub(super) fn elsewhere(&self, part: Part) -> Option<&str> {
        let mut parts = self.parts.iter();
        parts
            .find(|(other, _)| *other == part)
            .map(|(_, template)| template.as_str())
    }

    /// Whether the key's id is one behind an actor's, and nothing else's.
    pub(crate) fn has_usual_key(&self) -> bool {
        let rest = self.key.strip_prefix(['#', '/']).unwrap_or_default();
        let taken = self.key.starts_with('/') && super::actor_part(rest).is_some();
        !rest.is_empty() && !rest.contains(['/', '#', '?', '{', '}', ' ']) && !taken
    }
}
