use std::error::Error as StdError;
use std::io;

use crate::{Phase, Refused};

pub(crate) type Cause = Box<dyn StdError + Send + Sync>;

/// Why there is no whole response.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct HttpError {
    kind: HttpErrorKind,
    status: Option<http::StatusCode>,
    #[source]
    source: Option<Cause>,
}

/// What went wrong, for decisions and counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// The guard refused the URL; nothing was sent. Permanent.
    #[error("the address is refused: {0}")]
    Refused(Refused),
    /// The request cannot be sent as it is: a `Host` of another host. Permanent.
    #[error("the request cannot be sent as it is")]
    Request,
    /// The name has addresses, but none that is admitted. Not permanent: names that lapse are parked so.
    #[error("the name has no public address")]
    Address,
    /// The name could not be resolved.
    #[error("the name could not be resolved")]
    Dns,
    /// No connection: refused, unreachable, no answer.
    #[error("no connection could be made")]
    Connect,
    /// The TLS handshake failed: an expired, self-signed or wrong certificate, no common version.
    #[error("the TLS handshake failed")]
    Tls,
    /// The deadline passed, or the time that making a connection may take
    /// ([`ClientLimits::connect`](crate::ClientLimits::connect)); and what for.
    #[error("the time ran out {0}")]
    Timeout(Phase),
    /// The connection broke before the response was whole.
    #[error("the connection broke before the response was whole")]
    Reset,
    /// The body is longer than the budget.
    #[error("the body is longer than the budget")]
    TooLarge,
    /// The head of the response is over [its limits](crate::limits).
    #[error("the head of the response is too large")]
    HeadTooLarge,
    /// What came is not HTTP; or is a head of HTTP/2 so large that it was not read.
    #[error("what came is not HTTP")]
    Protocol,
}

impl HttpError {
    /// An error of a kind, for other implementations of [`HttpClient`](crate::HttpClient).
    #[must_use]
    pub fn new(kind: HttpErrorKind) -> Self {
        Self {
            kind,
            status: None,
            source: None,
        }
    }

    /// The same with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..self
        }
    }

    /// The same with the status that had come before the error.
    #[must_use]
    pub fn with_status(self, status: http::StatusCode) -> Self {
        Self {
            status: Some(status),
            ..self
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> HttpErrorKind {
        self.kind
    }

    /// The status, if the head of the response had come.
    ///
    /// A delivery that was answered 202 with too long a body was accepted nevertheless.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        self.status
    }

    /// Whether this request can never succeed, whatever the peer does.
    ///
    /// Everything else may be different tomorrow: a certificate is renewed, a name points elsewhere.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self.kind, HttpErrorKind::Refused(_) | HttpErrorKind::Request)
    }

    pub(crate) fn from_reqwest(error: reqwest::Error, phase: Phase) -> Self {
        // The URL stands in the log line of who asked; errors do not repeat it.
        let error = error.without_url();
        Self::new(classify(&error, phase)).with_source(error)
    }
}

/// What the resolver says when a name has addresses, but none that is admitted.
#[derive(Debug, thiserror::Error)]
#[error("none of the {0} addresses is admitted")]
pub(crate) struct NoneAdmitted(pub(crate) usize);

/// What the resolver says when the name could not be resolved.
#[derive(Debug, thiserror::Error)]
#[error("name lookup failed")]
pub(crate) struct Unresolved(#[source] pub(crate) io::Error);

fn classify(error: &reqwest::Error, phase: Phase) -> HttpErrorKind {
    let mut kind = None;
    each_cause(error, &mut |cause| {
        // The innermost cause that says something wins.
        kind = kind_of(cause).or(kind);
    });
    match kind {
        // reqwest's own for connecting, or the system's for a packet that nobody answered.
        Some(HttpErrorKind::Reset) | None if error.is_timeout() => HttpErrorKind::Timeout(phase),
        // Before there is a connection nothing can be reset.
        Some(HttpErrorKind::Reset) | None if error.is_connect() => HttpErrorKind::Connect,
        Some(kind) => kind,
        None if error.is_builder() => HttpErrorKind::Request,
        None => HttpErrorKind::Protocol,
    }
}

fn kind_of(cause: &(dyn StdError + 'static)) -> Option<HttpErrorKind> {
    if cause.is::<NoneAdmitted>() {
        return Some(HttpErrorKind::Address);
    }
    if cause.is::<Unresolved>() {
        return Some(HttpErrorKind::Dns);
    }
    if cause.is::<rustls::Error>() {
        return Some(HttpErrorKind::Tls);
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        if error.is_parse_too_large() {
            return Some(HttpErrorKind::HeadTooLarge);
        }
        if error.is_parse() {
            return Some(HttpErrorKind::Protocol);
        }
        let is_reset = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
        return is_reset.then_some(HttpErrorKind::Reset);
    }
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return match error.kind() {
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
            | io::ErrorKind::UnexpectedEof => Some(HttpErrorKind::Reset),
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::AddrNotAvailable => Some(HttpErrorKind::Connect),
            _ => None,
        };
    }
    None
}

/// Calls `f` with every cause. `io::Error` hides what it wraps from `source()`.
fn each_cause(error: &(dyn StdError + 'static), f: &mut dyn FnMut(&(dyn StdError + 'static))) {
    let mut next = Some(error);
    while let Some(cause) = next {
        f(cause);
        next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        };
    }
}

/// Why no client could be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The machine has no CA certificates and none were given.
    #[error("there are no CA certificates: install those of the system (ca-certificates) or give one")]
    Roots(#[source] rustls::Error),
    /// The TLS settings contradict each other.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// The `User-Agent` is not a header value.
    #[error("the user agent is not a header value")]
    UserAgent,
    /// The client below could not be built.
    #[error("the HTTP client cannot be built")]
    Client(#[source] Box<dyn StdError + Send + Sync>),
}
