//! The key store behind its cipher: what is read may be in plain form still, what is written is sealed.

use std::fmt;
use std::sync::Arc;

use federate_store::{KeyStore, StoreError};

use crate::{CipherError, Error, KeyCipher};

/// What stands before everything sealed. No key begins so: DER begins with a sequence, PEM with dashes.
const SEALED: &[u8] = b"federate-sealed-1\0";

/// The name under which a store says that its secrets are sealed, and with what.
const PROBE: &str = "key-cipher";

/// The secrets of this instance.
pub(crate) struct Vault {
    store: Arc<dyn KeyStore>,
    cipher: Option<Arc<dyn KeyCipher>>,
}

/// A secret, and how it lies in the store. Not printed.
pub(crate) struct Kept {
    pub(crate) secret: Vec<u8>,
    pub(crate) stored: Vec<u8>,
}

/// Why a secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VaultError {
    #[error("the store does not give it")]
    Store(#[from] StoreError),
    #[error("the secret `{name}` cannot be read or sealed")]
    Cipher {
        name: String,
        #[source]
        source: CipherError,
    },
}

impl Vault {
    pub(crate) fn new(store: Arc<dyn KeyStore>, cipher: Option<Arc<dyn KeyCipher>>) -> Self {
        Vault { store, cipher }
    }

    /// Whether what was sealed here was sealed with this cipher: a wrong secret is found before anything is made.
    pub(crate) async fn probe(&self) -> Result<(), VaultError> {
        match self.cipher {
            Some(_) => self.get_or_insert(PROBE, PROBE.as_bytes()).await.map(|_| ()),
            None => self.get(PROBE).await.map(|_| ()),
        }
    }

    pub(crate) async fn get(&self, name: &str) -> Result<Option<Kept>, VaultError> {
        match self.store.get(name).await? {
            Some(stored) => self.opened(name, stored).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn get_or_insert(&self, name: &str, candidate: &[u8]) -> Result<Kept, VaultError> {
        let candidate = self.sealed(name, candidate).await?;
        let stored = self.store.get_or_insert(name, &candidate).await?;
        self.opened(name, stored).await
    }

    /// Puts a secret in the place of one that was read. `false`: another is there by now.
    pub(crate) async fn replace(&self, name: &str, old: &Kept, new: &[u8]) -> Result<bool, VaultError> {
        let new = self.sealed(name, new).await?;
        Ok(self.store.replace(name, &old.stored, &new).await?)
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<bool, VaultError> {
        Ok(self.store.remove(name).await?)
    }

    async fn sealed(&self, name: &str, secret: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Some(cipher) = &self.cipher else {
            return Ok(secret.to_vec());
        };
        let sealed = cipher.seal(name, secret).await;
        Ok([SEALED, &sealed.map_err(|e| refused(name, e))?].concat())
    }

    async fn opened(&self, name: &str, stored: Vec<u8>) -> Result<Kept, VaultError> {
        let secret = match (stored.strip_prefix(SEALED), &self.cipher) {
            (None, _) => stored.clone(),
            (Some(sealed), Some(cipher)) => cipher.open(name, sealed).await.map_err(|e| refused(name, e))?,
            (Some(_), None) => return Err(refused(name, CipherError::NoCipher)),
        };
        Ok(Kept { secret, stored })
    }
}

fn refused(name: &str, source: CipherError) -> VaultError {
    VaultError::Cipher {
        name: name.to_owned(),
        source,
    }
}

impl From<VaultError> for Error {
    fn from(e: VaultError) -> Self {
        match e {
            VaultError::Store(e) => e.into(),
            // A process that was started with the wrong secret must not give up on what another could send.
            e @ VaultError::Cipher { .. } => Error::passing(e),
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("cipher", &self.cipher)
            .finish_non_exhaustive()
    }
}
