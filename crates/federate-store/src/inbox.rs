//! What was received and verified, from the 202 until a handler is done with it.

use crate::{Claim, Claimed, Ending, Iri, Outgoing, Sealed, StoreError};
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

    /// As [`accept`](Inbox::accept), of an activity that this actor sent: its origin is part of the key, and what one actor sent is
    /// [claimed](Inbox::claim) together. By default the store does not know who sent what.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn accept_from(
        &self,
        sender: &Iri,
        id: &Iri,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        self.accept(&origin_of(sender), id, sealed, now).await
    }

    /// At most `max` activities that are neither settled nor put off beyond `now`, in the order in which they
    /// came. (Where more than `max` were put off until now, those due longest.) Takes nothing away and hides
    /// nothing: until it is settled or put off, an activity is returned again, after a crash too; whether it was
    /// handled already is what [`handled`](Inbox::handled) and [`ack`](Inbox::ack) know.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, StoreError>;

    /// At most `max` activities of those that [`pending`](Inbox::pending) has, for this worker alone: it has all of a
    /// [shard](crate::shard_of) in hand from which it got one, until it [finishes](Inbox::finish) that claim or its lease ends,
    /// [`LEASE`](crate::LEASE) after `now`. Those of one shard come in the order in which they came in. Nothing comes of a shard that
    /// somebody has in hand, this worker included.
    ///
    /// A lease that ends later than twice [`LEASE`](crate::LEASE) from `now` counts as ended: the clock was put back. A claim need not
    /// survive the loss of power, as no worker does. By default the store knows no claims, and gives what is pending to whoever asks.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept); nothing was claimed.
    async fn claim(&self, _worker: &str, max: usize, now: SystemTime) -> Result<Vec<Claimed>, StoreError> {
        let pending = self.pending(max, now).await?;
        let unclaimed = |pending| Claimed { pending, claim: None };
        Ok(pending.into_iter().map(unclaimed).collect())
    }

    /// Lets the leases of these claims end [`LEASE`](crate::LEASE) after `now`. Those that are lost are left alone. How many hold.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn renew(&self, claims: &[Claim], _now: SystemTime) -> Result<usize, StoreError> {
        Ok(claims.len())
    }

    /// Writes down what became of activities of this claim and gives the shard back, in one transaction. `false`: the claim went
    /// to somebody else, who repeats what is not marked; nothing was written.
    ///
    /// By default what is put off [for later](Ending::Later) counts as a run that failed.
    ///
    /// What is [done](Ending::is_done) need not survive the loss of power, where a mark says the same: it is then given out once
    /// more, and that mark is found.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn finish(&self, _claim: Claim, endings: &[(ReceivedId, Ending)]) -> Result<bool, StoreError> {
        for (id, ending) in endings {
            match ending {
                Ending::Settled(settlement) => self.settle(id, settlement.clone()).await?,
                Ending::Again { at, reason } => self.retry(id, *at, reason).await?,
                Ending::Later { at } => self.retry(id, *at, "put off").await?,
            }
        }
        Ok(true)
    }

    /// As [`finish`](Inbox::finish), of a claim of which `unmarked` was handled, too, and no mark says so: of handlers that did nothing in a
    /// transaction of the outbox's database, and sent nothing. With `true` nobody is given these again, also after the loss of power, and
    /// [`handled`](Inbox::handled) knows of them. With `false` nothing was written but, at most, marks.
    ///
    /// By default they are [marked](Inbox::ack_all) first. A store that can write "done" to the disk saves that transaction.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn finish_unmarked(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
        unmarked: &[ReceivedId],
    ) -> Result<bool, StoreError> {
        self.ack_all(unmarked).await?;
        self.finish(claim, &with_done(endings, unmarked)).await
    }

    /// Takes back what a former life of this worker had in hand. Only for a name that no other process has. How many shards.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept).
    async fn reclaim(&self, _worker: &str) -> Result<usize, StoreError> {
        Ok(0)
    }

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

    /// Marks all of these as handled whose handlers sent nothing, as [`ack`](Inbox::ack) does, together where the store can. Those that are
    /// marked already stay so. By default one is marked after the other.
    ///
    /// # Errors
    /// As [`accept`](Inbox::accept); of those in front some may be marked.
    async fn ack_all(&self, ids: &[ReceivedId]) -> Result<(), StoreError> {
        for id in ids {
            self.ack(id, &[]).await?;
        }
        Ok(())
    }

    /// Whether it was marked as handled, by [`ack`](Inbox::ack) or by [`Backend::handled`](crate::Backend::handled), or is settled as done
    /// [without a mark](Inbox::finish_unmarked): a worker asks before it runs a handler again.
    ///
    /// # Errors
    /// As [`pending`](Inbox::pending).
    async fn handled(&self, id: &ReceivedId) -> Result<bool, StoreError>;

    /// As [`handled`](Inbox::handled), of many that are not settled, as a claim gives them, so that only a mark can say so: one answer for
    /// each, in their order. By default one is asked for after the other.
    ///
    /// # Errors
    /// As [`pending`](Inbox::pending).
    async fn handled_of(&self, ids: &[ReceivedId]) -> Result<Vec<bool>, StoreError> {
        let mut handled = Vec::with_capacity(ids.len());
        for id in ids {
            handled.push(self.handled(id).await?);
        }
        Ok(handled)
    }

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

/// What became of a claim, with what is done without a mark.
pub(crate) fn with_done(
    endings: &[(ReceivedId, Ending)],
    unmarked: &[ReceivedId],
) -> Vec<(ReceivedId, Ending)> {
    let done = unmarked
        .iter()
        .map(|id| (id.clone(), Ending::Settled(Settlement::Done)));
    endings.iter().cloned().chain(done).collect()
}

/// The origin of an actor, as it stands in the name of what it sent.
#[must_use]
pub fn origin_of(sender: &Iri) -> String {
    sender
        .origin()
        .map(|origin| origin.to_string())
        .unwrap_or_default()
}
