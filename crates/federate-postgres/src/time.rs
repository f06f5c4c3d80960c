//! Times as the tables hold them: microseconds since 1970, never below 1 and never the highest number.

use std::time::{Duration, SystemTime};

/// A time in a table. Zero is left for "at once", what is below for turns, and the highest number for "when another is settled".
pub(crate) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros())
        .unwrap_or(i64::MAX)
        .clamp(1, i64::MAX - 1)
}

/// A time out of a table.
pub(crate) fn time(micros: i64) -> SystemTime {
    let micros = u64::try_from(micros).unwrap_or(0);
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_micros(micros))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A limit as PostgreSQL takes it.
pub(crate) fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}
