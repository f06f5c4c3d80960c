//! `manage_following`.

use federate_server::Cursor;
use serde_json::{Value, json};

use super::{last, refused, says, site};
use crate::world::{Instance, World, body};

async fn listed(site: &Instance) -> Value {
    body(&site.get("/users/alice/following?cursor=").await)["orderedItems"].clone()
}

/// A follow holds from the `Accept` of who was asked, and not a moment earlier; nobody else's counts.
#[tokio::test]
async fn cve_2025_30741_a_follow_is_pending_until_it_is_accepted() {
    let world = World::default();
    let site = site(&world, |b| b.manage_following()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let eve = world.peer("evil.test", "eve", 2);
    let follow = site.federation.follow("alice", &bob.id).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(last(&bob)["id"], follow.id.as_str());
    let follows = async || site.federation.is_following("alice", &bob.id).await.unwrap();
    assert!(!follows().await);
    assert_eq!(listed(&site).await, json!([]));

    let theirs = json!({ "type": "Accept", "object": follow.id.as_str() });
    says(&eve, &site, 1, theirs.clone()).await;
    let pretended = json!({ "type": "Accept", "object": { "type": "Follow", "id": follow.id.as_str(),
        "actor": super::ALICE, "object": eve.id.as_str() } });
    says(&eve, &site, 2, pretended).await;
    assert_eq!(refused(&site).await.len(), 2, "a third party");
    assert!(!follows().await && !site.federation.is_following("alice", &eve.id).await.unwrap());

    says(&bob, &site, 3, theirs).await;
    assert!(follows().await);
    assert_eq!(listed(&site).await, json!([bob.id.as_str()]));
    // Later they think better of it.
    says(
        &bob,
        &site,
        4,
        json!({ "type": "Reject", "object": follow.id.as_str() }),
    )
    .await;
    assert!(!follows().await);
    assert_eq!(listed(&site).await, json!([]));
    // And an `Accept` that comes late changes nothing.
    says(
        &bob,
        &site,
        5,
        json!({ "type": "Accept", "object": follow.id.as_str() }),
    )
    .await;
    assert!(!follows().await);
}

#[tokio::test]
async fn w13_a_late_accept_of_what_was_undone_starts_nothing() {
    let world = World::default();
    let site = site(&world, |b| b.manage_following()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let federation = &site.federation;
    let first = federation.follow("alice", &bob.id).await.unwrap();
    federation.unfollow("alice", &bob.id).await.unwrap().unwrap();
    site.step_until_idle().await;
    assert_eq!(last(&bob)["type"], "Undo");
    assert_eq!(last(&bob)["object"]["id"], first.id.as_str());
    let accept = |id: &str| json!({ "type": "Accept", "object": id });
    says(&bob, &site, 1, accept(first.id.as_str())).await;
    let follows = async || federation.is_following("alice", &bob.id).await.unwrap();
    assert!(!follows().await);
    let second = federation.follow("alice", &bob.id).await.unwrap();
    says(&bob, &site, 2, accept(first.id.as_str())).await;
    assert!(!follows().await, "it answers another");
    // The outbox may have forgotten what was asked; the follow itself has not.
    site.step_until_idle().await;
    federation
        .stores()
        .outbox
        .forget(std::slice::from_ref(&second.id))
        .await
        .unwrap();
    says(&bob, &site, 3, accept(second.id.as_str())).await;
    assert!(follows().await);
    assert!(federation.unfollow("alice", &bob.id).await.unwrap().is_some());
    assert!(federation.unfollow("alice", &bob.id).await.unwrap().is_none());
}

#[tokio::test]
async fn two_instances_follow_each_other_without_a_line_of_the_application() {
    let world = World::default();
    let everything = |b: federate_server::Builder<_>| b.manage_followers().manage_following();
    let one = world.instance_with("one.test", everything).await;
    let other = world.instance_with("other.test", everything).await;
    let alice = one.federation.lookup("@alice@other.test").await.unwrap();
    one.federation.follow("alice", &alice.id).await.unwrap();
    world.settle(&[&one, &other]).await;
    assert!(one.federation.is_following("alice", &alice.id).await.unwrap());
    assert_eq!(
        other.federation.stores().followers.count("alice").await.unwrap(),
        1
    );
    one.federation.unfollow("alice", &alice.id).await.unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(
        other.federation.stores().followers.count("alice").await.unwrap(),
        0
    );
    let following = one.federation.following("alice", &Cursor::start()).await.unwrap();
    assert_eq!(following.items, []);
}
