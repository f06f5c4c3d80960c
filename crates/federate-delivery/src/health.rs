//! Whether the engine works: what a supervisor and a load balancer ask.

use federate_store::{Hold, StoreErrorKind};
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// How an engine does, as of its last turn. From [`Engine::health`](crate::Engine::health), which never waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// When its loop last turned; `None` before the first time.
    pub last_turn: Option<SystemTime>,
    /// When the store last did what it was asked.
    pub store_answered: Option<SystemTime>,
    /// What the store refused last, also where it has answered since.
    pub store_error: Option<StoreRefusal>,
    /// Whether the last call to the store was refused.
    pub store_refuses: bool,
    /// What holds the store's deliveries back, so that nothing is sent. No reason to be unready: all else goes on.
    pub hold: Option<Hold>,
    /// Whether it was told to stop, or has stopped.
    pub draining: bool,
    /// Requests under way.
    pub in_flight: usize,
    /// Lanes leased.
    pub lanes: usize,
    /// What waited in the store when that was looked at last, at most a minute or so ago while the engine runs.
    pub pending: Option<u64>,
    /// When the oldest of that was enqueued first.
    pub oldest_pending: Option<SystemTime>,
    pub(crate) stalled_after: Duration,
}

/// A call that the store refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreRefusal {
    /// When.
    pub at: SystemTime,
    /// What it was asked.
    pub what: &'static str,
    /// How it refused.
    pub kind: StoreErrorKind,
}

/// Why nobody should rely on an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unready {
    /// It has not run yet.
    NotStarted,
    /// Its loop has not turned for too long: a store that never answers, an observer that blocks.
    Stalled {
        /// When it last turned.
        since: SystemTime,
    },
    /// It was told to stop.
    Draining,
    /// The store refuses what it is asked.
    StoreRefuses(StoreErrorKind),
}

impl Health {
    /// Whether it works, and may be expected to go on.
    #[must_use]
    pub fn is_ready(&self, now: SystemTime) -> bool {
        self.unready(now).is_none()
    }

    /// Whether its loop turns. Where it does not, only a new start helps; a store that refuses and a drain are no reason for one.
    #[must_use]
    pub fn is_live(&self, now: SystemTime) -> bool {
        self.draining || self.stalled(now).is_none()
    }

    /// Why it is not ready, where it is not.
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
        let error = self.store_error.as_ref().filter(|_| self.store_refuses)?;
        Some(Unready::StoreRefuses(error.kind))
    }

    fn stalled(&self, now: SystemTime) -> Option<SystemTime> {
        // A clock that went back says nothing about how long it has been.
        self.last_turn
            .filter(|last| now.duration_since(*last).unwrap_or_default() >= self.stalled_after)
    }
}

impl Unready {
    /// One word for a machine: `not_started`, `stalled`, `draining` or `store_refuses`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Stalled { .. } => "stalled",
            Self::Draining => "draining",
            Self::StoreRefuses(_) => "store_refuses",
        }
    }
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "has not run yet",
            Self::Stalled { .. } => "does not move",
            Self::Draining => "was told to stop",
            Self::StoreRefuses(StoreErrorKind::Busy) => "store is busy",
            Self::StoreRefuses(StoreErrorKind::Full) => "store has no room left",
            Self::StoreRefuses(_) => "store fails",
        })
    }
}
