//! The seams: who signs, who makes keys.

use crate::{
    Algorithm, BadKey, KeyId, PrivateKey, PublicKey,
    key::{Secret, Wiped, pem_write},
};
use ring::{
    error::Unspecified,
    pkcs8::Document,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};
use std::fmt;

/// Somebody who can sign: a [`crate::PrivateKey`], an HSM, a key service.
///
/// There is no async in here. A key that has to be waited for is used in two steps, and what lies between them is the
/// caller's: [`Unsigned::base`](crate::Unsigned::base) are the bytes to be signed and
/// [`Unsigned::attach`](crate::Unsigned::attach) takes the signature; responses, object proofs and Linked Data signatures
/// likewise.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The name under which the peer finds the public half.
    fn key_id(&self) -> &KeyId;
    /// What [`Signer::sign`] makes.
    fn algorithm(&self) -> Algorithm;
    /// Signs the signature base.
    ///
    /// # Errors
    /// [`SignError`] when the key cannot be used.
    fn sign(&self, base: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Somebody who can make keys. `ring` makes no RSA keys, so somebody else must: `aws_lc::AwsLc` (feature `aws-lc-rs`), a
/// key service.
pub trait KeyGenerator: fmt::Debug + Send + Sync {
    /// Makes a fresh RSA key of 2048 bits, in PKCS#8 DER: what Mastodon reads.
    ///
    /// # Errors
    /// [`SignError`] when no key could be made.
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError>;

    /// Makes a fresh Ed25519 key, in PKCS#8 DER; by `ring` unless somebody else does.
    ///
    /// # Errors
    /// [`SignError`] when no key could be made.
    fn generate_ed25519(&self) -> Result<GeneratedKey, SignError> {
        by_ring(Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()))
    }

    /// Makes a fresh key on P-256, in PKCS#8 DER; by `ring` unless somebody else does.
    ///
    /// # Errors
    /// [`SignError`] when no key could be made.
    fn generate_p256(&self) -> Result<GeneratedKey, SignError> {
        let random = SystemRandom::new();
        by_ring(EcdsaKeyPair::generate_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &random,
        ))
    }
}

fn by_ring(made: Result<Document, Unspecified>) -> Result<GeneratedKey, SignError> {
    match made {
        Ok(made) => Ok(GeneratedKey::from_pkcs8(made.as_ref().to_vec())),
        // ring says no more than that; what can fail there is the source of randomness.
        Err(_) => Err(SignError::Provider("the source of randomness failed".into())),
    }
}

/// A fresh private key in PKCS#8 DER. The bytes are overwritten when it is dropped.
pub struct GeneratedKey(Wiped);

impl GeneratedKey {
    /// Takes PKCS#8 DER into its care.
    #[must_use]
    pub fn from_pkcs8(der: Vec<u8>) -> Self {
        Self(Wiped::new(der))
    }
    /// The PKCS#8 DER, to be stored as a secret or given to [`crate::PrivateKey::from_pkcs8`].
    #[must_use]
    pub fn as_pkcs8(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The public half, for `publicKeyPem` ([`PublicKey::to_pem`]) or a Multikey.
    ///
    /// # Errors
    /// [`BadKey`] for what a [`KeyGenerator`] should not have made.
    pub fn public_key(&self) -> Result<PublicKey, BadKey> {
        Ok(PrivateKey::from_pkcs8(KeyId::from(""), self.as_pkcs8())?.public_key())
    }

    /// The key as PEM with the label `PRIVATE KEY`: a secret in a string that nobody wipes, for whoever asks for it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem_write("PRIVATE KEY", self.0.as_slice())
    }
}

impl GeneratedKey {
    /// An RSA key as PEM with the label `RSA PRIVATE KEY` (PKCS#1), a secret likewise; `None` for another key.
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> Option<String> {
        match Secret::from_pkcs8(self.as_pkcs8()) {
            Ok(Secret::Rsa { pkcs1, .. }) => Some(pem_write("RSA PRIVATE KEY", pkcs1)),
            _ => None,
        }
    }
}

impl fmt::Debug for GeneratedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneratedKey(..)")
    }
}

/// Why nothing was signed or generated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key refused.
    #[error("the key could not sign")]
    Key,
    /// A remote key service or a key generator failed.
    #[error("the key provider failed")]
    Provider(#[source] Box<dyn std::error::Error + Send + Sync>),
}
