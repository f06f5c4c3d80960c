//! What others' servers told us, kept for a while.

use crate::StoreError;
use bytes::Bytes;
use std::{fmt, time::SystemTime};

/// What an entry is about. The same key may stand in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CacheKind {
    /// An actor document, by the actor's id.
    Actor,
    /// A public key with its owner, by the key's id.
    Key,
    /// Any other document, by its id.
    Document,
    /// The actor's id of a handle, by the handle.
    Handle,
    /// What is known of a host (its software), by the host.
    Host,
    /// When an actor moved last, by the actor's id.
    Move,
    /// What signatures a host has shown to take, by the name of its lane.
    Signature,
}

impl CacheKind {
    /// A short stable name, as a store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Key => "key",
            Self::Document => "document",
            Self::Handle => "handle",
            Self::Host => "host",
            Self::Move => "move",
            Self::Signature => "signature",
        }
    }
}

/// What is cached under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was learnt. Empty for a *negative* entry: it was asked for, and there is nothing.
    pub bytes: Bytes,
    /// When it was learnt. Kept to the microsecond.
    pub stored: SystemTime,
    /// Until when it may be believed. Kept to the microsecond.
    pub expires: SystemTime,
}

impl Entry {
    /// Whether it says that there is nothing.
    pub fn is_negative(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether it may still be believed at `now`.
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        now < self.expires
    }
}

/// A bounded cache. Losing an entry, or all of them, costs time and nothing else.
#[async_trait::async_trait]
pub trait Cache: fmt::Debug + Send + Sync {
    /// What is kept under the key, expired or not: the caller looks at [`Entry::expires`], as a stale entry
    /// is worth something while its server is away.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken). A caller may take it
    /// for a miss.
    async fn get(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Keeps the entry in place of what was there. Where [`capacity`](Cache::capacity) is exceeded, those that
    /// expire first go first.
    ///
    /// # Errors
    /// Any kind but `Fenced`. A caller may carry on without.
    async fn put(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), StoreError>;

    /// Drops what is kept under the key.
    ///
    /// # Errors
    /// Any kind but `Fenced`.
    async fn remove(&self, kind: CacheKind, key: &str) -> Result<(), StoreError>;

    /// At most `max` entries of this kind behind the key `after`, in an order of the store's own, each with its key: for a walk through all
    /// that is kept, in which what is put meanwhile may be missed. The default shows none.
    ///
    /// # Errors
    /// As [`get`](Cache::get).
    async fn page(
        &self,
        kind: CacheKind,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        let _ = (kind, after, max);
        Ok(Vec::new())
    }

    /// How many entries there are.
    ///
    /// # Errors
    /// As [`get`](Cache::get).
    async fn count(&self) -> Result<usize, StoreError>;

    /// How many entries of all kinds are kept at most.
    fn capacity(&self) -> usize;
}
