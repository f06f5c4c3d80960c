//! What is on its way: one row for each activity and inbox, one lane for each host.

use crate::{Backlog, DeadPage, Inspection, Iri, OrderKey, Priority, StoreError, StoreErrorKind, Waiting};
use std::{
    collections::BTreeMap,
    fmt,
    time::{Duration, SystemTime},
};

/// How long a lease of a lane lasts unless it is [renewed](DeliveryQueue::renew): so long do the deliveries of
/// a worker that died wait for another.
pub const LEASE: Duration = Duration::from_secs(60);

/// How many bytes of a reason a store keeps; the rest is cut.
pub const MAX_REASON: usize = 512;

/// Names a delivery: made of the activity and the inbox, so that a fan-out can be repeated after a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(String);

impl DeliveryId {
    /// The name of the delivery of `activity` to `inbox`.
    pub fn new(activity: &Iri, inbox: &Iri) -> Self {
        // Neither can hold a space, so two different pairs never give the same name.
        Self(format!("{activity} {inbox}"))
    }

    /// The form to store or to show.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The activity and the inbox that it was made of.
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once(' ').unwrap_or((&self.0, ""))
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One activity for one inbox. The body is not in it: it stands once, in the [`Outbox`](crate::Outbox).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its name: [`DeliveryId::new`] of `activity` and `inbox`.
    pub id: DeliveryId,
    /// The activity's id.
    pub activity: Iri,
    /// The identifier of the local actor with whose key it is signed.
    pub sender: String,
    /// Where it goes.
    pub inbox: Iri,
    /// How many attempts were made and failed.
    pub attempt: u32,
    /// When it was first enqueued: what the horizon of the retries counts from. Kept to the microsecond.
    pub first_enqueued: SystemTime,
    /// What goes before it. Of the activity: all its deliveries have that of the first that was enqueued.
    pub priority: Priority,
    /// What it must not overtake. Of the activity, as the priority is.
    pub order: Option<OrderKey>,
}

impl Delivery {
    /// A delivery that was never attempted, of the usual priority and in no order.
    pub fn new(activity: Iri, sender: impl Into<String>, inbox: Iri, now: SystemTime) -> Self {
        Self {
            id: DeliveryId::new(&activity, &inbox),
            activity,
            sender: sender.into(),
            inbox,
            attempt: 0,
            first_enqueued: now,
            priority: Priority::default(),
            order: None,
        }
    }

    /// The same with a priority.
    #[must_use]
    pub fn with_priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// The same, behind what was enqueued for its inbox before under the same key.
    #[must_use]
    pub fn in_order(self, order: OrderKey) -> Self {
        Self {
            order: Some(order),
            ..self
        }
    }

    /// The lane that it belongs to: that [of its inbox](lane_of).
    pub fn lane(&self) -> String {
        lane_of(&self.inbox)
    }
}

/// The lane of what is sent to this inbox: the host in one spelling, with a port where that is not the scheme's own. Empty for
/// an inbox without a host: it can be sent nowhere, and must still be somewhere, to become a dead letter.
pub fn lane_of(inbox: &Iri) -> String {
    inbox
        .origin()
        .map(|origin| origin.authority())
        .unwrap_or_default()
}

/// The right to work on one host's deliveries, until a time.
///
/// What is leased is a lane, not a row: one owner for each host keeps order and adaptive concurrency true with
/// several processes, and saves one update for each delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The host, with a port where it has one of its own: as [`Delivery::lane`] gives it.
    pub host: String,
    /// Grows with every lease of this lane: of two owners, the store hears only the later one.
    pub fence: u64,
    /// Until when nobody else gets it.
    pub until: SystemTime,
}

/// What one lane's owner has to write down: for [`DeliveryQueue::settle_all`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settling {
    /// The lane.
    pub lane: Lane,
    /// What became of deliveries in it.
    pub outcomes: Vec<(DeliveryId, Settled)>,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settled {
    /// The peer took it.
    Delivered,
    /// To be tried again, and counted as an attempt.
    Retry {
        /// Not before this time.
        at: SystemTime,
        /// What went wrong, for the operator.
        reason: String,
    },
    /// Given up on; it becomes a [`DeadLetter`].
    Dead {
        /// Why, for the operator.
        reason: String,
    },
}

/// A delivery that was given up on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The delivery, with the attempts that were made.
    pub delivery: Delivery,
    /// When it was given up on. Kept to the microsecond.
    pub died: SystemTime,
    /// Why.
    pub reason: String,
}

