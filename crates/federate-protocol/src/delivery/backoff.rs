//! When the next attempt is due, and when trying ends.

use super::Verdict;
use std::time::{Duration, SystemTime};

/// The first retry comes after this long, plus up to as much again by chance: a reboot on the other side costs
/// somebody half a minute, not ten.
pub const FIRST_RETRY: Duration = Duration::from_secs(15);

/// No wait between two attempts is longer than this (jitter included): a host that comes back after days hears
/// from us within this time.
pub const LONGEST_BACKOFF: Duration = Duration::from_secs(6 * 60 * 60);

/// A delivery is tried for at least this long after it was enqueued.
pub const HORIZON: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// And it was tried at least this often, or its host was: whoever switches a server on after a month away, or
/// whose clock jumps a year ahead, does not lose the queue at the first refused connection.
pub const MIN_TRIES: u32 = 12;

/// How long and how often to try. The default is the documented one; shorter horizons are for applications
/// whose messages go stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Schedule {
    /// See [`HORIZON`].
    pub horizon: Duration,
    /// See [`MIN_TRIES`].
    pub min_tries: u32,
    /// See [`FIRST_RETRY`].
    pub first_retry: Duration,
}

impl Schedule {
    /// Tries for `horizon`, and at least `min_tries` times.
    #[must_use]
    pub const fn new(horizon: Duration, min_tries: u32) -> Self {
        Self {
            horizon,
            min_tries,
            first_retry: FIRST_RETRY,
        }
    }

    /// The first retry comes after this long (plus up to as much again by chance), and the later ones follow from it.
    #[must_use]
    pub const fn first_retry(mut self, wait: Duration) -> Self {
        self.first_retry = wait;
        self
    }

    /// The wait after the `failures`th failed attempt: [`backoff`], begun at this schedule's first retry.
    #[must_use]
    pub fn backoff(&self, failures: u32, entropy: u64) -> Duration {
        backoff_from(self.first_retry, failures, entropy)
    }

