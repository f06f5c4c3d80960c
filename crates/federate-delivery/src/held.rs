//! A lane that this engine has leased.

use federate_protocol::delivery::{LaneState, Ticket};
use federate_store::{Delivery, DeliveryId, Lane, Settled};
use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, SystemTime},
};

/// Outcomes that are written down in one transaction, at most.
pub(crate) const SETTLE_BATCH: usize = 64;

/// How long an outcome may wait for others to be written down with. A crash in this time sends them twice.
const SETTLE_WITHIN: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) lane: Lane,
    pub(crate) state: LaneState,
    /// Read from the store and not begun.
    pub(crate) buffer: VecDeque<Delivery>,
    /// All that was read from the store and is not settled there.
    pub(crate) in_hand: BTreeSet<DeliveryId>,
    /// Ended and not written down.
    pub(crate) outcomes: Vec<(DeliveryId, Settled)>,
    pub(crate) first_outcome: Option<SystemTime>,
    pub(crate) running: usize,
    /// The store had nothing more.
    pub(crate) exhausted: bool,
    /// Something of it is in an order: when it is settled, another may be due.
    pub(crate) ordered: bool,
}

/// An attempt that is under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) host: String,
    pub(crate) fence: u64,
    pub(crate) delivery: Delivery,
    pub(crate) ticket: Ticket,
    /// The host had answered when it began.
    pub(crate) proven: bool,
}

impl Held {
    pub(crate) fn new(lane: Lane, state: LaneState) -> Self {
        Self {
            lane,
            state,
            buffer: VecDeque::new(),
            in_hand: BTreeSet::new(),
            outcomes: Vec::new(),
            first_outcome: None,
            running: 0,
            exhausted: false,
            ordered: false,
        }
    }

    /// An attempt ended like this; it is in hand until the store knows.
    pub(crate) fn outcome(&mut self, id: DeliveryId, settled: Settled, now: SystemTime) {
        self.outcomes.push((id, settled));
        self.first_outcome.get_or_insert(now);
    }

    /// Whether the outcomes should be written down now.
    pub(crate) fn is_settling_due(&self, now: SystemTime) -> bool {
        let Some(first) = self.first_outcome else {
            return false;
        };
        self.running == 0
            || self.outcomes.len() >= SETTLE_BATCH
            // A clock that went back says nothing about how long it has been.
            || now.duration_since(first).map_or(true, |waited| waited >= SETTLE_WITHIN)
    }

    /// When they have to be written down.
    pub(crate) fn settle_by(&self) -> Option<SystemTime> {
        self.first_outcome.map(|first| first + SETTLE_WITHIN)
    }

    /// The store knows them.
    pub(crate) fn settled(&mut self) {
        for (id, _) in self.outcomes.drain(..) {
            self.in_hand.remove(&id);
        }
        self.first_outcome = None;
        if self.ordered {
            self.exhausted = false;
        }
    }

    /// Puts back what was read and not begun: it stays in the store.
    pub(crate) fn put_back(&mut self) {
        for delivery in self.buffer.drain(..) {
            self.in_hand.remove(&delivery.id);
        }
        self.exhausted = false;
    }

    /// Nothing is under way, and nothing can begin.
    pub(crate) fn is_done(&self, now: SystemTime) -> bool {
        self.running == 0 && ((self.buffer.is_empty() && self.exhausted) || self.state.permits(now) == 0)
    }
}
