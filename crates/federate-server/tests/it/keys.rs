//! Keys: how they lie in the store, how they are renewed, and where they come from.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use federate_protocol::activitystreams::{Create, Follow};
use federate_protocol::signatures::{
    Algorithm, BadKey, GeneratedKey, KeyGenerator, KeyId, PrivateKey, PublicKey, SignError, Verifier,
    VerifierProvider,
};
use federate_protocol::{Actor, Limits};
use federate_server::{
    Actors, BuildError, CipherError, Found, KeyCipher, Profile, SecretCipher, async_trait,
};
use federate_store::{Backend, Memory};
use http::Request;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::world::{App, FixedKeys, Instance, KEYS, World, body};

/// A new key each time, of three.
#[derive(Debug, Default)]
pub(crate) struct InTurn {
    pub(crate) rsa: AtomicUsize,
    pub(crate) ed25519: AtomicUsize,
}

impl KeyGenerator for InTurn {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        let next = self.rsa.fetch_add(1, Ordering::Relaxed);
        Ok(GeneratedKey::from_pkcs8(KEYS[next % KEYS.len()].to_vec()))
    }

    fn generate_ed25519(&self) -> Result<GeneratedKey, SignError> {
        self.ed25519.fetch_add(1, Ordering::Relaxed);
        FixedKeys(0).generate_ed25519()
    }
}

fn cipher(secret: u8) -> SecretCipher {
    SecretCipher::new(&[secret; 32]).unwrap()
}

async fn document(instance: &Instance) -> Value {
    body(&instance.get("/users/alice").await)
}

#[tokio::test]
async fn secrets_lie_encrypted_and_another_secret_is_refused_before_anything_is_made() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    app.people.lock().unwrap().insert("alice".into(), Found::Here(()));
    let stores = store.stores();
    let first = world
        .start("site.test", app.clone(), store.clone(), |b| {
            b.key_cipher(cipher(1))
        })
        .await;
    let published = document(&first).await;
    let mut sealed = Vec::new();
    for name in [
        "actor:@instance",
        "actor:alice",
        "ed25519:alice",
        "sealing-secret",
    ] {
        let stored = stores.keys.get(name).await.unwrap().unwrap();
        assert!(
            PrivateKey::from_pkcs8(KeyId::from("k"), &stored).is_err(),
            "{name}"
        );
        for key in KEYS {
            let part = &key[key.len() / 2..key.len() / 2 + 16];
            assert!(
                !stored.windows(16).any(|bytes| bytes == part),
                "{name} is in plain form"
            );
        }
        sealed.push((name, stored));
    }
    let again = world
        .start("site.test", app.clone(), store.clone(), |b| {
            b.key_cipher(cipher(1))
        })
        .await;
    assert_eq!(document(&again).await, published);

    let wrong = world
        .builder("site.test", &store, &app)
        .key_cipher(cipher(2))
        .build()
        .await;
    let without = world.builder("site.test", &store, &app).build().await;
    for refused in [wrong.unwrap_err(), without.unwrap_err()] {
        assert!(matches!(refused, BuildError::KeyCipher(_)), "{refused:?}");
        assert_eq!(refused.to_string(), "the secrets in the store cannot be read");
    }
    for (name, stored) in sealed {
        assert_eq!(stores.keys.get(name).await.unwrap().unwrap(), stored, "{name}");
    }
}

/// Seals nothing, and lets the first look after it was told to wait.
#[derive(Debug, Default)]
struct Latch {
    is_closed: AtomicBool,
    reached: Notify,
    open: Notify,
}

#[derive(Clone, Debug, Default)]
struct Gate(Arc<Latch>);

#[async_trait]
impl KeyCipher for Gate {
    async fn seal(&self, _: &str, secret: &[u8]) -> Result<Vec<u8>, CipherError> {
        Ok(secret.to_vec())
    }

    async fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
        if name == "actor:alice" && self.0.is_closed.swap(false, Ordering::SeqCst) {
            self.0.reached.notify_one();
            self.0.open.notified().await;
        }
        Ok(sealed.to_vec())
    }
}

