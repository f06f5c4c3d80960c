//! One guarded way out: an HTTP client that connects only to public addresses, with deadlines and budgets.
//!
//! Every URL that a server of the fediverse asks was named by somebody else: an actor's inbox, a key id, what a
//! user typed into a search field. [`HttpClient`] is the one seam for all of these requests, [`GuardedClient`] its
//! implementation for the open internet, [`Guard`] what it admits.
//!
//! ```no_run
//! use std::time::Duration;
//! use bytes::Bytes;
//! use federate_http::{Budget, Guard, GuardedClient, HttpClient, user_agent};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let agent = user_agent("my-software", "1.0.0", "https://social.example.org/");
//! let client = GuardedClient::new(Guard::new(), &agent)?;
//! let request = http::Request::get("https://example.org/.well-known/nodeinfo").body(Bytes::new())?;
//! let budget = Budget { deadline: Duration::from_secs(10), max_body: 64 * 1024 };
//! match client.send(request, &budget).await {
//!     Ok(response) => println!("{} with {} bytes", response.status(), response.body().len()),
//!     Err(error) if error.is_permanent() => println!("never: {error}"),
//!     Err(error) => println!("not now: {error}"),
//! }
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod connect;
mod error;
mod guard;
mod guarded;
pub mod limits;
mod phase;
mod slots;
mod tls;

pub use error::{BuildError, HttpError, HttpErrorKind};
pub use guard::{BadCertificate, BadProxy, Dangerous, Guard, Refused, Resolver};
pub use guarded::{GuardedClient, user_agent};
pub use limits::ClientLimits;
pub use phase::Phase;

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::limits::Limits;

/// What one request may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The time for everything: waiting for a turn, name lookup, connect, TLS, sending, headers and body.
    pub deadline: Duration,
    /// The most bytes that a body may have, as they come over the wire.
    pub max_body: usize,
}

impl Budget {
    /// For a document: an actor, a key, an object.
    #[must_use]
    pub fn document(limits: &Limits) -> Self {
        Self {
            deadline: limits.deadline,
            max_body: limits.document,
        }
    }

    /// For a WebFinger or NodeInfo answer.
    #[must_use]
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

    /// The same with at most so many bytes of body: what is left of a logical fetch of several requests.
    #[must_use]
    pub fn at_most(self, bytes: usize) -> Self {
        Self {
            max_body: self.max_body.min(bytes),
            ..self
        }
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
