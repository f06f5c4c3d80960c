//! A store that is busy, full or restarting, now and then: an outbox and a queue before those of a backend.

use crate::support::Rng;
use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use federate_store::{
    Counts, DeadLetter, Delivery, DeliveryId, DeliveryQueue, Lane, Outbox, Outgoing, Settled, StoreError,
    StoreErrorKind, Stores, Waiting,
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::SystemTime,
};

#[derive(Debug)]
pub(crate) struct Faulty {
    inner: Stores,
    rng: Mutex<Rng>,
    /// How many calls of a hundred fail.
    percent: Mutex<u64>,
    /// Leases never answer from now on; whether somebody waits for one.
    hangs: AtomicBool,
    hanging: AtomicBool,
    /// The next enqueue is refused.
    refuses: AtomicBool,
}

impl Faulty {
    pub(crate) fn new(inner: &Stores, seed: u64, percent: u64) -> Arc<Self> {
        Arc::new(Self {
            inner: inner.clone(),
            rng: Mutex::new(Rng(seed)),
            percent: Mutex::new(percent),
            hangs: AtomicBool::new(false),
            hanging: AtomicBool::new(false),
            refuses: AtomicBool::new(false),
        })
    }

    /// From now on so many fail; as many as did before.
    pub(crate) fn percent(&self, percent: u64) -> u64 {
        std::mem::replace(&mut *self.percent.lock().unwrap(), percent)
    }

    /// The next enqueue is refused.
    pub(crate) fn refuse_enqueue(&self) {
        self.refuses.store(true, Ordering::Relaxed);
    }

    pub(crate) fn hang(&self) {
        self.hangs.store(true, Ordering::Relaxed);
    }

    pub(crate) fn hanging(&self) -> bool {
        self.hanging.load(Ordering::Relaxed)
    }

    /// What an engine sees.
    pub(crate) fn stores(self: &Arc<Self>) -> Stores {
        Stores {
            outbox: self.clone(),
            queue: self.clone(),
            ..self.inner.clone()
        }
    }

    fn check(&self) -> Result<(), StoreError> {
        let mut rng = self.rng.lock().unwrap();
        if !rng.chance(*self.percent.lock().unwrap()) {
            return Ok(());
        }
        let kind =
            [StoreErrorKind::Busy, StoreErrorKind::Full, StoreErrorKind::Broken][rng.below(3) as usize];
        Err(StoreError::new(kind, "a fault of the simulation"))
    }
}

#[async_trait]
impl Outbox for Faulty {
    async fn record(&self, outgoing: &Outgoing) -> Result<(), StoreError> {
        self.inner.outbox.record(outgoing).await
    }
    async fn unexpanded(&self, max: usize) -> Result<Vec<Outgoing>, StoreError> {
        self.check()?;
        self.inner.outbox.unexpanded(max).await
    }
    async fn expanded(&self, id: &Iri) -> Result<(), StoreError> {
        self.check()?;
        self.inner.outbox.expanded(id).await
    }
    async fn body(&self, id: &Iri) -> Result<Option<Bytes>, StoreError> {
        self.check()?;
        self.inner.outbox.body(id).await
    }
    async fn kept(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError> {
        self.inner.outbox.kept(after, max).await
    }
    async fn forget(&self, ids: &[Iri]) -> Result<(), StoreError> {
        self.inner.outbox.forget(ids).await
    }
}

#[async_trait]
impl DeliveryQueue for Faulty {
    async fn enqueue(&self, batch: &[Delivery], now: SystemTime) -> Result<(), StoreError> {
        self.check()?;
        if self.refuses.swap(false, Ordering::Relaxed) {
            return Err(StoreError::new(StoreErrorKind::Busy, "refused by the test"));
        }
        self.inner.queue.enqueue(batch, now).await
    }
    async fn lease(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Lane>, StoreError> {
        self.check()?;
        if self.hangs.load(Ordering::Relaxed) {
            self.hanging.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
        self.inner.queue.lease(worker, max, now).await
    }
    async fn renew(&self, lane: &Lane, now: SystemTime) -> Result<Lane, StoreError> {
        self.check()?;
        self.inner.queue.renew(lane, now).await
    }
    async fn due(&self, lane: &Lane, max: usize, now: SystemTime) -> Result<Vec<Delivery>, StoreError> {
        self.check()?;
        self.inner.queue.due(lane, max, now).await
    }
    async fn settle(
        &self,
        lane: &Lane,
        outcomes: &[(DeliveryId, Settled)],
        now: SystemTime,
    ) -> Result<(), StoreError> {
        self.check()?;
        self.inner.queue.settle(lane, outcomes, now).await
    }
    async fn release(&self, lane: Lane, closed_until: Option<SystemTime>) -> Result<(), StoreError> {
        self.check()?;
        self.inner.queue.release(lane, closed_until).await
    }
    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        self.check()?;
        self.inner.queue.reclaim(worker).await
    }
    async fn probe(&self, host: &str, at: SystemTime) -> Result<(), StoreError> {
        self.check()?;
        self.inner.queue.probe(host, at).await
    }
    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        self.inner.queue.next_due().await
    }
    async fn counts(&self) -> Result<Counts, StoreError> {
        self.inner.queue.counts().await
    }
    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.inner.queue.dead(max).await
    }
    async fn retry_dead(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, StoreError> {
        self.inner.queue.retry_dead(ids, now).await
    }
    async fn discard_dead(&self, ids: &[DeliveryId]) -> Result<u64, StoreError> {
        self.inner.queue.discard_dead(ids).await
    }
    async fn cancel(&self, host: &str) -> Result<u64, StoreError> {
        self.inner.queue.cancel(host).await
    }
    async fn supersede(&self, activity: &Iri) -> Result<u64, StoreError> {
        self.inner.queue.supersede(activity).await
    }
    async fn pause(&self, host: &str) -> Result<(), StoreError> {
        self.inner.queue.pause(host).await
    }
    async fn resume(&self, host: &str) -> Result<(), StoreError> {
        self.inner.queue.resume(host).await
    }
    async fn waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, StoreError> {
        self.inner.queue.waiting(max, now).await
    }
    async fn dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.inner.queue.dead_by_reason(max).await
    }
    async fn unsettled(&self, activities: &[Iri]) -> Result<Vec<Iri>, StoreError> {
        self.inner.queue.unsettled(activities).await
    }
    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        self.inner.queue.prune(before, max).await
    }
}
