//! Secrets that this instance made: actors' keys, the sealing secret.

use crate::StoreError;
use std::fmt;

/// Where secrets are kept. Whether they are encrypted is the business of whoever calls.
#[async_trait::async_trait]
pub trait KeyStore: fmt::Debug + Send + Sync {
    /// The secret of that name; `candidate` becomes it where there is none. Atomic: when three processes start
    /// at once and each made a key, all get the same one back. Durable when `Ok`.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and nothing was stored.
    async fn get_or_insert(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, StoreError>;

    /// The secret of that name.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Puts `new` in the place of `old`, if `old` is what is there. Atomic: of two concurrent calls with the same `old`, at most one returns
    /// `true`. Durable when `Ok(true)`; `false`: something else is there, or nothing, and stays.
    ///
    /// # Errors
    /// As [`get_or_insert`](KeyStore::get_or_insert). The default replaces nothing, and is [`Broken`](crate::StoreErrorKind::Broken).
    async fn replace(&self, name: &str, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let _ = (name, old, new);
        Err(StoreError::broken("this store cannot replace a secret"))
    }

    /// Forgets the secret of that name. Durable when `Ok`; whether there was one.
    ///
    /// # Errors
    /// As [`get_or_insert`](KeyStore::get_or_insert). The default forgets nothing, and is [`Broken`](crate::StoreErrorKind::Broken).
    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        let _ = name;
        Err(StoreError::broken("this store cannot forget a secret"))
    }
}
