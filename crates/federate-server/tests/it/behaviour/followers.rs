//! `manage_followers`.

use federate_protocol::activitystreams::Object;
use federate_server::Cursor;
use serde_json::json;

use super::{ALICE, follow, id, last, refused, says, site};
use crate::world::World;

async fn followers(site: &crate::world::Instance) -> u64 {
    site.federation.stores().followers.count("alice").await.unwrap()
}

#[tokio::test]
async fn w13_who_asks_waits_until_somebody_decides() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    *site.app.locked.lock().unwrap() = true;
    let bob = world.peer("peer.test", "bob", 1);
    for number in [1, 2] {
        says(&bob, &site, number, follow()).await;
    }
    let federation = &site.federation;
    let requests = federation
        .follow_requests("alice", &Cursor::start())
        .await
        .unwrap();
    assert_eq!(requests.items.len(), 1, "once for each actor");
    assert_eq!(requests.items[0].actor, bob.id);
    assert_eq!(requests.items[0].id.as_ref().unwrap().as_str(), id(&bob, 2));
    assert_eq!((followers(&site).await, bob.received_types()), (0, vec![]));

    federation.accept_follow("alice", &bob.id).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(followers(&site).await, 1);
    assert_eq!(last(&bob)["type"], "Accept");
    assert_eq!(last(&bob)["object"]["id"], id(&bob, 2));
    assert_eq!(last(&bob)["object"]["actor"], bob.id.as_str());
    // The answer was lost: it is given again, to one who was let in.
    says(&bob, &site, 3, follow()).await;
    assert_eq!(bob.received_types(), ["Accept"; 2]);
    assert_eq!(last(&bob)["object"]["id"], id(&bob, 3));

    federation
        .remove_follower("alice", &bob.id)
        .await
        .unwrap()
        .unwrap();
    site.step_until_idle().await;
    assert_eq!(followers(&site).await, 0);
    assert_eq!(last(&bob)["type"], "Reject");
    assert_eq!(last(&bob)["object"]["id"], id(&bob, 3));
    assert!(
        federation
            .remove_follower("alice", &bob.id)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        federation
            .accept_follow("alice", &bob.id)
            .await
            .unwrap_err()
            .is_permanent()
    );

    says(&bob, &site, 4, follow()).await;
    federation.reject_follow("alice", &bob.id).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(
        (followers(&site).await, last(&bob)["type"].clone()),
        (0, json!("Reject"))
    );
    let requests = federation
        .follow_requests("alice", &Cursor::start())
        .await
        .unwrap();
    assert_eq!(requests.items, []);
}

#[tokio::test]
async fn w13_those_who_wait_are_bounded() {
    let world = World::default();
    let limited = |b: federate_server::Builder<_>| {
        b.manage_followers()
            .behaviour_limits(|limits| limits.follow_requests = 2)
    };
    let site = site(&world, limited).await;
    *site.app.locked.lock().unwrap() = true;
    for (number, host) in (0..).zip(["a.test", "b.test", "c.test", "b.test"]) {
        let peer = world.peer(host, "bob", 1);
        says(&peer, &site, number, follow()).await;
    }
    let requests = site
        .federation
        .follow_requests("alice", &Cursor::start())
        .await
        .unwrap();
    let hosts: Vec<_> = requests
        .items
        .iter()
        .map(|one| one.actor.host().unwrap().to_owned())
        .collect();
    assert_eq!(hosts, ["a.test", "b.test"]);
    assert!(
        requests.items[1].id.as_ref().unwrap().as_str().ends_with("/3"),
        "asked anew"
    );
}

#[tokio::test]
async fn w14_an_undo_that_comes_first_keeps_its_follow_out() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let embedded = bob.activity(1, follow());
    says(&bob, &site, 10, json!({ "type": "Undo", "object": embedded })).await;
    says(&bob, &site, 11, json!({ "type": "Undo", "object": id(&bob, 2) })).await;
    for number in [1, 2] {
        says(&bob, &site, number, follow()).await;
    }
    assert_eq!((followers(&site).await, bob.received_types()), (0, vec![]));
    says(&bob, &site, 3, follow()).await;
    assert_eq!(followers(&site).await, 1);
    // By the mere id.
    says(&bob, &site, 12, json!({ "type": "Undo", "object": id(&bob, 3) })).await;
    assert_eq!(followers(&site).await, 0);
    // By the id and the type, before and after.
    let bare = |number| json!({ "type": "Undo", "object": { "type": "Follow", "id": id(&bob, number) } });
    says(&bob, &site, 13, bare(4)).await;
    says(&bob, &site, 4, follow()).await;
    assert_eq!(followers(&site).await, 0);
    says(&bob, &site, 5, follow()).await;
    assert_eq!(followers(&site).await, 1);
    says(&bob, &site, 14, bare(5)).await;
    assert_eq!(followers(&site).await, 0);
}

