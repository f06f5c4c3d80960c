//! What an attempt meant.

use super::retry_after;
use std::{
    fmt,
    time::{Duration, SystemTime},
};

/// What came of one attempt: an answer, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempt<'a> {
    /// The peer answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The `Retry-After` header as it came.
        retry_after: Option<&'a str>,
    },
    /// There was no (whole) answer.
    Failed(Fault),
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// Our own guard refuses the URL itself (scheme, port, an address in place of a name), or it is none.
    Forbidden,
    /// The name has addresses, but none that is public.
    Address,
    /// The name is unknown (NXDOMAIN), or no name server answered (SERVFAIL, timeout): the two are not told apart,
    /// as expired domains come back and broken resolvers answer NXDOMAIN.
    Dns,
    /// Nobody listens, no route, or the connection was not established in time.
    Connect,
    /// The TLS handshake failed: expired, self-signed, wrong name, no common version.
    Tls,
    /// No whole answer within the deadline.
    Timeout,
    /// The connection broke before the answer was whole.
    Reset,
    /// The answer was larger than we read, and its status is not known. (Where it is, it is an [`Attempt::Answered`].)
    TooLarge,
    /// What came was not HTTP.
    Protocol,
    /// Our own side failed (no descriptors, a task that panicked): says nothing about the host.
    Local,
}

/// What an attempt meant for the delivery and for its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The peer has it.
    Delivered,
    /// Worth another try.
    Retry {
        /// How long the host asked us to stay away, already clamped.
        after: Option<Duration>,
        /// Why it failed, for the log and the operator.
        reason: String,
        /// The host as a whole is to blame, not this delivery: other deliveries to it would fail as well.
        host_failed: bool,
    },
    /// Trying the same again gives the same answer.
    Dead {
        /// Why, for the dead-letter list.
        reason: String,
    },
}

impl Verdict {
    /// Whether the peer has it.
    #[must_use]
    pub fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered)
    }

    /// The reason of a failure.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Delivered => None,
            Self::Retry { reason, .. } | Self::Dead { reason } => Some(reason),
        }
    }
}

/// Says what an attempt meant.
///
/// | outcome | verdict | host to blame | because |
/// |---|---|---|---|
/// | 2xx | delivered | | 202 is the usual one |
/// | 1xx, or a number that is no status | retry | yes | no HTTP server says this |
/// | 3xx | retry | no | never followed: a signature is for one URL; the inbox may be announced anew |
/// | 401 | retry | no | often the peer could not fetch our key just now |
/// | 408, 425 | retry | no | "again, later" |
/// | 421, 423 | retry | no | wrong backend, locked: passes |
/// | 429 | retry | yes | the host asks for a pause: the whole lane pauses |
/// | 400, 403, 404, 405, 410, 413, 415, 422 and every other 4xx | dead | | the peer has read it and says no |
/// | 500 | retry | no | may be this very activity that breaks its handler |
/// | 501, 505 | dead | | this will not be learnt by waiting |
/// | 502, 503, 504, 507 and every other 5xx (520 to 530 of CDNs too) | retry | yes | the host is down or full |
/// | DNS, connect, TLS, timeout, reset, not HTTP | retry | yes | hosts move, certificates are renewed |
/// | answer too large | retry | no | an answer, but not one that we can read |
/// | name without a public address | retry | yes | it may point elsewhere tomorrow |
/// | URL forbidden by our guard | dead | | the URL will not change by waiting |
/// | failure on our own side | retry | no | theirs is not the blame |
///
/// Where the head of an answer came and then the connection broke, the status counts: a peer that said 202 has it.
///
/// `Retry-After` is read on every status that is retried ([`retry_after`]).
#[must_use]
pub fn classify(attempt: &Attempt<'_>, now: SystemTime) -> Verdict {
    match *attempt {
        Attempt::Answered { status, retry_after } => by_status(status, retry_after, now),
        Attempt::Failed(Fault::Forbidden) => Verdict::Dead {
            reason: Fault::Forbidden.to_string(),
        },
        Attempt::Failed(fault) => Verdict::Retry {
            after: None,
            reason: fault.to_string(),
            host_failed: !matches!(fault, Fault::TooLarge | Fault::Local),
        },
    }
}

