//! What the application runs beside its web server: the inbox worker and the delivery engine.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use federate_delivery::Clock;
use federate_store::{Listening, Retention, StoreError, Stores, Wake};
use futures_util::FutureExt;
use futures_util::future::{self, Either};

use crate::Health;
use crate::Uris;
use crate::health::InboxWatch;
use crate::tidy;
use crate::time_check::TimeCheck;
use crate::worker::log_store;

/// How often the worker looks by itself: another process may have accepted something.
const LOOK: Duration = Duration::from_secs(2);

/// How long it rests at least when there was nothing to do: twice as long each time, up to the second figure.
const BREATH: Duration = Duration::from_millis(20);
const LONG_BREATH: Duration = Duration::from_millis(320);

/// Handles what has arrived and delivers what was sent.
///
/// Run it with [`run_until`](Engine::run_until) in the web process, in a worker process, or in both; or drive it
/// with [`step`](Engine::step).
///
#[doc = include_str!("metrics.md")]
#[must_use = "nothing is handled and nothing is delivered until the engine runs"]
pub struct Engine {
    pub(crate) delivery: Arc<federate_delivery::Engine>,
    pub(crate) inbox: Arc<dyn InboxWorker>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stores: Stores,
    pub(crate) listen: Box<dyn Fn(Wake) -> Option<Listening> + Send + Sync>,
    pub(crate) watch: Arc<InboxWatch>,
    pub(crate) time_check: Arc<TimeCheck>,
    pub(crate) retention: Retention,
    pub(crate) uris: Arc<Uris>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Activities that were taken up: handled, put off or given up on.
    pub received: usize,
    /// What the delivery engine did.
    pub delivery: federate_delivery::Progress,
}

impl Progress {
    /// Nothing was due.
    pub fn is_idle(&self) -> bool {
        self.received == 0 && self.delivery.is_idle()
    }
}

#[async_trait]
pub(crate) trait InboxWorker: Send + Sync {
    /// Takes up what is due. How much there was. Where it `goes_on`, also what arrives while handlers run, until the engine drains.
    async fn step(&self, goes_on: bool) -> Result<usize, StoreError>;
    /// Returns when something new was accepted, by this process or, as far as that is heard, by another.
    async fn arrived(&self);
    /// Something was.
    fn wake(&self);
    /// When something will be due.
    async fn next_due(&self) -> Option<SystemTime>;
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Does what is due now, and returns.
    pub async fn step(&self) -> Progress {
        self.watch.draining(false);
        let received = self.take_up(false).await.unwrap_or_else(|e| {
            log_store(&e);
            0
        });
        Progress {
            received,
            delivery: self.delivery.step().await,
        }
    }

    /// How both parts do, as of their last turns. Never waits, also where they do. A web server asks
    /// [`Federation::health`](crate::Federation::health), which says the same.
    pub fn health(&self) -> Health {
        Health {
            delivery: self.delivery.health(),
            inbox: self.watch.health(),
            clock_drift: self.time_check.drift(),
        }
    }

    /// When there will be something to do, as far as the stores know: for tests that own the time.
    pub async fn next_due(&self) -> Option<SystemTime> {
        let (one, other) = (self.inbox.next_due().await, self.delivery.next_due().await);
        one.into_iter().chain(other).min()
    }

    /// Works until `stop` is done, then finishes what has begun.
    pub async fn run_until(&self, stop: impl Future<Output = ()> + Send) {
        let stop = stop.shared();
        // What other processes record and accept.
        let _listening = (self.listen)({
            let (delivery, inbox) = (Arc::clone(&self.delivery), Arc::clone(&self.inbox));
            Arc::new(move || {
                delivery.wake();
                inbox.wake();
            })
        });
        self.watch.draining(false);
        let receiving = self.receive_until(stop.clone());
        let tidying = self.tidy_until(stop.clone());
        let delivering = self.delivery.run_until(stop);
        let ((), (), drained) = future::join3(receiving, tidying, delivering).await;
        if drained.abandoned > 0 {
            tracing::warn!(
                abandoned = drained.abandoned,
                "stopped with deliveries under way; they will be repeated"
            );
        }
    }

    async fn tidy_until(&self, stop: impl Future<Output = ()> + Clone + Send + Unpin) {
        loop {
            let now = self.clock.now();
            for _ in 0..tidy::RUNS {
                match tidy::tidy(&self.stores, &self.retention, &|id| self.uris.is_local(id), now).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(e) => {
                        log_store(&e);
                        break;
                    }
                }
                if stop.clone().now_or_never().is_some() {
                    return;
                }
                // A store that never waits would let nothing else be done in between.
                tokio::task::yield_now().await;
            }
            let rest = self.clock.sleep_until(now + tidy::EVERY);
            if let Either::Left(_) = future::select(stop.clone(), rest).await {
                return;
            }
        }
    }

    async fn receive_until(&self, stop: impl Future<Output = ()> + Clone + Send + Unpin) {
        let mut breath = BREATH;
        loop {
            if stop.clone().now_or_never().is_some() {
                self.watch.draining(true);
                return;
            }
            let step = match future::select(stop.clone(), pin!(self.take_up(true))).await {
                Either::Left((_, taking)) => {
                    // Nothing new is claimed from now on.
                    self.watch.draining(true);
                    taking.await
                }
                Either::Right((step, _)) => step,
            };
            let now = self.clock.now();
            let rest = match step {
                Ok(0) => match self.inbox.next_due().await {
                    // Never at once: what is due and not given out may be in another worker's hands.
                    Some(at) => {
                        let rest = at.clamp(now + breath, now + LOOK);
                        breath = (breath * 2).min(LONG_BREATH);
                        rest
                    }
                    None => now + LOOK,
                },
                Ok(_) => {
                    breath = BREATH;
                    continue;
                }
                Err(e) => {
                    log_store(&e);
                    now + LOOK
                }
            };
            let woken = future::select(self.inbox.arrived(), self.clock.sleep_until(rest));
            if let Either::Left(_) = future::select(stop.clone(), woken).await {
                self.watch.draining(true);
                return;
            }
        }
    }

    /// Handles what is due, and shows it.
    async fn take_up(&self, goes_on: bool) -> Result<usize, StoreError> {
        self.watch.turn(self.clock.now());
        let mut step = self.inbox.step(goes_on).await;
        if step.is_ok()
            && let Err(e) = self.watch.sample(&self.stores, self.clock.now()).await
        {
            step = Err(e);
        }
        self.watch.store(&step, self.clock.now());
        step
    }
}
