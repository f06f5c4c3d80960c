//! Private keys.

use crate::{
    Algorithm, BadKey, KeyId, PublicKey, SignError, Signer,
    key::{Secret, from_multikey, from_pem},
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PSS_SHA512, RsaKeyPair,
    },
};
use std::fmt;

/// A private key with its name, that AWS-LC signs with; like [`crate::PrivateKey`], and RSA of up to 8192 bits.
///
/// It takes and refuses the same forms of a key. An RSA key whose numbers contradict one another is refused here when it
/// is read; by `ring` partly not before it signs, which then fails.
///
/// AWS-LC overwrites its copy of the key when it is dropped, and our buffers are overwritten too.
pub struct PrivateKey {
    id: KeyId,
    public: PublicKey,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl PrivateKey {
    /// Reads PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1). Encrypted keys are not read.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_pem(id: KeyId, text: &str) -> Result<Self, BadKey> {
        from_pem(text, |secret| Self::from_secret(id, secret))
    }

    /// Reads DER PKCS#8.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_pkcs8(id: KeyId, bytes: &[u8]) -> Result<Self, BadKey> {
        Self::from_secret(id, Secret::from_pkcs8(bytes)?)
    }

    /// Reads an Ed25519 secret as multibase (FEP-521a).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_multikey(id: KeyId, text: &str) -> Result<Self, BadKey> {
        from_multikey(text, |secret| Self::from_secret(id, secret))
    }

    /// The same key for another algorithm: an RSA key for RSASSA-PSS with SHA-512, or back.
    ///
    /// # Errors
    /// [`BadKey::UnsupportedAlgorithm`] for an algorithm that this key is not for.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, BadKey> {
        let Self { id, public, pair } = self;
        let public = public.with_algorithm(algorithm)?;
        Ok(Self { id, public, pair })
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn from_secret(id: KeyId, secret: Secret<'_>) -> Result<Self, BadKey> {
        let (public, pair) = match secret {
            Secret::Rsa { pkcs1, public } => {
                let pair = RsaKeyPair::from_der(pkcs1).map_err(|_| BadKey::Rejected)?;
                (public, Pair::Rsa(pair))
            }
            Secret::P256 { number, point } => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, number, point)
                    .map_err(|_| BadKey::Rejected)?;
                let public = PublicKey::from_point(pair.public_key().as_ref())?;
                (public, Pair::P256(pair))
            }
            Secret::Ed25519 { seed, public } => {
                let pair = match public {
                    Some(public) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
                    None => Ed25519KeyPair::from_seed_unchecked(seed),
                }
                .map_err(|_| BadKey::Rejected)?;
                let public = PublicKey::from_ed25519(pair.public_key().as_ref())?;
                (public, Pair::Ed25519(pair))
            }
        };
        Ok(Self { id, public, pair })
    }
}

impl Signer for PrivateKey {
    fn key_id(&self) -> &KeyId {
        &self.id
    }

    fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    fn sign(&self, base: &[u8]) -> Result<Vec<u8>, SignError> {
        // It asks for a source of randomness, as ring does, and uses its own.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                match self.public.algorithm() {
                    Algorithm::RsaPssSha512 => pair.sign(&RSA_PSS_SHA512, &random, base, &mut signature),
                    _ => pair.sign(&RSA_PKCS1_SHA256, &random, base, &mut signature),
                }
                .map_err(|_| SignError::Key)?;
                Ok(signature)
            }
            Pair::P256(pair) => match pair.sign(&random, base) {
                Ok(signature) => Ok(signature.as_ref().to_vec()),
                Err(_) => Err(SignError::Key),
            },
            Pair::Ed25519(pair) => match pair.try_sign(base) {
                Ok(signature) => Ok(signature.as_ref().to_vec()),
                Err(_) => Err(SignError::Key),
            },
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey")
            .field("key_id", &self.id)
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}
