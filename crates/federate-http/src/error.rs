use crate::guard::Refused;
use std::error::Error as StdError;

type Cause = Box<dyn StdError + Send + Sync>;

/// Why there is no (whole) response.
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
    /// The guard refused the URL: nothing was sent. Permanent.
    #[error("the address is refused: {0}")]
    Refused(Refused),
    /// The request cannot be sent as it is (a relative URI, a `Host` of another host). Permanent.
    #[error("the request cannot be sent as it is")]
    Request,
    /// The name has addresses, but none that is admitted.
    #[error("the name has no public address")]
    Address,
    /// The name could not be resolved.
    #[error("the name could not be resolved")]
    Dns,
    /// No connection: refused, unreachable.
    #[error("no connection could be made")]
    Connect,
    /// The TLS handshake failed: an expired, self-signed or wrong certificate, no common version.
    #[error("the TLS handshake failed")]
    Tls,
    /// The deadline passed.
    #[error("the deadline passed")]
    Timeout,
    /// The connection broke before the response was whole.
    #[error("the connection broke before the response was whole")]
    Reset,
    /// The body is longer than the budget.
    #[error("the body is longer than the budget")]
    TooLarge,
    /// What came is not HTTP.
    #[error("what came is not HTTP")]
    Protocol,
}

impl HttpError {
    /// An error of a kind: for other implementations of [`HttpClient`](crate::HttpClient).
    pub fn new(kind: HttpErrorKind) -> Self {
        Self {
            kind,
            status: None,
            source: None,
        }
    }
    /// The same with its cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<Cause>) -> Self {
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
    pub fn kind(&self) -> HttpErrorKind {
        self.kind
    }
    /// The status, if the head of the response had come: a delivery whose answer was too long was answered.
    pub fn status(&self) -> Option<http::StatusCode> {
        self.status
    }
    /// Whether the same request can never succeed, whatever the peer does.
    pub fn is_permanent(&self) -> bool {
        matches!(self.kind, HttpErrorKind::Refused(_) | HttpErrorKind::Request)
    }
}

/// Why no client could be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The machine has no CA certificates and none were given.
    #[error("no CA certificates: install the system's (ca-certificates) or give one")]
    Roots(#[source] rustls::Error),
    /// The `User-Agent` is not a header value.
    #[error("the user agent is not a header value")]
    UserAgent,
    /// The client below could not be built.
    #[error("the HTTP client could not be built")]
    Client(#[source] Cause),
}