#[tokio::test]
async fn i14_nobody_undoes_the_follow_of_a_neighbour() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let eve = world.peer("peer.test", "eve", 2);
    says(&eve, &site, 2, json!({ "type": "Undo", "object": id(&bob, 1) })).await;
    says(
        &eve,
        &site,
        3,
        json!({ "type": "Undo", "object": { "type": "Follow", "object": ALICE } }),
    )
    .await;
    assert_eq!(followers(&site).await, 1);
    let pretended = json!({ "type": "Follow", "id": id(&bob, 1), "actor": bob.id.as_str(), "object": ALICE });
    says(&eve, &site, 4, json!({ "type": "Undo", "object": pretended })).await;
    assert_eq!(followers(&site).await, 1);
}

#[tokio::test]
async fn a_follower_that_changes_is_reached_where_it_is_now() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let mut changed = world.published(bob.id.as_str());
    changed["inbox"] = json!("https://peer.test/elsewhere");
    changed["endpoints"] = json!(null);
    world.publish(bob.id.as_str(), &changed);
    world.clock.advance(std::time::Duration::from_secs(3600));
    says(&bob, &site, 2, json!({ "type": "Update", "object": changed })).await;
    let page = site
        .federation
        .stores()
        .followers
        .page("alice", None, 9)
        .await
        .unwrap();
    assert_eq!(page[0].1.inbox.as_str(), "https://peer.test/elsewhere");
    assert_eq!(page[0].1.shared_inbox, None);
}

#[tokio::test]
async fn who_deletes_itself_is_gone_from_all_but_blocks() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_followers()
            .manage_reactions()
            .manage_following()
            .manage_blocks()
    })
    .await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    says(&bob, &site, 2, json!({ "type": "Like", "object": super::POST })).await;
    let federation = &site.federation;
    federation.follow("alice", &bob.id).await.unwrap();
    federation.block_quietly("zoe", &bob.id).await.unwrap();
    assert_eq!(federation.reactions(&super::post()).await.unwrap().likes, 1);
    says(
        &bob,
        &site,
        3,
        json!({ "type": "Delete", "object": bob.id.as_str() }),
    )
    .await;
    assert_eq!(refused(&site).await, [""; 0]);
    assert_eq!(followers(&site).await, 0);
    assert_eq!(federation.reactions(&super::post()).await.unwrap().likes, 0);
    let start = Cursor::start();
    assert_eq!(federation.following("alice", &start).await.unwrap().items, []);
    // It may sign on, and is still kept out then.
    assert_eq!(federation.blocked("zoe", &start).await.unwrap().items.len(), 1);
}

/// By the `Follow` that the application kept: the same path, and where the library keeps no followers only the answer.
#[tokio::test]
async fn a_follow_that_the_application_kept_is_approved_as_one_that_waits() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    *site.app.locked.lock().unwrap() = true;
    let bob = world.peer("peer.test", "bob", 1);
    let kept = |number| Object::from_value(bob.activity(number, follow())).unwrap();
    says(&bob, &site, 1, follow()).await;
    site.federation.approve("alice", &kept(1)).await.unwrap();
    // Of which the library has forgotten that it came.
    let carol = world.peer("other.test", "carol", 2);
    let carols = Object::from_value(carol.activity(2, follow())).unwrap();
    site.federation.approve("alice", &carols).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(followers(&site).await, 2);
    for (peer, number) in [(&bob, 1), (&carol, 2)] {
        assert_eq!(peer.received_types(), ["Accept"]);
        assert_eq!(last(peer)["object"]["id"], id(peer, number));
    }
    let waiting = site.federation.follow_requests("alice", &Cursor::start()).await;
    assert_eq!(waiting.unwrap().items, []);
    // It is a follow as any other: taken back by its id.
    says(
        &carol,
        &site,
        3,
        json!({ "type": "Undo", "object": id(&carol, 2) }),
    )
    .await;
    assert_eq!(followers(&site).await, 1);

    let world = World::default();
    let site = self::site(&world, |b| b).await;
    let bob = world.peer("peer.test", "bob", 1);
    site.federation.approve("alice", &kept(1)).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(
        (followers(&site).await, bob.received_types()),
        (0, vec!["Accept".to_owned()])
    );
    assert_eq!(last(&bob)["object"]["id"], id(&bob, 1));
    let nobodys = json!({ "type": "Follow", "object": ALICE });
    let nobodys = Object::from_value(nobodys).unwrap();
    let refused = site.federation.approve("alice", &nobodys).await.unwrap_err();
    assert!(refused.is_permanent());
}
