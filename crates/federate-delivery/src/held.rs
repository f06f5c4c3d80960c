//! A lane that this engine has leased.

use federate_protocol::delivery::{LaneState, Standing, Ticket};
use federate_store::{Delivery, DeliveryId, Lane, Settled};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
    time::SystemTime,
};

/// A host, as [`Delivery::lane`] has it. Cheap to copy.
pub(crate) type Host = Arc<str>;

#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) lane: Lane,
    pub(crate) state: LaneState,
    /// Read from the store and not begun.
    pub(crate) buffer: VecDeque<Arc<Delivery>>,
    /// All that was read from the store and is not settled there.
    pub(crate) in_hand: BTreeSet<DeliveryId>,
    /// Ended and not written down.
    pub(crate) outcomes: Vec<(DeliveryId, Settled)>,
    pub(crate) running: usize,
    /// Where it stands among those that have a turn, if it does.
    pub(crate) turn: Option<Standing>,
    /// The store had nothing more.
    pub(crate) exhausted: bool,
    /// Something of it is in an order: when it is settled, another may be due.
    pub(crate) ordered: bool,
}

/// An attempt that is under way.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) host: Host,
    pub(crate) fence: u64,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) ticket: Ticket,
    /// What was known of the host when it began.
    pub(crate) standing: Standing,
    /// When it began.
    pub(crate) begun: SystemTime,
}

impl Held {
    pub(crate) fn new(lane: Lane, state: LaneState) -> Self {
        Self {
            lane,
            state,
            buffer: VecDeque::new(),
            in_hand: BTreeSet::new(),
            outcomes: Vec::new(),
            running: 0,
            turn: None,
            exhausted: false,
            ordered: false,
        }
    }

    /// The store knows them.
    pub(crate) fn settled(&mut self) {
        for (id, _) in self.outcomes.drain(..) {
            self.in_hand.remove(&id);
        }
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

    /// Nothing is under way or to be written down, and nothing can begin.
    pub(crate) fn is_done(&self, now: SystemTime) -> bool {
        self.running == 0
            && self.outcomes.is_empty()
            && ((self.buffer.is_empty() && self.exhausted) || self.state.permits(now) == 0)
    }
}
