//! The keys of our actors: made when they are first needed, kept in the store, parsed once.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use federate_delivery::{SenderError, Senders};
use federate_protocol::signatures::{KeyGenerator, KeyId, PrivateKey, Signer};
use federate_store::KeyStore;

use crate::{Error, Uris};

/// How many parsed keys are kept in memory; the rest is parsed again.
const CACHED: usize = 4096;

/// The keys of our actors.
pub(crate) struct Keys {
    store: Arc<dyn KeyStore>,
    generator: Option<Arc<dyn KeyGenerator>>,
    uris: Arc<Uris>,
    parsed: Mutex<HashMap<String, Parsed>>,
    making: tokio::sync::Mutex<()>,
}

/// A key, and its public half as documents have it.
#[derive(Clone)]
struct Parsed {
    key: Arc<PrivateKey>,
    public_pem: Arc<str>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

impl Keys {
    pub(crate) fn new(
        store: Arc<dyn KeyStore>,
        generator: Option<Arc<dyn KeyGenerator>>,
        uris: Arc<Uris>,
    ) -> Self {
        Keys {
            store,
            generator,
            uris,
            parsed: Mutex::default(),
            making: tokio::sync::Mutex::default(),
        }
    }

    /// The key of an actor of ours, by identifier.
    pub(crate) async fn key(&self, name: &str) -> Result<Arc<PrivateKey>, Error> {
        self.parsed(name).await.map(|parsed| parsed.key)
    }

    /// The public half of the key of an actor of ours, as PEM.
    pub(crate) async fn public_pem(&self, name: &str) -> Result<Arc<str>, Error> {
        self.parsed(name).await.map(|parsed| parsed.public_pem)
    }

    async fn parsed(&self, name: &str) -> Result<Parsed, Error> {
        if let Some(key) = self.cached(name) {
            return Ok(key);
        }
        let stored = match self.store.get(&stored_as(name)).await? {
            Some(stored) => stored,
            None => {
                // One at a time: making a key takes a core for a tenth of a second.
                let _one = self.making.lock().await;
                if let Some(key) = self.cached(name) {
                    return Ok(key);
                }
                let candidate = self.make().await?;
                self.store.get_or_insert(&stored_as(name), &candidate).await?
            }
        };
        let key = self.parse(name, &stored)?;
        let made = Parsed {
            public_pem: key.public_key().to_pem().into(),
            key: Arc::new(key),
        };
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if parsed.len() >= CACHED {
            parsed.clear();
        }
        parsed.insert(name.to_owned(), made.clone());
        Ok(made)
    }

    /// Takes over a key that exists already, as PEM. Nothing changes where the actor has one.
    pub(crate) async fn adopt(&self, name: &str, pem: &str) -> Result<Arc<PrivateKey>, Error> {
        self.parse(name, pem.as_bytes())?;
        self.store.get_or_insert(&stored_as(name), pem.as_bytes()).await?;
        self.key(name).await
    }

    /// The key of the instance's own actor.
    pub(crate) async fn instance(&self) -> Result<Arc<PrivateKey>, Error> {
        self.key(crate::INSTANCE).await
    }

    fn cached(&self, name: &str) -> Option<Parsed> {
        self.parsed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    async fn make(&self) -> Result<Vec<u8>, Error> {
        let Some(generator) = self.generator.clone() else {
            return Err(Error::permanent(
                "the actor has no key, and there is no key generator",
            ));
        };
        let made = tokio::task::spawn_blocking(move || generator.generate_rsa_2048())
            .await
            .map_err(Error::passing)?
            .map_err(Error::passing)?;
        Ok(made.as_pkcs8().to_vec())
    }

    fn parse(&self, name: &str, stored: &[u8]) -> Result<PrivateKey, Error> {
        let id = KeyId(self.uris.key_id(name));
        match std::str::from_utf8(stored) {
            Ok(pem) if pem.trim_start().starts_with("-----BEGIN") => PrivateKey::from_pem(id, pem),
            _ => PrivateKey::from_pkcs8(id, stored),
        }
        .map_err(Error::permanent)
    }
}

#[async_trait]
impl Senders for Keys {
    async fn signer(&self, sender: &str) -> Result<Arc<dyn Signer>, SenderError> {
        match self.key(sender).await {
            Ok(key) => Ok(key),
            Err(e) if e.is_permanent() => {
                tracing::error!(sender, reason = %crate::error::chain(&e), "a sender has no key");
                Err(SenderError::Unknown)
            }
            Err(e) => Err(SenderError::Unavailable(Box::new(e))),
        }
    }
}

fn stored_as(name: &str) -> String {
    format!("actor:{name}")
}
