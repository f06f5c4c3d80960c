//! Dates as the fediverse writes them.

use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// Reads a date: RFC 3339, and what servers make of it. Without a zone it is UTC; blanks may stand for the `T` and
/// before the zone; digits beyond nanoseconds are cut; `24:00` is the day after. RFC 2822 is read too
/// (`Tue, 14 Nov 2023 22:13:20 GMT`). The end of the year 9999 means "never", and is the last time there is.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    if let Some(seconds) = usual(text) {
        return SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    }
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.into());
    }
    let whole = shorten_fraction(&close_up(text));
    let (spelled, days) = match whole.split_once("T24:00") {
        Some((day, rest)) => (format!("{day}T00:00{rest}"), 1),
        None => (whole, 0),
    };
    let instant = match spelled.parse::<Timestamp>() {
        Ok(instant) => instant,
        Err(_) if spelled.starts_with("9999-12-31T") => Timestamp::MAX,
        Err(_) => {
            let local = spelled.strip_suffix(['Z', 'z']).unwrap_or(&spelled);
            match local.parse::<DateTime>() {
                Ok(civil) => TimeZone::UTC.to_timestamp(civil).ok()?,
                Err(_) => rfc2822::parse(text).ok()?.timestamp(),
            }
        }
    };
    Some(
        instant
            .checked_add(SignedDuration::from_hours(24 * days))
            .ok()?
            .into(),
    )
}

/// `2023-11-14 22:13:20 +0000` as `2023-11-14T22:13:20+0000`; `UTC` as `Z`. Dates with letters before are left alone.
fn close_up(text: &str) -> String {
    if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return text.to_owned();
    }
    let mut parts = text.split_ascii_whitespace();
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let is_time = part.starts_with(|c: char| c.is_ascii_digit()) && !out.contains('T');
        match part {
            "UTC" | "GMT" => out.push('Z'),
            part => {
                if is_time {
                    out.push('T');
                }
                out.push_str(part);
            }
        }
    }
    out
}

/// RFC 3339 in UTC, to the second (or finer where the time is).
pub(crate) fn format(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX).to_string()
}

/// The seconds since 1970 of `2026-10-01T12:00:00Z`, as most servers write it, of a time that nobody doubts: all else
/// (leap seconds, years before and long after) is left to the library for dates.
fn usual(text: &str) -> Option<u64> {
    let text: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', rest @ ..] = text else {
        return None;
    };
    let [h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = rest else {
        return None;
    };
    let two = |tens: &u8, ones: &u8| {
        let digit = |byte: &u8| Some(byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
        Some(u64::from(digit(tens)? * 10 + digit(ones)?))
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    let known = (1970..9999).contains(&year) && day >= 1 && hour < 24 && minute < 60 && second < 60;
    let (before, length) = *MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let leap = leap_days(year) - leap_days(year.saturating_sub(1));
    if !known || day > length + if month == 2 { leap } else { 0 } {
        return None;
    }
    let before = before + if month > 2 { leap } else { 0 };
    let days = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969) + before + day - 1;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// How many days stand before each month, and how many it has, where there is no 29th of February.
const MONTHS: [(u64, u64); 12] = [
    (0, 31),
    (31, 28),
    (59, 31),
    (90, 30),
    (120, 31),
    (151, 30),
    (181, 31),
    (212, 31),
    (243, 30),
    (273, 31),
    (304, 30),
    (334, 31),
];

/// How many years up to this one had a 29th of February.
const fn leap_days(year: u64) -> u64 {
    year / 4 - year / 100 + year / 400
}

fn shorten_fraction(text: &str) -> String {
    let Some((whole, rest)) = text.split_once('.') else {
        return text.to_owned();
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let fraction = rest.get(..digits.min(9)).unwrap_or_default();
    let zone = rest.get(digits..).unwrap_or_default();
    if fraction.is_empty() {
        format!("{whole}{zone}")
    } else {
        format!("{whole}.{fraction}{zone}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_the_library(text: &str) -> Option<SystemTime> {
        text.parse::<Timestamp>().ok().map(Into::into)
    }

    #[test]
    fn the_first_and_last_day_of_every_month_is_what_the_library_says() {
        for year in (1966..2110).chain([2399, 2400, 2401, 9998, 9999]) {
            for month in 0..=13 {
                for day in [0, 1, 27, 28, 29, 30, 31, 32] {
                    let text = format!("{year:04}-{month:02}-{day:02}T23:59:58Z");
                    if text.starts_with("9999-12-31") {
                        continue; // "Never", of which the library knows nothing.
                    }
                    assert_eq!(parse(&text), by_the_library(&text), "{text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_usual_date_is_what_the_library_says(
            text in "(19[67]|20[0-9]|99[89])[0-9]-[01][0-9]-[0-3][0-9][T ][012][0-9]:[0-6][0-9]:[0-6][0-9]Z",
        ) {
            // "Never", of which the library knows nothing.
            prop_assume!(!text.starts_with("9999-12-31"));
            if let Some(seconds) = usual(&text) {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                prop_assert_eq!(Some(time), by_the_library(&text));
            }
            if text.contains('T') {
                prop_assert_eq!(parse(&text), by_the_library(&text));
            }
        }

        #[test]
        fn what_only_looks_like_a_date_is_none(text in "2026-10-01T12:00:00Z", at in 0..20_usize, byte in 0_u8..128) {
            let mut bytes = text.into_bytes();
            bytes[at] = byte;
            let text = String::from_utf8(bytes).unwrap();
            if let Some(seconds) = usual(&text) {
                let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                prop_assert_eq!(Some(time), by_the_library(&text));
            }
        }
    }
}
