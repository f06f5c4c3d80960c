//! What was authenticated, kept in a table, and believed again only with our own seal on it.

use bytes::Bytes;

/// An authenticated activity in a form that a store can keep: its bytes, who sent it, the evidence, and a
/// message authentication code over all of it under the instance's [`Secret`].
///
/// Whoever can write the table, but does not have the secret, cannot make one that opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    bytes: Bytes,
}

impl Sealed {
    /// Takes back what [`to_bytes`](Sealed::to_bytes) gave. Nothing is checked here: opening it is the check.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into() }
    }

    /// The bytes to store. They hold the activity as it came: personal data.
    pub fn to_bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The bytes to store, borrowed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// The key under which an instance seals what it stores. Made once, kept in the `KeyStore`, never shown.
#[derive(Clone)]
pub struct Secret {
    key: ring::hmac::Key,
}

impl Secret {
    /// A secret from at least 32 random bytes. The same bytes give the same secret.
    ///
    /// # Errors
    /// [`BadSeal::WeakSecret`] when there are fewer than 32 bytes.
    pub fn new(random: &[u8]) -> Result<Self, BadSeal> {
        if random.len() < 32 {
            return Err(BadSeal::WeakSecret);
        }
        Ok(Self {
            key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, random),
        })
    }

    #[expect(dead_code, reason = "used by `seal` and `open`, which follow")]
    pub(crate) fn key(&self) -> &ring::hmac::Key {
        &self.key
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why something sealed does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSeal {
    /// A secret of fewer than 32 bytes.
    #[error("a sealing secret needs at least 32 bytes")]
    WeakSecret,
    /// It was not sealed under this secret, or it was changed since.
    #[error("seal does not match: made under another secret, or changed since")]
    Mismatch,
    /// It begins with a version that this release does not know.
    #[error("sealed by an unknown version")]
    UnknownVersion,
    /// It matched, but what is inside cannot be read.
    #[error("sealed content cannot be read")]
    Unreadable,
}