    /// Whether a delivery that was enqueued at `first_enqueued` and tried `tries` times has had its time.
    #[must_use]
    pub fn is_over(&self, first_enqueued: SystemTime, tries: u32, now: SystemTime) -> bool {
        let age = now.duration_since(first_enqueued).unwrap_or(Duration::ZERO);
        age >= self.horizon && tries >= self.min_tries
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new(HORIZON, MIN_TRIES)
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It arrived.
    Delivered,
    /// It is due again at this time.
    Retry {
        /// Not before this.
        at: SystemTime,
        /// Why the attempt failed.
        reason: String,
    },
    /// It is not tried again by itself; an operator may.
    Dead {
        /// Why.
        reason: String,
    },
}

/// Decides what becomes of a delivery whose attempt ended in `verdict`.
///
/// `failures` counts the failed attempts, this one included; `tries` is how often the delivery *or its host* was
/// tried in vain (a failed probe stands for every delivery that waits behind it). A host's `Retry-After` is a
/// lower bound: the wait is the longer of it and the [`backoff`].
#[must_use]
pub fn next_attempt(
    verdict: &Verdict,
    schedule: &Schedule,
    first_enqueued: SystemTime,
    failures: u32,
    tries: u32,
    now: SystemTime,
    entropy: u64,
) -> Next {
    match verdict {
        Verdict::Delivered => Next::Delivered,
        Verdict::Dead { reason } => Next::Dead {
            reason: reason.clone(),
        },
        Verdict::Retry { reason, .. } if schedule.is_over(first_enqueued, tries.max(failures), now) => {
            Next::Dead {
                reason: format!("gave up after {failures} attempts: {reason}"),
            }
        }
        Verdict::Retry { after, reason, .. } => {
            let own = schedule.backoff(failures, entropy);
            // Everybody who was told "120" would come at the same second.
            let asked = after.map_or(Duration::ZERO, |after| {
                after + jitter(after / 8, entropy.rotate_left(32))
            });
            Next::Retry {
                at: now + own.max(asked),
                reason: reason.clone(),
            }
        }
    }
}

/// The wait after the `failures`th failed attempt (1 is the first), with jitter from `entropy` (any number that
/// differs from call to call).
///
/// `FIRST_RETRY · 2^(failures-1)`, plus a random part of up to the same again, at most [`LONGEST_BACKOFF`]. The
/// ranges of successive attempts touch and never overlap downwards. At the cap the random part is the upper half,
/// so that what failed together does not return together.
///
/// | failures | wait |
/// |---|---|
/// | 1 | 15 s to 30 s |
/// | 2 | 30 s to 1 min |
/// | 5 | 4 to 8 min |
/// | 8 | 32 to 64 min |
/// | 11 and more | 3 to 6 h |
#[must_use]
pub fn backoff(failures: u32, entropy: u64) -> Duration {
    backoff_from(FIRST_RETRY, failures, entropy)
}

fn backoff_from(first: Duration, failures: u32, entropy: u64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let base = first.saturating_mul(1 << doublings).min(LONGEST_BACKOFF / 2);
    base + jitter(base, entropy)
}

/// A duration in `0..=most`, spread evenly by `entropy`.
pub(super) fn jitter(most: Duration, entropy: u64) -> Duration {
    let millis = u64::try_from(most.as_millis()).unwrap_or(u64::MAX - 1);
    Duration::from_millis(entropy % (millis + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_schedule_may_begin_sooner() {
        let soon = Schedule::default().first_retry(Duration::from_secs(1));
        assert_eq!(soon.backoff(1, 0), Duration::from_secs(1));
        assert_eq!(soon.backoff(3, 0), Duration::from_secs(4));
        assert_eq!(soon.backoff(40, 0), LONGEST_BACKOFF / 2);
        assert_eq!(Schedule::default().backoff(2, 7), backoff(2, 7));
    }

    const START: SystemTime = SystemTime::UNIX_EPOCH;

    fn retry(after: Option<Duration>) -> Verdict {
        Verdict::Retry {
            after,
            reason: "503".into(),
            host_failed: true,
        }
    }

    /// Tries in vain until the end; the times of the attempts since the first.
    fn schedule(mut entropy: impl FnMut() -> u64) -> Vec<Duration> {
        let (mut now, mut failures, mut times) = (START, 0, vec![]);
        loop {
            failures += 1;
            times.push(now.duration_since(START).unwrap());
            match next_attempt(
                &retry(None),
                &Schedule::default(),
                START,
                failures,
                failures,
                now,
                entropy(),
            ) {
                Next::Retry { at, .. } => now = at,
                Next::Dead { .. } => return times,
                Next::Delivered => unreachable!(),
            }
        }
    }

    proptest! {
        #[test]
        fn p7_each_wait_is_within_its_bounds(failures in 0_u32..=u32::MAX, entropy: u64) {
            let wait = backoff(failures, entropy);
            let nominal = 15_u64.saturating_mul(1 << failures.saturating_sub(1).min(40));
            let floor = nominal.min(3 * 3600);
            prop_assert!(wait >= Duration::from_secs(floor) && wait <= Duration::from_secs(2 * floor));
            prop_assert!(wait <= LONGEST_BACKOFF);
        }

        #[test]
        fn p7_trying_lasts_seven_days_and_ends(seed: u64) {
            let mut state = seed;
            let times = schedule(|| { state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); state >> 16 });
            let last = *times.last().unwrap();
            prop_assert!(times[1] >= Duration::from_secs(15) && times[1] <= Duration::from_secs(30));
            prop_assert!(last >= HORIZON && last <= HORIZON + LONGEST_BACKOFF, "{last:?}");
            prop_assert!((30..=80).contains(&times.len()), "{}", times.len());
        }

        #[test]
        fn p6_a_wait_that_was_asked_for_is_kept(after in 0_u64..86_400, failures in 1_u32..40, entropy: u64) {
            let after = Duration::from_secs(after);
            let next = next_attempt(&retry(Some(after)), &Schedule::default(), START, failures, failures, START, entropy);
            let Next::Retry { at, .. } = next else { panic!("{next:?}") };
            prop_assert!(at >= START + after);
            prop_assert!(at >= START + backoff(failures, entropy));
            prop_assert!(at <= START + (after + after / 8).max(backoff(failures, entropy)));
        }
    }

    #[test]
    fn p16_a_year_ahead_does_not_empty_the_queue() {
        let year = START + Duration::from_secs(366 * 86_400);
        let next = next_attempt(&retry(None), &Schedule::default(), START, 1, 1, year, 7);
        assert!(matches!(next, Next::Retry { .. }), "{next:?}");
        let before = next_attempt(&retry(None), &Schedule::default(), year, 50, 50, START, 7);
        assert!(
            matches!(before, Next::Retry { .. }),
            "a clock that went back is no age: {before:?}"
        );
        let over = next_attempt(&retry(None), &Schedule::default(), START, 1, MIN_TRIES, year, 7);
        assert_eq!(
            over,
            Next::Dead {
                reason: "gave up after 1 attempts: 503".into()
            }
        );
    }
}
