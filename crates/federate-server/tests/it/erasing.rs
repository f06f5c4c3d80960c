//! One person is forgotten.

use std::time::Duration;

use federate_protocol::activitystreams::{Create, Delete, Iri, Note};
use federate_server::{Erased, Failure, Found};
use federate_store::{Backend, CacheKind, Relation, RelationKey, RelationKind};
use serde_json::json;

use crate::world::{Instance, Peer, World};

async fn follow(site: &Instance, peer: &Peer, number: u32) {
    let follow = peer.activity(
        number,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    assert_eq!(peer.post(site, &follow).await.status(), 202);
    site.step_until_idle().await;
}

/// Whether anything that the store keeps for the library names this.
async fn is_named(site: &Instance, text: &str) -> Vec<String> {
    let stores = site.store.stores();
    let mut found = Vec::new();
    for kind in [
        CacheKind::Actor,
        CacheKind::Key,
        CacheKind::Document,
        CacheKind::Handle,
        CacheKind::Move,
    ] {
        for (key, entry) in stores.cache.page(kind, None, 1000).await.unwrap() {
            if key.contains(text) || String::from_utf8_lossy(&entry.bytes).contains(text) {
                found.push(format!("{} {key}", kind.as_str()));
            }
        }
    }
    for (_, follower) in stores.followers.page("alice", None, 1000).await.unwrap() {
        if follower.actor.as_str().contains(text) {
            found.push("follower".into());
        }
    }
    for dead in stores.inbox.dead(1000).await.unwrap() {
        if dead.id.as_str().contains(text) {
            found.push("dead".into());
        }
    }
    found
}

#[tokio::test]
async fn of_somebody_elsewhere_nothing_is_left_and_of_others_everything() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.manage_followers()
                .on::<Create>(|_, _| async { Err(Failure::permanent("no")) })
        })
        .await;
    let (bob, carol) = (
        world.peer("peer.test", "bob", 1),
        world.peer("other.test", "carol", 2),
    );
    for peer in [&bob, &carol] {
        follow(&site, peer, 1).await;
        let note = json!({ "id": format!("{}/notes/1", peer.id), "type": "Note", "attributedTo": peer.id.as_str(), "content": "x" });
        let create = peer.activity(2, json!({ "type": "Create", "object": note }));
        assert_eq!(peer.post(&site, &create).await.status(), 202);
        site.step_until_idle().await;
        site.federation.remote_actor(&peer.id).await.unwrap();
        site.federation.object(&peer.id).await.unwrap();
    }
    let relations = site.store.stores().relations;
    let like = |peer: &Peer| RelationKey::new(RelationKind::Like, "https://site.test/posts/1", &peer.id);
    let block = RelationKey::new(RelationKind::Block, "alice", &bob.id);
    for key in [like(&bob), like(&carol), block.clone()] {
        relations
            .put(&Relation::new(key, site.federation.now()))
            .await
            .unwrap();
    }
    let carols = is_named(&site, carol.id.as_str()).await;
    let bobs = is_named(&site, bob.id.as_str()).await;
    for what in ["follower", "dead"] {
        assert!(bobs.contains(&what.to_owned()), "{what}: {bobs:?}");
    }
    assert!(
        bobs.iter().any(|what| what.starts_with("key"))
            && bobs.iter().any(|what| what.starts_with("document"))
    );
    let given_up = site.store.stores().inbox.dead(9).await.unwrap();
    let bobs_dead = given_up
        .iter()
        .find(|dead| dead.id.as_str().contains(bob.id.as_str()));
    let bobs_dead = bobs_dead.unwrap().id.clone();
    let erased = site.federation.admin().erase(&bob.id).await.unwrap();
    assert_eq!((erased.follows, erased.received, erased.relations), (1, 1, 2));
    assert_eq!(relations.get(&like(&bob)).await.unwrap(), None);
    assert!(relations.get(&like(&carol)).await.unwrap().is_some());
    assert!(
        relations.get(&block).await.unwrap().is_some(),
        "alice still does not want to hear of them"
    );
    assert_eq!(usize::try_from(erased.cached).unwrap(), bobs.len() - 2);
    assert_eq!(is_named(&site, bob.id.as_str()).await, Vec::<String>::new());
    assert_eq!(is_named(&site, carol.id.as_str()).await, carols);
    // Nothing of it is handled by that, also by a worker that found it in that moment, and a repetition is known.
    assert!(site.step_until_idle().await);
    let inbox = site.store.stores().inbox;
    assert!(inbox.handled(&bobs_dead).await.unwrap());
    assert_eq!(
        site.federation.admin().erase(&bob.id).await.unwrap(),
        Erased::default()
    );
    // It is no reason not to talk to them again.
    follow(&site, &bob, 3).await;
    assert!(
        site.store
            .stores()
            .followers
            .contains("alice", &bob.id)
            .await
            .unwrap()
    );
}