fn by_status(status: u16, header: Option<&str>, now: SystemTime) -> Verdict {
    let host_failed = match status {
        200..=299 => return Verdict::Delivered,
        300..=399 | 401 | 408 | 421 | 423 | 425 | 500 => false,
        400..=499 if status != 429 => {
            return Verdict::Dead {
                reason: answered(status),
            };
        }
        501 | 505 => {
            return Verdict::Dead {
                reason: answered(status),
            };
        }
        _ => true,
    };
    let after = header.and_then(|value| retry_after(value, now));
    Verdict::Retry {
        after,
        reason: answered(status),
        host_failed,
    }
}

fn answered(status: u16) -> String {
    let phrase = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|code| code.canonical_reason());
    phrase.map_or_else(
        || format!("answered {status}"),
        |phrase| format!("answered {status} {phrase}"),
    )
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "URL not allowed",
            Self::Address => "name has no public address",
            Self::Dns => "name not resolved",
            Self::Connect => "connection not established",
            Self::Tls => "TLS handshake failed",
            Self::Timeout => "no answer in time",
            Self::Reset => "connection broke",
            Self::TooLarge => "answer too large",
            Self::Protocol => "answer is not HTTP",
            Self::Local => "failed on our own side",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn of(status: u16) -> (char, bool) {
        short(&classify(
            &Attempt::Answered {
                status,
                retry_after: None,
            },
            NOW,
        ))
    }

    fn short(verdict: &Verdict) -> (char, bool) {
        match verdict {
            Verdict::Delivered => ('+', false),
            Verdict::Retry { host_failed, .. } => ('r', *host_failed),
            Verdict::Dead { .. } => ('x', false),
        }
    }

    #[test]
    fn p5_every_status_has_the_documented_meaning() {
        for status in 0..=1000_u16 {
            let expected = match status {
                200..=299 => ('+', false),
                300..=399 => ('r', false),
                401 | 408 | 421 | 423 | 425 => ('r', false),
                429 => ('r', true),
                400..=499 => ('x', false),
                500 => ('r', false),
                501 | 505 => ('x', false),
                _ => ('r', true),
            };
            assert_eq!(of(status), expected, "{status}");
        }
    }

    #[test]
    fn p5_every_fault_is_retried_and_most_are_the_hosts() {
        use Fault::*;
        for (fault, blame) in [
            (Address, true),
            (Dns, true),
            (Connect, true),
            (Tls, true),
            (Timeout, true),
            (Reset, true),
            (Protocol, true),
            (TooLarge, false),
            (Local, false),
        ] {
            let verdict = classify(&Attempt::Failed(fault), NOW);
            assert_eq!(short(&verdict), ('r', blame), "{fault:?}");
            assert_eq!(verdict.reason(), Some(fault.to_string().as_str()));
        }
        assert_eq!(short(&classify(&Attempt::Failed(Forbidden), NOW)), ('x', false));
    }

    #[test]
    fn p5_a_reason_names_the_status() {
        let verdict = classify(
            &Attempt::Answered {
                status: 410,
                retry_after: None,
            },
            NOW,
        );
        assert_eq!(
            verdict,
            Verdict::Dead {
                reason: "answered 410 Gone".into()
            }
        );
        let verdict = classify(
            &Attempt::Answered {
                status: 526,
                retry_after: Some("60"),
            },
            NOW,
        );
        let expected = Verdict::Retry {
            after: Some(Duration::from_secs(60)),
            reason: "answered 526".into(),
            host_failed: true,
        };
        assert_eq!(verdict, expected);
    }
}
