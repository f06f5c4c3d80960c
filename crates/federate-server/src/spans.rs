//! What the log lines of a handled activity stand in. Nothing of its content is in the span.

use federate_protocol::activitystreams::Activity;
use federate_protocol::{Authenticated, Forwarded};
use federate_store::Pending;
use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::metered::Run;

/// Bytes of a field: an id that a peer chose may have thousands.
const MAX_FIELD: usize = 256;

/// One run of one received activity. `outcome` is `handled`, `failed` or `dead`, once it is known.
pub(crate) fn handled(one: &Pending, activity: &Authenticated<Activity>) -> Span {
    info_span!(
        "inbox_activity",
        activity = short(activity.id().as_str()),
        actor = short(activity.by().as_str()),
        r#type = short(activity.type_name()),
        run = one.attempt.saturating_add(1),
        outcome = Empty
    )
}

/// One look at the place of an activity that somebody else passed on.
pub(crate) fn forwarded(one: &Pending, forwarded: &Forwarded) -> Span {
    info_span!(
        "inbox_forwarded",
        activity = short(forwarded.id().as_str()),
        actor = short(forwarded.actor().as_str()),
        forwarder = short(forwarded.forwarder().as_str()),
        run = one.attempt.saturating_add(1),
        outcome = Empty
    )
}

/// Says in the span of this run how it ended.
pub(crate) fn ended(run: Run) {
    Span::current().record("outcome", run.label());
}

/// The beginning of a text, at a character's border.
fn short(text: &str) -> &str {
    let mut end = text.len().min(MAX_FIELD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
