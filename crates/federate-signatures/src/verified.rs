//! What a verified signature says.

use crate::{Algorithm, Flavour, KeyId};
use std::{sync::Arc, time::SystemTime};

/// A signature that was verified. Only [`Parsed::verify`](crate::Parsed::verify) makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSignature {
    pub(crate) key_id: KeyId,
    pub(crate) flavour: Flavour,
    pub(crate) algorithm: Algorithm,
    pub(crate) covered: Arc<[String]>,
    pub(crate) signed_at: SystemTime,
    pub(crate) query_signed: bool,
    pub(crate) label: Option<String>,
    pub(crate) nonce: Option<String>,
}

impl VerifiedSignature {
    /// The key that signed.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// The format of the signature.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The algorithm: the key's.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The names of the components that were signed, in order: `(request-target)`, `@method`, `digest`.
    #[must_use]
    pub fn covered(&self) -> &[String] {
        &self.covered
    }

    /// When the peer says that it signed; within the window of the policy.
    #[must_use]
    pub fn signed_at(&self) -> SystemTime {
        self.signed_at
    }

    /// `false` where the signature holds only for the target without its query: the query is then anybody's word.
    #[must_use]
    pub fn query_signed(&self) -> bool {
        self.query_signed
    }

    /// The label of an RFC 9421 signature; the first, where several by one key were verified.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// The nonce of an RFC 9421 signature. Whether it was seen before is the caller's to remember.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}
