//! What the engine counts, under which names, through the `metrics` facade: the one place where they stand.
//!
//! No label holds a host, an activity or an actor: each is one of a few words, so that the number of series has a bound whatever
//! peers do. [`Engine`](crate::Engine) has the table of them.

use crate::failure::FailureKind;
use federate_store::{AGES, Backlog, StoreErrorKind};
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use std::time::{Duration, SystemTime};

const ENQUEUED: &str = "federate_delivery_enqueued_total";
const EXPANSIONS: &str = "federate_delivery_expansions_total";
const ATTEMPTS: &str = "federate_delivery_attempts_total";
const ATTEMPT_SECONDS: &str = "federate_delivery_attempt_seconds";
const LATENCY_SECONDS: &str = "federate_delivery_latency_seconds";
const FAILURES: &str = "federate_delivery_failures_total";
const DEAD: &str = "federate_delivery_dead_total";
const HELD: &str = "federate_delivery_held";
const IN_FLIGHT: &str = "federate_delivery_in_flight";
const LANES: &str = "federate_delivery_lanes";
const OPENED: &str = "federate_delivery_breakers_opened_total";
const CLOSED: &str = "federate_delivery_breakers_closed_total";
const OPEN: &str = "federate_delivery_breakers_open";
const STORE_ERRORS: &str = "federate_delivery_store_errors_total";
const PENDING: &str = "federate_delivery_pending";
const PENDING_HOSTS: &str = "federate_delivery_pending_hosts";
const OLDEST_SECONDS: &str = "federate_delivery_oldest_pending_seconds";

/// What the ages of [`AGES`] are called, in minutes.
const AGE_LABELS: [&str; AGES.len() + 1] = [
    "under_5m",
    "under_10m",
    "under_20m",
    "under_40m",
    "under_80m",
    "under_160m",
    "under_320m",
    "under_640m",
    "under_1280m",
    "older",
];

/// Tells the recorder what each metric of the delivery engine is, with its unit. An engine does it when it is built; call it again where the
/// recorder of the process is installed after that.
pub fn describe_metrics() {
    describe_counter!(
        ENQUEUED,
        Unit::Count,
        "deliveries that expansions handed to the queue"
    );
    describe_counter!(
        EXPANSIONS,
        Unit::Count,
        "activities that were expanded into deliveries, by outcome"
    );
    describe_counter!(ATTEMPTS, Unit::Count, "attempts that ended, by outcome");
    describe_histogram!(
        ATTEMPT_SECONDS,
        Unit::Seconds,
        "time that an attempt took, by outcome"
    );
    describe_histogram!(
        LATENCY_SECONDS,
        Unit::Seconds,
        "time from the first enqueue to the delivery"
    );
    describe_counter!(FAILURES, Unit::Count, "attempts that failed, by reason");
    describe_counter!(
        DEAD,
        Unit::Count,
        "deliveries that became dead letters, by reason"
    );
    describe_gauge!(IN_FLIGHT, Unit::Count, "requests under way in this process");
    describe_gauge!(LANES, Unit::Count, "lanes that this process has leased");
    describe_gauge!(
        HELD,
        Unit::Count,
        "1 while the store's deliveries are held back, and nothing is sent"
    );
    describe_counter!(OPENED, Unit::Count, "breakers of hosts that opened");
    describe_counter!(CLOSED, Unit::Count, "breakers of hosts that closed again");
    describe_gauge!(
        OPEN,
        Unit::Count,
        "hosts whose breaker is open, as far as this process knows"
    );
    describe_counter!(STORE_ERRORS, Unit::Count, "calls that the store refused, by kind");
    describe_gauge!(PENDING, Unit::Count, "deliveries that wait in the store, by age");
    describe_gauge!(
        PENDING_HOSTS,
        Unit::Count,
        "hosts for which something waits in the store"
    );
    describe_gauge!(
        OLDEST_SECONDS,
        Unit::Seconds,
        "age of the oldest delivery that waits in the store"
    );
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AttemptOutcome {
    Delivered,
    Retry,
    Dead,
    Abandoned,
}

impl AttemptOutcome {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retry => "retry",
            Self::Dead => "dead",
            Self::Abandoned => "abandoned",
        }
    }
}

pub(crate) fn attempt(outcome: AttemptOutcome, took: Duration) {
    counter!(ATTEMPTS, "outcome" => outcome.label()).increment(1);
    histogram!(ATTEMPT_SECONDS, "outcome" => outcome.label()).record(took.as_secs_f64());
}

pub(crate) fn delivered(latency: Duration) {
    histogram!(LATENCY_SECONDS).record(latency.as_secs_f64());
}

pub(crate) fn failure(kind: FailureKind) {
    counter!(FAILURES, "reason" => kind.label()).increment(1);
}

pub(crate) fn dead(kind: FailureKind) {
    counter!(DEAD, "reason" => kind.label()).increment(1);
}

pub(crate) fn expanded(enqueued: u64) {
    counter!(EXPANSIONS, "outcome" => "whole").increment(1);
    counter!(ENQUEUED).increment(enqueued);
}

pub(crate) fn expansion_failed() {
    counter!(EXPANSIONS, "outcome" => "failed").increment(1);
}

/// A breaker changed, or did not.
pub(crate) fn breaker(was_open: bool, is_open: bool) {
    match (was_open, is_open) {
        (false, true) => counter!(OPENED).increment(1),
        (true, false) => counter!(CLOSED).increment(1),
        _ => {}
    }
}

/// Whether the store's deliveries are held back.
pub(crate) fn held_back(is_held: bool) {
    gauge!(HELD).set(f64::from(u8::from(is_held)));
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

pub(crate) fn under_way(in_flight: usize, lanes: usize) {
    gauge!(IN_FLIGHT).set(float(in_flight as u64));
    gauge!(LANES).set(float(lanes as u64));
}

pub(crate) fn open_breakers(open: usize) {
    gauge!(OPEN).set(float(open as u64));
}

pub(crate) fn backlog(backlog: &Backlog, now: SystemTime) {
    for (label, count) in AGE_LABELS.iter().zip(backlog.by_age) {
        gauge!(PENDING, "age" => *label).set(float(count));
    }
    gauge!(PENDING_HOSTS).set(float(backlog.hosts));
    let age = backlog
        .oldest
        .map(|oldest| now.duration_since(oldest).unwrap_or_default());
    gauge!(OLDEST_SECONDS).set(age.unwrap_or_default().as_secs_f64());
}

/// Exact up to 2^53, which nobody has deliveries for.
#[expect(clippy::cast_precision_loss, reason = "a figure on a chart")]
fn float(count: u64) -> f64 {
    count as f64
}
