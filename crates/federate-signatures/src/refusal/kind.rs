//! The reasons.

use crate::{Algorithm, Flavour};
use std::time::Duration;

/// Why a signature was refused, as a value. What the peer wrote is shortened and escaped in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The request carries no signature.
    #[error("the request carries no signature")]
    Unsigned,
    /// A format that the policy does not take.
    #[error("signatures by {flavour} are not taken here")]
    UnsupportedFormat {
        /// The format.
        flavour: Flavour,
    },
    /// A header that may stand once came more often.
    #[error("the header {name} came more than once")]
    RepeatedHeader {
        /// The header.
        name: String,
    },
    /// A header could not be read.
    #[error("the header {header} cannot be read: {problem}")]
    Malformed {
        /// The header.
        header: &'static str,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A header is longer, or holds more, than is read.
    #[error("the header {header} is larger than {limit}")]
    TooLarge {
        /// The header.
        header: &'static str,
        /// The limit: bytes, or members.
        limit: usize,
    },
    /// The signature lacks a parameter.
    #[error("the signature lacks the parameter {name}")]
    MissingParameter {
        /// The parameter.
        name: &'static str,
    },
    /// A parameter cannot be read or is not known.
    #[error("the parameter {name} of the signature cannot be used")]
    BadParameter {
        /// The parameter.
        name: String,
    },
    /// What the policy requires is not in the list of what was signed.
    #[error("not signed, but required: {}", missing.join(", "))]
    NotSigned {
        /// The components by name; alternatives are joined by ` or `.
        missing: Vec<String>,
    },
    /// A component is in the list of what was signed, but not in the request.
    #[error("{name} is said to be signed, but is not in the request")]
    AbsentComponent {
        /// The component.
        name: String,
    },
    /// A component is in the list of what was signed twice.
    #[error("{name} is listed twice as signed")]
    RepeatedComponent {
        /// The component.
        name: String,
    },
    /// A component that cannot be signed here.
    #[error("{name} is no component that can be verified here")]
    UnsupportedComponent {
        /// The component.
        name: String,
    },
    /// A signed header holds bytes outside of printable ASCII.
    #[error("the signed header {name} holds bytes outside of printable ASCII")]
    NotAscii {
        /// The header.
        name: String,
    },
    /// The signature names an algorithm that is not verified here.
    #[error("the algorithm {named} is not verified here")]
    UnsupportedAlgorithm {
        /// What the header says.
        named: String,
    },
    /// The signature names an algorithm that the key does not have.
    #[error("the signature says {named}, but the key is for {key}")]
    AlgorithmMismatch {
        /// What the header says.
        named: String,
        /// What the key is for.
        key: Algorithm,
    },
    /// `(created)` or `(expires)` with an algorithm for which draft-cavage forbids them.
    #[error("{name} may not be signed with the algorithm {named}")]
    TimeWithOldAlgorithm {
        /// `(created)` or `(expires)`.
        name: &'static str,
        /// What the header says.
        named: String,
    },
    /// The body is not the one whose digest is in the header.
    #[error("the body has the {algorithm} digest {computed}, but {header} says {received}")]
    DigestMismatch {
        /// `digest` or `content-digest`.
        header: &'static str,
        /// `sha-256` or `sha-512`.
        algorithm: &'static str,
        /// Of the bytes that arrived, in Base64.
        computed: String,
        /// What the header says, in Base64.
        received: String,
    },
    /// The digest header holds no SHA-256 and no SHA-512.
    #[error("{header} holds neither SHA-256 nor SHA-512, only: {}", offered.join(", "))]
    NoStrongDigest {
        /// `digest` or `content-digest`.
        header: &'static str,
        /// The algorithms that it holds.
        offered: Vec<String>,
    },
    /// The signed `Date` is not a date as HTTP writes it.
    #[error("the Date header is no HTTP date: {received}")]
    BadDate {
        /// What came.
        received: String,
    },
    /// The time of signing lies too far back.
    #[error("signed {} s ago by {source_name}, at most {} s are accepted: the clocks differ or the request is old", age.as_secs(), limit.as_secs())]
    TooOld {
        /// `date` or `created`.
        source_name: &'static str,
        /// How long ago.
        age: Duration,
        /// The policy.
        limit: Duration,
    },
    /// The time of signing lies in the future.
    #[error("signed {} s in the future by {source_name}, at most {} s are accepted: the clocks differ", ahead.as_secs(), limit.as_secs())]
    TooNew {
        /// `date` or `created`.
        source_name: &'static str,
        /// How far ahead.
        ahead: Duration,
        /// The policy.
        limit: Duration,
    },
    /// The signature has expired by its own word.
    #[error("the signature expired {} s ago", ago.as_secs())]
    Expired {
        /// How long ago.
        ago: Duration,
    },
    /// The signature expires before it was created.
    #[error("the signature expires before it was created")]
    ExpiresBeforeCreated,
    /// `Host` names another server.
    #[error("the request is for the host {received}, but this server is {}", expected.join(", "))]
    WrongAuthority {
        /// What came.
        received: String,
        /// What the policy lists.
        expected: Vec<String>,
    },
    /// `Host` and the request target name different servers.
    #[error("the Host header says {host}, but the request target says {target}")]
    ConflictingAuthority {
        /// The header.
        host: String,
        /// The authority of the request target.
        target: String,
    },
    /// Several signatures by different keys: which one is meant is not ours to guess.
    #[error("signatures by several keys: {}", key_ids.join(", "))]
    SeveralKeys {
        /// The keys.
        key_ids: Vec<String>,
    },
    /// `Signature-Input` and `Signature` do not hold the same labels.
    #[error("the label {label} stands in only one of Signature-Input and Signature")]
    LabelMismatch {
        /// The label.
        label: String,
    },
    /// The signature does not verify.
    #[error("the {key} signature does not verify over what was received")]
    SignatureMismatch {
        /// What the key is for.
        key: Algorithm,
    },
}

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Bytes outside of printable ASCII.
    #[error("bytes outside of printable ASCII")]
    NotAscii,
    /// The grammar is broken.
    #[error("not the expected syntax")]
    Syntax,
    /// A parameter, label or member stands twice.
    #[error("a name stands twice")]
    Duplicate,
    /// Not Base64, or not in its canonical form.
    #[error("not canonical base64")]
    Base64,
    /// A structured field that is not in its canonical serialisation.
    #[error("not a structured field in its canonical serialisation")]
    StructuredField,
}

