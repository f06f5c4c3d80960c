//! One guarded way out: an HTTP client that connects only to public addresses, with deadlines and budgets.
#![deny(missing_docs)]
#![allow(clippy::todo, unused_variables, dead_code, reason = "the bodies follow")]

mod error;
mod guard;
mod guarded;

pub use error::{BuildError, HttpError, HttpErrorKind};
pub use guard::{BadCertificate, Dangerous, Guard, Refused, Resolver};
pub use guarded::{GuardedClient, user_agent};

use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::limits::Limits;
use std::fmt::Debug;
use std::time::Duration;

/// What one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The time for everything: name lookup, connect, TLS, sending, headers and body.
    pub deadline: Duration,
    /// The most bytes that a body may have, as they come over the wire.
    pub max_body: usize,
}

impl Budget {
    /// For a document: an actor, a key, an object.
    pub fn document(limits: &Limits) -> Self {
        Self {
            deadline: limits.deadline,
            max_body: limits.document,
        }
    }
    /// For a WebFinger or NodeInfo answer.
    pub fn webfinger(limits: &Limits) -> Self {
        Self {
            deadline: limits.deadline,
            max_body: limits.webfinger,
        }
    }
    /// The same with another deadline: what is left of a logical fetch of several requests.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

/// The one way out: one request, one response.
///
/// Contract: redirects are not followed, bodies are not decoded, nothing is kept between two calls but
/// connections. The future ends at `budget.deadline` at the latest; a body longer than `budget.max_body` is an
/// error and not a shorter body. Any status is an `Ok`. Cancelling (dropping the future) is safe; whether the
/// peer saw the request is then unknown.
#[async_trait]
pub trait HttpClient: Debug + Send + Sync {
    /// Sends `request`, whose URI is absolute, and reads the whole response.
    ///
    /// # Errors
    /// No response, or not a whole one: see [`HttpErrorKind`].
    async fn send(
        &self,
        request: http::Request<Bytes>,
        budget: &Budget,
    ) -> Result<http::Response<Bytes>, HttpError>;
}
