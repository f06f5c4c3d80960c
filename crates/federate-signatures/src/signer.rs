//! The seams: who signs, who makes keys.
use crate::{
    Algorithm, KeyId,
    key::{Wiped, pem_write},
};
use std::fmt;

/// Somebody who can sign: a [`crate::PrivateKey`], a key service, an HSM.
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

/// Somebody who can make RSA keys; `ring` cannot.
pub trait KeyGenerator: fmt::Debug + Send + Sync {
    /// Makes a fresh RSA key of 2048 bits, in PKCS#8 DER.
    ///
    /// # Errors
    /// [`SignError`] when no key could be made.
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError>;
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

    /// The key as PEM with the label `PRIVATE KEY`: a secret in a string that nobody wipes, for whoever asks for it.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem_write("PRIVATE KEY", self.0.as_slice())
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
