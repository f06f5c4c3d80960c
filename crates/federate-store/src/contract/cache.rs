//! What a cache promises.

use super::at;
use crate::{Cache, CacheKind, Entry};
use std::sync::Arc;

/// Every promise of a [`Cache`]. Fill-up is tested where its capacity is at most 2,000.
pub async fn cache(fresh: impl AsyncFn() -> Arc<dyn Cache>) {
    kept_replaced_removed(&*fresh().await).await;
    expired_and_negative_entries_are_told(&*fresh().await).await;
    walked(&*fresh().await).await;
    bounded(&*fresh().await).await;
}

async fn walked(cache: &dyn Cache) {
    for number in 0..7 {
        let key = format!("https://b.example/{number}");
        cache
            .put(CacheKind::Document, &key, &entry(&key, 60 + number))
            .await
            .expect("put");
        cache
            .put(CacheKind::Actor, &key, &entry("other", 60))
            .await
            .expect("put");
    }
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = cache
            .page(CacheKind::Document, after.as_deref(), 3)
            .await
            .expect("page");
        assert!(page.len() <= 3);
        let Some((last, _)) = page.last() else {
            break;
        };
        after = Some(last.clone());
        for (key, found) in page {
            assert_eq!(found.bytes, key.as_bytes(), "the entry of its key");
            assert_eq!(
                cache.get(CacheKind::Document, &key).await.expect("get"),
                Some(found)
            );
            // Who walks may drop what it finds.
            cache.remove(CacheKind::Document, &key).await.expect("remove");
            seen.push(key);
        }
        assert!(seen.len() <= 7, "a walk ends");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 7, "each is seen");
    assert_eq!(cache.count().await.expect("count"), 7, "the others stay");
}

fn entry(text: &str, expires: u64) -> Entry {
    Entry {
        bytes: text.to_owned().into(),
        stored: at(0),
        expires: at(expires),
    }
}

async fn kept_replaced_removed(cache: &dyn Cache) {
    let key = "https://b.example/users/bob";
    assert_eq!(cache.get(CacheKind::Actor, key).await.expect("get"), None);
    cache
        .put(CacheKind::Actor, key, &entry("one", 60))
        .await
        .expect("put");
    cache
        .put(CacheKind::Document, key, &entry("other", 60))
        .await
        .expect("put");
    cache
        .put(CacheKind::Actor, key, &entry("two", 90))
        .await
        .expect("put");
    assert_eq!(
        cache.get(CacheKind::Actor, key).await.expect("get"),
        Some(entry("two", 90))
    );
    assert_eq!(cache.count().await.expect("count"), 2);
    cache.remove(CacheKind::Actor, key).await.expect("remove");
    cache.remove(CacheKind::Actor, key).await.expect("remove again");
    assert_eq!(cache.get(CacheKind::Actor, key).await.expect("get"), None);
    assert_eq!(
        cache.get(CacheKind::Document, key).await.expect("get"),
        Some(entry("other", 60))
    );
}

async fn expired_and_negative_entries_are_told(cache: &dyn Cache) {
    cache.put(CacheKind::Key, "k", &entry("", 60)).await.expect("put");
    let found = cache
        .get(CacheKind::Key, "k")
        .await
        .expect("get")
        .expect("an entry");
    assert!(found.is_negative());
    assert!(
        found.is_fresh(at(59)) && !found.is_fresh(at(60)),
        "kept when stale, and seen to be stale"
    );
}

async fn bounded(cache: &dyn Cache) {
    let capacity = cache.capacity();
    if capacity > 2_000 {
        return;
    }
    for number in 0..capacity + 20 {
        let number = number as u64;
        let expires = if number < 10 { 10 } else { 100 + number };
        cache
            .put(CacheKind::Document, &number.to_string(), &entry("x", expires))
            .await
            .expect("put");
        assert!(
            cache.count().await.expect("count") <= capacity,
            "never above its capacity"
        );
    }
    for number in 0..10 {
        let found = cache
            .get(CacheKind::Document, &number.to_string())
            .await
            .expect("get");
        assert_eq!(found, None, "what expires first goes first");
    }
    let last = (capacity + 19).to_string();
    assert!(
        cache
            .get(CacheKind::Document, &last)
            .await
            .expect("get")
            .is_some()
    );
}
