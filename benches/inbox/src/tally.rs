//! What a server has handled, by the numbers of the activities.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::senders;

/// Numbers that one server process may meet.
pub const MOST: u64 = 1 << 22;
/// How long nothing may come before it is said what is missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// Counts what is handled, and what is handled again.
#[derive(Debug)]
pub struct Tally {
    seen: Vec<AtomicU64>,
    handled: AtomicU64,
    twice: AtomicU64,
    target: AtomicU64,
    reached: Notify,
}

/// What a server says of itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Different activities that were handled.
    pub handled: u64,
    /// How often one was handled again.
    pub twice: u64,
    /// Documents that it asked others for, since all are known whom it has to know.
    pub asked: u64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            seen: (0..MOST / 64).map(|_| AtomicU64::new(0)).collect(),
            handled: AtomicU64::new(0),
            twice: AtomicU64::new(0),
            target: AtomicU64::new(u64::MAX),
            reached: Notify::new(),
        }
    }
}

impl Tally {
    /// The activity with this id is handled.
    pub fn note(&self, id: &str) {
        let number = senders::number_of(id).filter(|number| *number < MOST).unwrap();
        let bit = 1 << (number % 64);
        let word = &self.seen[usize::try_from(number / 64).unwrap()];
        if word.fetch_or(bit, Ordering::SeqCst) & bit != 0 {
            self.twice.fetch_add(1, Ordering::SeqCst);
            return;
        }
        let handled = self.handled.fetch_add(1, Ordering::SeqCst) + 1;
        if handled >= self.target.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }

    /// Waits until so many are handled, or nothing has come for a while.
    pub async fn wait(&self, target: u64) {
        self.target.store(target, Ordering::SeqCst);
        let mut before = u64::MAX;
        loop {
            let handled = self.handled.load(Ordering::SeqCst);
            if handled >= target || handled == before {
                return;
            }
            before = handled;
            let _ = tokio::time::timeout(PATIENCE, self.reached.notified()).await;
        }
    }

    pub fn report(&self, asked: u64) -> Report {
        Report {
            handled: self.handled.load(Ordering::SeqCst),
            twice: self.twice.load(Ordering::SeqCst),
            asked,
        }
    }
}
