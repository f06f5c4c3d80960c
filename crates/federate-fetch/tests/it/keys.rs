use crate::world::*;
use federate_fetch::KeyLookup::{CachedOnly, Refresh, Usual};
use federate_http::{HttpErrorKind, Phase};
use federate_protocol::KeyFailure;
use federate_protocol::signatures::{
    Algorithm, BadKey, KeyId, PrivateKey, PublicKey, Signer as _, Verifier, VerifierProvider,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const DAY: u64 = 24 * 60 * 60;

fn key_id() -> KeyId {
    KeyId::from(ALICE_KEY)
}

#[tokio::test]
async fn a_key_is_fetched_once_while_it_is_fresh() {
    let (world, fetcher) = fetcher();
    let first = fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    let second = fetcher.key_by_id(&key_id(), Usual, at(1)).await.unwrap();
    assert!(first.fresh && !second.fresh);
    assert_eq!((first.owner, first.key), (second.owner, second.key));
    // The actor came with it.
    fetcher.actor(&iri(ALICE), at(2)).await.unwrap();
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_key_comes_with_an_actor_that_was_looked_up() {
    let (world, fetcher) = fetcher();
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    assert!(!fetcher.key_by_id(&key_id(), Usual, at(1)).await.unwrap().fresh);
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn s28_a_key_is_fetched_anew_once_in_an_interval() {
    let (world, fetcher) = fetcher();
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    world.activity(ALICE, &alice(OTHER_PEM));
    let rotated = fetcher.key_by_id(&key_id(), Refresh, at(1)).await.unwrap();
    assert_eq!(rotated.key, PublicKey::from_pem(OTHER_PEM).unwrap());
    assert_eq!(world.asked(), 2);
    for seconds in 2..300 {
        assert_eq!(
            fetcher
                .key_by_id(&key_id(), Refresh, at(seconds))
                .await
                .unwrap()
                .key,
            rotated.key
        );
    }
    assert_eq!(world.asked(), 2);
    fetcher.key_by_id(&key_id(), Refresh, at(301)).await.unwrap();
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn r15_a_flood_of_a_bad_key_costs_one_request() {
    let (world, fetcher) = fetcher();
    world.status(ALICE, 404);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let fetcher = Arc::clone(&fetcher);
        tasks.spawn(async move { fetcher.key_by_id(&key_id(), Usual, at(0)).await });
    }
    for answer in tasks.join_all().await {
        assert!(matches!(answer, Err(KeyFailure::Refused { .. })));
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn r17_an_unknown_actors_key_is_not_fetched_for_its_delete_and_a_known_ones_is_there() {
    let (world, fetcher) = fetcher();
    for _ in 0..1_000 {
        let answer = fetcher.key_by_id(&key_id(), CachedOnly, at(0)).await;
        assert_eq!(answer.unwrap_err(), KeyFailure::NotCached);
    }
    assert_eq!(world.asked(), 0);
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    world.status(ALICE, 410);
    let expired = fetcher
        .key_by_id(&key_id(), CachedOnly, at(30 * DAY))
        .await
        .unwrap();
    assert!(!expired.fresh);
    assert_eq!(world.asked(), 1);
    // A refresh finds that it is gone, and does not forget that it was known.
    assert_eq!(
        fetcher
            .key_by_id(&key_id(), Refresh, at(30 * DAY))
            .await
            .unwrap_err(),
        KeyFailure::Gone
    );
    assert!(
        fetcher
            .key_by_id(&key_id(), CachedOnly, at(30 * DAY))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn s29_what_a_failure_means() {
    let (world, fetcher) = fetcher();
    let mut now = 0;
    for (answer, unavailable) in [
        (Answer::Fails(HttpErrorKind::Dns), true),
        (Answer::Fails(HttpErrorKind::Timeout(Phase::Head)), true),
        (Answer::Fails(HttpErrorKind::Address), true),
        (Answer::Fails(HttpErrorKind::TooLarge), false),
        (Answer::Page(503, "text/plain", String::new()), true),
        (Answer::Page(429, "text/plain", String::new()), true),
        (Answer::Page(403, "text/plain", String::new()), false),
        (Answer::Page(200, "text/html", String::new()), false),
    ] {
        now += 1_000;
        world.answer(ALICE, answer.clone());
        let failure = fetcher.key_by_id(&key_id(), Usual, at(now)).await.unwrap_err();
        assert_eq!(
            matches!(failure, KeyFailure::Unavailable { .. }),
            unavailable,
            "{answer:?}: {failure:?}"
        );
        assert_eq!(
            matches!(failure, KeyFailure::Refused { .. }),
            !unavailable,
            "{answer:?}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn a_known_key_holds_while_its_server_is_away() {
    let (world, fetcher) = fetcher();
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    world.answer(ALICE, Answer::Fails(HttpErrorKind::Connect));
    assert!(fetcher.key_by_id(&key_id(), Usual, at(2 * DAY)).await.is_ok());
}

#[tokio::test]
async fn s30_no_request_for_a_key_that_may_not_be_fetched() {
    let (world, fetcher) = fetcher();
    for id in [
        "https://127.0.0.1/key",
        "http://a.example/key",
        "acct:alice@a.example",
        "",
        "https://u:p@a.example/k",
    ] {
        for lookup in [Usual, CachedOnly, Refresh] {
            let failure = fetcher
                .key_by_id(&KeyId::from(id), lookup, at(0))
                .await
                .unwrap_err();
            assert!(matches!(failure, KeyFailure::Refused { .. }), "{id}");
        }
    }
    assert_eq!(world.asked(), 0);
}

/// Verifies as the key does, with a count of the keys that it was given; takes none where it is told so.
#[derive(Clone, Debug, Default)]
struct Counting {
    given: Arc<AtomicUsize>,
    takes_none: Arc<AtomicBool>,
}

impl VerifierProvider for Counting {
    fn verifier(&self, key: &PublicKey) -> Result<Arc<dyn Verifier>, BadKey> {
        if self.takes_none.load(Ordering::Relaxed) {
            return Err(BadKey::Rejected);
        }
        self.given.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Made {
            key: key.clone(),
            used: Arc::clone(&self.given),
        }))
    }
}

/// Counts on from what was given, so that it is seen to be the one that is asked.
#[derive(Debug)]
struct Made {
    key: PublicKey,
    used: Arc<AtomicUsize>,
}

impl Verifier for Made {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.used.fetch_add(1_000, Ordering::Relaxed);
        self.key.verifies(message, signature)
    }
}

#[tokio::test]
async fn another_provider_verifies_with_each_key_and_is_given_it_once_while_it_is_kept() {
    let provider = Counting::default();
    let (world, fetcher) = verifying_fetcher(Arc::new(provider.clone()));
    let given = || provider.given.swap(0, Ordering::Relaxed);
    let signature = PrivateKey::from_pem(key_id(), PRIVATE)
        .unwrap()
        .sign(b"message")
        .unwrap();
    for (lookup, count) in [(Usual, 1), (Usual, 0), (CachedOnly, 0), (Refresh, 1)] {
        let key = fetcher.key_by_id(&key_id(), lookup, at(0)).await.unwrap().key;
        assert_eq!(given(), count, "{lookup:?}");
        assert!(key.verifies(b"message", &signature));
        assert_eq!(given(), 1_000, "{lookup:?}");
    }
    // From the cache, too, and however old.
    for (lookup, seconds) in [(CachedOnly, 120), (Usual, 120), (CachedOnly, 10 * DAY)] {
        let key = fetcher
            .key_by_id(&key_id(), lookup, at(seconds))
            .await
            .unwrap()
            .key;
        assert_eq!(given(), 1, "{lookup:?}");
        assert!(key.verifies(b"message", &signature));
        assert_eq!(given(), 1_000, "{lookup:?}");
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn s21_a_key_that_the_provider_does_not_take_verifies_nothing() {
    let provider = Counting::default();
    let (world, fetcher) = verifying_fetcher(Arc::new(provider.clone()));
    provider.takes_none.store(true, Ordering::Relaxed);
    for lookup in [Usual, CachedOnly, Refresh] {
        let failure = fetcher.key_by_id(&key_id(), lookup, at(0)).await.unwrap_err();
        assert!(
            matches!(&failure, KeyFailure::Refused { reason } if reason.contains("provider")),
            "{failure}"
        );
    }
    // It was not kept as one that ring would verify with, and a flood of it costs no more requests.
    let asked = world.asked();
    for _ in 0..10 {
        fetcher.key_by_id(&key_id(), Usual, at(1)).await.unwrap_err();
    }
    assert_eq!(world.asked(), asked);
    provider.takes_none.store(false, Ordering::Relaxed);
    fetcher.key_by_id(&key_id(), Usual, at(1)).await.unwrap();
    assert_eq!(provider.given.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn s28_a_kept_key_that_the_provider_does_not_take_is_fetched_anew() {
    let provider = Counting::default();
    let (world, fetcher) = verifying_fetcher(Arc::new(provider.clone()));
    fetcher.key_by_id(&key_id(), Usual, at(0)).await.unwrap();
    // From the cache it is not taken any more: its server is asked whether there is another.
    provider.takes_none.store(true, Ordering::Relaxed);
    fetcher.key_by_id(&key_id(), Usual, at(120)).await.unwrap_err();
    assert_eq!(world.asked(), 2);
    provider.takes_none.store(false, Ordering::Relaxed);
    world.activity(ALICE, &alice(OTHER_PEM));
    let key = fetcher.key_by_id(&key_id(), Refresh, at(600)).await.unwrap().key;
    assert_eq!(key, PublicKey::from_pem(OTHER_PEM).unwrap());
}
