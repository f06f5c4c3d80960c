//! What the look-up of a key answers.

use crate::activitystreams::Iri;
use crate::signatures::{KeyId, PublicKey};

/// A key whose owner is known in both directions: the key's document names the owner, and the owner's lists the key.
#[derive(Debug, Clone)]
pub struct ResolvedKey {
    /// The name of the key, exactly as it was asked for.
    pub key_id: KeyId,
    /// The actor that lists it as its own.
    pub owner: Iri,
    /// The key.
    pub key: PublicKey,
    /// It was fetched just now, not taken from a cache: fetching again would not help.
    pub fresh: bool,
}

/// Why a key could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFailure {
    /// Not for now: DNS, a timeout, a 5xx, a 429. The sender is told to try again (503).
    #[error("unavailable: {reason}")]
    Unavailable {
        /// What happened, for the log.
        reason: String,
    },
    /// It must not be believed, or is not there: 404, a wrong owner, a wrong type, no PEM (401).
    #[error("refused: {reason}")]
    Refused {
        /// What is wrong with it, for the log.
        reason: String,
    },
    /// Its server answers 410.
    #[error("gone")]
    Gone,
    /// It is not in the cache, and only the cache was asked.
    #[error("not cached")]
    NotCached,
}
