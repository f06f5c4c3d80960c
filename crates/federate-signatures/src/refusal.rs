//! Why a signature was refused.

mod kind;
mod text;

pub use kind::{Problem, RefusalKind};
pub(crate) use text::shown;

use crate::{Flavour, KeyId};
use std::fmt;

/// Why a signature was refused. `Display` is the full reason, for the log; it holds no body, key or query.
#[derive(Clone)]
pub struct Refusal(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: RefusalKind,
    flavour: Option<Flavour>,
    key_id: Option<KeyId>,
    covered: Vec<String>,
    signed_string: Option<String>,
}

impl Refusal {
    /// The reason as a value.
    #[must_use]
    pub fn kind(&self) -> &RefusalKind {
        &self.0.kind
    }

    /// The reason as a short name that does not change, for metrics and JSON: `digest_mismatch`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.kind.name()
    }

    /// A short reason that is safe to send to the peer: it names headers, times and digests, nothing of ours.
    #[must_use]
    pub fn peer_message(&self) -> String {
        self.0.kind.peer_message()
    }

    /// Whether the request could not be read (400) rather than not be believed (401).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        self.0.kind.is_malformed()
    }

    /// Whether the same signature could be good under another key: when the key came from a cache, fetch it anew, once.
    /// For every other reason a fetch would be work that any sender can cause.
    #[must_use]
    pub fn another_key_may_help(&self) -> bool {
        matches!(
            self.0.kind,
            RefusalKind::SignatureMismatch { .. } | RefusalKind::AlgorithmMismatch { .. }
        )
    }

    /// The format of the signature, when it was known by then.
    #[must_use]
    pub fn flavour(&self) -> Option<Flavour> {
        self.0.flavour
    }

    /// The key that the request named, when it was known by then.
    #[must_use]
    pub fn key_id(&self) -> Option<&KeyId> {
        self.0.key_id.as_ref()
    }

    /// The names of the components that the peer says it signed, when they were known by then.
    #[must_use]
    pub fn covered(&self) -> &[String] {
        &self.0.covered
    }

    /// The string that the signature should have been made over, when it came to that. It holds the query of the
    /// request.
    #[must_use]
    pub fn signed_string(&self) -> Option<&str> {
        self.0.signed_string.as_deref()
    }

    /// The reason with all that is known, one thing a line, and the signed string escaped: for the command line and
    /// for a log at debug level. It holds the query of the request.
    #[must_use]
    pub fn explain(&self) -> String {
        text::explain(self)
    }

    pub(crate) fn new(kind: RefusalKind) -> Self {
        Self(Box::new(Inner {
            kind,
            flavour: None,
            key_id: None,
            covered: Vec::new(),
            signed_string: None,
        }))
    }

    pub(crate) fn of(mut self, flavour: Flavour) -> Self {
        self.0.flavour = Some(flavour);
        self
    }

    pub(crate) fn about(mut self, key_id: &KeyId, covered: Vec<String>) -> Self {
        self.0.key_id = Some(key_id.clone());
        self.0.covered = covered;
        self
    }

    pub(crate) fn over(mut self, signed_string: String) -> Self {
        self.0.signed_string = Some(signed_string);
        self
    }
}

impl From<RefusalKind> for Refusal {
    fn from(kind: RefusalKind) -> Self {
        Self::new(kind)
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal")
            .field("kind", &self.0.kind)
            .field("flavour", &self.0.flavour)
            .field("key_id", &self.0.key_id)
            .field("covered", &self.0.covered)
            .finish_non_exhaustive()
    }
}
