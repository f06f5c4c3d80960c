//! Keys.
use crate::{Algorithm, KeyId, SignError, Signer};
use std::fmt;

/// A public key whose bounds were checked: RSA of 2048 to 8192 bits, or Ed25519 that is not of small order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublicKey(());

impl PublicKey {
    /// Reads PEM: `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_pem(pem: &str) -> Result<Self, BadKey> {
        todo!()
    }
    /// Reads a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, BadKey> {
        todo!()
    }
    /// PEM, as Mastodon reads it (SPKI).
    #[must_use]
    pub fn to_pem(&self) -> String {
        todo!()
    }
    /// The algorithm that this key verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        todo!()
    }
}

/// A private key with its name. It signs, and shows nothing of itself.
pub struct PrivateKey(KeyId);

impl PrivateKey {
    /// Reads PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_pem(id: KeyId, pem: &str) -> Result<Self, BadKey> {
        todo!()
    }
    /// Reads DER PKCS#8.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_pkcs8(id: KeyId, der: &[u8]) -> Result<Self, BadKey> {
        todo!()
    }
    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        todo!()
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("key_id", &self.0)
            .finish_non_exhaustive()
    }
}

impl Signer for PrivateKey {
    fn key_id(&self) -> &KeyId {
        &self.0
    }
    fn algorithm(&self) -> Algorithm {
        todo!()
    }
    fn sign(&self, base: &[u8]) -> Result<Vec<u8>, SignError> {
        todo!()
    }
}

/// Why a key was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// Not PEM.
    #[error("not a PEM document")]
    NotPem,
}
