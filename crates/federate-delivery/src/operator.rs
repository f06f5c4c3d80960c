//! What an operator looks at and does, over any store.

use federate_protocol::activitystreams::Iri;
use federate_store::{
    Backlog, Counts, DeadLetter, DeadPage, DeliveryId, Inspection, StoreError, Stores, Waiting,
};
use std::time::SystemTime;

/// Dead letters that are read at once.
const PAGE: usize = 1_000;

/// Activities that are counted as waiting for their expansion, at most.
const MAX_UNEXPANDED: usize = 1_000;

/// What an operator looks at and does about deliveries: for a web page or a command line, in any process that has the store.
#[derive(Clone, Debug)]
pub struct Operator {
    stores: Stores,
}

/// The queue at one moment. Its parts are read one after the other, so that their figures may differ by what happened in between.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// Activities that wait for their expansion; 1,000 stands for any more.
    pub unexpanded: usize,
    /// The figures of all deliveries. [`Counts::pending`] includes what is in an attempt.
    pub counts: Counts,
    /// What is pending, over all hosts, by age. [`Backlog::in_flight`] is an upper bound of what all workers together have in an attempt:
    /// what is due in lanes that a worker with a valid lease holds. The exact figure only each worker has, as
    /// [`Engine::snapshot`](crate::Engine::snapshot).
    pub backlog: Backlog,
    /// The same by host, those for which most waits first.
    pub waiting: Vec<Waiting>,
    /// Dead letters by reason, the most frequent first.
    pub dead_by_reason: Vec<(String, u64)>,
    /// Dead letters by host, the most first.
    pub dead_by_host: Vec<(String, u64)>,
}

/// What [`Operator::purge`] took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Purged {
    /// Pending deliveries that were called off.
    pub cancelled: u64,
    /// Dead letters that were dropped.
    pub discarded: u64,
}

impl Operator {
    /// Of this store.
    #[must_use]
    pub fn new(stores: &Stores) -> Self {
        Self {
            stores: stores.clone(),
        }
    }

    /// The figures, with at most `max` hosts and reasons. Looks at all that is pending: for people, not for every second.
    ///
    /// # Errors
    /// The store's.
    pub async fn status(&self, max: usize, now: SystemTime) -> Result<Status, StoreError> {
        let queue = &self.stores.queue;
        Ok(Status {
            unexpanded: self.stores.outbox.unexpanded(MAX_UNEXPANDED).await?.len(),
            counts: queue.counts().await?,
            backlog: queue.backlog(now).await?,
            waiting: queue.waiting(max, now).await?,
            dead_by_reason: queue.dead_by_reason(max).await?,
            dead_by_host: queue.dead_by_host(max).await?,
        })
    }

    /// A page of at most `max` dead letters, of one host where one is given, those that died first first. `after` is
    /// [`DeadPage::next`] of the page before.
    ///
    /// # Errors
    /// The store's; a cursor that the store did not give is one.
    pub async fn dead(
        &self,
        host: Option<&str>,
        after: Option<&str>,
        max: usize,
    ) -> Result<DeadPage, StoreError> {
        self.stores.queue.dead_page(host, after, max).await
    }

    /// What is known of the delivery of `activity` to `inbox`.
    ///
    /// # Errors
    /// The store's.
    pub async fn inspect(&self, activity: &Iri, inbox: &Iri) -> Result<Inspection, StoreError> {
        self.stores.queue.inspect(&DeliveryId::new(activity, inbox)).await
    }

    /// Tries these dead letters again, with attempts and horizon counted anew. How many there were.
    ///
    /// # Errors
    /// The store's.
    pub async fn retry(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, StoreError> {
        self.stores.queue.retry_dead(ids, now).await
    }

    /// Tries all dead letters again, or those of one host. Those that die after `now` are left alone. How many there were.
    ///
    /// # Errors
    /// The store's. What was revived before it stays so.
    pub async fn retry_all(&self, host: Option<&str>, now: SystemTime) -> Result<u64, StoreError> {
        let mut revived = 0;
        let mut after: Option<String> = None;
        loop {
            let page = self.dead(host, after.as_deref(), PAGE).await?;
            let ids = old_enough(page.letters, now);
            if ids.is_empty() {
                return Ok(revived);
            }
            revived += self.retry(&ids, now).await?;
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(revived),
            }
        }
    }

    /// Calls off all that waits for a host and drops its dead letters. Both count as cancelled.
    ///
    /// # Errors
    /// The store's. What was taken away before it is away.
    pub async fn purge(&self, host: &str) -> Result<Purged, StoreError> {
        let mut purged = Purged {
            cancelled: self.stores.queue.cancel(host).await?,
            discarded: 0,
        };
        loop {
            // From the start again: what was read is gone.
            let page = self.dead(Some(host), None, PAGE).await?;
            let ids: Vec<DeliveryId> = page
                .letters
                .into_iter()
                .map(|letter| letter.delivery.id)
                .collect();
            if ids.is_empty() {
                return Ok(purged);
            }
            let discarded = self.stores.queue.discard_dead(&ids).await?;
            purged.discarded += discarded;
            if discarded == 0 {
                // Somebody else was faster.
                return Ok(purged);
            }
        }
    }

    /// Holds a host back; what is enqueued for it waits.
    ///
    /// # Errors
    /// The store's.
    pub async fn pause(&self, host: &str) -> Result<(), StoreError> {
        self.stores.queue.pause(host).await
    }

    /// Ends a [pause](Operator::pause).
    ///
    /// # Errors
    /// The store's.
    pub async fn resume(&self, host: &str) -> Result<(), StoreError> {
        self.stores.queue.resume(host).await
    }
}

fn old_enough(letters: Vec<DeadLetter>, now: SystemTime) -> Vec<DeliveryId> {
    letters
        .into_iter()
        .filter(|letter| letter.died <= now)
        .map(|letter| letter.delivery.id)
        .collect()
}
