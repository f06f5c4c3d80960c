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
}
