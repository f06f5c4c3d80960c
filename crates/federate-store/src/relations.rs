//! What ready-made behaviour has to remember: who asked whom, who likes what, who blocks whom.

use crate::{Iri, StoreError};
use std::{fmt, time::SystemTime};

/// The most bytes of [`Relation::note`]; what is longer is refused as [`Broken`](crate::StoreErrorKind::Broken).
pub const MAX_NOTE: usize = 32 * 1024;

/// One thing between something of ours and a remote actor. Named by its [`key`](Relation::key): a store has each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Which, and between whom.
    pub key: RelationKey,
    /// The id of the activity that made it, by which an `Undo` or an `Accept` may name it.
    pub activity: Option<Iri>,
    /// How far it has come.
    pub state: RelationState,
    /// When it came about, by the clock of the instance.
    pub at: SystemTime,
    /// From when on it may be forgotten; `None`: it stays until it is removed.
    pub until: Option<SystemTime>,
    /// What else there is to know of it, as whoever wrote it writes it. At most [`MAX_NOTE`] bytes.
    pub note: String,
}

impl Relation {
    /// One that holds, without an activity, without an end.
    pub fn new(key: RelationKey, at: SystemTime) -> Self {
        Self {
            key,
            activity: None,
            state: RelationState::Accepted,
            at,
            until: None,
            note: String::new(),
        }
    }
}

/// What tells one [`Relation`] from all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelationKey {
    /// What it is.
    pub kind: RelationKind,
    /// What of ours it is about: the identifier of an actor, or the id of an object; or as its kind says.
    pub subject: String,
    /// The remote actor.
    pub actor: Iri,
    /// What tells several of one actor about one subject apart: an emoji, the id of a post. Empty where there is only one.
    pub name: String,
}

impl RelationKey {
    /// Of a kind of which an actor can have only one about a subject.
    pub fn new(kind: RelationKind, subject: impl Into<String>, actor: &Iri) -> Self {
        Self {
            kind,
            subject: subject.into(),
            actor: actor.clone(),
            name: String::new(),
        }
    }

    /// One of several.
    #[must_use]
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..self
        }
    }
}

/// What a [`Relation`] is. `subject` and `name` are those of its [key](RelationKey).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RelationKind {
    /// Our actor `subject` asked to follow the remote one.
    Following,
    /// The remote actor asked to follow our actor `subject`.
    FollowRequest,
    /// The remote actor likes our object `subject`.
    Like,
    /// The remote actor announced our object `subject`.
    Announce,
    /// The remote actor reacted to our object `subject` with the emoji `name`.
    EmojiReact,
    /// The remote actor blocks our actor `subject`.
    BlockedBy,
    /// Our actor `subject` blocks the remote one.
    Block,
    /// The remote actor, of the host `subject`, reported something of ours, by the activity `name`.
    Report,
    /// The remote actor may quote (or asks to quote) our object `subject` in the post `name`.
    Quote,
    /// The remote actor deleted what has the id `subject`.
    Tombstone,
    /// The remote actor undid the activity with the id `subject` before it came.
    Undone,
    /// Our actor `subject` moved to the remote one, or to another of ours. Pending until its followers are told.
    Moved,
    /// We subscribe to a relay of the kind `subject`. In the place of the actor stands what an operator is given of such a relay: an
    /// inbox, or the relay's actor.
    Relay,
    /// The remote actor, of the registered domain `name`, subscribes to the relay that we are, in the way `subject`.
    Subscriber,
}

impl RelationKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Following,
        Self::FollowRequest,
        Self::Like,
        Self::Announce,
        Self::EmojiReact,
        Self::BlockedBy,
        Self::Block,
        Self::Report,
        Self::Quote,
        Self::Tombstone,
        Self::Undone,
        Self::Moved,
        Self::Relay,
        Self::Subscriber,
    ];

    /// The number that stands for it in a column; never another's.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Following => 1,
            Self::FollowRequest => 2,
            Self::Like => 3,
            Self::Announce => 4,
            Self::EmojiReact => 5,
            Self::BlockedBy => 6,
            Self::Block => 7,
            Self::Report => 8,
            Self::Quote => 9,
            Self::Tombstone => 10,
            Self::Undone => 11,
            Self::Moved => 12,
            Self::Relay => 13,
            Self::Subscriber => 14,
        }
    }

    /// The kind for which a number stands; `None` where a later release wrote it.
    #[must_use]
    pub fn of_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// How far a [`Relation`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationState {
    /// It was asked for, and nobody has answered.
    Pending,
    /// It holds.
    Accepted,
    /// It was refused, or taken back.
    Rejected,
}

impl RelationState {
    /// The number that stands for it in a column.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Pending => 0,
            Self::Accepted => 1,
            Self::Rejected => 2,
        }
    }

    /// The state for which a number stands. What nobody wrote does not hold.
    #[must_use]
    pub fn of_number(number: i16) -> Self {
        match number {
            0 => Self::Pending,
            1 => Self::Accepted,
            _ => Self::Rejected,
        }
    }
}

