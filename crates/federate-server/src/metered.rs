//! What the inbox counts, under which names, through the `metrics` facade: the one place where they stand.
//!
//! No label holds a host, an activity or an actor: each is one of a few words. [`Engine`](crate::Engine) has the table of them.

use std::time::{Duration, SystemTime};

use federate_protocol::Evidence;
use federate_protocol::drift::Drift;
use federate_store::{InboxBacklog, StoreErrorKind};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

const RECEIVED: &str = "federate_inbox_received_total";
const ACCEPTED: &str = "federate_inbox_accepted_total";
const HANDLED: &str = "federate_inbox_handled_total";
const HANDLE_SECONDS: &str = "federate_inbox_handle_seconds";
const STORE_ERRORS: &str = "federate_inbox_store_errors_total";
const PENDING: &str = "federate_inbox_pending";
const DEAD: &str = "federate_inbox_dead";
const CLOCK_DRIFT: &str = "federate_clock_drift_seconds";
const OLDEST_SECONDS: &str = "federate_inbox_oldest_pending_seconds";

/// Tells the recorder what each metric of the inbox and of the delivery engine is, with its unit. [`Builder::build`](crate::Builder::build) does
/// it; call it again where the recorder of the process is installed after that.
pub fn describe_metrics() {
    federate_delivery::describe_metrics();
    describe_counter!(
        RECEIVED,
        Unit::Count,
        "requests to an inbox, by what they were answered with"
    );
    describe_counter!(
        ACCEPTED,
        Unit::Count,
        "activities that were taken in, by what proves their sender"
    );
    describe_counter!(
        HANDLED,
        Unit::Count,
        "runs of a received activity that ended, by outcome"
    );
    describe_histogram!(
        HANDLE_SECONDS,
        Unit::Seconds,
        "time that such a run took, by outcome"
    );
    describe_counter!(
        STORE_ERRORS,
        Unit::Count,
        "calls that the store refused to the inbox, by kind"
    );
    describe_gauge!(PENDING, Unit::Count, "received activities that wait in the store");
    describe_gauge!(
        DEAD,
        Unit::Count,
        "received activities in the store that were given up on"
    );
    describe_gauge!(
        CLOCK_DRIFT,
        Unit::Seconds,
        "how far the clock is ahead of those of other servers, or behind"
    );
    describe_gauge!(
        OLDEST_SECONDS,
        Unit::Seconds,
        "age of the oldest received activity that waits"
    );
}

/// What a request to an inbox was answered with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    /// New, and stored.
    Accepted,
    /// Known already.
    Duplicate,
    /// Taken, and of no interest.
    Ignored,
    /// Its sender is not proven, or may not.
    Refused,
    /// Its sender has sent too much, and was told when to come again.
    Limited,
    /// There is no such account here.
    Absent,
    /// We could not store it, or not find out: to be sent again.
    Unavailable,
}

impl Answer {
    fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::Limited => "limited",
            Self::Absent => "absent",
            Self::Unavailable => "unavailable",
        }
    }
}

/// How far the clock is off: more than nothing where it is ahead.
pub(crate) fn clock_drift(drift: Drift) {
    let seconds = drift.by.as_secs_f64();
    gauge!(CLOCK_DRIFT).set(if drift.ahead { seconds } else { -seconds });
}

pub(crate) fn received(answer: Answer) {
    counter!(RECEIVED, "outcome" => answer.label()).increment(1);
}

pub(crate) fn accepted(evidence: &Evidence) {
    let evidence = match evidence {
        Evidence::RequestSignature { .. } => "request_signature",
        Evidence::Gone { .. } => "gone",
        Evidence::ObjectProof { .. } => "object_proof",
        Evidence::LinkedDataSignature { .. } => "linked_data_signature",
        Evidence::Refetched { .. } => "refetched",
        // Evidence that is not known here yet.
        _ => "other",
    };
    counter!(ACCEPTED, "evidence" => evidence).increment(1);
}

/// How a run of a received activity ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    /// Handled, or nobody wanted it.
    Handled,
    /// It will be tried again.
    Failed,
    /// It was given up on.
    Dead,
}

impl Run {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

pub(crate) fn handled(run: Run, took: Duration) {
    counter!(HANDLED, "outcome" => run.label()).increment(1);
    histogram!(HANDLE_SECONDS, "outcome" => run.label()).record(took.as_secs_f64());
}

pub(crate) fn store_error(kind: StoreErrorKind) {
    let kind = match kind {
        StoreErrorKind::Busy => "busy",
        StoreErrorKind::Full => "full",
        StoreErrorKind::Fenced => "fenced",
        // A kind that is not known here yet is nothing that passes by itself.
        _ => "broken",
    };
    counter!(STORE_ERRORS, "kind" => kind).increment(1);
}

pub(crate) fn backlog(backlog: &InboxBacklog, now: SystemTime) {
    gauge!(PENDING).set(float(backlog.pending));
    gauge!(DEAD).set(float(backlog.dead));
    let age = backlog
        .oldest
        .map(|oldest| now.duration_since(oldest).unwrap_or_default());
    gauge!(OLDEST_SECONDS).set(age.unwrap_or_default().as_secs_f64());
}

#[expect(clippy::cast_precision_loss, reason = "a figure on a chart")]
fn float(count: u64) -> f64 {
    count as f64
}
