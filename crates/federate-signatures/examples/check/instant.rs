//! Times of the command line.

use super::Failed;
use jiff::{SignedDuration, civil};
use std::time::{Duration, SystemTime};

/// A time as [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) has it, and nothing that is merely like it.
pub(super) fn time(text: &str) -> Result<SystemTime, Failed> {
    let since = since_1970(text).ok_or_else(|| format!("{text}: not a time as in RFC 3339"))?;
    let since = u64::try_from(since.as_secs())
        .ok()
        .filter(|seconds| *seconds <= LAST)
        .map(|seconds| Duration::new(seconds, since.subsec_nanos().unsigned_abs()));
    since
        .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since))
        .ok_or_else(|| format!("{text}: outside of the years 1970 to 9999").into())
}

fn since_1970(text: &str) -> Option<SignedDuration> {
    let (local, rest) = text.split_at_checked(19)?;
    let shape = local
        .bytes()
        .zip(b"0000-00-00T00:00:00")
        .all(|(byte, wanted)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'T' => byte.eq_ignore_ascii_case(&b'T'),
            wanted => byte == *wanted,
        });
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(after) => {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            after
                .split_at_checked(digits)
                .filter(|_| (1..=9).contains(&digits))?
        }
        None => ("0", rest),
    };
    let nanoseconds: i64 = format!("{fraction:0<9}").parse().ok()?;
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), digits @ ..] => {
            let [h, i, b':', m, n] = digits else { return None };
            let digit = |byte: &u8| char::from(*byte).to_digit(10).map(i64::from);
            let (hours, minutes) = (digit(h)? * 10 + digit(i)?, digit(m)? * 10 + digit(n)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3600 + minutes * 60;
            if *sign == b'+' { seconds } else { -seconds }
        }
        _ => return None,
    };
    let local: civil::DateTime = shape.then(|| local.parse().ok())??;
    let seconds = local.duration_since(civil::date(1970, 1, 1).at(0, 0, 0, 0));
    seconds
        .checked_sub(SignedDuration::from_secs(offset))?
        .checked_add(SignedDuration::from_nanos(nanoseconds))
}

/// 9999-12-31T23:59:59Z.
const LAST: u64 = 253_402_300_799;
