//! What a builder is told about keys.

use std::sync::Arc;

use federate_protocol::signatures::{KeyGenerator, VerifierProvider};

use crate::{Builder, Directory, KeyCipher};

impl<App: Directory> Builder<App> {
    /// Another maker of actors' keys.
    pub fn keygen(mut self, keygen: Arc<dyn KeyGenerator>) -> Self {
        self.keygen = Some(keygen);
        self
    }

    /// Who verifies what others sign, in place of `ring`: `AwsLc` (feature `keygen`), or a provider of your own.
    ///
    /// AWS-LC keeps what it derives from a key, which is about a quarter of what an RSA signature takes `ring` each time.
    pub fn verifier(mut self, verifiers: Arc<dyn VerifierProvider>) -> Self {
        self.verifiers = Some(verifiers);
        self
    }

    /// How the secrets that the library makes lie in the store: actors' private keys, and the secret that seals what was received.
    /// [`SecretCipher`](crate::SecretCipher) needs nothing but 32 bytes.
    ///
    /// A store that has secrets in plain form already can get a cipher at any time: they are read as they are, and sealed when they are
    /// written next, by a [rotation](crate::Federation::rotate_keys). From the first start with a cipher on, a start with another one,
    /// or without, is refused.
    pub fn key_cipher(mut self, cipher: impl KeyCipher + 'static) -> Self {
        self.key_cipher = Some(Arc::new(cipher));
        self
    }
}
