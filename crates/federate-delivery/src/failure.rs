//! Why an attempt failed, as a kind: a closed set, so that it can be counted.

use federate_protocol::delivery::{Attempt, Fault, Verdict};

/// The kind of a failure. Labels are made of it, never of what a peer said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// An answer that is not 2xx.
    Status(u16),
    /// No answer.
    Fault(Fault),
    /// The inbox of an actor could not be looked up.
    Unresolved,
    /// The sender has no key, or is none.
    Sender,
    /// The activity has no body any more.
    Body,
    /// The inbox is none.
    Inbox,
    /// The application does not deliver there any more.
    Suspended,
    /// Its host was not reached in all the time that there was.
    Horizon,
}

/// An attempt that has ended, with what it meant.
#[derive(Debug)]
pub(crate) struct Attempted {
    pub(crate) verdict: Verdict,
    /// `None` where it did not fail.
    pub(crate) failure: Option<FailureKind>,
}

impl Attempted {
    pub(crate) fn failed(verdict: Verdict, kind: FailureKind) -> Self {
        Self {
            verdict,
            failure: Some(kind),
        }
    }

    /// It will never succeed.
    pub(crate) fn dead(kind: FailureKind, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::failed(Verdict::Dead { reason }, kind)
    }

    /// Our own failure: the host is not to blame.
    pub(crate) fn ours(reason: impl Into<String>) -> Self {
        let verdict = Verdict::Retry {
            after: None,
            reason: reason.into(),
            host_failed: false,
        };
        Self::failed(verdict, FailureKind::Fault(Fault::Local))
    }

    /// What `attempt` was, as [`classify`](federate_protocol::delivery::classify) understands it.
    pub(crate) fn of(attempt: &Attempt<'_>, verdict: Verdict) -> Self {
        let failure = match *attempt {
            _ if verdict.is_delivered() => None,
            Attempt::Answered { status, .. } => Some(FailureKind::Status(status)),
            Attempt::Failed(fault) => Some(FailureKind::Fault(fault)),
            _ => Some(FailureKind::Fault(Fault::Protocol)),
        };
        Self { verdict, failure }
    }
}

impl FailureKind {
    /// The label of a metric.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Status(401) => "status_401",
            Self::Status(404) => "status_404",
            Self::Status(410) => "status_410",
            Self::Status(429) => "status_429",
            Self::Status(300..=399) => "status_3xx",
            Self::Status(400..=499) => "status_4xx",
            Self::Status(500..=599) => "status_5xx",
            Self::Status(_) => "status_other",
            Self::Fault(fault) => fault_label(fault),
            Self::Unresolved => "unresolved",
            Self::Sender => "sender",
            Self::Body => "body",
            Self::Inbox => "inbox",
            Self::Suspended => "suspended",
            Self::Horizon => "horizon",
        }
    }
}

fn fault_label(fault: Fault) -> &'static str {
    match fault {
        Fault::Forbidden => "refused",
        Fault::Address => "address",
        Fault::Dns => "dns",
        Fault::Connect => "connect",
        Fault::Tls => "tls",
        Fault::Timeout => "timeout",
        Fault::Reset => "reset",
        Fault::TooLarge => "too_large",
        Fault::Local => "local",
        // A fault that is not known here yet counts as what it most likely is.
        _ => "protocol",
    }
}