#[tokio::test]
async fn who_read_the_old_key_while_it_was_rotated_does_not_put_it_back() {
    let (world, gate) = (World::default(), Gate::default());
    let cipher = gate.clone();
    let site = world
        .instance_with("site.test", |b| {
            b.key_cipher(cipher).keygen(Arc::new(InTurn::default()))
        })
        .await;
    let before = document(&site).await["publicKey"].clone();
    world.clock.advance(Duration::from_secs(61));
    gate.0.is_closed.store(true, Ordering::SeqCst);
    tokio::join!(document(&site), async {
        gate.0.reached.notified().await;
        site.federation.rotate_keys("alice").await.unwrap();
        gate.0.open.notify_one();
    });
    assert_ne!(document(&site).await["publicKey"], before);
}

/// Whoever asked hung up: what was not read to its end is no look at the store.
#[tokio::test]
async fn a_look_that_was_given_up_is_none() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    app.people.lock().unwrap().insert("alice".into(), Found::Here(()));
    let (gate, keys) = (Gate::default(), Arc::new(InTurn::default()));
    let start = || {
        let (cipher, keys) = (gate.clone(), Arc::clone(&keys));
        world.start("site.test", app.clone(), store.clone(), move |b| {
            b.key_cipher(cipher).keygen(keys)
        })
    };
    let (one, other) = (start().await, start().await);
    let before = document(&other).await;
    one.federation.rotate_keys("alice").await.unwrap();
    let after = document(&one).await;
    assert_ne!(after["publicKey"], before["publicKey"]);
    world.clock.advance(Duration::from_secs(61));
    gate.0.is_closed.store(true, Ordering::SeqCst);
    tokio::select! {
        _ = document(&other) => panic!("it waits for the store"),
        () = gate.0.reached.notified() => {}
    }
    assert_eq!(document(&other).await["publicKey"], after["publicKey"]);
}

#[tokio::test]
async fn keys_in_plain_form_are_read_and_sealed_when_they_are_rotated() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    app.people.lock().unwrap().insert("alice".into(), Found::Here(()));
    let plain = world.start("site.test", app.clone(), store.clone(), |b| b).await;
    let before = document(&plain).await;
    let sealing = world
        .start("site.test", app.clone(), store.clone(), |b| {
            b.key_cipher(cipher(1)).keygen(Arc::new(InTurn::default()))
        })
        .await;
    assert_eq!(document(&sealing).await, before);
    let stored = || async { store.stores().keys.get("actor:alice").await.unwrap().unwrap() };
    assert!(PrivateKey::from_pkcs8(KeyId::from("k"), &stored().await).is_ok());
    sealing.federation.rotate_keys("alice").await.unwrap();
    assert!(PrivateKey::from_pkcs8(KeyId::from("k"), &stored().await).is_err());
    assert_ne!(
        document(&sealing).await["assertionMethod"],
        before["assertionMethod"]
    );
    // It was started with the cipher once: who does not know of it makes nothing.
    assert!(world.builder("site.test", &store, &app).build().await.is_err());
}

#[tokio::test]
async fn p9_another_process_signs_with_the_new_key_within_a_minute() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    app.people.lock().unwrap().insert("alice".into(), Found::Here(()));
    let keys = Arc::new(InTurn::default());
    let start = || {
        let keys = Arc::clone(&keys);
        world.start("site.test", app.clone(), store.clone(), move |b| b.keygen(keys))
    };
    let (one, other) = (start().await, start().await);
    let before = document(&other).await;
    assert_eq!(document(&one).await, before);
    one.federation.rotate_keys("alice").await.unwrap();
    let after = document(&one).await;
    for part in ["publicKey", "assertionMethod"] {
        assert_ne!(after[part], before[part], "{part}");
    }
    assert_eq!(
        after["publicKey"]["id"], before["publicKey"]["id"],
        "the ids stay"
    );
    assert_eq!(
        after["assertionMethod"][0]["id"],
        before["assertionMethod"][0]["id"]
    );
    assert_eq!(document(&other).await, before, "it has not looked yet");
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(document(&other).await, after);
    // And it signs with it.
    let bob = world.peer("peer.test", "bob", 1);
    other
        .federation
        .send("alice", Follow::new(&bob.id))
        .await
        .unwrap();
    assert!(!other.step_until_idle().await);
    assert_eq!(bob.received_types(), ["Follow"]);
}

