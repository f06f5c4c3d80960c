//! What was received and verified, from the 202 until a handler is done with it.

use crate::{Iri, Outgoing, Sealed, StoreError};
use std::{fmt, time::SystemTime};

/// Names a received activity: made of the actor's origin and the activity's id, so that the same activity has
/// the same name even after the table of the received was lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceivedId(String);

impl ReceivedId {
    /// The name of the activity `id` that an actor of `origin` sent.
    pub fn new(origin: &str, id: &Iri) -> Self {
        Self(format!("{origin} {id}"))
    }

    /// Takes back what [`as_str`](ReceivedId::as_str) gave, as a store does.
    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    /// The form to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReceivedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What [`Inbox::accept`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Not seen before: it is stored now and will be handled.
    New(ReceivedId),
    /// Seen before, whatever became of it: answer as if it were new, do nothing.
    Duplicate,
}

/// A received activity that waits for its handler.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its name.
    pub id: ReceivedId,
    /// The envelope as it was accepted.
    pub sealed: Sealed,
    /// How many runs have failed so far.
    pub attempt: u32,
}

/// How the handling of a received activity ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// Handled, or there was nothing to handle. The envelope is dropped, its id stays known.
    Done,
    /// Given up on. The envelope stays where an operator sees and retries it.
    Dead {
        /// Why, in words for an operator.
        reason: String,
    },
}

/// A received activity that was given up on.
#[derive(Clone, Debug)]
pub struct DeadActivity {
    /// Its name.
    pub id: ReceivedId,
    /// The envelope as it was accepted.
    pub sealed: Sealed,
    /// How many runs have failed.
    pub attempt: u32,
    /// Why it was given up on.
    pub reason: String,
}

/// What waits for its handler, and what was given up on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxBacklog {
    /// How many activities wait, or are being handled.
    pub pending: u64,
    /// How many were given up on.
    pub dead: u64,
    /// When the oldest of those that wait came; `None` where none waits. Kept to the microsecond.
    pub oldest: Option<SystemTime>,
}

impl InboxBacklog {
    /// So many.
    #[must_use]
    pub fn new(pending: u64, dead: u64, oldest: Option<SystemTime>) -> Self {
        Self {
            pending,
            dead,
            oldest,
        }
    }
}

/// The durable inbox: verified, stored, answered with 202, handled.
#[async_trait::async_trait]
pub trait Inbox: fmt::Debug + Send + Sync {
    /// Stores the dedup key (actor origin, id) and the envelope in *one* durable transaction: only after `Ok`
    /// may a 202 go out. Of two concurrent calls with the same key exactly one gets [`Accepted::New`].
    /// The key outlives [`settle`](Inbox::settle), until [`prune`](Inbox::prune).
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and nothing was stored.
    async fn accept(
        &self,
        origin: &str,
        id: &Iri,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError>;

    /// At most `max` activities that are neither settled nor put off beyond `now`, in the order in which they
    /// came. (Where more than `max` were put off until now, those due longest.) Takes nothing away and hides
    /// nothing: until it is settled or put off, an activity is returned again, after a crash too; whether it was
    /// handled already is what [`handled`](Inbox::handled) and [`ack`](Inbox::ack) know.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, StoreError>;

    /// Puts it off after a failed run, until `at`, and counts the run. What is settled or unknown is left alone.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn retry(&self, id: &ReceivedId, at: SystemTime, reason: &str) -> Result<(), StoreError>;

    /// Ends it. What is settled already, or unknown, is left alone.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn settle(&self, id: &ReceivedId, settlement: Settlement) -> Result<(), StoreError>;

    /// Marks it as handled and records what its handler sends, in one transaction of the outbox's database.
    /// `false`: it was handled before (another worker, a former life), and nothing was written: what the
    /// handler wanted to send went out then.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept); nothing was written.
    async fn ack(&self, id: &ReceivedId, outgoing: &[Outgoing]) -> Result<bool, StoreError>;

    /// Whether it was marked as handled, by [`ack`](Inbox::ack) or by
    /// [`Backend::handled`](crate::Backend::handled): a worker asks before it runs a handler again.
    ///
    /// # Errors
    /// As [`pending`](Inbox::pending).
    async fn handled(&self, id: &ReceivedId) -> Result<bool, StoreError>;

    /// The earliest time at which [`pending`](Inbox::pending) will return something: past where it would now,
    /// `None` where nothing waits.
    ///
    /// # Errors
    /// As [`pending`](Inbox::pending).
    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError>;

    /// At most `max` of those given up on, oldest first.
    ///
    /// # Errors
    /// As [`pending`](Inbox::pending).
    async fn dead(&self, max: usize) -> Result<Vec<DeadActivity>, StoreError>;

    /// How much waits and since when. Looks at all that waits: for once in a minute, not for every second. By default `None`: this store
    /// does not tell.
    ///
    /// # Errors
    /// As [`pending`](Inbox::pending).
    async fn backlog(&self) -> Result<Option<InboxBacklog>, StoreError> {
        Ok(None)
    }

    /// Makes those given up on pending again, with their runs counted from zero. How many there were.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn retry_dead(&self, ids: &[ReceivedId]) -> Result<usize, StoreError>;

    /// Ends at most `max` of those that were given up on and came before `before`: their envelopes are dropped, their ids stay known
    /// until they are [pruned](Inbox::prune). How many. A store that does not do it keeps them.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn prune_dead(&self, _before: SystemTime, _max: usize) -> Result<usize, StoreError> {
        Ok(0)
    }

    /// Forgets at most `max` dedup keys of what is done and came before `before`, with their marks. How many.
    ///
    /// `before` must lie further back than any sender's retries reach (a week is usual; a month is safe), or a
    /// late repetition is handled a second time.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError>;
}
