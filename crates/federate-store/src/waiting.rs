//! What waits, by destination and age.

use crate::LEASE;
use std::time::{Duration, SystemTime};

/// What waits for one host, by age: a column of what Postfix shows with `qshape`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// The host, as [`Delivery::lane`](crate::Delivery::lane) has it.
    pub host: String,
    /// How many deliveries wait, or are in an attempt.
    pub pending: u64,
    /// When the oldest of them was enqueued first.
    pub oldest: SystemTime,
    /// How many there are of each age: younger than the first of [`AGES`], than the second, and so on; the last are as old as the last of them,
    /// or older.
    pub by_age: [u64; AGES.len() + 1],
    /// Until when its breaker is open, where it is.
    pub closed_until: Option<SystemTime>,
    /// Whether somebody holds it back, by [`pause`](crate::DeliveryQueue::pause).
    pub paused: bool,
    /// The worker that has leased its lane, by the name that it gave; `None` where nobody has.
    pub worker: Option<String>,
    /// Until when that lease holds. In the past where the worker died and nobody has taken the lane since.
    pub leased_until: Option<SystemTime>,
    /// How many of [`pending`](Waiting::pending) a worker with a lease that holds may have in an attempt at this moment: those that are due
    /// in a leased lane. An upper bound: how many requests are really under way only that worker knows. 0 where no worker lives.
    pub in_flight: u64,
}

/// What waits for all hosts together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backlog {
    /// How many deliveries wait, or are in an attempt.
    pub pending: u64,
    /// How many of them may be in an attempt: see [`Waiting::in_flight`].
    pub in_flight: u64,
    /// For how many hosts something waits.
    pub hosts: u64,
    /// When the oldest of them was enqueued first; `None` where nothing waits.
    pub oldest: Option<SystemTime>,
    /// How many there are of each age: as [`Waiting::by_age`], over all hosts.
    pub by_age: [u64; AGES.len() + 1],
}

/// The borders of the ages: 5, 10, 20, 40, 80 minutes, and so on to a day and a half.
pub const AGES: [Duration; 9] = [
    Duration::from_secs(5 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(20 * 60),
    Duration::from_secs(40 * 60),
    Duration::from_secs(80 * 60),
    Duration::from_secs(160 * 60),
    Duration::from_secs(320 * 60),
    Duration::from_secs(640 * 60),
    Duration::from_secs(1_280 * 60),
];

impl Waiting {
    /// Of a host for which nothing waits yet.
    #[must_use]
    pub fn new(host: impl Into<String>, oldest: SystemTime) -> Self {
        Self {
            host: host.into(),
            pending: 0,
            oldest,
            by_age: [0; AGES.len() + 1],
            closed_until: None,
            paused: false,
            worker: None,
            leased_until: None,
            in_flight: 0,
        }
    }

    /// Whether a worker that lives has leased its lane.
    #[must_use]
    pub fn is_leased(&self, now: SystemTime) -> bool {
        // One that ends too late was made by a clock that was put back since: it counts as ended.
        self.leased_until
            .is_some_and(|until| until > now && until <= now + LEASE * 2)
    }

    /// Counts one more that was enqueued first at `enqueued`.
    pub fn count(&mut self, enqueued: SystemTime, now: SystemTime) {
        let age = now.duration_since(enqueued).unwrap_or_default();
        let place = AGES.iter().take_while(|border| age >= **border).count();
        if let Some(count) = self.by_age.get_mut(place) {
            *count += 1;
        }
        self.pending += 1;
        self.oldest = self.oldest.min(enqueued);
    }
}

impl Backlog {
    /// Adds what waits for one host more.
    pub fn add(&mut self, waiting: &Waiting) {
        self.pending += waiting.pending;
        self.in_flight += waiting.in_flight;
        self.hosts += 1;
        self.oldest = Some(
            self.oldest
                .map_or(waiting.oldest, |oldest| oldest.min(waiting.oldest)),
        );
        for (sum, one) in self.by_age.iter_mut().zip(waiting.by_age) {
            *sum += one;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_fall_between_their_borders() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000);
        let mut waiting = Waiting::new("a.example", now);
        for minutes in [0, 4, 5, 9, 10, 1_279, 1_280, 9_999] {
            waiting.count(now - Duration::from_secs(minutes * 60), now);
        }
        // A clock that was put back makes nothing old.
        waiting.count(now + Duration::from_secs(60), now);
        assert_eq!(waiting.by_age, [3, 2, 1, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(waiting.pending, 9);
        assert_eq!(waiting.oldest, now - Duration::from_secs(9_999 * 60));
    }
}
