//! Whether the instance works: what a supervisor and a load balancer ask.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use federate_delivery::Unready;
use federate_protocol::drift::Drift;
use federate_store::{InboxBacklog, StoreError, StoreErrorKind, Stores};

use crate::metered;

/// After how long without a sign of the worker it is said to be stalled.
const STALLED: Duration = Duration::from_secs(5 * 60);

/// How often the store is asked for all that waits: it looks at each row.
const SAMPLE: Duration = Duration::from_secs(60);

/// How the engine of an instance does. From [`Engine::health`](crate::Engine::health) and
/// [`Federation::health`](crate::Federation::health), which never wait.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The delivery engine.
    pub delivery: federate_delivery::Health,
    /// The inbox worker.
    pub inbox: InboxHealth,
    /// How far the clock of this process is off, by the median of what other servers said lately; `None` while too few have.
    /// [`Drift::is_intolerable`] says whether they put up with it. It makes nothing unready: no restart helps.
    pub clock_drift: Option<Drift>,
}

/// How the inbox worker does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InboxHealth {
    /// When it last looked for something to handle, or ended with something; `None` before the first time.
    pub last_turn: Option<SystemTime>,
    /// When the store last did what it was asked.
    pub store_answered: Option<SystemTime>,
    /// How the store refused the last call, where it did.
    pub store_refuses: Option<StoreErrorKind>,
    /// Whether it was told to stop, or has stopped.
    pub draining: bool,
    /// What waited in the store when that was looked at last, at most a minute or so ago while it runs; `None` where the store does
    /// not tell.
    pub pending: Option<u64>,
    /// When the oldest of that came.
    pub oldest_pending: Option<SystemTime>,
}

/// The part of an engine that is not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The delivery engine.
    Delivery,
    /// The inbox worker.
    Inbox,
}

impl Part {
    /// `delivery` or `inbox`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Inbox => "inbox",
        }
    }
}

impl Health {
    /// Whether both parts work, and may be expected to go on.
    #[must_use]
    pub fn is_ready(&self, now: SystemTime) -> bool {
        self.unready(now).is_none()
    }

    /// Whether both parts move. Where one does not for five minutes, only a new start helps.
    #[must_use]
    pub fn is_live(&self, now: SystemTime) -> bool {
        self.delivery.is_live(now) && (self.inbox.draining || self.inbox.stalled(now).is_none())
    }

    /// What is not ready and why, where something is not.
    #[must_use]
    pub fn unready(&self, now: SystemTime) -> Option<(Part, Unready)> {
        let delivery = self.delivery.unready(now).map(|why| (Part::Delivery, why));
        delivery.or_else(|| self.inbox.unready(now).map(|why| (Part::Inbox, why)))
    }
}

impl InboxHealth {
    /// Why it is not ready, where it is not: as [`federate_delivery::Health::unready`], and stalled after five minutes without a
    /// sign of it. A handler that takes as long, and lets all others wait, is such a stall.
    #[must_use]
    pub fn unready(&self, now: SystemTime) -> Option<Unready> {
        if self.draining {
            return Some(Unready::Draining);
        }
        if self.last_turn.is_none() {
            return Some(Unready::NotStarted);
        }
        if let Some(since) = self.stalled(now) {
            return Some(Unready::Stalled { since });
        }
        self.store_refuses.map(Unready::StoreRefuses)
    }

    fn stalled(&self, now: SystemTime) -> Option<SystemTime> {
        // A clock that went back says nothing about how long it has been.
        self.last_turn
            .filter(|last| now.duration_since(*last).unwrap_or_default() >= STALLED)
    }
}

/// What the inbox worker shows.
#[derive(Debug, Default)]
pub(crate) struct InboxWatch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    health: InboxHealth,
    sampled: Option<SystemTime>,
}

impl InboxWatch {
    pub(crate) fn health(&self) -> InboxHealth {
        self.with(|seen| seen.health.clone())
    }

    pub(crate) fn turn(&self, now: SystemTime) {
        self.with(|seen| seen.health.last_turn = Some(now));
    }

    pub(crate) fn draining(&self, draining: bool) {
        self.with(|seen| seen.health.draining = draining);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.with(|seen| seen.health.draining)
    }

    /// What the store said.
    pub(crate) fn store<T>(&self, answer: &Result<T, StoreError>, now: SystemTime) {
        if let Err(error) = answer {
            metered::store_error(error.kind());
        }
        self.with(|seen| match answer {
            Ok(_) => {
                seen.health.store_answered = Some(now);
                seen.health.store_refuses = None;
            }
            Err(error) => seen.health.store_refuses = Some(error.kind()),
        });
    }

    /// Whether it is time to [look](InboxWatch::sample) at what waits.
    pub(crate) fn is_sample_due(&self, now: SystemTime) -> bool {
        self.with(|seen| seen.is_due(now))
    }

    /// Looks at what waits, at most once in a while.
    pub(crate) async fn sample(&self, stores: &Stores, now: SystemTime) -> Result<(), StoreError> {
        let is_due = self.with(|seen| {
            let is_due = seen.is_due(now);
            if is_due {
                seen.sampled = Some(now);
            }
            is_due
        });
        if !is_due {
            return Ok(());
        }
        if let Some(backlog) = stores.inbox.backlog().await? {
            metered::backlog(&backlog, now);
            self.with(|seen| seen.waits(&backlog));
        }
        Ok(())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Seen {
    fn is_due(&self, now: SystemTime) -> bool {
        self.sampled.is_none_or(|last| {
            // A clock that went back says nothing about how long it has been.
            now.duration_since(last).map_or(true, |passed| passed >= SAMPLE)
        })
    }

    fn waits(&mut self, backlog: &InboxBacklog) {
        self.health.pending = Some(backlog.pending);
        self.health.oldest_pending = backlog.oldest;
    }
}
