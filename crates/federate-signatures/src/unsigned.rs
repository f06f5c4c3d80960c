//! Requests that wait for their signature.
use crate::{Algorithm, KeyId, SignError, Signer};
use bytes::Bytes;
use std::time::SystemTime;

/// Prepares a request for a draft-cavage signature: adds `Host`, `Date` and, with a body, `Digest`.
pub fn cavage(request: http::Request<Bytes>, now: SystemTime) -> Unsigned {
    todo!()
}

/// Prepares a request for an RFC 9421 signature: adds `Host`, `Date` and, with a body, `Content-Digest`.
///
/// The key id is part of what is signed, so it is named here already.
pub fn rfc9421(request: http::Request<Bytes>, key_id: &KeyId, now: SystemTime) -> Unsigned {
    todo!()
}

/// A request that is complete but for its signature.
#[derive(Debug)]
#[must_use = "nothing is signed yet"]
pub struct Unsigned(http::Request<Bytes>);

impl Unsigned {
    /// The exact bytes to be signed by the key.
    #[must_use]
    pub fn base(&self) -> &[u8] {
        todo!()
    }
    /// Signs.
    ///
    /// # Errors
    /// [`SignError`] as the signer says.
    pub fn sign(self, signer: &dyn Signer) -> Result<http::Request<Bytes>, SignError> {
        todo!()
    }
    /// Attaches a signature over [`Unsigned::base`] that was made elsewhere.
    pub fn attach(self, key_id: &KeyId, algorithm: Algorithm, signature: &[u8]) -> http::Request<Bytes> {
        todo!()
    }
}