/// Which relations a question is about: those that agree with all that is said. Say a subject, an actor or an activity
/// wherever there can be many: those are what a store finds by.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Which {
    /// Of this kind.
    pub kind: RelationKind,
    /// About this.
    pub subject: Option<String>,
    /// With this actor.
    pub actor: Option<Iri>,
    /// With this name.
    pub name: Option<String>,
    /// Made by this activity.
    pub activity: Option<Iri>,
    /// As far as this.
    pub state: Option<RelationState>,
    /// Come about at this time or later.
    pub since: Option<SystemTime>,
}

impl Which {
    /// All of a kind.
    pub fn of(kind: RelationKind) -> Self {
        Self {
            kind,
            subject: None,
            actor: None,
            name: None,
            activity: None,
            state: None,
            since: None,
        }
    }

    /// The one that has this key.
    pub fn exactly(key: &RelationKey) -> Self {
        Self::of(key.kind)
            .about(&*key.subject)
            .with(&key.actor)
            .named(&*key.name)
    }

    /// Only those about this.
    pub fn about(self, subject: impl Into<String>) -> Self {
        Self {
            subject: Some(subject.into()),
            ..self
        }
    }

    /// Only those with this actor.
    pub fn with(self, actor: &Iri) -> Self {
        Self {
            actor: Some(actor.clone()),
            ..self
        }
    }

    /// Only those with this name.
    pub fn named(self, name: impl Into<String>) -> Self {
        Self {
            name: Some(name.into()),
            ..self
        }
    }

    /// Only those that this activity made.
    pub fn made_by(self, activity: &Iri) -> Self {
        Self {
            activity: Some(activity.clone()),
            ..self
        }
    }

    /// Only those that have come so far.
    pub fn in_state(self, state: RelationState) -> Self {
        Self {
            state: Some(state),
            ..self
        }
    }

    /// Only those that came about at this time or later.
    pub fn since(self, time: SystemTime) -> Self {
        Self {
            since: Some(time),
            ..self
        }
    }

    /// Whether this is one of them.
    #[must_use]
    pub fn covers(&self, one: &Relation) -> bool {
        let says = |said: &Option<String>, is: &str| said.as_deref().is_none_or(|said| said == is);
        self.kind == one.key.kind
            && says(&self.subject, &one.key.subject)
            && says(&self.name, &one.key.name)
            && self.actor.as_ref().is_none_or(|actor| *actor == one.key.actor)
            && (self.activity.is_none() || self.activity == one.activity)
            && self.state.is_none_or(|state| state == one.state)
            && self.since.is_none_or(|since| one.at >= since)
    }
}

/// What ready-made behaviour remembers, for applications that have no tables for it.
///
/// One key, one row: whatever is repeated, as peers do, changes nothing more.
#[async_trait::async_trait]
pub trait Relations: fmt::Debug + Send + Sync {
    /// Writes one down, in the place of what has the same key. `true`: nothing had. Its place in a [walk](Relations::page) stays the
    /// same. Atomic: of two who write one key at once, one gets `true`. Durable when `Ok`.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), the latter also for a note of more than [`MAX_NOTE`] bytes; and nothing was
    /// changed.
    async fn put(&self, relation: &Relation) -> Result<bool, StoreError>;

    /// Takes one further that is at `from`, and says until when it is kept. `false`: there is none, or it is elsewhere, and nothing
    /// was changed. So what was removed in the meantime does not come back. Atomic, as [`put`](Relations::put) is.
    ///
    /// # Errors
    /// As [`put`](Relations::put).
    async fn advance(
        &self,
        key: &RelationKey,
        from: RelationState,
        to: RelationState,
        until: Option<SystemTime>,
    ) -> Result<bool, StoreError>;

    /// Removes those, at most `max` in one transaction. How many they were: call it until it is fewer.
    ///
    /// # Errors
    /// As [`put`](Relations::put).
    async fn remove(&self, which: &Which, max: usize) -> Result<usize, StoreError>;

    /// At most `max` of those after the cursor `after`, the oldest first, each with its own cursor. What is there
    /// during the whole walk comes exactly once, whatever comes and goes meanwhile. An empty page is the end.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken), the latter for a
    /// cursor that this store did not give.
    async fn page(
        &self,
        which: &Which,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Relation)>, StoreError>;

    /// How many those are.
    ///
    /// # Errors
    /// As [`page`](Relations::page).
    async fn count(&self, which: &Which) -> Result<u64, StoreError>;

    /// Forgets at most `max` whose [`until`](Relation::until) is before `now`. How many they were.
    ///
    /// # Errors
    /// As [`put`](Relations::put).
    async fn prune(&self, now: SystemTime, max: usize) -> Result<usize, StoreError>;

    /// The one that has this key.
    ///
    /// # Errors
    /// As [`page`](Relations::page).
    async fn get(&self, key: &RelationKey) -> Result<Option<Relation>, StoreError> {
        let found = self.page(&Which::exactly(key), None, 1).await?;
        Ok(found.into_iter().next().map(|(_, relation)| relation))
    }
}
