//! The seam on the other side: who says whether a signature is good.

use crate::{Algorithm, BadKey, PublicKey};
use ring::hmac;
use std::{fmt, sync::Arc};

/// Something that can verify: a [`PublicKey`](crate::PublicKey), a [`SharedSecret`], a key of another provider.
pub trait Verifier: fmt::Debug + Send + Sync {
    /// What [`Verifier::verifies`] takes.
    fn algorithm(&self) -> Algorithm;
    /// Whether the signature is this key's over the message. It must be strict: no second signature that is made
    /// from a good one without the key may verify.
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// Who makes, of the public keys that are read, what verifies with them: `aws_lc::AwsLc` (feature `aws-lc-rs`), or a provider of your own. Without
/// one, `ring` does.
///
/// What it makes is kept with the key, so that whatever a provider derives from one is derived once.
pub trait VerifierProvider: fmt::Debug + Send + Sync {
    /// What verifies with this key, by the key's own algorithm and no other. The bounds of the key were checked.
    ///
    /// # Errors
    /// [`BadKey`] where the provider does not take the key: then nothing is verified with it.
    fn verifier(&self, key: &PublicKey) -> Result<Arc<dyn Verifier>, BadKey>;
}

/// A secret that both sides know, for `hmac-sha256`.
///
/// Never made from a key that came over the wire: a public key taken for a secret is the oldest confusion of all
/// (S6). Nothing in this crate makes one but [`SharedSecret::new`], and no policy takes it that does not name
/// [`Algorithm::HmacSha256`].
pub struct SharedSecret {
    id: crate::KeyId,
    key: hmac::Key,
}

impl SharedSecret {
    /// Takes a secret of at least 32 bytes; `None` for a shorter one.
    #[must_use]
    pub fn new(id: crate::KeyId, secret: &[u8]) -> Option<Self> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        (secret.len() >= 32).then_some(Self { id, key })
    }
}

impl Verifier for SharedSecret {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HmacSha256
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key, message, signature).is_ok()
    }
}

impl crate::Signer for SharedSecret {
    fn key_id(&self) -> &crate::KeyId {
        &self.id
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::HmacSha256
    }

    fn sign(&self, base: &[u8]) -> Result<Vec<u8>, crate::SignError> {
        Ok(hmac::sign(&self.key, base).as_ref().to_vec())
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret")
            .field("key_id", &self.id)
            .finish_non_exhaustive()
    }
}