impl RefusalKind {
    /// A short name that does not change, for metrics and JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::UnsupportedFormat { .. } => "unsupported_format",
            Self::RepeatedHeader { .. } => "repeated_header",
            Self::Malformed { .. } => "malformed",
            Self::TooLarge { .. } => "too_large",
            Self::MissingParameter { .. } => "missing_parameter",
            Self::BadParameter { .. } => "bad_parameter",
            Self::NotSigned { .. } => "not_signed",
            Self::AbsentComponent { .. } => "absent_component",
            Self::RepeatedComponent { .. } => "repeated_component",
            Self::UnsupportedComponent { .. } => "unsupported_component",
            Self::NotAscii { .. } => "not_ascii",
            Self::UnsupportedAlgorithm { .. } => "unsupported_algorithm",
            Self::AlgorithmMismatch { .. } => "algorithm_mismatch",
            Self::TimeWithOldAlgorithm { .. } => "time_with_old_algorithm",
            Self::DigestMismatch { .. } => "digest_mismatch",
            Self::NoStrongDigest { .. } => "no_strong_digest",
            Self::BadDate { .. } => "bad_date",
            Self::TooOld { .. } => "too_old",
            Self::TooNew { .. } => "too_new",
            Self::Expired { .. } => "expired",
            Self::ExpiresBeforeCreated => "expires_before_created",
            Self::WrongAuthority { .. } => "wrong_authority",
            Self::ConflictingAuthority { .. } => "conflicting_authority",
            Self::SeveralKeys { .. } => "several_keys",
            Self::LabelMismatch { .. } => "label_mismatch",
            Self::SignatureMismatch { .. } => "signature_mismatch",
        }
    }

    pub(super) fn is_malformed(&self) -> bool {
        matches!(
            self,
            Self::Malformed { .. }
                | Self::TooLarge { .. }
                | Self::RepeatedHeader { .. }
                | Self::RepeatedComponent { .. }
                | Self::NotAscii { .. }
                | Self::ConflictingAuthority { .. }
                | Self::LabelMismatch { .. }
        )
    }

    pub(super) fn peer_message(&self) -> String {
        match self {
            // Our names behind a proxy are not the peer's business.
            Self::WrongAuthority { received, .. } => format!("the host {received} is not served here"),
            other => other.to_string(),
        }
    }
}
