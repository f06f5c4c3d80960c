//! The cache in memory.

use super::{Shared, lock};
use crate::{Cache, CacheKind, Entry, StoreError};
use std::{
    collections::{BTreeSet, HashMap},
    time::SystemTime,
};

/// How many bytes all entries have together: an entry may be long, and ten thousand of them are no reason to have no memory left.
const BYTES: usize = 256 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct State {
    capacity: usize,
    bytes: usize,
    entries: HashMap<(CacheKind, String), Entry>,
    by_expiry: BTreeSet<(SystemTime, CacheKind, String)>,
}

impl State {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            bytes: 0,
            entries: HashMap::new(),
            by_expiry: BTreeSet::new(),
        }
    }

    fn remove(&mut self, kind: CacheKind, key: &str) {
        let slot = (kind, key.to_owned());
        if let Some(old) = self.entries.remove(&slot) {
            self.bytes -= size(&slot.1, &old);
            self.by_expiry.remove(&(old.expires, slot.0, slot.1));
        }
    }
}

fn size(key: &str, entry: &Entry) -> usize {
    // The key stands in both maps.
    2 * key.len() + entry.bytes.len()
}

#[async_trait::async_trait]
impl Cache for Shared {
    async fn get(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(lock(&self.cache).entries.get(&(kind, key.to_owned())).cloned())
    }

    async fn put(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), StoreError> {
        let mut state = lock(&self.cache);
        state.remove(kind, key);
        state.bytes += size(key, entry);
        state.entries.insert((kind, key.to_owned()), entry.clone());
        state.by_expiry.insert((entry.expires, kind, key.to_owned()));
        while (state.entries.len() > state.capacity || state.bytes > BYTES)
            && let Some((_, kind, key)) = state.by_expiry.first().cloned()
        {
            state.remove(kind, &key);
        }
        Ok(())
    }

    async fn remove(&self, kind: CacheKind, key: &str) -> Result<(), StoreError> {
        lock(&self.cache).remove(kind, key);
        Ok(())
    }

    async fn page(
        &self,
        kind: CacheKind,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        let state = lock(&self.cache);
        let behind = |key: &str| after.is_none_or(|after| key > after);
        let entries = state.entries.iter();
        let mut page: Vec<_> = entries
            .filter(|((of, key), _)| *of == kind && behind(key))
            .map(|((_, key), entry)| (key.clone(), entry.clone()))
            .collect();
        page.sort_by(|a, b| a.0.cmp(&b.0));
        page.truncate(max);
        Ok(page)
    }

    async fn count(&self) -> Result<usize, StoreError> {
        Ok(lock(&self.cache).entries.len())
    }

    fn capacity(&self) -> usize {
        lock(&self.cache).capacity
    }
}

#[cfg(test)]
mod tests {
    use crate::{Backend, CacheKind, Entry, Memory};
    use std::time::{Duration, SystemTime};

    #[tokio::test]
    async fn r14_long_entries_stay_within_the_bytes() {
        let cache = Memory::new().stores().cache;
        let entry = |n: u64| Entry {
            bytes: bytes::Bytes::from(vec![b'x'; 1024 * 1024]),
            stored: SystemTime::UNIX_EPOCH,
            expires: SystemTime::UNIX_EPOCH + Duration::from_secs(n),
        };
        for n in 0..300 {
            let key = format!("{n:03}");
            cache.put(CacheKind::Actor, &key, &entry(n)).await.unwrap();
        }
        // Each has six bytes of key beside.
        assert_eq!(cache.count().await.unwrap(), 255);
        assert!(cache.get(CacheKind::Actor, "044").await.unwrap().is_none());
        assert!(cache.get(CacheKind::Actor, "045").await.unwrap().is_some());
        for n in 0..300 {
            cache.remove(CacheKind::Actor, &format!("{n:03}")).await.unwrap();
        }
        for n in 0..255 {
            let key = format!("{n:03}");
            cache.put(CacheKind::Actor, &key, &entry(n)).await.unwrap();
        }
        assert_eq!(cache.count().await.unwrap(), 255);
    }
}
