//! Dates as the fediverse writes them.

use std::time::SystemTime;

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Reads a date: RFC 3339, and what servers make of it. Without a zone it is UTC; a blank may stand for the
/// `T`; digits beyond nanoseconds are cut.
pub(crate) fn parse(text: &str) -> Option<SystemTime> {
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.into());
    }
    let text = &shorten_fraction(text);
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.into());
    }
    let local = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let civil = local.parse::<DateTime>().ok()?;
    Some(TimeZone::UTC.to_timestamp(civil).ok()?.into())
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
