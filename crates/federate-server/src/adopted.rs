//! Keys that actors had before this library came.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use federate_protocol::activitystreams::Iri;

use crate::keys::Existing;
use crate::{Directory, Error, Failure, Federation};

/// The key that an actor had before this library came: see [`Directory::adopted_key`].
#[derive(Clone)]
pub struct AdoptedKey {
    pub(crate) id: Option<Iri>,
    pub(crate) pem: String,
}

impl AdoptedKey {
    /// A private RSA key as PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1), not encrypted.
    pub fn pem(pem: impl Into<String>) -> Self {
        AdoptedKey {
            id: None,
            pem: pem.into(),
        }
    }

    /// The id by which others know the key, where it is not what [`Paths::key`](crate::Paths::key) makes of the actor's. It stays the id when
    /// the key is [rotated](Federation::rotate_keys). Where it is a document and not a part of the actor's, the application answers
    /// there with [`Federation::key_document`].
    pub fn id(self, id: Iri) -> Self {
        AdoptedKey { id: Some(id), ..self }
    }
}

/// The key is not printed.
impl fmt::Debug for AdoptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdoptedKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<App: Directory> Federation<App> {
    /// Takes over the key that an actor of ours had before this library came, as PEM. Nothing changes where the actor has one
    /// here already. [`Directory::adopted_key`] does it for everybody, when it is time.
    ///
    /// # Errors
    ///
    /// A permanent one where the key cannot be read or is too weak, or the store's.
    pub async fn adopt_key(&self, name: &str, pem: &str) -> Result<(), Error> {
        self.inner.keys.adopt(name, pem).await
    }
}

impl<App: Directory> Federation<App> {
    /// What is to be answered, as `application/activity+json`, at the [id](AdoptedKey::id) that the key of an actor has from before.
    ///
    /// # Errors
    ///
    /// Where the key cannot be had.
    pub async fn key_document(&self, name: &str) -> Result<serde_json::Value, Error> {
        let keys = self.inner.keys.public(name).await?;
        Ok(crate::document::key_document(&self.uris().actor(name), &keys))
    }
}

/// Asks the application.
pub(crate) struct Adopted<App>(pub(crate) Arc<App>);

#[async_trait]
impl<App: Directory> Existing for Adopted<App> {
    async fn key(&self, name: &str) -> Result<Option<AdoptedKey>, Failure> {
        self.0.adopted_key(name).await
    }
}
