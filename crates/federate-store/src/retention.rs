//! How long what has ended is kept.

use crate::{Iri, StoreError, Stores, stored};
use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What one run forgets at most of each, so that it holds nobody up; what is left is the next one's, for which
/// [`Forgotten::more`] asks.
const AT_ONCE: usize = 20_000;

/// What is forgotten in one transaction.
const PAGE: usize = 500;

/// How long a store keeps what has ended. What has not ended (what waits to be sent or to be handled) is kept in any case.
///
/// | what | unless told | why |
/// |---|---|---|
/// | [bodies](Retention::bodies) of sent activities, once no delivery waits and none is dead | 30 days | they are of no use to us; for looking something up |
/// | [bodies that others may ask for](Retention::published) | for ever | a note that only the outbox has is served out of it |
/// | [dead letters](Retention::dead_letters), and the bodies that they need | 30 days | so long can they be looked at and tried again; then they count as cancelled |
/// | [ids of deliveries](Retention::delivered) that have ended | 2 days | longer than an expansion can last, which would enqueue them again |
/// | [ids of received activities](Retention::received), and marks of what was handled | 30 days | longer than any sender tries again (a week is usual), or a late repetition is handled a second time |
/// | [received activities that were given up on](Retention::dead_received) | 30 days | so long can they be looked at and handled anew; their ids stay as long as all |
/// | [relations](crate::Relations) | as [each says](crate::Relation::until) | |
/// | followers and keys | for ever | until they are removed |
/// | the cache | as each entry says, and within [its capacity](crate::Cache::capacity) | |
///
/// A time is counted from the end of it (bodies, dead letters) or from when it came (the rest), and what is exactly as old is
/// still kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "nothing is forgotten until it is run"]
pub struct Retention {
    bodies: Duration,
    published: Option<Duration>,
    dead_letters: Duration,
    delivered: Duration,
    received: Duration,
    dead_received: Duration,
}

/// How much a run has forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forgotten {
    /// Bodies of sent activities.
    pub bodies: usize,
    /// Dead letters, which count as cancelled from here on.
    pub dead_letters: usize,
    /// Activities whose deliveries had ended.
    pub delivered: usize,
    /// Ids of received activities.
    pub received: usize,
    /// Received activities that were given up on.
    pub dead_received: usize,
    /// Relations whose time had come.
    pub relations: usize,
    /// Of something it was as much as one run forgets: there may be more, for a run at once.
    pub more: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            bodies: 30 * DAY,
            published: None,
            dead_letters: 30 * DAY,
            delivered: 2 * DAY,
            received: 30 * DAY,
            dead_received: 30 * DAY,
        }
    }
}

impl Retention {
    /// How long a body is kept after the last of its deliveries has ended. What is decided stays so: another time holds for
    /// what ends after it was set.
    pub fn bodies(self, time: Duration) -> Self {
        Self { bodies: time, ..self }
    }

    /// The same for bodies that others may ask for, or answer; `None`: for ever.
    pub fn published(self, time: Option<Duration>) -> Self {
        Self {
            published: time,
            ..self
        }
    }

    /// How long a dead letter lies there.
    pub fn dead_letters(self, time: Duration) -> Self {
        Self {
            dead_letters: time,
            ..self
        }
    }

    /// How long the ids of ended deliveries are known. A day at least, or an expansion that takes long enqueues them again.
    pub fn delivered(self, time: Duration) -> Self {
        Self {
            delivered: time,
            ..self
        }
    }

    /// How long the id of a received activity is known. Longer than any sender tries again.
    pub fn received(self, time: Duration) -> Self {
        Self {
            received: time,
            ..self
        }
    }

    /// How long a received activity lies there that was given up on, counted from when it came.
    pub fn dead_received(self, time: Duration) -> Self {
        Self {
            dead_received: time,
            ..self
        }
    }

