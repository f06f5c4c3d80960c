//! Ids in the order of time: milliseconds since 1970 in the upper bits, a counter in the lower 16, as Mastodon's are.

use jiff::Timestamp;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

static COUNTER: AtomicU16 = AtomicU16::new(0);

/// An id for something that happens now.
pub(crate) fn next() -> i64 {
    at(Timestamp::now())
}

/// An id for something that happened at `when`, so that what is late takes its place in the time line.
pub(crate) fn at(when: Timestamp) -> i64 {
    // The counter starts at the process id: `account create` may run beside the server.
    let n = COUNTER
        .fetch_add(1, Relaxed)
        .wrapping_add((std::process::id() & 0xffff) as u16);
    let ms = when.as_millisecond().clamp(1, i64::MAX >> 16);
    (ms << 16) | i64::from(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_is_greater() {
        let now = Timestamp::now();
        let soon = now + std::time::Duration::from_millis(1);
        assert!(at(now) < at(soon));
    }

    #[test]
    fn two_in_one_millisecond_differ() {
        let now = Timestamp::now();
        assert_ne!(at(now), at(now));
    }
}
