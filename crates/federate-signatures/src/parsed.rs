//! From headers to the key that is needed.
use crate::{Flavour, KeyId, Policy, PublicKey, Refusal, VerifiedSignature};
use std::time::SystemTime;

/// Reads the signature of a request. `head.uri` is the target as on the wire.
///
/// # Errors
/// [`Refusal`] where there is no signature or it cannot be read.
pub fn parse(head: &http::request::Parts, body: &[u8]) -> Result<Parsed, Refusal> {
    todo!()
}

/// A signature that was read, but not verified. It owns what it needs and can be kept while the key is fetched.
#[derive(Debug, Clone)]
pub struct Parsed(KeyId);

impl Parsed {
    /// The key that is needed.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.0
    }
    /// The format of the signature.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        todo!()
    }
    /// Verifies with the key that [`Parsed::key_id`] names.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn verify(
        &self,
        key: &PublicKey,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<VerifiedSignature, Refusal> {
        todo!()
    }
}