#[tokio::test]
async fn of_two_who_rotate_at_once_each_ends_with_the_key_that_is_there() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    app.people.lock().unwrap().insert("alice".into(), Found::Here(()));
    let keys = Arc::new(InTurn::default());
    let site = world
        .start("site.test", app, store.clone(), |b| b.keygen(keys))
        .await;
    let both = tokio::join!(
        site.federation.rotate_keys("alice"),
        site.federation.rotate_keys("alice")
    );
    assert!(both.0.is_ok() || both.1.is_ok());
    for lost in [both.0, both.1].into_iter().filter_map(Result::err) {
        assert!(!lost.is_permanent(), "it can be called again");
    }
    let stored = store.stores().keys.get("actor:alice").await.unwrap().unwrap();
    let there = PrivateKey::from_pkcs8(KeyId::from("k"), &stored)
        .unwrap()
        .public_key();
    assert_eq!(document(&site).await["publicKey"]["publicKeyPem"], there.to_pem());
    let nobody = site.federation.rotate_keys("carol").await.unwrap_err();
    assert!(nobody.is_permanent());
    assert_eq!(store.stores().keys.get("actor:carol").await.unwrap(), None);
}

/// S28: whoever has our old key asks once for the new one; what was signed with the old one is worth nothing from then on.
#[tokio::test]
async fn s28_an_instance_of_ours_learns_a_rotated_key_from_the_update() {
    let world = World::default();
    let keys = Arc::new(InTurn::default());
    let site = world
        .instance_with("site.test", |b| b.manage_followers().keygen(keys))
        .await;
    let peer = world.instance("a-peer.test").await;
    let alice = site.federation.uris().actor("alice");
    peer.federation.send("alice", Follow::new(&alice)).await.unwrap();
    world.settle(&[&site, &peer]).await;
    let note = |n: u32| {
        let uris = site.federation.uris();
        let note = federate_protocol::activitystreams::Note::builder(uris.object("post", n)).text("x");
        Create::new(note.public().cc(&uris.followers("alice")))
    };
    // One that waits while the key is replaced.
    world.net.cut("a-peer.test");
    site.federation.send("alice", note(1)).await.unwrap();
    site.step_until_idle().await;
    let old = site
        .store
        .stores()
        .keys
        .get("actor:alice")
        .await
        .unwrap()
        .unwrap();
    site.federation.rotate_keys("alice").await.unwrap();
    let answering = peer.federation.clone();
    world.net.connect(
        "a-peer.test",
        Arc::new(move |request| {
            let federation = answering.clone();
            Box::pin(async move { Ok(federation.handle(request).await.unwrap()) })
        }),
    );
    for _ in 0..6 {
        world.clock.advance(Duration::from_secs(3600));
        world.settle(&[&site, &peer]).await;
    }
    let mut seen = peer.app.take_seen();
    seen.sort();
    assert_eq!(
        seen,
        [
            format!("Accept by {alice}"),
            format!("Create by {alice}"),
            format!("Update by {alice}")
        ]
    );
    // The old key cannot be used.
    let old = PrivateKey::from_pkcs8(KeyId(site.federation.uris().key_id("alice")), &old).unwrap();
    let forged = format!(
        r#"{{"@context":"https://www.w3.org/ns/activitystreams","id":"{alice}#x","type":"Like","actor":"{alice}","object":"{}"}}"#,
        peer.federation.uris().object("post", 1)
    );
    let request = Request::post("https://a-peer.test/inbox")
        .header("content-type", "application/activity+json")
        .body(forged.into())
        .unwrap();
    let signed = federate_protocol::signatures::cavage(request, site.federation.now())
        .sign(&old)
        .unwrap();
    assert_eq!(peer.federation.handle(signed).await.unwrap().status(), 401);
}

