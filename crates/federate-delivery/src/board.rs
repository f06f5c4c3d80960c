//! What the loop shows to other threads, without their waiting for it.

use crate::health::{Health, StoreRefusal};
use federate_store::{Backlog, Hold};
use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<Seen>);

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) last_turn: Option<SystemTime>,
    pub(crate) store_answered: Option<SystemTime>,
    pub(crate) store_error: Option<StoreRefusal>,
    pub(crate) store_refuses: bool,
    pub(crate) hold: Option<Hold>,
    pub(crate) draining: bool,
    pub(crate) in_flight: usize,
    pub(crate) lanes: usize,
    pub(crate) backlog: Option<Backlog>,
}

impl Board {
    pub(crate) fn show(&self, seen: Seen) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = seen;
    }

    pub(crate) fn health(&self, stalled_after: Duration) -> Health {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Health {
            last_turn: seen.last_turn,
            store_answered: seen.store_answered,
            store_error: seen.store_error,
            store_refuses: seen.store_refuses,
            hold: seen.hold,
            draining: seen.draining,
            in_flight: seen.in_flight,
            lanes: seen.lanes,
            pending: seen.backlog.map(|backlog| backlog.pending),
            oldest_pending: seen.backlog.and_then(|backlog| backlog.oldest),
            stalled_after,
        }
    }
}
