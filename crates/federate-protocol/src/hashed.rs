//! Bytes whose digest is known, or computed once.

use crate::activitystreams::Object;
use bytes::Bytes;
use std::sync::OnceLock;

/// A SHA-256.
pub(crate) type Sha256 = [u8; 32];

/// A document as it came. Its SHA-256 is computed when somebody asks, and only if nobody has before: whoever verified a digest has.
#[derive(Debug, Clone)]
pub(crate) struct Hashed {
    bytes: Bytes,
    sha256: OnceLock<Sha256>,
}

impl Hashed {
    /// `sha256`: what was computed of these very bytes.
    pub(crate) fn new(bytes: Bytes, sha256: Option<Sha256>) -> Self {
        debug_assert!(
            sha256.is_none_or(|known| known == self::sha256(&bytes)),
            "a digest of other bytes makes a seal that never opens"
        );
        Self {
            bytes,
            sha256: sha256.map(OnceLock::from).unwrap_or_default(),
        }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    pub(crate) fn sha256(&self) -> &Sha256 {
        self.sha256.get_or_init(|| sha256(&self.bytes))
    }
}

/// The bytes that a document was read from, which it holds: those of a request may be a part of the buffer of its connection, and keep all of
/// that.
pub(crate) fn bytes_of(document: &Object) -> Bytes {
    struct Read(Object);
    impl AsRef<[u8]> for Read {
        fn as_ref(&self) -> &[u8] {
            self.0.as_bytes()
        }
    }
    Bytes::from_owner(Read(document.clone()))
}

impl From<Bytes> for Hashed {
    fn from(bytes: Bytes) -> Self {
        Self::new(bytes, None)
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let mut sha256 = Sha256::default();
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    for (to, from) in sha256.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    sha256
}
