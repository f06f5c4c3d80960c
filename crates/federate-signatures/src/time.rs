//! Times as text: [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339), no more of it than proofs need.

use std::time::{Duration, SystemTime};

/// `2023-02-24T23:36:38Z`; an offset and a fraction of a second are read too. Not before 1970.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        let all = digits.bytes().all(|digit| digit.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|_| all)
    };
    let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
    if !(is(4, b"-") && is(7, b"-") && is(10, b"Tt") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 60 || day == 0 || day > days_of(year, month)? {
        return None;
    }
    let mut zone = text.get(19..)?;
    let mut nanoseconds = 0_u32;
    if let Some(fraction) = zone.strip_prefix('.') {
        let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let digits = fraction.get(..count)?;
        if count == 0 {
            return None;
        }
        nanoseconds = format!("{digits:0<9}").get(..9)?.parse().ok()?;
        zone = fraction.get(count..)?;
    }
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h, i, b':', m, n] if [h, i, m, n].iter().all(|d| d.is_ascii_digit()) => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours
                .saturating_mul(3600)
                .saturating_add(minutes.saturating_mul(60));
            if *sign == b'+' {
                seconds
            } else {
                seconds.saturating_neg()
            }
        }
        _ => return None,
    };
    // Years have four digits: nothing here comes near a limit.
    let seconds = days_before(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    SystemTime::UNIX_EPOCH.checked_add(Duration::new(u64::try_from(seconds).ok()?, nanoseconds))
}

/// As in `Date`, within the same years as [`format_rfc3339`]: `httpdate` panics outside of them.
pub(crate) fn format_http_date(time: SystemTime) -> String {
    let within = Duration::from_secs(within_years(time).unsigned_abs());
    httpdate::fmt_http_date(
        SystemTime::UNIX_EPOCH
            .checked_add(within)
            .unwrap_or(SystemTime::UNIX_EPOCH),
    )
}

/// Seconds since 1970: none for anything earlier, and the last second of year 9999 for anything later.
fn within_years(time: SystemTime) -> i64 {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    i64::try_from(seconds).unwrap_or(LAST).min(LAST)
}

/// Whole seconds in UTC; the last second of year 9999 for anything later.
pub(crate) fn format_rfc3339(time: SystemTime) -> String {
    let seconds = within_years(time);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    // The usual shift of the year to March, so that the odd day comes last.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era * 400 + year + carry;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn days_of(year: i64, month: i64) -> Option<i64> {
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => return None,
    })
}

/// Days from 1970 to this one.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::{format_rfc3339, parse_rfc3339};
    use std::time::{Duration, SystemTime};

    #[test]
    fn there_and_back() {
        for seconds in (0..4_200_000_000_u64)
            .step_by(40_000_003)
            .chain([951_782_400, 4_107_542_399])
        {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(parse_rfc3339(&format_rfc3339(time)), Some(time), "{seconds}");
        }
        let known = SystemTime::UNIX_EPOCH + Duration::from_secs(1_677_281_798);
        assert_eq!(format_rfc3339(known), "2023-02-24T23:36:38Z");
        assert_eq!(parse_rfc3339("2023-02-25T01:06:38.000+01:30"), Some(known));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "2023",
            "2023-02-24",
            "2023-02-24T23:36:38",
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-02-24T24:00:00Z",
            "2023-02-24T23:36:38.Z",
            "2023-02-24T23:36:38+1:30",
            "2023-02-24T23:36:38ZZ",
            "+023-02-24T23:36:38Z",
            "2023-02-24 23:36:38Z",
            "1969-12-31T23:59:59Z",
            "2023-02-24T23:36:38+99:00",
            "2023-02-24T23:36:38é",
            "２０２３-02-24T23:36:38Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
