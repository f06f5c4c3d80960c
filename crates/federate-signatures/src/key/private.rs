//! Private keys.

use super::{BadKey, PublicKey, secret, secret::Secret, secret_jwk};
use crate::{Algorithm, KeyId, SignError, Signer};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
        RSA_PSS_SHA512, RsaKeyPair,
    },
};
use std::fmt;

/// A private key with its name. It signs, and shows nothing of itself.
///
/// RSA of 2048 to 4096 bits, Ed25519, or P-256. Buffers of this crate that held the key are overwritten; the copy inside of
/// `ring` is not, because `ring` offers no way to.
pub struct PrivateKey {
    id: KeyId,
    public: PublicKey,
    pair: Pair,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

impl PrivateKey {
    /// Reads PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1). Encrypted keys are not read.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_pem(id: KeyId, text: &str) -> Result<Self, BadKey> {
        secret::from_pem(text, |secret| Self::from_secret(id, secret))
    }

    /// Reads DER PKCS#8 ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958#section-2)).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_pkcs8(id: KeyId, bytes: &[u8]) -> Result<Self, BadKey> {
        Self::from_secret(id, Secret::from_pkcs8(bytes)?)
    }

    /// Reads a DER RSAPrivateKey ([RFC 8017](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.2)).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_pkcs1_der(id: KeyId, bytes: &[u8]) -> Result<Self, BadKey> {
        Self::from_secret(id, Secret::from_pkcs1(bytes)?)
    }

    /// Reads an Ed25519 secret as multibase (FEP-521a): base58btc over `0x1300` and the 32 bytes of the seed.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key.
    pub fn from_multikey(id: KeyId, text: &str) -> Result<Self, BadKey> {
        secret::from_multikey(text, |secret| Self::from_secret(id, secret))
    }

    /// Reads a private JSON Web Key: RSA of two primes, Ed25519 or P-256. Fedify stores its keys so.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong, without any part of the key; [`BadKey::Rejected`] where the public half is another
    /// key's.
    pub fn from_jwk(id: KeyId, text: &str) -> Result<Self, BadKey> {
        secret_jwk::read(text, |secret| Self::from_secret(id, secret), Self::public_key)
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
                (public, Pair::Rsa(Box::new(pair)))
            }
            Secret::P256 { number, point } => {
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    number,
                    point,
                    &SystemRandom::new(),
                )
                .map_err(|_| BadKey::Rejected)?;
                let public = PublicKey::from_point(pair.public_key().as_ref())?;
                (public, Pair::P256(Box::new(pair)))
            }
            Secret::Ed25519 { seed, public } => {
                let pair = match public {
                    Some(public) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
                    None => Ed25519KeyPair::from_seed_unchecked(seed),
                }
                .map_err(|_| BadKey::Rejected)?;
                let public = PublicKey::from_ed25519(pair.public_key().as_ref())?;
                (public, Pair::Ed25519(Box::new(pair)))
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
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                // PKCS#1 v1.5 is deterministic: ring asks for a source of randomness and does not draw from it.
                let random = SystemRandom::new();
                match self.public.algorithm() {
                    Algorithm::RsaPssSha512 => pair.sign(&RSA_PSS_SHA512, &random, base, &mut signature),
                    _ => pair.sign(&RSA_PKCS1_SHA256, &random, base, &mut signature),
                }
                .map_err(|_| SignError::Key)?;
                Ok(signature)
            }
            Pair::P256(pair) => match pair.sign(&SystemRandom::new(), base) {
                Ok(signature) => Ok(signature.as_ref().to_vec()),
                Err(_) => Err(SignError::Key),
            },
            Pair::Ed25519(pair) => Ok(pair.sign(base).as_ref().to_vec()),
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
