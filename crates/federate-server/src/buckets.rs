//! Token buckets by name, within a bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How much of something may happen: so many at once, and then one in each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub(crate) burst: u32,
    pub(crate) interval: Duration,
}

impl Rate {
    /// At most `burst` at once, and as many again in each `period`.
    #[must_use]
    pub fn new(burst: u32, period: Duration) -> Self {
        let burst = burst.max(1);
        Rate {
            burst,
            interval: period / burst,
        }
    }

    /// So many times as much.
    pub(crate) fn times(self, factor: u32) -> Self {
        Rate {
            burst: self.burst.saturating_mul(factor),
            interval: self.interval / factor.max(1),
        }
    }

    /// How far ahead of the clock a bucket may be that has just been emptied.
    fn ahead(self) -> Duration {
        self.interval.saturating_mul(self.burst)
    }
}

/// A bucket for each name. One that is full again takes no place.
///
/// Of more names than may be kept those are forgotten that nothing was taken from for longest: their buckets are then full, so that a flood of
/// names widens what each may, and never what is kept.
#[derive(Debug)]
pub(crate) struct Buckets {
    rate: Rate,
    most: usize,
    table: Mutex<Table>,
}

/// When each bucket will be full again. What was used since the last turn of the tables is in the first one.
#[derive(Debug, Default)]
struct Table {
    young: HashMap<Box<str>, SystemTime>,
    old: HashMap<Box<str>, SystemTime>,
}

impl Buckets {
    /// Of at most `most` names.
    pub(crate) fn new(rate: Rate, most: usize) -> Self {
        Buckets {
            rate,
            most: most.max(2),
            table: Mutex::default(),
        }
    }

    /// Takes one; where there is none, says how long it will be until there is.
    pub(crate) fn take(&self, name: &str, now: SystemTime) -> Result<(), Duration> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let full_at = table.young.get(name).or_else(|| table.old.get(name)).copied();
        // Further ahead than can be: the clock went back, and nothing is known.
        let latest = now + self.rate.ahead();
        let full_at = full_at.filter(|at| *at <= latest).map_or(now, |at| at.max(now));
        let after = full_at + self.rate.interval;
        if let Ok(wait) = after.duration_since(latest)
            && !wait.is_zero()
        {
            return Err(wait);
        }
        if table.young.len() >= self.most / 2 && !table.young.contains_key(name) {
            table.old = std::mem::take(&mut table.young);
        }
        table.old.remove(name);
        table.young.insert(name.into(), after);
        Ok(())
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        let table = self.table.lock().unwrap();
        table.young.len() + table.old.len()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{Buckets, Rate};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn so_many_at_once_and_then_one_in_each_interval() {
        let buckets = Buckets::new(Rate::new(3, Duration::from_secs(30)), 100);
        for _ in 0..3 {
            assert_eq!(buckets.take("a", at(0)), Ok(()));
        }
        assert_eq!(buckets.take("a", at(0)), Err(Duration::from_secs(10)));
        assert_eq!(buckets.take("a", at(9)), Err(Duration::from_secs(1)));
        // A refusal costs nothing.
        assert_eq!(buckets.take("a", at(10)), Ok(()));
        assert_eq!(buckets.take("a", at(10)), Err(Duration::from_secs(10)));
        assert_eq!(buckets.take("b", at(10)), Ok(()));
        for _ in 0..3 {
            assert_eq!(buckets.take("a", at(1_000)), Ok(()));
        }
        assert!(buckets.take("a", at(1_000)).is_err());
    }

    #[test]
    fn r14_names_are_so_many_and_the_busy_stay() {
        let buckets = Buckets::new(Rate::new(1, Duration::from_secs(1_000_000)), 1_000);
        assert_eq!(buckets.take("busy", at(0)), Ok(()));
        for n in 0..100_000 {
            assert_eq!(buckets.take(&format!("host{n}"), at(n / 100)), Ok(()));
            assert!(buckets.len() <= 1_000);
        }
        assert!(buckets.take("host99999", at(1_000)).is_err());
    }

    #[test]
    fn p16_a_clock_that_went_back_locks_nobody_out() {
        let buckets = Buckets::new(Rate::new(1, Duration::from_secs(60)), 10);
        assert_eq!(buckets.take("a", at(31_536_000)), Ok(()));
        assert_eq!(buckets.take("a", at(0)), Ok(()));
        assert!(buckets.take("a", at(1)).is_err());
    }
}
