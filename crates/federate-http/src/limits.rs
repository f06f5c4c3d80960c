//! Every limit of the way out, in one place.
//!
//! | limit | default | past it | why |
//! |---|---|---|---|
//! | [`Budget::deadline`](crate::Budget::deadline) | the caller's | [`Timeout`](HttpErrorKind::Timeout) with the phase | everything from waiting for a turn to the last byte; 1xx answers, however many, only use it up |
//! | [`Budget::max_body`](crate::Budget::max_body) | the caller's | [`TooLarge`](HttpErrorKind::TooLarge) | counted as it comes, and nothing is decoded |
//! | [`ClientLimits::connect`] | 10 s | `Timeout` with the phase | name lookup, all addresses, TLS: a dead host should not eat the whole deadline |
//! | [`ClientLimits::in_flight`] | 1,024 | waits its turn, [`Phase::Queue`] | half of them are left when a delivery engine with its default of 512 is busy |
//! | [`ClientLimits::in_flight_per_host`] | 64 | waits its turn, [`Phase::Queue`] | one host never takes all turns; requests and connections that are being made count together |
//! | [`ClientLimits::idle`] | 30 s | closed | a connection is worth keeping for the next delivery, not longer |
//! | [`ClientLimits::idle_per_host`] | 8 | closed | HTTP/1 needs one for each request at once |
//! | [`ClientLimits::connections`] | 2,048 | the unused ones are closed | a delivery to 20,000 hosts would leave as many open |
//! | [`ADDRESSES`] | 4 | the rest is not tried | a name with a thousand addresses is an attack |
//! | [`LOOKUPS`] | 128 | waits its turn, [`Phase::Name`] | look-ups by the system at once, in the whole process: each takes a thread, until it ends |
//! | [`URL`] | 8 KiB | [`Refused::Length`] | what common servers read of a request line |
//! | [`HEADERS`] | 100 | [`HeadTooLarge`](HttpErrorKind::HeadTooLarge) | large instances behind a CDN send 40 |
//! | [`HEAD`] | 64 KiB | [`HeadTooLarge`](HttpErrorKind::HeadTooLarge) | names and values, with 32 bytes for each header, as HTTP/2 counts. In HTTP/1 up to 400 KiB are read before it is known; in HTTP/2 twice this, where more is [`Protocol`](HttpErrorKind::Protocol) |
//! | [`TLS_HOSTS`] | 256 | the oldest is forgotten | a handshake that resumes costs a tenth |
//!
//! One message of a TLS handshake (a chain of certificates) has at most 64 KiB: that is rustls'. No deadline is
//! later than a day.

#[cfg(doc)]
use crate::{HttpErrorKind, Phase, Refused};
use std::time::Duration;

/// Admitted addresses of one name that are tried.
pub const ADDRESSES: usize = 4;
/// Look-ups of names by the system at once, in the whole process.
pub const LOOKUPS: usize = 128;
/// Bytes of a URL.
pub const URL: usize = 8 * 1024;
/// Headers of one response.
pub const HEADERS: usize = 100;
/// Bytes of the headers of one response: name, value and 32 for each, as RFC 9113 section 6.5.2 counts.
pub const HEAD: usize = 64 * 1024;
/// Hosts whose TLS sessions are remembered.
pub const TLS_HOSTS: usize = 256;
/// No deadline is later than this: timers of tokio end somewhere.
pub(crate) const LATEST: Duration = Duration::from_secs(24 * 60 * 60);

/// What one client may use, all its requests together. See the [table](self).
///
/// ```
/// use federate_http::{ClientLimits, Guard, GuardedClient};
///
/// let mut limits = ClientLimits::default();
/// limits.in_flight = 256;
/// let client = GuardedClient::with_limits(Guard::new(), "my-software/1.0", limits)?;
/// # Ok::<(), federate_http::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientLimits {
    /// The time for making one connection: name lookup, all addresses together, TLS.
    pub connect: Duration,
    /// Requests under way at once, to all hosts together; at least 1.
    pub in_flight: usize,
    /// Requests under way at once to one host, and connections that are being made to it; at least 1.
    pub in_flight_per_host: usize,
    /// How long an unused connection is kept.
    pub idle: Duration,
    /// Unused connections that are kept for one host.
    pub idle_per_host: usize,
    /// Connections that are made before those of them that are unused are closed; at least 1. So many can be open at
    /// once, used and unused together, and besides them one for each request that is still under way on an older one.
    pub connections: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            in_flight: 1024,
            in_flight_per_host: 64,
            idle: Duration::from_secs(30),
            idle_per_host: 8,
            connections: 2048,
        }
    }
}
