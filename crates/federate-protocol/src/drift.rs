//! Whether our own clock is right, learnt from what other servers say that the time is.
//!
//! | limit | figure | why |
//! |---|---|---|
//! | [`LEAST`] domains | 20 | of which each says the time once: nobody has so many by chance, and who has them gains a line in a log |
//! | [`MOST`] domains | 128 | that are remembered, the last that said something |
//! | [`TOLERATED`] | 2 min | strict servers refuse signatures that are five minutes off |

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

/// Of how many domains the time has to be known.
pub const LEAST: usize = 20;

/// Of how many domains it is kept.
pub const MOST: usize = 128;

/// How far off a clock may be.
pub const TOLERATED: Duration = Duration::from_secs(120);

/// How far other clocks are ahead of ours, one for each domain that was heard of lately.
///
/// The median counts: that of one server, or of fewer than half of them, changes nothing, whatever it says and however often.
#[derive(Clone, Debug, Default)]
pub struct OtherClocks {
    /// Milliseconds that each is ahead, the one that spoke last at the end.
    ahead: VecDeque<(Box<str>, i64)>,
}

/// How far our clock is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drift {
    /// By how much.
    pub by: Duration,
    /// Whether ours is ahead of the others, or behind.
    pub ahead: bool,
    /// Of how many domains that is the median.
    pub domains: usize,
}

impl Drift {
    /// Whether it is more than other servers put up with.
    #[must_use]
    pub fn is_intolerable(&self) -> bool {
        self.by >= TOLERATED
    }
}

impl OtherClocks {
    /// A server of this registered domain said that it is `theirs`, when it was `ours` here.
    pub fn learn(&mut self, domain: &str, theirs: SystemTime, ours: SystemTime) {
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        let ahead = match theirs.duration_since(ours) {
            Ok(ahead) => millis(ahead),
            Err(behind) => -millis(behind.duration()),
        };
        self.ahead.retain(|(known, _)| **known != *domain);
        if self.ahead.len() >= MOST {
            self.ahead.pop_front();
        }
        self.ahead.push_back((domain.into(), ahead));
    }

    /// How far our clock is off; `None` while too few domains are known.
    #[must_use]
    pub fn drift(&self) -> Option<Drift> {
        if self.ahead.len() < LEAST {
            return None;
        }
        let mut sorted: Vec<i64> = self.ahead.iter().map(|(_, ahead)| *ahead).collect();
        sorted.sort_unstable();
        let median = *sorted.get(sorted.len() / 2)?;
        Some(Drift {
            by: Duration::from_millis(median.unsigned_abs()),
            ahead: median < 0,
            domains: sorted.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn heard(clocks: &mut OtherClocks, domains: std::ops::Range<usize>, theirs: u64) {
        for n in domains {
            clocks.learn(&format!("d{n}.example"), at(theirs), at(1_000));
        }
    }

    #[test]
    fn p16_as_many_domains_as_it_takes_say_that_ours_is_off() {
        let mut clocks = OtherClocks::default();
        heard(&mut clocks, 0..LEAST - 1, 900);
        assert_eq!(clocks.drift(), None);
        heard(&mut clocks, LEAST - 1..LEAST, 900);
        let drift = clocks.drift().unwrap();
        assert_eq!(
            (drift.by, drift.ahead, drift.domains),
            (Duration::from_secs(100), true, LEAST)
        );
        assert!(!drift.is_intolerable());
        heard(&mut clocks, 0..LEAST, 1_120);
        let drift = clocks.drift().unwrap();
        assert_eq!((drift.by, drift.ahead), (TOLERATED, false));
        assert!(drift.is_intolerable());
    }

    #[test]
    fn fewer_than_half_change_nothing_however_often_they_say_it() {
        let mut clocks = OtherClocks::default();
        for _ in 0..1_000 {
            clocks.learn("evil.example", at(0), at(1_000));
        }
        assert_eq!(clocks.drift(), None);
        heard(&mut clocks, 0..LEAST, 1_000);
        heard(&mut clocks, 100..100 + LEAST - 2, 1_000_000);
        for _ in 0..1_000 {
            clocks.learn("evil.example", at(1_000_000), at(1_000));
        }
        assert_eq!(clocks.drift().unwrap().by, Duration::ZERO);
    }

    #[test]
    fn r14_what_is_kept_is_bounded_and_the_last_that_spoke() {
        let mut clocks = OtherClocks::default();
        heard(&mut clocks, 0..MOST, 0);
        heard(&mut clocks, MOST..2 * MOST, 1_000);
        let drift = clocks.drift().unwrap();
        assert_eq!((drift.by, drift.domains), (Duration::ZERO, MOST));
    }

    #[test]
    fn times_that_are_none_are_no_danger() {
        let mut clocks = OtherClocks::default();
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 60);
        for n in 0..LEAST {
            clocks.learn(&format!("d{n}"), far, at(0));
        }
        assert!(clocks.drift().unwrap().by > TOLERATED);
    }
}
