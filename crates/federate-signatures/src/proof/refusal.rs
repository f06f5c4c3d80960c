//! Why a proof was refused.

use crate::{json::BadJson, window::Untimely};
use std::time::Duration;

/// Why a proof was refused, or could not be made. What the peer wrote is shortened and escaped in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofRefusal {
    /// The document cannot be read.
    #[error("the document cannot be read")]
    Json(#[from] BadJson),
    /// The document is no JSON object.
    #[error("the document is not a JSON object")]
    NotAnObject,
    /// There is no `proof`.
    #[error("the document carries no proof")]
    Unproven,
    /// There is a `proof` or a `signature` already where one was to be made.
    #[error("the document carries {name} already")]
    AlreadyThere {
        /// `proof` or `signature`.
        name: &'static str,
    },
    /// It is over before it was made.
    #[error("the proof expires before it was created")]
    ExpiresBeforeCreated,
    /// More proofs than one, or than are read.
    #[error("{found} proofs, at most {limit} are taken here")]
    SeveralProofs {
        /// How many.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// An option is missing.
    #[error("the proof has no {name}")]
    MissingOption {
        /// The option.
        name: &'static str,
    },
    /// An option cannot be read, or is not one that is taken here.
    #[error("the option {name} of the proof cannot be used")]
    BadOption {
        /// The option.
        name: String,
    },
    /// Not `DataIntegrityProof` with `eddsa-jcs-2022`.
    #[error("a proof of the kind {named}, only eddsa-jcs-2022 is verified here")]
    UnsupportedSuite {
        /// The type and the suite that came.
        named: String,
    },
    /// A purpose that the policy does not take.
    #[error("a proof for the purpose {named}, here it must be {expected}")]
    Purpose {
        /// What came.
        named: String,
        /// What the policy takes.
        expected: String,
    },
    /// The `@context` of the proof is not the one of the document: one of both would be read without being signed.
    #[error("the proof has another @context than the document")]
    Context,
    /// Created in the future.
    #[error("the proof was created {} s in the future, at most {} s are accepted: the clocks differ", ahead.as_secs(), limit.as_secs())]
    TooNew {
        /// How far ahead.
        ahead: Duration,
        /// The policy.
        limit: Duration,
    },
    /// Older than the policy takes.
    #[error("the proof was created {} s ago, at most {} s are accepted", age.as_secs(), limit.as_secs())]
    TooOld {
        /// How old.
        age: Duration,
        /// The policy.
        limit: Duration,
    },
    /// Expired by its own word.
    #[error("the proof expired {} s ago", ago.as_secs())]
    Expired {
        /// How long ago.
        ago: Duration,
    },
    /// The key is not the one that the proof names: another `did:key`, or another algorithm.
    #[error("the key is not the one that {named} names, or no Ed25519 key")]
    WrongKey {
        /// The verification method.
        named: String,
    },
    /// The signature does not verify.
    #[error("the proof of {named} does not verify over the document")]
    Mismatch {
        /// The verification method.
        named: String,
        /// What the proof should have been made over: the canonical options and the canonical document.
        signed: String,
    },
}

impl ProofRefusal {
    /// A short name that does not change, for metrics and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::NotAnObject => "not_an_object",
            Self::Unproven => "unproven",
            Self::AlreadyThere { .. } => "already_there",
            Self::ExpiresBeforeCreated => "expires_before_created",
            Self::SeveralProofs { .. } => "several_proofs",
            Self::MissingOption { .. } => "missing_option",
            Self::BadOption { .. } => "bad_option",
            Self::UnsupportedSuite { .. } => "unsupported_suite",
            Self::Purpose { .. } => "purpose",
            Self::Context => "context",
            Self::TooNew { .. } => "too_new",
            Self::TooOld { .. } => "too_old",
            Self::Expired { .. } => "expired",
            Self::WrongKey { .. } => "wrong_key",
            Self::Mismatch { .. } => "mismatch",
        }
    }

    /// A short reason that is safe to send to the peer: it holds what the peer wrote, shortened, and nothing of ours.
    #[must_use]
    pub fn peer_message(&self) -> String {
        match std::error::Error::source(self) {
            Some(cause) => format!("{self}: {cause}"),
            None => self.to_string(),
        }
    }
}

impl From<Untimely> for ProofRefusal {
    fn from(untimely: Untimely) -> Self {
        match untimely {
            Untimely::Undated => Self::MissingOption { name: "created" },
            Untimely::TooNew { ahead, limit } => Self::TooNew { ahead, limit },
            Untimely::TooOld { age, limit } => Self::TooOld { age, limit },
            Untimely::Expired { ago } => Self::Expired { ago },
        }
    }
}