#[tokio::test]
async fn both_keys_are_published_and_read_back() {
    let world = World::default();
    let (site, peer) = (
        world.instance("site.test").await,
        world.instance("a-peer.test").await,
    );
    let alice = site.federation.uris().actor("alice");
    let found = peer.federation.object(&alice).await.unwrap();
    let actor = Actor::new(found, &Limits::default()).unwrap();
    assert_eq!(actor.keys().len(), 2);
    let of = |id: &str| {
        actor
            .key(&KeyId::from(format!("{alice}{id}")))
            .unwrap()
            .key
            .clone()
            .unwrap()
    };
    let published = document(&site).await;
    assert_eq!(of("#main-key").to_pem(), published["publicKey"]["publicKeyPem"]);
    let multikey = &published["assertionMethod"][0];
    assert_eq!(of("#ed25519-key").to_multikey(), multikey["publicKeyMultibase"]);
    assert_eq!(multikey["type"], "Multikey");
    assert_eq!(multikey["controller"], alice.as_str());
    let instance = body(&site.get("/actor").await);
    assert_eq!(instance["assertionMethod"][0]["controller"], instance["id"]);
}

/// An application may have many people before it federates: starting costs one key, and each of them one when it is needed.
#[tokio::test]
async fn ten_thousand_people_cost_one_key_at_the_start() {
    let keys = Arc::new(InTurn::default());
    let people = (0..10_000).map(|n| Profile::person(&format!("person-{n}")));
    let store = Memory::new();
    let begun = tokio::time::Instant::now();
    let (federation, _engine) =
        federate_server::Federation::builder("https://site.test", store.clone(), Actors::new(people))
            .client(Arc::new(crate::world::Net::default()))
            .keygen(keys.clone())
            .build()
            .await
            .unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let made = || {
        (
            keys.rsa.load(Ordering::Relaxed),
            keys.ed25519.load(Ordering::Relaxed),
        )
    };
    assert_eq!(made(), (1, 0));
    for _ in 0..2 {
        let request = Request::get("/users/person-9999").header("accept", "application/activity+json");
        let request = request.body(bytes::Bytes::new()).unwrap();
        assert_eq!(federation.handle(request).await.unwrap().status(), 200);
    }
    assert_eq!(made(), (2, 1));
    let request = Request::get("/.well-known/webfinger?resource=acct:person-1@site.test");
    federation
        .handle(request.body(bytes::Bytes::new()).unwrap())
        .await
        .unwrap();
    assert_eq!(made(), (2, 1), "nobody needs a key to be found");
}

/// Verifies as the key does where it is told to, and else says no.
#[derive(Clone, Debug, Default)]
struct AsTold(Arc<AtomicBool>);

#[derive(Debug)]
struct AsToldWith(AsTold, PublicKey);

impl VerifierProvider for AsTold {
    fn verifier(&self, key: &PublicKey) -> Result<Arc<dyn Verifier>, BadKey> {
        Ok(Arc::new(AsToldWith(self.clone(), key.clone())))
    }
}

impl Verifier for AsToldWith {
    fn algorithm(&self) -> Algorithm {
        self.1.algorithm()
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.0.load(Ordering::Relaxed) && self.1.verifies(message, signature)
    }
}

#[tokio::test]
async fn another_provider_verifies_all_that_is_posted() {
    let (world, provider) = (World::default(), AsTold::default());
    let verifier = Arc::new(provider.clone());
    let site = world.instance_with("site.test", |b| b.verifier(verifier)).await;
    let bob = world.peer("peer.test", "bob", 1);
    let like = |number| {
        let object = "https://site.test/posts/1";
        bob.activity(number, json!({ "type": "Like", "object": object }))
    };
    assert_eq!(bob.post(&site, &like(1)).await.status(), 401);
    provider.0.store(true, Ordering::Relaxed);
    assert_eq!(bob.post(&site, &like(1)).await.status(), 202);
    // Signed by another key than the one that is published.
    let forger = bob.neighbour("bob", 2);
    assert_eq!(forger.post(&site, &like(2)).await.status(), 401);
}
