//! Counters.

use std::ops::AddAssign;

/// What was done: in one step, or since the engine was built. Counts what this engine did, not what the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Activities that were expanded whole.
    pub expanded: u64,
    /// Deliveries that expansions handed to the queue (those known already included).
    pub enqueued: u64,
    /// Attempts that ended.
    pub attempts: u64,
    /// Attempts after which the peer has it.
    pub delivered: u64,
    /// Attempts that will be repeated.
    pub retried: u64,
    /// Deliveries that became dead letters.
    pub dead: u64,
    /// Attempts given up without an outcome: at shutdown, after a lost lease, where the store did not answer.
    pub abandoned: u64,
    /// Calls that the store refused. They are repeated.
    pub store_errors: u64,
}

impl Progress {
    /// Nothing was done: nothing was due.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.expanded == 0 && self.attempts == 0 && self.dead == 0
    }
}

impl AddAssign for Progress {
    fn add_assign(&mut self, other: Self) {
        self.expanded += other.expanded;
        self.enqueued += other.enqueued;
        self.attempts += other.attempts;
        self.delivered += other.delivered;
        self.retried += other.retried;
        self.dead += other.dead;
        self.abandoned += other.abandoned;
        self.store_errors += other.store_errors;
    }
}
