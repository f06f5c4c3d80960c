//! `manage_blocks`.

use federate_protocol::activitystreams::{Create, Note};
use federate_server::Cursor;
use serde_json::json;

use super::{ALICE, follow, id, last, post, says, site};
use crate::world::{Instance, Peer, World};

fn everything(
    builder: federate_server::Builder<crate::world::TestApp>,
) -> federate_server::Builder<crate::world::TestApp> {
    builder
        .manage_followers()
        .manage_following()
        .manage_reactions()
        .manage_blocks()
}

/// bob and alice follow each other.
async fn friends(world: &World, site: &Instance) -> Peer {
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, site, 1, follow()).await;
    let asked = site.federation.follow("alice", &bob.id).await.unwrap();
    says(
        &bob,
        site,
        2,
        json!({ "type": "Accept", "object": asked.id.as_str() }),
    )
    .await;
    assert_eq!(ends(site, &bob).await, (1, true));
    bob
}

async fn ends(site: &Instance, bob: &Peer) -> (u64, bool) {
    (
        site.federation.stores().followers.count("alice").await.unwrap(),
        site.federation.is_following("alice", &bob.id).await.unwrap(),
    )
}

/// Something for bob alone.
async fn write_to(site: &Instance, bob: &Peer, number: u32) -> bool {
    let note = Note::builder(site.federation.uris().object("post", number))
        .text("hi")
        .to(&bob.id);
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
    last(bob)["type"] == "Create"
}

#[tokio::test]
async fn who_blocks_one_of_ours_is_left_alone() {
    let world = World::default();
    let site = site(&world, everything).await;
    let bob = friends(&world, &site).await;
    assert!(write_to(&site, &bob, 2).await);
    bob.received.lock().unwrap().clear();
    says(&bob, &site, 3, json!({ "type": "Block", "object": ALICE })).await;
    assert_eq!(ends(&site, &bob).await, (0, false));
    assert!(site.federation.is_blocked("alice", &bob.id).await.unwrap());
    assert!(!write_to(&site, &bob, 3).await);
    assert_eq!(bob.received_types(), [""; 0]);
    assert!(
        site.federation
            .follow("alice", &bob.id)
            .await
            .unwrap_err()
            .is_permanent()
    );
    for path in [
        "/posts/1",
        "/posts/1/activity",
        "/posts/1/likes",
        "/users/alice/outbox",
    ] {
        let asked = bob.signed_get(&site, path);
        let answer = site.federation.handle(asked).await;
        assert!(answer.is_none(), "{path}: as if it never was");
        assert_eq!(site.get(path).await.status(), 200, "{path} for others");
    }
    // What they do nevertheless is not kept.
    says(&bob, &site, 4, json!({ "type": "Like", "object": super::POST })).await;
    says(&bob, &site, 5, follow()).await;
    assert_eq!(site.federation.reactions(&post()).await.unwrap().likes, 0);
    assert_eq!(
        (ends(&site, &bob).await, bob.received_types()),
        ((0, false), vec!["Reject".into()])
    );

    let eve = world.peer("peer.test", "eve", 2);
    says(&eve, &site, 6, json!({ "type": "Undo", "object": id(&bob, 3) })).await;
    assert!(
        site.federation.is_blocked("alice", &bob.id).await.unwrap(),
        "by another"
    );
    says(&bob, &site, 7, json!({ "type": "Undo", "object": id(&bob, 3) })).await;
    assert!(!site.federation.is_blocked("alice", &bob.id).await.unwrap());
    says(&bob, &site, 8, follow()).await;
    assert_eq!(ends(&site, &bob).await.0, 1);
}

#[tokio::test]
async fn one_of_ours_blocks_and_says_so_or_not() {
    let world = World::default();
    let site = site(&world, everything).await;
    let bob = friends(&world, &site).await;
    bob.received.lock().unwrap().clear();
    let block = site.federation.block("alice", &bob.id).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(ends(&site, &bob).await, (0, false));
    let mut told = bob.received_types();
    told.sort();
    assert_eq!(told, ["Block", "Reject", "Undo"]);
    assert!(!write_to(&site, &bob, 3).await);
    let blocked = site.federation.blocked("alice", &Cursor::start()).await.unwrap();
    assert_eq!(blocked.items, std::slice::from_ref(&bob.id));

    site.federation.unblock("alice", &bob.id).await.unwrap().unwrap();
    site.step_until_idle().await;
    assert_eq!(
        (&last(&bob)["type"], &last(&bob)["object"]["id"]),
        (&json!("Undo"), &json!(block.id.as_str()))
    );
    assert!(write_to(&site, &bob, 4).await);

    bob.received.lock().unwrap().clear();
    site.federation.block_quietly("alice", &bob.id).await.unwrap();
    assert!(!write_to(&site, &bob, 5).await);
    assert!(site.federation.unblock("alice", &bob.id).await.unwrap().is_none());
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), [""; 0]);
}

/// Deleting oneself and signing on is no way out of a block.
#[tokio::test]
async fn i16_a_block_of_ours_outlives_the_delete_of_who_is_blocked() {
    let world = World::default();
    let site = site(&world, everything).await;
    let bob = friends(&world, &site).await;
    site.federation.block("alice", &bob.id).await.unwrap();
    let gone = json!({ "type": "Delete", "object": bob.id.as_str() });
    says(&bob, &site, 9, gone).await;
    assert!(site.federation.is_blocked("alice", &bob.id).await.unwrap());
    says(&bob, &site, 10, follow()).await;
    assert_eq!(ends(&site, &bob).await, (0, false));
}
