//! What is kept parsed, and what is kept at all.

use crate::world::*;
use federate_fetch::{Fetcher, KeyLookup};
use federate_http::HttpClient;
use federate_protocol::signatures::KeyId;
use federate_protocol::{Blocks, FetchRules, KeyFailure, Limits};
use federate_store::{Backend, Cache, CacheKind, Entry, Memory, StoreError};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts how often the cache is asked.
#[derive(Debug)]
struct Counted {
    inner: Arc<dyn Cache>,
    reads: AtomicUsize,
}

#[async_trait::async_trait]
impl Cache for Counted {
    async fn get(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, StoreError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.inner.get(kind, key).await
    }

    async fn put(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), StoreError> {
        self.inner.put(kind, key, entry).await
    }

    async fn remove(&self, kind: CacheKind, key: &str) -> Result<(), StoreError> {
        self.inner.remove(kind, key).await
    }

    async fn count(&self) -> Result<usize, StoreError> {
        self.inner.count().await
    }

    fn capacity(&self) -> usize {
        self.inner.capacity()
    }
}

fn counted() -> (Arc<World>, Arc<Counted>, Fetcher) {
    let world = Arc::new(World::default());
    world.activity(ALICE, &alice(PEM));
    let cache = Arc::new(Counted {
        inner: Memory::new().stores().cache,
        reads: AtomicUsize::new(0),
    });
    let client = Arc::clone(&world) as Arc<dyn HttpClient>;
    let fetcher = Fetcher::new(
        client,
        Arc::clone(&cache) as Arc<dyn Cache>,
        None,
        FetchRules::default(),
    );
    (world, cache, fetcher)
}

fn suspended() -> Blocks {
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    blocks
}

#[tokio::test]
async fn an_actor_and_a_key_are_read_from_the_cache_once_in_a_minute() {
    let (world, cache, fetcher) = counted();
    let key_id = KeyId::from(ALICE_KEY);
    let reads = || cache.reads.swap(0, Ordering::Relaxed);
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    fetcher.key_by_id(&key_id, KeyLookup::Usual, at(0)).await.unwrap();
    reads();
    for seconds in [0, 30, 59] {
        fetcher.actor(&iri(ALICE), at(seconds)).await.unwrap();
        for lookup in [KeyLookup::Usual, KeyLookup::CachedOnly] {
            let key = fetcher.key_by_id(&key_id, lookup, at(seconds)).await.unwrap();
            assert!(!key.fresh);
        }
    }
    assert_eq!(reads(), 0);
    fetcher.actor(&iri(ALICE), at(60)).await.unwrap();
    fetcher
        .key_by_id(&key_id, KeyLookup::Usual, at(60))
        .await
        .unwrap();
    assert!(reads() >= 2);
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn s30_a_block_holds_at_once_for_what_is_kept() {
    let (world, _, fetcher) = counted();
    let key_id = KeyId::from(ALICE_KEY);
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    fetcher.key_by_id(&key_id, KeyLookup::Usual, at(0)).await.unwrap();
    fetcher.set_blocks(suspended());
    assert!(fetcher.actor(&iri(ALICE), at(0)).await.is_err());
    for lookup in [KeyLookup::Usual, KeyLookup::CachedOnly, KeyLookup::Refresh] {
        let failure = fetcher.key_by_id(&key_id, lookup, at(0)).await.unwrap_err();
        assert!(matches!(failure, KeyFailure::Refused { .. }));
    }
    fetcher.set_blocks(Blocks::new());
    assert!(fetcher.actor(&iri(ALICE), at(0)).await.is_ok());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn s28_a_key_that_was_fetched_anew_is_the_one_that_is_kept() {
    let (world, _, fetcher) = counted();
    let key_id = KeyId::from(ALICE_KEY);
    let old = fetcher.key_by_id(&key_id, KeyLookup::Usual, at(0)).await.unwrap();
    world.activity(ALICE, &alice(OTHER_PEM));
    assert_eq!(
        fetcher
            .key_by_id(&key_id, KeyLookup::Usual, at(1))
            .await
            .unwrap()
            .key,
        old.key
    );
    let new = fetcher
        .key_by_id(&key_id, KeyLookup::Refresh, at(2))
        .await
        .unwrap();
    assert!(new.fresh && new.key != old.key);
    assert_eq!(
        fetcher
            .key_by_id(&key_id, KeyLookup::Usual, at(3))
            .await
            .unwrap()
            .key,
        new.key
    );
    // Its actor came with it.
    let actor = fetcher.actor(&iri(ALICE), at(3)).await.unwrap();
    assert_eq!(
        actor.key(&key_id).and_then(|listed| listed.key.clone()),
        Some(new.key)
    );
}

#[tokio::test]
async fn what_an_actor_says_today_is_what_is_kept() {
    let (world, _, fetcher) = counted();
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    let mut changed = alice(PEM);
    changed["preferredUsername"] = json!("alicia");
    world.activity(ALICE, &changed);
    fetcher.fresh_actor(&iri(ALICE), at(1)).await.unwrap();
    let actor = fetcher.actor(&iri(ALICE), at(2)).await.unwrap();
    assert_eq!(actor.object().preferred_username().as_deref(), Some("alicia"));
    fetcher.forget_actor(&iri(ALICE)).await;
    assert!(fetcher.known_actor(&iri(ALICE)).await.is_none());
    world.status(ALICE, 410);
    assert!(fetcher.actor(&iri(ALICE), at(3)).await.unwrap_err().is_gone());
}

#[tokio::test]
async fn r14_a_document_at_the_limit_is_cached_and_a_longer_one_is_not() {
    let limit = Limits::default().cached_document;
    let of_length = |length: usize| {
        let mut actor = alice(PEM);
        actor["summary"] = json!("");
        let rest = length - actor.to_string().len();
        actor["summary"] = json!("x".repeat(rest));
        actor
    };
    let (world, cache, fetcher) = counted();
    let kept = async || {
        cache
            .get(CacheKind::Actor, ALICE)
            .await
            .unwrap()
            .map(|entry| entry.bytes.len())
    };
    world.activity(ALICE, &of_length(limit));
    fetcher.fresh_actor(&iri(ALICE), at(0)).await.unwrap();
    assert_eq!(kept().await, Some(limit));
    world.activity(ALICE, &of_length(limit + 1));
    let actor = fetcher.fresh_actor(&iri(ALICE), at(1)).await.unwrap();
    assert_eq!(actor.document().bytes().len(), limit + 1);
    // Neither it nor what it said before.
    assert_eq!(kept().await, None);
}

#[tokio::test]
async fn s28_a_key_of_an_actor_that_is_too_long_to_be_cached_is_not_cached_either() {
    let long = |pem: &str| {
        let mut actor = alice(pem);
        actor["summary"] = json!("x".repeat(Limits::default().cached_document));
        actor
    };
    let (world, cache, fetcher) = counted();
    let key_id = KeyId::from(ALICE_KEY);
    world.activity(ALICE, &long(PEM));
    let stolen = fetcher.key_by_id(&key_id, KeyLookup::Usual, at(0)).await.unwrap();
    assert!(cache.get(CacheKind::Key, ALICE_KEY).await.unwrap().is_none());
    world.activity(ALICE, &long(OTHER_PEM));
    fetcher.fresh_actor(&iri(ALICE), at(10)).await.unwrap();
    let key = fetcher
        .key_by_id(&key_id, KeyLookup::Usual, at(60))
        .await
        .unwrap();
    assert_ne!(key.key, stolen.key);
}
