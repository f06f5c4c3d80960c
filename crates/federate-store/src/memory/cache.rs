//! The cache in memory.

use super::{Shared, lock};
use crate::{Cache, CacheKind, Entry, StoreError};
use std::{
    collections::{BTreeSet, HashMap},
    time::SystemTime,
};

#[derive(Debug)]
pub(super) struct State {
    capacity: usize,
    entries: HashMap<(CacheKind, String), Entry>,
    by_expiry: BTreeSet<(SystemTime, CacheKind, String)>,
}

impl State {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::new(),
            by_expiry: BTreeSet::new(),
        }
    }

    fn remove(&mut self, kind: CacheKind, key: &str) {
        let slot = (kind, key.to_owned());
        if let Some(old) = self.entries.remove(&slot) {
            self.by_expiry.remove(&(old.expires, slot.0, slot.1));
        }
    }
}

#[async_trait::async_trait]
impl Cache for Shared {
    async fn get(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(lock(&self.cache).entries.get(&(kind, key.to_owned())).cloned())
    }

    async fn put(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), StoreError> {
        let mut state = lock(&self.cache);
        state.remove(kind, key);
        state.entries.insert((kind, key.to_owned()), entry.clone());
        state.by_expiry.insert((entry.expires, kind, key.to_owned()));
        while state.entries.len() > state.capacity
            && let Some((_, kind, key)) = state.by_expiry.pop_first()
        {
            state.entries.remove(&(kind, key));
        }
        Ok(())
    }

    async fn remove(&self, kind: CacheKind, key: &str) -> Result<(), StoreError> {
        lock(&self.cache).remove(kind, key);
        Ok(())
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(lock(&self.cache).entries.len())
    }

    fn capacity(&self) -> usize {
        lock(&self.cache).capacity
    }
}
