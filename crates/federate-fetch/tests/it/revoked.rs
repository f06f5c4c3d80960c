//! What was taken back, and what was learnt under other rules.

use crate::world::*;
use federate_fetch::Fetcher;
use federate_fetch::KeyLookup::{CachedOnly, Refresh, Usual};
use federate_http::HttpClient;
use federate_protocol::signatures::KeyId;
use federate_protocol::{Blocks, FetchRules, KeyFailure, Limits};
use federate_store::{Backend, Cache, CacheKind, Entry, Memory, StoreError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

fn key_id() -> KeyId {
    KeyId::from(ALICE_KEY)
}

/// Alice, who has taken her key back and has another.
fn rotated() -> serde_json::Value {
    let renamed = alice(OTHER_PEM).to_string().replace("#main-key", "#new-key");
    serde_json::from_str(&renamed).unwrap()
}

#[tokio::test]
async fn s28_a_key_that_its_actor_lists_no_longer_is_believed_no_longer() {
    let (world, fetcher) = fetcher();
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    world.activity(ALICE, &rotated());
    let refused = fetcher.key_by_id(&key_id(), Refresh, at(1)).await;
    assert!(matches!(refused, Err(KeyFailure::Refused { .. })));
    // Whoever has stolen it has it in vain, from now on.
    for lookup in [Usual, CachedOnly, Refresh] {
        let answer = fetcher.key_by_id(&key_id(), lookup, at(2)).await;
        assert!(answer.is_err(), "{lookup:?}");
    }
    assert_eq!(world.asked(), 2);
    // What the actor says now was learnt with it.
    let new = KeyId::from(format!("{ALICE}#new-key").as_str());
    assert!(fetcher.key_by_id(&new, Usual, at(3)).await.is_ok());
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn s29_a_key_that_is_gone_is_not_given_out_for_having_been_asked_for_lately() {
    let (world, fetcher) = fetcher();
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    world.status(ALICE, 410);
    for seconds in [1, 2] {
        let answer = fetcher.key_by_id(&key_id(), Refresh, at(seconds)).await;
        assert_eq!(answer.unwrap_err(), KeyFailure::Gone, "{seconds}");
    }
    let answer = fetcher.key_by_id(&key_id(), Usual, at(3)).await;
    assert_eq!(answer.unwrap_err(), KeyFailure::Gone);
    assert_eq!(world.asked(), 2);
    // For its `Delete`.
    assert!(fetcher.key_by_id(&key_id(), CachedOnly, at(3)).await.is_ok());
}

#[tokio::test]
async fn an_actor_that_is_asked_for_with_a_fragment_is_the_actor() {
    let (world, fetcher) = fetcher();
    let with_fragment = iri(ALICE_KEY);
    for _ in 0..2 {
        let actor = fetcher.actor(&with_fragment, at(0)).await.unwrap();
        assert_eq!(actor.id(), &iri(ALICE));
    }
    let actor = fetcher.fresh_actor(&with_fragment, at(1)).await.unwrap();
    assert_eq!(actor.id(), &iri(ALICE));
    assert_eq!(world.asked(), 2);
    assert!(fetcher.known_actor(&with_fragment).await.is_some());
    fetcher.forget_actor(&with_fragment).await;
    assert!(fetcher.known_actor(&iri(ALICE)).await.is_none());
}

#[tokio::test]
async fn an_actor_that_is_forgotten_is_not_found_as_a_document() {
    let (world, fetcher) = fetcher();
    fetcher.resolve(ALICE, at(0)).await.unwrap();
    fetcher.forget_actor(&iri(ALICE)).await;
    world.status(ALICE, 410);
    assert!(fetcher.object(&iri(ALICE), at(1)).await.unwrap_err().is_gone());
    // Its server says so when it is asked for as an actor: that holds for all that is known of it.
    let (world, fetcher) = self::fetcher();
    fetcher.resolve(ALICE, at(0)).await.unwrap();
    world.status(ALICE, 410);
    assert!(fetcher.actor(&iri(ALICE), at(1)).await.unwrap_err().is_gone());
    assert!(fetcher.object(&iri(ALICE), at(2)).await.unwrap_err().is_gone());
}

#[tokio::test]
async fn s30_what_was_refused_for_a_block_is_asked_for_when_the_block_is_lifted() {
    let (_, fetcher) = fetcher();
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    fetcher.set_blocks(blocks);
    assert!(fetcher.fresh_actor(&iri(ALICE), at(0)).await.is_err());
    fetcher.set_blocks(Blocks::new());
    assert!(fetcher.actor(&iri(ALICE), at(1)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn r10_who_waits_for_the_same_waits_no_longer_than_a_fetch_may_take() {
    let (world, fetcher) = fetcher();
    world.answer(ALICE, Answer::Never);
    let deadline = Limits::default().deadline;
    let began = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let fetcher = Arc::clone(&fetcher);
        tasks.spawn(async move { fetcher.fresh_actor(&iri(ALICE), at(0)).await });
    }
    for answer in tasks.join_all().await {
        assert!(!answer.unwrap_err().is_permanent());
    }
    assert!(began.elapsed() <= 2 * deadline, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn s28_an_answer_that_took_long_does_not_replace_what_was_asked_for_later() {
    let (world, fetcher) = fetcher();
    let late = Answer::Late(Duration::from_secs(5), alice(PEM).to_string());
    world.answer(ALICE, late);
    let first = tokio::spawn({
        let fetcher = Arc::clone(&fetcher);
        async move { fetcher.key_by_id(&key_id(), Usual, at(0)).await }
    });
    while world.asked() == 0 {
        tokio::task::yield_now().await;
    }
    // Its answer is on its way, as the actor was then.
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    world.activity(ALICE, &rotated());
    fetcher.fresh_actor(&iri(ALICE), at(1)).await.unwrap();
    assert!(first.await.unwrap().is_ok());
    assert_eq!(world.asked(), 2);
    let answer = fetcher.key_by_id(&key_id(), Usual, at(70)).await;
    assert!(matches!(answer, Err(KeyFailure::Refused { .. })), "{answer:?}");
}

/// Reads at once, and answers late where it is told to.
#[derive(Debug)]
struct Slow {
    inner: Arc<dyn Cache>,
    late: AtomicBool,
    has_read: Notify,
    go_on: Notify,
}

#[async_trait::async_trait]
impl Cache for Slow {
    async fn get(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, StoreError> {
        let entry = self.inner.get(kind, key).await;
        if self.late.swap(false, Ordering::Relaxed) {
            self.has_read.notify_one();
            self.go_on.notified().await;
        }
        entry
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

fn slow() -> (Arc<World>, Arc<Slow>, Arc<Fetcher>) {
    let world = Arc::new(World::default());
    world.activity(ALICE, &alice(PEM));
    let cache = Arc::new(Slow {
        inner: Memory::new().stores().cache,
        late: AtomicBool::new(false),
        has_read: Notify::new(),
        go_on: Notify::new(),
    });
    let fetcher = Fetcher::new(
        Arc::clone(&world) as Arc<dyn HttpClient>,
        Arc::clone(&cache) as Arc<dyn Cache>,
        None,
        FetchRules::default(),
    );
    (world, cache, Arc::new(fetcher))
}

#[tokio::test]
async fn what_was_read_before_it_was_forgotten_is_not_kept_after_it() {
    let (world, cache, fetcher) = slow();
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    // It is no longer kept parsed: the cache is read.
    cache.late.store(true, Ordering::Relaxed);
    let reading = tokio::spawn({
        let fetcher = Arc::clone(&fetcher);
        async move { fetcher.actor(&iri(ALICE), at(61)).await }
    });
    cache.has_read.notified().await;
    fetcher.forget_actor(&iri(ALICE)).await;
    world.status(ALICE, 410);
    cache.go_on.notify_one();
    assert!(reading.await.unwrap().is_ok());
    assert!(fetcher.actor(&iri(ALICE), at(62)).await.unwrap_err().is_gone());
}

#[tokio::test]
async fn s28_a_key_that_was_read_before_it_was_taken_back_is_not_kept_after_it() {
    let (world, cache, fetcher) = slow();
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    cache.late.store(true, Ordering::Relaxed);
    let reading = tokio::spawn({
        let fetcher = Arc::clone(&fetcher);
        async move { fetcher.key_by_id(&key_id(), Usual, at(61)).await }
    });
    cache.has_read.notified().await;
    // It answers late for the key, and at once for the actor, whose document is older than the change.
    world.activity(ALICE, &rotated());
    let actor = cache.inner.get(CacheKind::Actor, ALICE).await.unwrap().unwrap();
    cache.late.store(true, Ordering::Relaxed);
    cache.go_on.notify_one();
    cache.has_read.notified().await;
    fetcher.fresh_actor(&iri(ALICE), at(62)).await.unwrap();
    assert_ne!(
        cache.inner.get(CacheKind::Actor, ALICE).await.unwrap().unwrap(),
        actor
    );
    cache.go_on.notify_one();
    assert!(reading.await.unwrap().is_ok());
    let answer = fetcher.key_by_id(&key_id(), Usual, at(63)).await;
    assert!(matches!(answer, Err(KeyFailure::Refused { .. })), "{answer:?}");
}