/// How many deliveries there are and were. Always, and after every crash,
/// `enqueued == pending + delivered + dead + superseded + cancelled`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were ever enqueued; a repeated one counts once.
    pub enqueued: u64,
    /// Those that wait for an attempt, or are in one.
    pub pending: u64,
    /// Those that a peer took.
    pub delivered: u64,
    /// Those that were given up on and lie there to be looked at.
    pub dead: u64,
    /// Those that a later activity made needless before their first attempt.
    pub superseded: u64,
    /// Those that somebody called off.
    pub cancelled: u64,
}

impl Counts {
    /// Whether nothing was lost and nothing counted twice.
    pub fn conserved(&self) -> bool {
        self.enqueued == self.pending + self.delivered + self.dead + self.superseded + self.cancelled
    }
}

/// The queue of deliveries, by host.
///
/// A worker [leases](DeliveryQueue::lease) lanes, asks what is [due](DeliveryQueue::due) in each, attempts it,
/// [settles](DeliveryQueue::settle) the outcomes in batches, and [releases](DeliveryQueue::release) the lane.
/// A worker that dies loses its lanes after [`LEASE`]; what it attempted and did not settle is attempted again:
/// at least once, never not at all.
#[async_trait::async_trait]
pub trait DeliveryQueue: fmt::Debug + Send + Sync {
    /// Adds these deliveries, due at once, in one transaction. Durable when `Ok`.
    ///
    /// Idempotent by [`Delivery::id`]: one that was enqueued before is left as it is, also when it was settled
    /// since, until it is [pruned](DeliveryQueue::prune).
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and none was added.
    async fn enqueue(&self, batch: &[Delivery], now: SystemTime) -> Result<(), StoreError>;

    /// Leases at most `max` lanes in which something is due, that nobody holds (or whose holder's lease ended by
    /// `now`) and that are not closed. No two callers hold one lane at the same time. Lanes that wait longest come
    /// first, and lanes with new deliveries do not starve those with retries, nor the other way round.
    /// (Of a lane whose worker died it may show only then that nothing is.) `worker` is a name for the operator. While there are lanes with something of [high](Priority::High) priority that was never
    /// attempted, every other lane is one of these. While the store is [held back](crate::Hold), nobody gets any.
    ///
    /// A lease that ends later than twice [`LEASE`] from `now` counts as ended: no worker with this clock can have
    /// made it, so the clock was put back, and its lane would stall for as long.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue); nothing was leased.
    async fn lease(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Lane>, StoreError>;

    /// The same lane with a lease that ends [`LEASE`] after `now`.
    ///
    /// # Errors
    /// [`Fenced`](crate::StoreErrorKind::Fenced) where it went to somebody else; else as
    /// [`enqueue`](DeliveryQueue::enqueue).
    async fn renew(&self, lane: &Lane, now: SystemTime) -> Result<Lane, StoreError>;

    /// At most `max` deliveries of the lane that are due at `now`: those of a higher priority first, among them those of earlier
    /// activities. (Where more than `max` retries are due at once, those due longest.) Not among them is what waits for
    /// an earlier delivery of its [order](Delivery::order) that is pending; what a [paused](DeliveryQueue::pause) lane holds is not
    /// due. Takes nothing away: what is in an attempt is
    /// returned again until it is settled; the owner of the lane knows what it has in hand.
    ///
    /// # Errors
    /// [`Fenced`](crate::StoreErrorKind::Fenced), [`Busy`](crate::StoreErrorKind::Busy) or
    /// [`Broken`](crate::StoreErrorKind::Broken).
    async fn due(&self, lane: &Lane, max: usize, now: SystemTime) -> Result<Vec<Delivery>, StoreError>;

    /// Writes down what became of these deliveries, in one transaction. Durable when `Ok`. Those that are not
    /// pending any more, or of another lane, are left alone: so it can be repeated after a doubtful answer,
    /// except that a repeated retry is counted twice.
    ///
    /// # Errors
    /// [`Fenced`](crate::StoreErrorKind::Fenced) where the lease went to somebody else: nothing was changed. Else
    /// as [`enqueue`](DeliveryQueue::enqueue).
    async fn settle(
        &self,
        lane: &Lane,
        outcomes: &[(DeliveryId, Settled)],
        now: SystemTime,
    ) -> Result<(), StoreError>;

    /// Gives the lane back. With `closed_until` nobody gets it before that time (an open breaker), unless
    /// [`probe`](DeliveryQueue::probe) says otherwise. A lane that went to somebody else is left alone, and
    /// that is no error.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn release(&self, lane: Lane, closed_until: Option<SystemTime>) -> Result<(), StoreError>;

    /// What is due in each of these lanes, at most so many of each: [`due`](DeliveryQueue::due) of many lanes at once. One answer for each
    /// lane, in their order; `None` where it went to somebody else. No lane may stand there twice.
    ///
    /// The default asks lane by lane. A store that can do it in one question saves a worker with a thousand lanes most of its time.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn due_all(
        &self,
        lanes: &[(Lane, usize)],
        now: SystemTime,
    ) -> Result<Vec<Option<Vec<Delivery>>>, StoreError> {
        let mut all = Vec::with_capacity(lanes.len());
        for (lane, max) in lanes {
            all.push(unless_fenced(self.due(lane, *max, now).await)?);
        }
        Ok(all)
    }

