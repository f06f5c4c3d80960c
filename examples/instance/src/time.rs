//! Instants as the API and the database write them: RFC 3339, UTC, milliseconds.

use jiff::Timestamp;

/// Now, as text.
pub(crate) fn now() -> String {
    text(Timestamp::now())
}

/// `2026-01-31T08:15:30.123Z`.
pub(crate) fn text(when: Timestamp) -> String {
    when.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The same instant in whole seconds, as the readers of other programs take it that read no fractions.
pub(crate) fn whole_seconds(instant: &str) -> String {
    match instant.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => instant.to_owned(),
    }
}

/// The day of an instant, as Mastodon writes the birth of an account.
pub(crate) fn midnight(instant: &str) -> String {
    let day: String = instant.chars().take(10).collect();
    format!("{day}T00:00:00.000Z")
}
