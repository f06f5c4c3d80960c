//! Public keys.

use crate::{Algorithm, BadKey, PublicKey, Verifier};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA512, VerificationAlgorithm,
};
use std::fmt;

/// A [`PublicKey`] that AWS-LC verifies with. It was parsed once; verifying does not do it again.
#[derive(Clone)]
pub struct VerifyingKey {
    public: PublicKey,
    parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// The key, whose bounds were checked by [`PublicKey`], for AWS-LC.
    ///
    /// # Errors
    /// [`BadKey::Rejected`] where AWS-LC does not take it.
    pub fn new(public: PublicKey) -> Result<Self, BadKey> {
        let algorithm: &'static dyn VerificationAlgorithm = match public.algorithm() {
            Algorithm::RsaV1_5Sha256 => &RSA_PKCS1_2048_8192_SHA256,
            Algorithm::RsaPssSha512 => &RSA_PSS_2048_8192_SHA512,
            Algorithm::Ed25519 => &ED25519,
            Algorithm::EcdsaP256Sha256 => &ECDSA_P256_SHA256_FIXED,
            Algorithm::EcdsaP384Sha384 => &ECDSA_P384_SHA384_FIXED,
            Algorithm::HmacSha256 => return Err(BadKey::UnsupportedAlgorithm),
        };
        let parsed = ParsedPublicKey::new(algorithm, public.key_bytes()).map_err(|_| BadKey::Rejected)?;
        Ok(Self { public, parsed })
    }

    /// The key itself.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl TryFrom<PublicKey> for VerifyingKey {
    type Error = BadKey;

    fn try_from(public: PublicKey) -> Result<Self, BadKey> {
        Self::new(public)
    }
}

impl Verifier for VerifyingKey {
    fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.is_strict(signature) && self.parsed.verify_sig(message, signature).is_ok()
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerifyingKey").field(&self.public).finish()
    }
}