async fn keys_of_alice(site: &Instance) -> usize {
    let keys = site.store.stores().keys;
    let both = [
        keys.get("actor:alice").await.unwrap(),
        keys.get("ed25519:alice").await.unwrap(),
    ];
    both.iter().flatten().count()
}

#[tokio::test]
async fn of_one_of_ours_keys_go_last_and_only_when_the_delete_has_ended() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let (bob, gone) = (
        world.peer("peer.test", "bob", 1),
        world.peer("gone.test", "carol", 2),
    );
    follow(&site, &bob, 1).await;
    follow(&site, &gone, 1).await;
    site.get("/users/alice").await;
    let uris = site.federation.uris();
    let alice = uris.actor("alice");
    let note = Note::builder(uris.object("note", 1))
        .text("a secret of mine")
        .public()
        .cc(&uris.followers("alice"));
    let create = site.federation.send("alice", Create::new(note)).await.unwrap().id;
    site.step_until_idle().await;
    let erase = async || site.federation.admin().erase(&alice).await;
    assert!(erase().await.unwrap_err().is_permanent(), "nobody has deleted it");
    assert_eq!(keys_of_alice(&site).await, 2);

    let relations = site.store.stores().relations;
    let post = create.as_str().strip_suffix("/activity").unwrap();
    let like = RelationKey::new(RelationKind::Like, post, &bob.id);
    let asked = RelationKey::new(RelationKind::FollowRequest, "alice", &bob.id);
    let others = RelationKey::new(RelationKind::FollowRequest, "alice-2", &bob.id);
    for key in [&like, &asked, &others] {
        relations
            .put(&Relation::new(key.clone(), site.federation.now()))
            .await
            .unwrap();
    }
    // The Delete is recorded, then under way to one who does not answer, then given up on.
    world.net.cut("gone.test");
    site.app
        .people
        .lock()
        .unwrap()
        .insert("alice".into(), Found::Gone);
    let delete =
        Delete::new(&alice).with_to(&"https://www.w3.org/ns/activitystreams#Public".parse().unwrap());
    let delete = delete.with_cc(&uris.followers("alice"));
    let delete = site.federation.send("alice", delete).await.unwrap().id;
    assert!(!erase().await.unwrap_err().is_permanent(), "it is not expanded");
    site.step_until_idle().await;
    assert!(
        !erase().await.unwrap_err().is_permanent(),
        "one inbox has not got it"
    );
    assert_eq!(keys_of_alice(&site).await, 2, "it has to be signed");
    for _ in 0..60 {
        world.clock.advance(Duration::from_secs(6 * 3600));
        site.step_until_idle().await;
    }
    assert_eq!(site.federation.admin().counts().await.unwrap().dead, 1);
    let erased = erase().await.unwrap();
    assert_eq!((erased.follows, erased.keys, erased.dead_deliveries), (2, 2, 1));
    assert!(
        erased.sent >= 3,
        "the post, and two that accepted a follow: {erased:?}"
    );
    assert_eq!(keys_of_alice(&site).await, 0);
    assert_eq!(erased.relations, 3, "a like, and two who asked to follow");
    assert_eq!(relations.get(&like).await.unwrap(), None);
    assert_eq!(relations.get(&asked).await.unwrap(), None);
    assert!(relations.get(&others).await.unwrap().is_some());
    let body = async |id: &Iri| site.store.stores().outbox.body(id).await.unwrap();
    assert_eq!(body(&create).await, None);
    assert!(body(&delete).await.is_some(), "what is gone stays gone");
    assert_eq!(site.get("/users/alice").await.status(), 410);
    assert_eq!(erase().await.unwrap(), Erased::default());
    assert!(
        site.federation
            .admin()
            .erase(&uris.object("note", 1))
            .await
            .unwrap_err()
            .is_permanent()
    );
}
