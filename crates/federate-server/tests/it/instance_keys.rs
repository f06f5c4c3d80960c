//! The keys of the actors that are the instance.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use federate_protocol::activitystreams::Note;
use federate_server::{Blocks, Builder, INSTANCE};
use federate_store::{Backend, Memory};
use serde_json::Value;

use crate::keys::InTurn;
use crate::world::{App, Instance, World, body};

/// S28, for the actor that signs what is fetched. Two processes over one store, and a peer that answers nobody who does not sign.
#[tokio::test]
async fn s28_the_instances_own_key_is_rotated_and_what_is_fetched_goes_on() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    let keys = Arc::new(InTurn::default());
    let start = || {
        let keys = Arc::clone(&keys);
        world.start("site.test", app.clone(), store.clone(), move |b| b.keygen(keys))
    };
    // What peers ask, the one that was started last answers.
    let (other, one) = (start().await, start().await);
    let peer = world.instance_with("a-peer.test", |b| b.authorized_fetch()).await;
    let uris = peer.federation.uris();
    let posts: Vec<_> = (0..6).map(|number| uris.object("post", number)).collect();
    for post in &posts {
        let note = Note::builder(post.clone()).text("x");
        peer.app.posts.lock().unwrap().push(note.public().build().into());
    }
    let asks = async |site: &Instance, number: usize| {
        let before = world.net.count();
        let found = site.federation.object(&posts[number]).await;
        let asked = world.net.requests.lock().unwrap()[before..].to_vec();
        let to_the_peer = format!("GET {}", posts[number]);
        let requests = asked.iter().filter(|line| **line == to_the_peer).count();
        (found.is_ok(), requests)
    };
    assert_eq!(asks(&one, 0).await, (true, 1));
    world.clock.advance(Duration::from_secs(600));
    assert_eq!(asks(&other, 1).await, (true, 1));
    let before = body(&one.get("/actor").await);
    let update = one.federation.rotate_keys(INSTANCE).await.unwrap();
    assert_eq!(
        update.activity.actor().id().unwrap(),
        one.federation.uris().instance_actor()
    );
    let after = body(&one.get("/actor").await);
    assert_eq!(after["publicKey"]["id"], before["publicKey"]["id"]);
    assert_ne!(
        after["publicKey"]["publicKeyPem"],
        before["publicKey"]["publicKeyPem"]
    );
    assert_eq!(asks(&one, 2).await, (true, 1), "the peer asks for the new key");
    assert_eq!(
        asks(&other, 3).await,
        (true, 2),
        "it signed with the old one, and then looked"
    );
    assert_eq!(asks(&other, 4).await, (true, 1));
    assert_eq!(body(&other.get("/actor").await), after);
    // Who is refused for another reason is not asked twice.
    let mut blocks = Blocks::new();
    blocks.suspend("site.test").unwrap();
    peer.federation.set_blocks(blocks).await.unwrap();
    assert_eq!(asks(&other, 5).await, (false, 1));
    // The `Update` is for nobody in particular, and does not wait for anybody.
    one.step_until_idle().await;
    assert!(store.stores().outbox.unexpanded(9).await.unwrap().is_empty());
}

/// Who asks for a key does not ask again for minutes: it is not the one that another process has replaced.
#[tokio::test]
async fn s28_every_process_gives_out_the_new_key_within_two_seconds() {
    let (world, store, app) = (World::default(), Memory::new(), Arc::new(App::default()));
    app.people
        .lock()
        .unwrap()
        .insert("alice".into(), federate_server::Found::Here(()));
    let keys = Arc::new(InTurn::default());
    let start = || {
        let keys = Arc::clone(&keys);
        world.start("site.test", app.clone(), store.clone(), move |b| b.keygen(keys))
    };
    let (one, other) = (start().await, start().await);
    for (path, name) in [("/users/alice", "alice"), ("/actor", INSTANCE)] {
        let before = body(&other.get(path).await);
        one.federation.rotate_keys(name).await.unwrap();
        let after = body(&one.get(path).await);
        assert_ne!(after["assertionMethod"], before["assertionMethod"]);
        world.clock.advance(Duration::from_millis(1_999));
        assert_eq!(body(&other.get(path).await), before, "{path}");
        world.clock.advance(Duration::from_millis(1));
        assert_eq!(body(&other.get(path).await), after, "{path}");
    }
}

#[tokio::test]
async fn the_actor_for_relays_gets_new_keys_with_the_instance_and_only_where_there_is_one() {
    let world = World::default();
    for relays in [true, false] {
        let keys = Arc::new(InTurn::default());
        let made = Arc::clone(&keys);
        let configure = |b: Builder<_>| match relays {
            true => b.keygen(keys).manage_relays(),
            false => b.keygen(keys),
        };
        let site = world.instance_with("site.test", configure).await;
        let document = async || match relays {
            true => body(&site.get("/relay").await)["publicKey"].clone(),
            false => Value::Null,
        };
        let before = document().await;
        let made_before = made.rsa.load(Ordering::Relaxed);
        site.federation.rotate_keys(INSTANCE).await.unwrap();
        let after = document().await;
        assert_eq!(after["id"], before["id"]);
        assert_eq!(after["publicKeyPem"] != before["publicKeyPem"], relays);
        let rotated = made.rsa.load(Ordering::Relaxed) - made_before;
        assert_eq!(rotated, if relays { 2 } else { 1 });
    }
}
