//! `manage_moves`.

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use federate_server::{Cursor, Error, Found, MoveRefused};
use federate_store::{BoxFuture, Outgoing, Relation, RelationKey, RelationKind, RelationState, Which};
use http::Response;
use serde_json::json;
use tokio::sync::Barrier;

use super::{ALICE, follow, last, refused, says, site};
use crate::world::{Instance, Peer, World, iri};

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

/// Why it was refused.
fn why(e: &Error) -> Option<MoveRefused> {
    assert!(e.is_permanent(), "{e}");
    e.source().and_then(|cause| cause.downcast_ref()).copied()
}

/// alice on another server, which says that she is ours too.
fn her_new_account(world: &World, host: &str, key: usize) -> Peer {
    let new = world.peer(host, "alice", key);
    let mut document = world.published(new.id.as_str());
    document["alsoKnownAs"] = json!([ALICE]);
    world.publish(new.id.as_str(), &document);
    new
}

#[tokio::test]
async fn i18_our_own_move_needs_the_other_accounts_word() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let new = world.peer("new.test", "alice", 2);
    let federation = &site.federation;
    // What is cached is not asked.
    federation.remote_actor(&new.id).await.unwrap();
    let refused = federation.move_away("alice", &new.id).await.unwrap_err();
    assert_eq!(why(&refused), Some(MoveRefused::NotNamed));
    her_new_account(&world, "new.test", 2);
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
}

#[tokio::test]
async fn i18_our_own_move_is_made_once_in_seven_days() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let new = her_new_account(&world, "new.test", 2);
    let other = her_new_account(&world, "other.test", 1);
    let federation = &site.federation;
    federation.move_away("alice", &new.id).await.unwrap();
    for target in [&new.id, &other.id] {
        let refused = federation.move_away("alice", target).await.unwrap_err();
        assert_eq!(why(&refused), Some(MoveRefused::Lately), "{target}");
    }
    assert_eq!(site.app.take_seen().len(), 1, "the application is told of one");
    world.clock.advance(Duration::from_secs(7 * 86_400 - 1));
    assert!(federation.move_away("alice", &other.id).await.is_err());
    world.clock.advance(Duration::from_secs(1));
    assert!(federation.move_away("alice", &other.id).await.is_ok());
    // There and back.
    world.clock.advance(Duration::from_secs(7 * 86_400));
    assert!(federation.move_away("alice", &new.id).await.is_ok());
    let refused = federation.move_away("alice", &other.id).await.unwrap_err();
    assert_eq!(why(&refused), Some(MoveRefused::Lately));
}

/// Both have asked how they moved before either has written that it moves.
#[tokio::test]
async fn i18_of_two_moves_of_ours_at_once_one_is_made() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let both = Arc::new(Barrier::new(2));
    let targets = ["new.test", "other.test"].map(|host| {
        let id = her_new_account(&world, host, 2).id;
        let (document, both) = (world.published(id.as_str()), Arc::clone(&both));
        let answer = move |_| -> BoxFuture<'static, _> {
            let (both, body) = (Arc::clone(&both), Bytes::from(document.to_string()));
            Box::pin(async move {
                both.wait().await;
                let answer = Response::builder().header("content-type", "application/activity+json");
                Ok(answer.body(body).unwrap())
            })
        };
        world.net.connect(host, Arc::new(answer));
        id
    });
    let (one, other) = tokio::join!(
        site.federation.move_away("alice", &targets[0]),
        site.federation.move_away("alice", &targets[1])
    );
    let refused = match (&one, &other) {
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
        both => panic!("{both:?}"),
    };
    assert_eq!(why(refused), Some(MoveRefused::Lately));
    site.step_until_idle().await;
    assert_eq!(bob.received_of("Move").len(), 1);
    assert_eq!(site.app.take_seen().len(), 2, "a follow, and one move");
}

#[tokio::test]
async fn our_own_move_that_a_crash_interrupted_is_finished_under_the_same_id() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let new = her_new_account(&world, "new.test", 2);
    let other = her_new_account(&world, "other.test", 0);
    let federation = &site.federation;
    let now = federation.now();
    let begun = Relation {
        activity: Some(iri(&format!("{ALICE}#move/1"))),
        state: RelationState::Pending,
        ..Relation::new(RelationKey::new(RelationKind::Moved, "alice", &new.id), now)
    };
    federation.stores().relations.put(&begun).await.unwrap();
    let refused = federation.move_away("alice", &other.id).await.unwrap_err();
    assert_eq!(
        why(&refused),
        Some(MoveRefused::Lately),
        "elsewhere it may not go"
    );
    world.clock.advance(Duration::from_secs(3600));
    let told = federation.move_away("alice", &new.id).await.unwrap();
    assert_eq!(Some(&told.id), begun.activity.as_ref());
    let refused = federation.move_away("alice", &new.id).await.unwrap_err();
    assert_eq!(why(&refused), Some(MoveRefused::Lately), "it is finished");
    site.step_until_idle().await;
    assert_eq!(bob.received_of("Move").len(), 1);
}