    /// Writes down what became of deliveries in many lanes: [`settle`](DeliveryQueue::settle) for all of them, in one transaction
    /// where the store can. For each lane whether it was still the caller's; of the others nothing was changed. No lane may stand
    /// there twice.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue); with the default, which goes lane by lane, what stands before the failure can
    /// have been written. It can be repeated as [`settle`](DeliveryQueue::settle) can.
    async fn settle_all(&self, batch: &[Settling], now: SystemTime) -> Result<Vec<bool>, StoreError> {
        let mut all = Vec::with_capacity(batch.len());
        for one in batch {
            let settled = self.settle(&one.lane, &one.outcomes, now).await;
            all.push(unless_fenced(settled)?.is_some());
        }
        Ok(all)
    }

    /// Gives many lanes back: [`release`](DeliveryQueue::release) for all of them, in one transaction where the store can. No lane may
    /// stand there twice.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue); it can be repeated.
    async fn release_all(&self, lanes: &[(Lane, Option<SystemTime>)]) -> Result<(), StoreError> {
        for (lane, closed_until) in lanes {
            self.release(lane.clone(), *closed_until).await?;
        }
        Ok(())
    }

    /// Renews the leases of many lanes: [`renew`](DeliveryQueue::renew) for all of them. One answer for each, in their order; `None` where
    /// it went to somebody else.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue); it can be repeated.
    async fn renew_all(&self, lanes: &[Lane], now: SystemTime) -> Result<Vec<Option<Lane>>, StoreError> {
        let mut all = Vec::with_capacity(lanes.len());
        for lane in lanes {
            all.push(unless_fenced(self.renew(lane, now).await)?);
        }
        Ok(all)
    }

    /// Ends the leases that `worker` holds: those of its former life, which a crash left behind. Their lanes can be
    /// leased at once, and whoever still works on one of them is [fenced](crate::StoreErrorKind::Fenced). A worker
    /// calls it when it starts, where its name is its own and the same in each life. How many there were.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError>;

    /// Brings the opening of a closed lane forward to `at`: its host was heard from, so it may be worth one
    /// attempt. Nothing else changes; a lane that opens earlier, or is not closed, is left alone.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn probe(&self, host: &str, at: SystemTime) -> Result<(), StoreError>;

    /// The earliest time at which [`lease`](DeliveryQueue::lease) will give a lane: past where it would now,
    /// `None` where nothing is pending. A leased lane counts with the end of its lease, or not at all.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError>;

    /// The figures.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn counts(&self) -> Result<Counts, StoreError>;

    /// At most `max` dead letters, those that died first first.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError>;

    /// Makes dead letters pending again, due at once, with attempts and horizon counted anew from `now`.
    /// How many there were; those that are not dead are left alone.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn retry_dead(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, StoreError>;

    /// Drops dead letters for good; from then on they count as cancelled. How many there were.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn discard_dead(&self, ids: &[DeliveryId]) -> Result<u64, StoreError>;

