//! Dates as the fediverse writes them.

use std::time::SystemTime;

use jiff::{SignedDuration, Timestamp, civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// Reads a date: RFC 3339, and what servers make of it. Without a zone it is UTC; blanks may stand for the `T` and
/// before the zone; digits beyond nanoseconds are cut; `24:00` is the day after. RFC 2822 is read too
/// (`Tue, 14 Nov 2023 22:13:20 GMT`). The end of the year 9999 means "never", and is the last time there is.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
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
