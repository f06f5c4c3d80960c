//! A delivery queue of one's own: an append-only log, and the memory backend as its index.
//!
//! Whatever changes the queue is written to a file as a line of JSON, and the disk has it, before it happens in memory
//! and before the caller is told `Ok`. Opening reads the file and makes every call again; as the memory backend knows no clock and
//! no chance, it comes to the same state. It passes `federate_store::contract`, and a federation has it by
//! `.queue(Arc::new(LogQueue::open("queue.log").await?))`.
//!
//! What it promises, and what it does not:
//!
//! - `Ok` means that `fdatasync` has returned. A line that a crash tore is no call that anybody was told of; it is cut off.
//! - A write that fails is taken back. Where not even that works, the queue refuses everything until it is opened again.
//! - One process: the file is locked, and a second one is refused.
//! - One `fdatasync` for each call, one after the other. A disk with a millisecond for each gives some hundred calls in a second.
//! - **The file only grows**, by about a kilobyte for each delivery, and all that is pending or known lies in memory. What is forgotten
//!   ([`prune`](DeliveryQueue::prune)) stays in the file, and each opening reads all of it. For more than some
//!   hundred thousand deliveries take `Sqlite` or `Postgres`.
//! - A [hold](federate::store::Hold) of the store beside it is not seen here: do not copy the file and start both.

mod call;
mod log;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use federate::Memory;
use federate::prelude::{Iri, async_trait};
use federate::store::{
    Backend, Counts, DeadLetter, DeadPage, Delivery, DeliveryId, DeliveryQueue, Inspection, Lane, Settled,
    StoreError, Waiting,
};
use tokio::sync::{Mutex, MutexGuard};

use call::Call;
use log::Log;

/// The queue. See the [crate].
#[derive(Debug)]
pub struct LogQueue {
    index: Arc<dyn DeliveryQueue>,
    /// Held while a call is written and made, so that the order in the file is the order in memory.
    log: Mutex<Log>,
}

impl LogQueue {
    /// Opens the file, or makes it, and does again what stands in it.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or written, another process has it, or a line in its middle is none of ours.
    pub async fn open(file: impl AsRef<Path>) -> Result<Self, StoreError> {
        let index = Memory::new().stores().queue;
        let (log, calls) = Log::open(file.as_ref()).await?;
        for call in &calls {
            call.again(&*index).await?;
        }
        let log = Mutex::new(log);
        Ok(LogQueue { index, log })
    }

    /// Writes a call down. It is made while the guard lives.
    async fn write(&self, call: &Call) -> Result<MutexGuard<'_, Log>, StoreError> {
        let mut log = self.log.lock().await;
        log.append(call).await?;
        Ok(log)
    }
}

#[async_trait]
impl DeliveryQueue for LogQueue {
    async fn enqueue(&self, batch: &[Delivery], now: SystemTime) -> Result<(), StoreError> {
        let _log = self.write(&Call::enqueue(batch, now)).await?;
        self.index.enqueue(batch, now).await
    }

    /// Made before it is written down: a call that leases nothing changes nothing, and an engine asks every second. A lease
    /// that could not be written ends by itself.
    async fn lease(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Lane>, StoreError> {
        let mut log = self.log.lock().await;
        let lanes = self.index.lease(worker, max, now).await?;
        if !lanes.is_empty() {
            log.append(&Call::lease(worker, max, now)).await?;
        }
        Ok(lanes)
    }

    async fn renew(&self, lane: &Lane, now: SystemTime) -> Result<Lane, StoreError> {
        let _log = self.write(&Call::renew(lane, now)).await?;
        self.index.renew(lane, now).await
    }

    async fn due(&self, lane: &Lane, max: usize, now: SystemTime) -> Result<Vec<Delivery>, StoreError> {
        self.index.due(lane, max, now).await
    }

    async fn settle(
        &self,
        lane: &Lane,
        outcomes: &[(DeliveryId, Settled)],
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let _log = self.write(&Call::settle(lane, outcomes, now)?).await?;
        self.index.settle(lane, outcomes, now).await
    }

    async fn release(&self, lane: Lane, closed_until: Option<SystemTime>) -> Result<(), StoreError> {
        let _log = self.write(&Call::release(&lane, closed_until)).await?;
        self.index.release(lane, closed_until).await
    }

    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        let _log = self.write(&Call::Reclaim(worker.to_owned())).await?;
        self.index.reclaim(worker).await
    }

    async fn probe(&self, host: &str, at: SystemTime) -> Result<(), StoreError> {
        let _log = self.write(&Call::Probe(host.to_owned(), at)).await?;
        self.index.probe(host, at).await
    }

    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        self.index.next_due().await
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        self.index.counts().await
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        self.index.dead(max).await
    }

    async fn retry_dead(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, StoreError> {
        let _log = self.write(&Call::retry_dead(ids, now)).await?;
        self.index.retry_dead(ids, now).await
    }

    async fn discard_dead(&self, ids: &[DeliveryId]) -> Result<u64, StoreError> {
        let _log = self.write(&Call::discard_dead(ids)).await?;
        self.index.discard_dead(ids).await
    }

    async fn cancel(&self, host: &str) -> Result<u64, StoreError> {
        let _log = self.write(&Call::Cancel(host.to_owned())).await?;
        self.index.cancel(host).await
    }

    async fn supersede(&self, activity: &Iri) -> Result<u64, StoreError> {
        let _log = self.write(&Call::Supersede(activity.clone())).await?;
        self.index.supersede(activity).await
    }

    async fn pause(&self, host: &str) -> Result<(), StoreError> {
        let _log = self.write(&Call::Pause(host.to_owned())).await?;
        self.index.pause(host).await
    }

    async fn resume(&self, host: &str) -> Result<(), StoreError> {
        let _log = self.write(&Call::Resume(host.to_owned())).await?;
        self.index.resume(host).await
    }

    async fn waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, StoreError> {
        self.index.waiting(max, now).await
    }

    async fn dead_page(
        &self,
        host: Option<&str>,
        after: Option<&str>,
        max: usize,
    ) -> Result<DeadPage, StoreError> {
        self.index.dead_page(host, after, max).await
    }

    async fn inspect(&self, id: &DeliveryId) -> Result<Inspection, StoreError> {
        self.index.inspect(id).await
    }

    async fn dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        self.index.dead_by_reason(max).await
    }

    async fn unsettled(&self, activities: &[Iri]) -> Result<Vec<Iri>, StoreError> {
        self.index.unsettled(activities).await
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        let _log = self.write(&Call::Prune(before, max)).await?;
        self.index.prune(before, max).await
    }
}