    /// Forgets what is too old at `now`, nothing where the store is [held back](crate::Hold), and no ids of deliveries while an activity waits
    /// to be expanded. At most twenty thousand of each: call it every hour, and at once again where there is
    /// [more](Forgotten::more). `is_published` says of which activities, by id and body, others may
    /// [ask for](Retention::published) the body.
    ///
    /// Several processes may do it at once, while all else goes on.
    ///
    /// # Errors
    /// The store's. What was forgotten until then stays forgotten; the next run does the rest.
    pub async fn run(
        &self,
        stores: &Stores,
        now: SystemTime,
        is_published: &(dyn Fn(&Iri, &[u8]) -> bool + Send + Sync),
    ) -> Result<Forgotten, StoreError> {
        // In a copy, and in a store that moves, what is old may still be needed.
        if stores.binding.hold().await?.is_some() {
            return Ok(Forgotten::default());
        }
        let before = |age| now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let (queue, inbox) = (&*stores.queue, &*stores.inbox);
        let [
            mut bodies,
            mut dead_letters,
            mut delivered,
            mut received,
            mut dead_received,
            mut relations,
        ] = [Total::default(); 6];
        // Dead letters first: with the last of them a body has ended.
        while dead_letters.goes_on() {
            let gone = queue.prune_dead(before(self.dead_letters), PAGE).await?;
            dead_letters.add(usize::try_from(gone).unwrap_or(usize::MAX));
        }
        let all_decided = self.decide(stores, now, is_published).await?;
        while bodies.goes_on() {
            let expired = stores.outbox.expired(now, PAGE).await?;
            stores.outbox.forget(&expired).await?;
            bodies.add(expired.len());
        }
        // An expansion that is repeated knows by these ids whom it has reached already.
        let all_expanded = stores.outbox.unexpanded(1).await?.is_empty();
        while all_expanded && delivered.goes_on() {
            delivered.add(queue.prune(before(self.delivered), PAGE).await?);
        }
        while dead_received.goes_on() {
            dead_received.add(inbox.prune_dead(before(self.dead_received), PAGE).await?);
        }
        while received.goes_on() {
            received.add(inbox.prune(before(self.received), PAGE).await?);
        }
        while relations.goes_on() {
            relations.add(stores.relations.prune(now, PAGE).await?);
        }
        let totals = [
            bodies,
            dead_letters,
            delivered,
            received,
            dead_received,
            relations,
        ];
        Ok(Forgotten {
            more: !all_decided || totals.iter().any(Total::is_full),
            bodies: bodies.gone,
            dead_letters: dead_letters.gone,
            delivered: delivered.gone,
            received: received.gone,
            dead_received: dead_received.gone,
            relations: relations.gone,
        })
    }

    /// Says of the bodies that nothing needs any more how long they are kept. `false`: of as many as one run may, and
    /// there can be more.
    async fn decide(
        &self,
        stores: &Stores,
        now: SystemTime,
        is_published: &(dyn Fn(&Iri, &[u8]) -> bool + Send + Sync),
    ) -> Result<bool, StoreError> {
        let for_ever = stored::time(i64::MAX - 1);
        let until = |time| now.checked_add(time).unwrap_or(for_ever);
        let mut after: Option<String> = None;
        let mut decided = 0;
        while decided < AT_ONCE {
            let page = stores.outbox.undecided(after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let ids: Vec<Iri> = page.into_iter().map(|(_, id)| id).collect();
            let unsettled: HashSet<Iri> = stores.queue.unsettled(&ids).await?.into_iter().collect();
            let (mut published, mut others) = (Vec::new(), Vec::new());
            for id in ids.into_iter().filter(|id| !unsettled.contains(id)) {
                let body = stores.outbox.body(&id).await?;
                match body.is_some_and(|body| is_published(&id, &body)) {
                    true => published.push(id),
                    false => others.push(id),
                }
            }
            decided += published.len() + others.len();
            stores.outbox.keep_until(&others, until(self.bodies)).await?;
            let time = self.published.map_or(for_ever, until);
            stores.outbox.keep_until(&published, time).await?;
        }
        Ok(decided < AT_ONCE)
    }
}

/// Page after page, until one is not full, or it is enough for now.
#[derive(Clone, Copy, Default)]
struct Total {
    gone: usize,
    is_last: bool,
}

impl Total {
    fn goes_on(&self) -> bool {
        !self.is_last && !self.is_full()
    }

    fn is_full(&self) -> bool {
        self.gone >= AT_ONCE
    }

    fn add(&mut self, gone: usize) {
        self.gone += gone;
        self.is_last = gone < PAGE;
    }
}

#[cfg(test)]
mod tests;