    /// Drops at most `max` dead letters that died before `before`, for good; from then on they count as cancelled. How many.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn prune_dead(&self, before: SystemTime, max: usize) -> Result<u64, StoreError> {
        let old = self.dead(max).await?.into_iter();
        let old = old.take_while(|letter| letter.died < before);
        let ids: Vec<DeliveryId> = old.map(|letter| letter.delivery.id).collect();
        match ids.as_slice() {
            [] => Ok(0),
            ids => self.discard_dead(ids).await,
        }
    }

    /// Calls off all that is pending for a host, at once: also what its lane's owner has in hand, which is
    /// [fenced](crate::StoreErrorKind::Fenced) from here on. How many there were. What is enqueued later is
    /// not touched.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn cancel(&self, host: &str) -> Result<u64, StoreError>;

    /// Takes back the deliveries of `activity` that were never attempted and that no lane's owner can have in
    /// hand: a Delete has made them needless. How many there were.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn supersede(&self, activity: &Iri) -> Result<u64, StoreError>;

    /// Holds a host back: from now on nothing of it is due, and nobody leases it, until it is [resumed](DeliveryQueue::resume).
    /// What is enqueued for it waits. What is in an attempt is settled as ever.
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn pause(&self, host: &str) -> Result<(), StoreError>;

    /// Ends a [pause](DeliveryQueue::pause).
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn resume(&self, host: &str) -> Result<(), StoreError>;

    /// What waits, by host and age, of at most `max` hosts: those for which most waits first. Looks at all that is pending: for people, not
    /// for every second.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, StoreError>;

    /// What waits for all hosts together: the sum of [`waiting`](DeliveryQueue::waiting), which the default makes. Looks at all that is
    /// pending: for once in a minute, not for every second.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn backlog(&self, now: SystemTime) -> Result<Backlog, StoreError> {
        let mut backlog = Backlog::default();
        for waiting in self.waiting(usize::MAX, now).await? {
            backlog.add(&waiting);
        }
        Ok(backlog)
    }

    /// At most `max` dead letters, of one host where one is given, after the cursor `after` (as [`DeadPage::next`] has it), those that
    /// died first first. The default reads all there are, for each page.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due), and [`Broken`](crate::StoreErrorKind::Broken) for a cursor that this store did not give.
    async fn dead_page(
        &self,
        host: Option<&str>,
        after: Option<&str>,
        max: usize,
    ) -> Result<DeadPage, StoreError> {
        let after = after
            .map(|cursor| {
                let parts = cursor.split_once(' ');
                parts
                    .and_then(|(died, id)| Some((died.parse::<i64>().ok()?, id)))
                    .ok_or_else(|| StoreError::broken("not a cursor of this store"))
            })
            .transpose()?;
        Ok(DeadPage::of(self.dead(usize::MAX).await?, host, after, max))
    }

    /// What is known of one delivery. The default finds dead letters only.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due); by default [`Broken`](crate::StoreErrorKind::Broken) where it is not dead, as nothing is
    /// known then.
    async fn inspect(&self, id: &DeliveryId) -> Result<Inspection, StoreError> {
        let letters = self.dead(usize::MAX).await?;
        let found = letters.into_iter().find(|letter| letter.delivery.id == *id);
        found
            .map(Inspection::Dead)
            .ok_or_else(|| StoreError::broken("this store cannot look at one delivery"))
    }

    /// How many dead letters there are for each reason, for at most `max` reasons, the most frequent first.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError>;

    /// How many dead letters there are for each host, for at most `max` hosts, the most first. The default reads all there are.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn dead_by_host(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let mut hosts: BTreeMap<String, u64> = BTreeMap::new();
        for letter in self.dead(usize::MAX).await? {
            *hosts.entry(letter.delivery.lane()).or_default() += 1;
        }
        let mut hosts: Vec<_> = hosts.into_iter().collect();
        hosts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        hosts.truncate(max);
        Ok(hosts)
    }

    /// Those of these activities with a delivery that is pending or dead, whose bodies are hence still needed.
    ///
    /// # Errors
    /// As [`next_due`](DeliveryQueue::next_due).
    async fn unsettled(&self, activities: &[Iri]) -> Result<Vec<Iri>, StoreError>;

    /// Forgets the ids of at most `max` activities that were enqueued before `before` and have nothing pending
    /// and nothing dead. How many. Before it, none of their deliveries can be enqueued a second time;
    /// after it, they could: `before` must lie further back than an expansion can last (a day is safe).
    ///
    /// # Errors
    /// As [`enqueue`](DeliveryQueue::enqueue).
    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError>;
}

/// A lane that went to somebody else is an answer, where many are asked about.
fn unless_fenced<T>(answer: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == StoreErrorKind::Fenced => Ok(None),
        Err(error) => Err(error),
    }
}

/// A reason cut to [`MAX_REASON`] bytes, at a character's border.
pub fn shorten(reason: &str) -> &str {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason.get(..end).unwrap_or_default()
}
