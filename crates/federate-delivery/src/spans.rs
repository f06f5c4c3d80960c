//! What the log lines of an attempt and of an expansion stand in. No body, no key and no signature is in a span.

use crate::failure::Attempted;
use federate_protocol::delivery::Verdict;
use federate_store::{Delivery, Outgoing};
use tracing::{Span, field::Empty, info_span};

/// Bytes of a field: an id that a peer chose may have thousands.
const MAX_FIELD: usize = 256;

/// One attempt. `outcome` is `delivered`, `retry` or `dead`, once it is known.
pub(crate) fn attempt(delivery: &Delivery) -> Span {
    let host = delivery.lane();
    info_span!(
        "delivery_attempt",
        activity = short(delivery.activity.as_str()),
        host = short(&host),
        attempt = delivery.attempt.saturating_add(1),
        outcome = Empty
    )
}

/// Says in the span of this attempt how it ended.
pub(crate) fn ended(attempted: &Attempted) {
    Span::current().record(
        "outcome",
        match attempted.verdict {
            Verdict::Delivered => "delivered",
            Verdict::Retry { .. } => "retry",
            Verdict::Dead { .. } => "dead",
        },
    );
}

/// One expansion.
pub(crate) fn expansion(outgoing: &Outgoing) -> Span {
    info_span!(
        "delivery_expansion",
        activity = short(outgoing.id.as_str()),
        sender = short(&outgoing.sender),
        recipients = outgoing.audience.len()
    )
}

/// The beginning of a text, at a character's border.
fn short(text: &str) -> &str {
    let mut end = text.len().min(MAX_FIELD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_has_a_bound() {
        assert_eq!(short("https://a.example/1"), "https://a.example/1");
        assert_eq!(short(&"x".repeat(MAX_FIELD)).len(), MAX_FIELD);
        assert_eq!(short(&"x".repeat(MAX_FIELD + 1)).len(), MAX_FIELD);
        let odd = format!("x{}", "\u{e9}".repeat(MAX_FIELD));
        assert_eq!(short(&odd).len(), MAX_FIELD - 1, "no half letters");
    }
}
