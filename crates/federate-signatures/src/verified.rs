//! What a verified signature says.
use crate::{Flavour, KeyId};
use std::time::SystemTime;

/// A signature that was verified. Only [`crate::Parsed::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedSignature {
    key_id: KeyId,
    flavour: Flavour,
    covered: Vec<String>,
    signed_at: SystemTime,
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
    /// The names of the components that were signed, in order.
    #[must_use]
    pub fn covered(&self) -> &[String] {
        &self.covered
    }
    /// When the peer says that it signed.
    #[must_use]
    pub fn signed_at(&self) -> SystemTime {
        self.signed_at
    }
}