#[tokio::test]
async fn our_own_move_that_nobody_was_told_of_makes_room_for_another() {
    for is_told in [true, false] {
        let world = World::default();
        let site = site(&world, |b| b.manage_followers()).await;
        let new = her_new_account(&world, "new.test", 2);
        let other = her_new_account(&world, "other.test", 0);
        let federation = &site.federation;
        let stores = federation.stores();
        let activity = iri(&format!("{ALICE}#move/1"));
        let key = RelationKey::new(RelationKind::Moved, "alice", &new.id);
        let begun = Relation {
            activity: Some(activity.clone()),
            state: RelationState::Pending,
            ..Relation::new(key, federation.now())
        };
        stores.relations.put(&begun).await.unwrap();
        if is_told {
            let outgoing = Outgoing::new(activity, "alice", "{}", Vec::new());
            stores.outbox.record(&outgoing).await.unwrap();
        }
        world.clock.advance(Duration::from_secs(59));
        let refused = federation.move_away("alice", &other.id).await.unwrap_err();
        assert_eq!(why(&refused), Some(MoveRefused::Lately), "it may be at work");
        world.clock.advance(Duration::from_secs(1));
        let moved = federation.move_away("alice", &other.id).await;
        let is_left = stores.relations.get(&begun.key).await.unwrap().is_some();
        assert_eq!((moved.is_err(), is_left), (is_told, is_told));
        if let Err(refused) = moved {
            assert_eq!(why(&refused), Some(MoveRefused::Lately));
        }
    }
}

/// The application thought about the first for so long.
#[tokio::test]
async fn our_own_move_whose_place_another_has_taken_is_not_told() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let new = her_new_account(&world, "new.test", 2);
    let other = her_new_account(&world, "other.test", 0);
    let federation = &site.federation;
    let held = Arc::new(Barrier::new(2));
    *site.app.held.lock().unwrap() = Some(Arc::clone(&held));
    let meanwhile = async {
        held.wait().await;
        world.clock.advance(Duration::from_secs(60));
        let told = federation.move_away("alice", &other.id).await;
        held.wait().await;
        told
    };
    let (first, second) = tokio::join!(federation.move_away("alice", &new.id), meanwhile);
    assert_eq!(why(&first.unwrap_err()), Some(MoveRefused::Lately));
    assert_eq!(second.unwrap().activity.target().id(), Some(other.id));
    site.step_until_idle().await;
    assert_eq!(bob.received_of("Move").len(), 1);
}

/// Two finish the same one, and the application says no to the first when the second has.
#[tokio::test]
async fn our_own_move_that_was_finished_meanwhile_is_not_forgotten() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let new = her_new_account(&world, "new.test", 2);
    let other = her_new_account(&world, "other.test", 0);
    let federation = &site.federation;
    let held = Arc::new(Barrier::new(2));
    *site.app.held.lock().unwrap() = Some(Arc::clone(&held));
    let meanwhile = async {
        held.wait().await;
        let told = federation.move_away("alice", &new.id).await;
        site.app.failures.store(1, Ordering::Relaxed);
        held.wait().await;
        told
    };
    let (first, second) = tokio::join!(federation.move_away("alice", &new.id), meanwhile);
    assert_eq!(why(&first.unwrap_err()), None, "the application's word");
    second.unwrap();
    site.app.failures.store(0, Ordering::Relaxed);
    world.clock.advance(Duration::from_secs(60));
    let refused = federation.move_away("alice", &other.id).await.unwrap_err();
    assert_eq!(why(&refused), Some(MoveRefused::Lately));
}

#[tokio::test]
async fn our_own_move_is_not_begun_where_the_application_says_no() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let bob = world.peer("peer.test", "bob", 1);
    says(&bob, &site, 1, follow()).await;
    let new = her_new_account(&world, "new.test", 2);
    let federation = &site.federation;
    site.app.failures.store(1, Ordering::Relaxed);
    let refused = federation.move_away("alice", &new.id).await.unwrap_err();
    assert_eq!(refused.source().unwrap().to_string(), "nobody moves today");
    assert!(refused.is_permanent());
    site.app.failures.store(0, Ordering::Relaxed);
    site.step_until_idle().await;
    assert!(bob.received_of("Move").is_empty());
    let other = her_new_account(&world, "other.test", 0);
    assert!(federation.move_away("alice", &other.id).await.is_ok());
}

/// Our own server is not asked over the network, and the same holds of who lives here.
#[tokio::test]
async fn i18_our_own_move_within_the_server() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    site.app
        .people
        .lock()
        .unwrap()
        .extend([("alix".into(), Found::Here(())), ("gone".into(), Found::Gone)]);
    let federation = &site.federation;
    let at = |name: &str| federation.uris().actor(name);
    let before = world.net.count();
    for (target, expected) in [
        (at("alix"), MoveRefused::NotNamed),
        (at("alice"), MoveRefused::Itself),
        (at("gone"), MoveRefused::Unknown),
        (at("nobody"), MoveRefused::Unknown),
        (super::post(), MoveRefused::Unknown),
    ] {
        let refused = federation.move_away("alice", &target).await.unwrap_err();
        assert_eq!(why(&refused), Some(expected), "{target}");
    }
    site.app
        .aliases
        .lock()
        .unwrap()
        .insert("alix".into(), at("alice"));
    let told = federation.move_away("alice", &at("alix")).await.unwrap();
    assert_eq!(told.activity.target().id(), Some(at("alix")));
    assert_eq!(world.net.count(), before, "nobody was asked");
}

/// An account that names itself is none to move to.
#[tokio::test]
async fn i18_our_own_move_is_not_to_itself() {
    let world = World::default();
    let site = site(&world, |b| b.manage_followers()).await;
    let alice = site.federation.uris().actor("alice");
    site.app
        .aliases
        .lock()
        .unwrap()
        .insert("alice".into(), alice.clone());
    let refused = site.federation.move_away("alice", &alice).await.unwrap_err();
    assert_eq!(why(&refused), Some(MoveRefused::Itself));
}
