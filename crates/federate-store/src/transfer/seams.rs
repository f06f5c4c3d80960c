//! What a store does that can be moved out of, or into.

use super::{Part, Record};
use crate::{Counts, Hold, StoreError};
use std::{fmt, time::SystemTime};

/// What a store says of itself before it is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departure {
    /// The name of this transfer: nobody can guess it, and it is the same until the store is [allowed](crate::Binding::allow) to
    /// deliver again.
    pub transfer: String,
    /// The instance to which the store is bound.
    pub instance: Option<String>,
    /// What holds it back already.
    pub hold: Option<Hold>,
}

/// How a store takes a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// It begins, or goes on where it was.
    Open,
    /// It was completed before.
    Complete,
    /// Something lies there already that did not come with this transfer.
    NotEmpty,
    /// It belongs to another instance.
    OtherInstance(String),
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are counts of the parts of these names")]
pub struct Census {
    pub keys: u64,
    pub followers: u64,
    pub relations: u64,
    pub outbox: u64,
    pub handled: u64,
    pub received: u64,
    pub activities: u64,
    pub deliveries: u64,
    pub lanes: u64,
    pub rules: u64,
    /// The figures of the queue; the dead are counted here.
    pub counts: Counts,
}

impl Census {
    /// Whether there is nothing at all, and never was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} keys, {} followers, {} relations, {} activities to send, {} received, {} deliveries known, {} pending, {} dead",
            self.keys,
            self.followers,
            self.relations,
            self.outbox,
            self.received,
            self.deliveries,
            self.counts.pending,
            self.counts.dead
        )
    }
}

/// A store that can be moved out of. All may be repeated.
#[async_trait::async_trait]
pub trait Export: fmt::Debug + Send + Sync {
    /// Names the transfer and holds nothing back yet.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken).
    async fn departure(&self) -> Result<Departure, StoreError>;

    /// Holds the store back as [moved](Hold::Moved): nothing is leased and nothing can be added from here on. How many lanes are
    /// still leased at `now`; where none is, their former owners are fenced off, and nothing changes any more.
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn seal(&self, now: SystemTime) -> Result<u64, StoreError>;

    /// At most `max` records of a part after the cursor `after`, each with its own cursor. An empty page is the end.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), or [`Broken`](crate::StoreErrorKind::Broken) also for a cursor that this store
    /// did not give.
    async fn records(
        &self,
        part: Part,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, StoreError>;

    /// How much there is.
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn census(&self) -> Result<Census, StoreError>;
}

/// A store that can be moved into. All may be repeated.
#[async_trait::async_trait]
pub trait Import: Export {
    /// Begins a transfer, where the store is empty and belongs to nobody or to the same instance, or goes on with it. From here
    /// on the store is held back as [arriving](Hold::Arriving).
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn arrive(&self, departure: &Departure) -> Result<Arrival, StoreError>;

    /// The cursor of the last record of this part that was taken.
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn arrived(&self, part: Part) -> Result<Option<String>, StoreError>;

    /// Takes records of one part, and notes the cursor of the last of them, in one transaction. What is there already stays as it
    /// is.
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn import(&self, part: Part, records: &[Record], cursor: &str) -> Result<(), StoreError>;

    /// Takes the figures over that no record shows: all that was ever enqueued, delivered, superseded and cancelled.
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn import_counts(&self, counts: &Counts) -> Result<(), StoreError>;

    /// All is there: the store delivers from here on.
    ///
    /// # Errors
    /// As [`departure`](Export::departure).
    async fn complete(&self) -> Result<(), StoreError>;
}
