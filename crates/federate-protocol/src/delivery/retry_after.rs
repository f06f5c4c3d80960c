//! `Retry-After` — <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>

use std::time::{Duration, SystemTime};

/// The longest wait that a peer can ask for: what is longer counts as this.
///
/// Without a bound one misconfigured proxy (`Retry-After: 999999999999`) would bury a whole queue.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads a `Retry-After` value, whole seconds or an HTTP date, as a wait from `now`.
///
/// A date that has passed and `0` mean "at once" (the caller's own back-off still applies); what is longer than
/// [`LONGEST_RETRY_AFTER`] is clamped to it. `None` for what is neither: negative, fractional, empty, garbage.
#[must_use]
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if value.is_empty() || value.len() > 128 {
        return None;
    }
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds is still a number: the longest wait there is.
        let wait = value.parse().map_or(LONGEST_RETRY_AFTER, Duration::from_secs);
        return Some(wait.min(LONGEST_RETRY_AFTER));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(
        date.duration_since(now)
            .unwrap_or(Duration::ZERO)
            .min(LONGEST_RETRY_AFTER),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn p6_retry_after_in_seconds_and_dates_clamped() {
        let now = NOW + Duration::from_secs(1_700_000_000);
        let date = |at: SystemTime| httpdate::fmt_http_date(at);
        let cases: Vec<(String, Option<u64>)> = vec![
            ("0".into(), Some(0)),
            ("120".into(), Some(120)),
            (" 120 ".into(), Some(120)),
            ("1000000000000".into(), Some(86_400)),
            ("99999999999999999999999999999999".into(), Some(86_400)),
            ("-1".into(), None),
            ("+5".into(), None),
            ("1.5".into(), None),
            ("".into(), None),
            ("soon".into(), None),
            ("1 minute".into(), None),
            ("9".repeat(129), None),
            (date(now + Duration::from_secs(90)), Some(90)),
            (date(now - Duration::from_secs(90)), Some(0)),
            (date(now + Duration::from_secs(400 * 86_400)), Some(86_400)),
            ("Sunday, 06-Nov-94 08:49:37 GMT".into(), Some(0)),
            ("Sun Nov  6 08:49:37 1994".into(), Some(0)),
            ("Wed, 99 Foo 2023 25:61:61 GMT".into(), None),
        ];
        for (value, expected) in cases {
            assert_eq!(
                retry_after(&value, now),
                expected.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn p6_any_text_is_none_or_within_bounds(value in ".{0,200}", seconds in 0_u64..u64::from(u32::MAX)) {
            let wait = retry_after(&value, NOW + Duration::from_secs(seconds));
            prop_assert!(wait.is_none_or(|wait| wait <= LONGEST_RETRY_AFTER));
        }
    }
}
