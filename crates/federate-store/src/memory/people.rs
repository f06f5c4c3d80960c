//! Keys and followers in memory.

use super::{Shared, lock};
use crate::{Follower, Followers, Iri, KeyStore, StoreError};
use std::collections::{BTreeMap, HashMap};

#[derive(Default)]
pub(super) struct State {
    keys: HashMap<String, Vec<u8>>,
    next: u64,
    followers: HashMap<String, Following>,
}

#[derive(Default)]
struct Following {
    by_number: BTreeMap<u64, Follower>,
    numbers: HashMap<Iri, u64>,
}

/// Keys are not printed.
impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("keys", &self.keys.len())
            .field("followed", &self.followers.len())
            .finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl KeyStore for Shared {
    async fn get_or_insert(&self, name: &str, candidate: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut state = lock(&self.people);
        let kept = state
            .keys
            .entry(name.to_owned())
            .or_insert_with(|| candidate.to_vec());
        Ok(kept.clone())
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(lock(&self.people).keys.get(name).cloned())
    }

    async fn replace(&self, name: &str, old: &[u8], new: &[u8]) -> Result<bool, StoreError> {
        let mut state = lock(&self.people);
        let Some(kept) = state.keys.get_mut(name).filter(|kept| *kept == old) else {
            return Ok(false);
        };
        new.clone_into(kept);
        Ok(true)
    }

    async fn remove(&self, name: &str) -> Result<bool, StoreError> {
        Ok(lock(&self.people).keys.remove(name).is_some())
    }
}

#[async_trait::async_trait]
impl Followers for Shared {
    async fn add(&self, of: &str, follower: &Follower) -> Result<(), StoreError> {
        let mut state = lock(&self.people);
        state.next += 1;
        let fresh = state.next;
        let following = state.followers.entry(of.to_owned()).or_default();
        let number = *following.numbers.entry(follower.actor.clone()).or_insert(fresh);
        following.by_number.insert(number, follower.clone());
        Ok(())
    }

    async fn remove(&self, of: &str, actor: &Iri) -> Result<bool, StoreError> {
        let mut state = lock(&self.people);
        let Some(following) = state.followers.get_mut(of) else {
            return Ok(false);
        };
        let Some(number) = following.numbers.remove(actor) else {
            return Ok(false);
        };
        following.by_number.remove(&number);
        Ok(true)
    }

    async fn refresh(&self, follower: &Follower) -> Result<usize, StoreError> {
        let mut state = lock(&self.people);
        let mut count = 0;
        for following in state.followers.values_mut() {
            if let Some(number) = following.numbers.get(&follower.actor) {
                following.by_number.insert(*number, follower.clone());
                count += 1;
            }
        }
        Ok(count)
    }

    async fn forget(&self, actor: &Iri) -> Result<usize, StoreError> {
        let mut state = lock(&self.people);
        let mut count = 0;
        for following in state.followers.values_mut() {
            if let Some(number) = following.numbers.remove(actor) {
                following.by_number.remove(&number);
                count += 1;
            }
        }
        Ok(count)
    }

    async fn page(
        &self,
        of: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Follower)>, StoreError> {
        let after: u64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        let state = lock(&self.people);
        let Some(following) = state.followers.get(of) else {
            return Ok(Vec::new());
        };
        let page = following.by_number.range(after.saturating_add(1)..).take(max);
        Ok(page
            .map(|(number, follower)| (number.to_string(), follower.clone()))
            .collect())
    }

    async fn contains(&self, of: &str, actor: &Iri) -> Result<bool, StoreError> {
        let state = lock(&self.people);
        Ok(state
            .followers
            .get(of)
            .is_some_and(|following| following.numbers.contains_key(actor)))
    }

    async fn count(&self, of: &str) -> Result<u64, StoreError> {
        let state = lock(&self.people);
        Ok(state
            .followers
            .get(of)
            .map_or(0, |following| following.numbers.len() as u64))
    }
}
