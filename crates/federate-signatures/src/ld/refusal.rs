//! Why a Linked Data signature was refused.

use crate::{Algorithm, json::BadJson, refusal::shown, window::Untimely};
use federate_jsonld::Error;
use std::{error::Error as _, time::Duration};

/// Why a Linked Data signature was refused, or could not be made. What the peer wrote is shortened and escaped in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LdRefusal {
    /// The document cannot be read.
    #[error("the document cannot be read")]
    Json(#[from] BadJson),
    /// The document is no JSON object.
    #[error("the document is not a JSON object")]
    NotAnObject,
    /// There is no `signature`.
    #[error("the document carries no signature")]
    Unsigned,
    /// There is a `signature` already where one was to be made.
    #[error("the document carries a signature already")]
    AlreadyThere,
    /// The document has no meaning that could be handed on: refused keywords such as `@graph`, `@included` and
    /// `@reverse`, unknown contexts, more than is worked on, no single top.
    #[error("the document has no meaning that could be handed on")]
    Meaning(#[from] Error),
    /// A term that was signed stands in the document under another name, or its name says something else there.
    #[error("what was signed at {at} has another name or another value in the document")]
    Renamed {
        /// The place in what was signed, as a JSON pointer.
        at: String,
    },
    /// A document without `https://w3id.org/security/v1` in its `@context`: there `signature` has no meaning, and
    /// Mastodon would not see it.
    #[error("the @context of the document has no https://w3id.org/security/v1")]
    NoSecurityContext,
    /// A document with a `proof` to which its `@context` gives no meaning, so that it cannot be signed with the rest.
    #[error(
        "the @context of the document gives no meaning to its proof: https://w3id.org/security/data-integrity/v1 is missing"
    )]
    NoProofContext,
    /// Not `RsaSignature2017`.
    #[error("a signature of the type {named}, only RsaSignature2017 is verified here")]
    UnsupportedType {
        /// What came.
        named: String,
    },
    /// An option is missing.
    #[error("the signature has no {name}")]
    MissingOption {
        /// The option.
        name: &'static str,
    },
    /// An option cannot be read.
    #[error("the option {name} of the signature cannot be used")]
    BadOption {
        /// The option.
        name: &'static str,
    },
    /// Created in the future.
    #[error("the signature was created {} s in the future, at most {} s are accepted: the clocks differ", ahead.as_secs(), limit.as_secs())]
    TooNew {
        /// How far ahead.
        ahead: Duration,
        /// The policy.
        limit: Duration,
    },
    /// Older than the policy takes.
    #[error("the signature was created {} s ago, at most {} s are accepted", age.as_secs(), limit.as_secs())]
    TooOld {
        /// How old.
        age: Duration,
        /// The policy.
        limit: Duration,
    },
    /// Expired by its own word.
    #[error("the signature expired {} s ago", ago.as_secs())]
    Expired {
        /// How long ago.
        ago: Duration,
    },
    /// It expires before it was created.
    #[error("the signature expires before it was created")]
    ExpiresBeforeCreated,
    /// The key is for another algorithm than RSASSA-PKCS1-v1_5 with SHA-256.
    #[error("{named} must be an RSA key, and the one at hand is for {key}")]
    WrongKey {
        /// The creator.
        named: String,
        /// What the key is for.
        key: Algorithm,
    },
    /// The signature does not verify.
    #[error("the signature of {named} does not verify over what the document means")]
    Mismatch {
        /// The creator.
        named: String,
        /// What should have been signed: two digests in hexadecimal.
        signed: String,
    },
}

impl LdRefusal {
    /// A short name that does not change, for metrics and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::NotAnObject => "not_an_object",
            Self::Unsigned => "unsigned",
            Self::AlreadyThere => "already_there",
            Self::Meaning(error) => match error {
                Error::UnknownContext(_) => "unknown_context",
                Error::Keyword { .. } => "refused_keyword",
                Error::Limit { .. } => "over_limit",
                Error::AmbiguousRoot(_) => "ambiguous_root",
                Error::WithoutMeaning(_) => "object_without_meaning",
                Error::Empty => "meaningless",
                Error::Option(_) => "bad_option",
                _ => "json_ld",
            },
            Self::Renamed { .. } => "renamed",
            Self::NoSecurityContext => "no_security_context",
            Self::NoProofContext => "no_proof_context",
            Self::UnsupportedType { .. } => "unsupported_type",
            Self::MissingOption { .. } => "missing_option",
            Self::BadOption { .. } => "bad_option",
            Self::TooNew { .. } => "too_new",
            Self::TooOld { .. } => "too_old",
            Self::Expired { .. } => "expired",
            Self::ExpiresBeforeCreated => "expires_before_created",
            Self::WrongKey { .. } => "wrong_key",
            Self::Mismatch { .. } => "mismatch",
        }
    }

    /// A short reason that is safe to send to the peer: it holds what the peer wrote, shortened, and nothing of ours.
    #[must_use]
    pub fn peer_message(&self) -> String {
        match self.source() {
            Some(cause) => format!("{self}: {}", shown(&cause.to_string())),
            None => self.to_string(),
        }
    }
}

impl From<Untimely> for LdRefusal {
    fn from(untimely: Untimely) -> Self {
        match untimely {
            Untimely::Undated => Self::MissingOption { name: "created" },
            Untimely::TooNew { ahead, limit } => Self::TooNew { ahead, limit },
            Untimely::TooOld { age, limit } => Self::TooOld { age, limit },
            Untimely::Expired { ago } => Self::Expired { ago },
        }
    }
}
