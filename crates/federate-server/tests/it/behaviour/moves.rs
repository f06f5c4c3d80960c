//! `manage_moves`.

use std::time::Duration;

use federate_server::Cursor;
use federate_store::{RelationKind, RelationState, Which};
use serde_json::json;

use super::{ALICE, follow, last, refused, says, site};
use crate::world::{Instance, Peer, World};

/// bob on an old server, and on a new one, which says that they are the same.
fn two_of(world: &World) -> (Peer, Peer) {
    let (old, new) = (world.peer("old.test", "bob", 1), world.peer("new.test", "bob", 2));
    let mut document = world.published(new.id.as_str());
    document["alsoKnownAs"] = json!([old.id.as_str()]);
    world.publish(new.id.as_str(), &document);
    (old, new)
}

async fn follows(site: &Instance, who: &Peer) -> u64 {
    let which = Which::of(RelationKind::Following).with(&who.id);
    site.federation.stores().relations.count(&which).await.unwrap()
}

/// Turns are no failures: what fails after many of them is tried again.
#[tokio::test]
async fn w9_a_move_of_many_turns_is_not_given_up_on() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_moves()
            .behaviour_limits(|limits| limits.moved_at_once = 1)
    })
    .await;
    let (old, new) = two_of(&world);
    for number in 0..20 {
        let me = format!("person{number}");
        site.federation.follow(&me, &old.id).await.unwrap();
    }
    site.step_until_idle().await;
    let moves = json!({ "type": "Move", "object": old.id.as_str(), "target": new.id.as_str() });
    says(&old, &site, 1, moves).await;
    for turn in 1..15 {
        assert_eq!(follows(&site, &new).await, turn);
        world.clock.advance(Duration::from_secs(30));
        site.step_until_idle().await;
    }
    world.net.cut("new.test");
    world.clock.advance(Duration::from_secs(30));
    site.step_until_idle().await;
    assert_eq!(follows(&site, &new).await, 15, "it failed");
    assert_eq!(refused(&site).await, [""; 0]);
    let backlog = site.federation.stores().inbox.backlog().await.unwrap();
    assert_eq!(
        backlog.map(|waits| waits.pending),
        Some(1),
        "it waits to be tried again"
    );
}

/// Some at a time, with a pause after them; what is left survives the process.
#[tokio::test]
async fn w9_our_people_follow_on_in_turns() {
    let world = World::default();
    let site = site(&world, |b| {
        b.manage_moves()
            .behaviour_limits(|limits| limits.moved_at_once = 2)
    })
    .await;
    let (old, new) = two_of(&world);
    let people = ["ann", "ben", "cat", "dan", "eva"];
    for (number, me) in (10..).zip(people) {
        let follow = site.federation.follow(me, &old.id).await.unwrap();
        // One of them waits still.
        if me != "eva" {
            let accept = json!({ "type": "Accept", "object": follow.id.as_str() });
            says(&old, &site, number, accept).await;
        }
    }
    // One of them knows the new account already.
    site.federation.follow("ben", &new.id).await.unwrap();
    site.step_until_idle().await;
    site.app.take_seen();
    let moves = json!({ "type": "Move", "object": old.id.as_str(), "target": new.id.as_str() });
    says(&old, &site, 1, moves.clone()).await;
    for (turn, (left, moved)) in [(3, 2), (1, 4), (0, 5)].into_iter().enumerate() {
        assert_eq!(
            (follows(&site, &old).await, follows(&site, &new).await),
            (left, moved),
            "turn {turn}"
        );
        assert_eq!(
            site.app.take_seen().len(),
            usize::from(left == 0),
            "its handler runs when all have moved"
        );
        site.step_until_idle().await;
        assert_eq!(follows(&site, &old).await, left, "not before the pause is over");
        world.clock.advance(Duration::from_secs(30));
        site.step_until_idle().await;
    }
    let asked = new
        .received_types()
        .iter()
        .filter(|kind| *kind == "Follow")
        .count();
    assert_eq!(asked, 5, "each once");
    let undone = old.received_types().iter().filter(|kind| *kind == "Undo").count();
    assert_eq!(undone, 5);
    let ben = site.federation.following("ben", &Cursor::start()).await.unwrap();
    assert_eq!(
        ben.items[0].state,
        RelationState::Pending,
        "until the new account accepts"
    );
    // Not to and fro.
    let mut document = world.published(old.id.as_str());
    document["alsoKnownAs"] = json!([new.id.as_str()]);
    world.publish(old.id.as_str(), &document);
    says(&old, &site, 2, moves).await;
    assert_eq!(refused(&site).await, ["the actor moved less than seven days ago"]);
}

#[tokio::test]
async fn i18_a_loop_of_moves_ends() {
    let world = World::default();
    let site = site(&world, |b| b.manage_moves()).await;
    let (old, new) = two_of(&world);
    let mut document = world.published(old.id.as_str());
    document["alsoKnownAs"] = json!([new.id.as_str()]);
    world.publish(old.id.as_str(), &document);
    site.federation.follow("alice", &old.id).await.unwrap();
    site.step_until_idle().await;
    let moves = |from: &Peer, to: &Peer| json!({ "type": "Move", "object": from.id.as_str(), "target": to.id.as_str() });
    for number in 1..4 {
        says(&old, &site, number, moves(&old, &new)).await;
        says(&new, &site, number, moves(&new, &old)).await;
    }
    let asked = |peer: &Peer| {
        peer.received_types()
            .iter()
            .filter(|kind| *kind == "Follow")
            .count()
    };
    // There and back once, and then not for a week.
    assert_eq!((asked(&old), asked(&new)), (2, 1));
    assert_eq!(refused(&site).await.len(), 4);
}

#[tokio::test]
async fn a_follower_of_ours_that_moves_is_delivered_to_still() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers().manage_moves()).await;
    let (old, new) = two_of(&world);
    says(&old, &site, 1, follow()).await;
    says(
        &old,
        &site,
        2,
        json!({ "type": "Move", "object": old.id.as_str(), "target": new.id.as_str() }),
    )
    .await;
    assert_eq!(refused(&site).await, [""; 0]);
    let followers = &site.federation.stores().followers;
    assert!(followers.contains("alice", &old.id).await.unwrap());
}

#[tokio::test]
async fn i18_our_own_move_needs_the_other_accounts_word() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let new = world.peer("new.test", "alice", 2);
    let federation = &site.federation;
    let refused = federation.move_away("alice", &new.id).await.unwrap_err();
    assert!(refused.is_permanent(), "{refused}");
    let mut document = world.published(new.id.as_str());
    document["alsoKnownAs"] = json!([ALICE]);
    world.publish(new.id.as_str(), &document);
    federation.move_away("alice", &new.id).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen().last().unwrap(),
        "alice moved to https://new.test/users/alice"
    );
    let told = last(&bob);
    assert_eq!(
        (&told["type"], &told["object"], &told["target"]),
        (&json!("Move"), &json!(ALICE), &json!(new.id.as_str()))
    );
    assert!(
        federation
            .move_away("alice", &new.id)
            .await
            .unwrap_err()
            .is_permanent()
    );
    world.clock.advance(Duration::from_secs(7 * 86_400 - 1));
    assert!(federation.move_away("alice", &new.id).await.is_err());
    world.clock.advance(Duration::from_secs(1));
    assert!(federation.move_away("alice", &new.id).await.is_ok());
}
