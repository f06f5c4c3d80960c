//! What an operator finds about one delivery, and pages of dead letters.

use crate::{DeadLetter, Delivery, stored};
use std::time::SystemTime;

/// What is known of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inspection {
    /// It waits, or is in an attempt.
    Pending(PendingDelivery),
    /// It was given up on.
    Dead(DeadLetter),
    /// It has ended: a peer took it, or it was superseded or called off. Which of them is counted, and not kept for each.
    Settled,
    /// It was never enqueued, or it ended so long ago that it was [pruned](crate::DeliveryQueue::prune).
    Unknown,
}

/// A delivery that waits, with what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingDelivery {
    /// The delivery, with the attempts that failed.
    pub delivery: Delivery,
    /// When its next attempt is due; `None`: at once, or when what it must not overtake is settled.
    pub not_before: Option<SystemTime>,
    /// Whether it waits for an earlier delivery of its [order](Delivery::order).
    pub behind: bool,
    /// Why its last attempt failed; `None` where it was never attempted.
    pub reason: Option<String>,
    /// Until when the breaker of its host is open, where it is.
    pub closed_until: Option<SystemTime>,
    /// Whether somebody holds its host back.
    pub paused: bool,
    /// Until when a worker has leased its lane, where one has.
    pub leased_until: Option<SystemTime>,
}

impl PendingDelivery {
    /// A delivery that waits for nothing but its turn.
    #[must_use]
    pub fn new(delivery: Delivery) -> Self {
        Self {
            delivery,
            not_before: None,
            behind: false,
            reason: None,
            closed_until: None,
            paused: false,
            leased_until: None,
        }
    }
}

/// Some dead letters, those that died first first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeadPage {
    /// The letters.
    pub letters: Vec<DeadLetter>,
    /// The cursor of the next page; `None` where there is none.
    pub next: Option<String>,
}

impl DeadPage {
    /// Out of all letters, in order, the page after a cursor: for a store that has nothing better. Letters that died in the same
    /// microsecond may stand on two pages; none is left out.
    pub(crate) fn of(
        all: Vec<DeadLetter>,
        host: Option<&str>,
        after: Option<(i64, &str)>,
        max: usize,
    ) -> Self {
        let is_here = |letter: &DeadLetter| host.is_none_or(|host| letter.delivery.lane() == host);
        let mut letters: Vec<_> = all.into_iter().filter(is_here).collect();
        if let Some((died, id)) = after {
            letters.retain(|letter| stored::micros(letter.died) >= died);
            let same = letters
                .iter()
                .position(|letter| letter.delivery.id.as_str() == id);
            letters.drain(..same.map_or(0, |place| place + 1));
        }
        let is_last = letters.len() <= max;
        letters.truncate(max);
        let next = letters
            .last()
            .filter(|_| !is_last)
            .map(|last| format!("{} {}", stored::micros(last.died), last.delivery.id));
        Self { letters, next }
    }
}
