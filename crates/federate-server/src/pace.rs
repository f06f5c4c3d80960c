//! How slowly somebody may read what is written to them.

use std::time::{Duration, Instant};

/// How long whoever reads an answer may stand still: for adapters to web frameworks that set no deadline of their own on writing.
/// What is written lies in memory until it is read, and a peer that reads nothing would keep it there for ever.
///
/// | limit | | why |
/// |---|---|---|
/// | [`STANDSTILL`](Pace::STANDSTILL) | 60 s | that nothing at all is taken: what nginx gives. A film that is paused stands still too, and a browser asks for the rest of it by its range |
/// | [`SLOWEST`](Pace::SLOWEST) | 8 KiB/s | half of what a telephone has in the worst of nets; 16 MiB are read within 36 minutes |
///
/// Time counts only while there is something to write and nothing is taken. It is given back by what is taken, at the slowest rate:
/// who reads faster than that never runs out of it, and who takes a byte now and then does.
#[derive(Clone, Debug)]
pub struct Pace {
    left: Duration,
    since: Option<Instant>,
}

impl Pace {
    /// How long nothing at all may be taken.
    pub const STANDSTILL: Duration = Duration::from_secs(60);

    /// Bytes for which a second is given back.
    pub const SLOWEST: u32 = 8 * 1024;

    /// That of somebody who has not been waited for yet.
    pub fn new() -> Self {
        Pace {
            left: Pace::STANDSTILL,
            since: None,
        }
    }

    /// There is something to write, and nothing is taken. Until when that may last.
    pub fn waits(&mut self, now: Instant) -> Instant {
        let since = *self.since.get_or_insert(now);
        since.checked_add(self.left).unwrap_or(since)
    }

    /// So many bytes were taken.
    pub fn took(&mut self, bytes: usize, now: Instant) {
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now.saturating_duration_since(since));
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let earned = Duration::from_secs(bytes.into()) / Pace::SLOWEST;
        self.left = self.left.saturating_add(earned).min(Pace::STANDSTILL);
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant is only to be had from the clock"
    )]
    fn begin() -> Instant {
        Instant::now()
    }

    #[test]
    fn r22_standing_still_ends_and_what_is_taken_gives_time_back() {
        let (begin, mut pace) = (begin(), Pace::new());
        let at = |seconds| begin + Duration::from_secs(seconds);
        assert_eq!(pace.waits(begin), at(60));
        // Asked again, it has not begun anew.
        assert_eq!(pace.waits(at(40)), at(60));
        pace.took(8 * 1024, at(50));
        // Ten seconds were left, and one was earned. Time in which there is nothing to write does not count.
        assert_eq!(pace.waits(at(1_000)), at(1_011));
        pace.took(usize::MAX, at(1_011));
        assert_eq!(pace.waits(at(2_000)), at(2_060));
    }

    /// At the slowest rate it goes on for ever; a little below it does not.
    #[test]
    fn r22_a_byte_now_and_then_is_too_slow() {
        let reads = |each: usize| {
            let (mut now, mut pace) = (begin(), Pace::new());
            let turns = (0..100_000).take_while(|_| {
                let until = pace.waits(now);
                now += Duration::from_secs(1);
                pace.took(each, now);
                now <= until
            });
            turns.count()
        };
        assert_eq!(reads(8 * 1024), 100_000);
        assert_eq!(reads(1), 60);
        let below = reads(8 * 1024 - 16);
        assert!((30_000..40_000).contains(&below), "{below}");
    }
}
