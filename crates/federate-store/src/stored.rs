//! Times and limits as the columns of a database hold them, for those who write a store: microseconds since 1970.

use std::time::{Duration, SystemTime};

/// A time in a column: above 0 and below the highest number, which a queue needs for "at once" and for "when another is
/// settled". What lies beyond is moved to the nearest.
#[must_use]
pub fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros())
        .unwrap_or(i64::MAX)
        .clamp(1, i64::MAX - 1)
}

/// A time out of a column; what is below 0 is 1970.
#[must_use]
pub fn time(micros: i64) -> SystemTime {
    let micros = u64::try_from(micros).unwrap_or(0);
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_micros(micros))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A limit of rows.
#[must_use]
pub fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

/// Whether two places are the same, as far as both are known: the parts of each, with dots between, and `-` for what could not be
/// told.
#[must_use]
pub fn same_place(one: &str, other: &str) -> bool {
    one.split('.')
        .zip(other.split('.'))
        .all(|(one, other)| one == other || one == "-" || other == "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_compared_as_far_as_they_are_known() {
        assert!(same_place("17.1700", "17.1700"));
        assert!(same_place("17.-", "17.1700") && same_place("17.1700", "-.1700"));
        assert!(!same_place("17.1700", "17.1701") && !same_place("18.-", "17.1700"));
    }

    #[test]
    fn every_time_has_a_place_between_the_two_that_mean_something_else() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX) * 1_000_000);
        assert_eq!(micros(SystemTime::UNIX_EPOCH), 1);
        assert_eq!(micros(SystemTime::UNIX_EPOCH - Duration::from_secs(9)), 1);
        assert!(micros(end) < i64::MAX);
        let furthest = SystemTime::UNIX_EPOCH + Duration::from_secs(i64::MAX as u64 / 2);
        assert_eq!(micros(furthest), i64::MAX - 1);
        let usual = SystemTime::UNIX_EPOCH + Duration::from_micros(1_790_000_000_123_456);
        assert_eq!(time(micros(usual)), usual);
        assert_eq!(time(-5), SystemTime::UNIX_EPOCH);
    }
}
