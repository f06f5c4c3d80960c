//! Keys that are made beforehand: making RSA keys takes longer than most tests.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use federate_protocol::signatures::{GeneratedKey, KeyGenerator, SignError};

const KEYS: [&[u8]; 4] = [
    include_bytes!("../keys/0.pk8"),
    include_bytes!("../keys/1.pk8"),
    include_bytes!("../keys/2.pk8"),
    include_bytes!("../keys/3.pk8"),
];

/// Hands out the same four RSA keys in turn. They are public: for tests only.
#[derive(Debug, Default)]
pub struct TestKeys(AtomicUsize);

impl TestKeys {
    /// The next of the four, as PKCS#8 DER.
    pub fn next_pkcs8(&self) -> &'static [u8] {
        Self::nth(self.0.fetch_add(1, Relaxed))
    }

    /// One of the four, counted on from the first.
    pub(crate) fn nth(n: usize) -> &'static [u8] {
        KEYS.get(n % KEYS.len()).copied().unwrap_or_default()
    }
}

impl KeyGenerator for TestKeys {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        Ok(GeneratedKey::from_pkcs8(self.next_pkcs8().to_vec()))
    }
}
