//! Relays to which we subscribe.

use std::time::Duration;

use federate_protocol::activitystreams::{Activity, Create, Iri, Note, Update};
use federate_server::store::RelationState as State;
use federate_server::{Builder, RelayKind};
use federate_sqlite::Sqlite;
use serde_json::{Value, json};

use super::setup::{answer, process, relay_of_others as relay, states, subscribed};
use super::{ACTOR, INBOX, PUBLIC, spy};
use crate::world::{Instance, Peer, TestApp, World, iri};

async fn site(world: &World) -> Instance {
    let configure =
        |builder: Builder<TestApp>| builder.manage_followers().manage_relays().on::<Activity>(spy);
    world.instance_with("site.test", configure).await
}

async fn say(site: &Instance, note: impl Into<Note>) -> Iri {
    let note: Note = note.into();
    let id = note.id().unwrap();
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
    id
}

fn note(site: &Instance, number: u32) -> federate_protocol::activitystreams::NoteBuilder {
    let uris = site.federation.uris();
    Note::builder(uris.object("post", number))
        .by(&uris.actor("alice"))
        .text("hello")
}

#[tokio::test]
async fn a_relay_is_asked_at_its_inbox_and_gets_what_is_public_once_it_has_accepted() {
    let world = World::default();
    let site = site(&world).await;
    let relay = relay(&world);
    let asked = site
        .federation
        .subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX))
        .await
        .unwrap();
    site.step_until_idle().await;
    assert_eq!(*world.net.requests.lock().unwrap(), [format!("POST {INBOX}")]);
    let follow = relay.received_of("Follow").pop().unwrap();
    let expected = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": asked.id.as_str(), "type": "Follow",
        "actor": "https://site.test/actor", "object": PUBLIC,
    });
    assert_eq!(follow, expected);
    assert_eq!(states(&site).await, [State::Pending]);
    say(&site, note(&site, 1).public().build()).await;
    assert_eq!(relay.received_types(), ["Follow"], "not before it accepts");
    // It may name the Follow, or embed it.
    let accept = answer(&relay, "Accept", &json!(asked.id.as_str()));
    assert_eq!(relay.post(&site, &accept).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(states(&site).await, [State::Accepted]);
    relay.received.lock().unwrap().clear();

    let id = say(&site, note(&site, 2).public().build()).await;
    let update = Update::new(note(&site, 2).public().build());
    site.federation.send("alice", update).await.unwrap();
    site.federation.retract("alice", &id).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(relay.received_types(), ["Create", "Update", "Delete"]);
    let create = relay.received_of("Create").pop().unwrap();
    assert_eq!(create["actor"], "https://site.test/users/alice");
    assert_eq!(create["object"]["id"], id.as_str());
}

#[tokio::test]
async fn ghsa_r64r_5h43_26qv_what_is_not_for_everybody_goes_to_no_relay_and_neither_does_its_deletion() {
    let world = World::default();
    let site = site(&world).await;
    let relay = relay(&world);
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    let bob = world.peer("b.test", "bob", 2);
    let public = iri(PUBLIC);
    let followers = site.federation.uris().followers("alice");
    let private = [
        note(&site, 1).to(&bob.id).build(),
        note(&site, 2).to(&followers).build(),
        note(&site, 3).to(&followers).cc(&public).build(),
    ];
    for note in private {
        let id = say(&site, note).await;
        site.federation.retract("alice", &id).await.unwrap();
        site.step_until_idle().await;
    }
    // By what stands for relays and inboxes in an audience nobody who writes it is meant.
    let marks = [
        "https://site.test/#federate:relays",
        "https://v.test/inbox#federate:inbox",
    ]
    .map(iri);
    let marked = note(&site, 8).to(&bob.id).cc(&marks[0]).cc(&marks[1]).build();
    let create = Create::new(marked)
        .with_to(&bob.id)
        .with_cc(&marks[0])
        .with_cc(&marks[1]);
    site.federation.send("alice", create).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(bob.received_types().len(), 3);
    bob.received.lock().unwrap().pop();
    assert!(
        !world
            .net
            .requests
            .lock()
            .unwrap()
            .iter()
            .any(|request| request.contains("v.test"))
    );
    // Of a post of which nobody knows any more whom it was for, as well.
    let forgotten = site.federation.uris().object("post", 9);
    site.federation.retract("alice", &forgotten).await.unwrap();
    // An activity for everybody around a post that is not.
    let note = note(&site, 4).to(&followers).build();
    let create = Create::new(note).with_to(&public);
    site.federation.send("alice", create).await.unwrap();
    // And what is no post.
    let like = federate_protocol::activitystreams::Like::new(iri("https://b.test/notes/1")).with_to(&public);
    site.federation.send("alice", like).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(relay.received_types(), [""; 0]);
    assert_eq!(
        bob.received_types(),
        ["Create", "Delete"],
        "it did go to whom it was for"
    );
}

#[tokio::test]
async fn i14_only_the_relay_answers_and_only_what_it_was_asked() {
    let world = World::default();
    let site = site(&world).await;
    let relay = relay(&world);
    let mallory = world.peer("m.test", "mallory", 2);
    let unsolicited = answer(&relay, "Accept", &json!("https://site.test/actor#follow/1"));
    relay.post(&site, &unsolicited).await;
    let asked = site
        .federation
        .subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX))
        .await
        .unwrap();
    site.step_until_idle().await;
    let follow = json!(asked.id.as_str());
    mallory.post(&site, &answer(&mallory, "Accept", &follow)).await;
    site.step_until_idle().await;
    assert_eq!(states(&site).await, [State::Pending], "another host's");
    // Asked again: an answer to the first one is none any more.
    site.federation
        .subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX))
        .await
        .unwrap();
    relay.post(&site, &answer(&relay, "Accept", &follow)).await;
    site.step_until_idle().await;
    assert_eq!(states(&site).await, [State::Pending], "another Follow's");
    let follow = relay.received_of("Follow").pop().unwrap();
    let mut reject = answer(&relay, "Reject", &follow);
    reject["id"] = json!("https://relay.test/activities/reject");
    relay.post(&site, &reject).await;
    site.step_until_idle().await;
    assert_eq!(states(&site).await, [State::Rejected]);
    assert_eq!(
        site.app.take_seen(),
        [format!(
            "Reject by {ACTOR}: {} (sent)",
            follow["id"].as_str().unwrap()
        )]
    );
    say(&site, note(&site, 1).public().build()).await;
    assert_eq!(relay.received_of("Create").len(), 0);
}

#[tokio::test]
async fn w13_an_accept_after_we_have_left_brings_nothing_back() {
    let world = World::default();
    let site = site(&world).await;
    let relay = relay(&world);
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    site.federation
        .subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX))
        .await
        .unwrap();
    site.step_until_idle().await;
    assert_eq!(
        states(&site).await,
        [State::Accepted],
        "it holds while it is asked again"
    );
    let follow = relay.received_of("Follow").pop().unwrap();
    let told = site.federation.unsubscribe_from_relay(&iri(INBOX)).await.unwrap();
    assert!(told.is_some());
    site.step_until_idle().await;
    let undo = relay.received_of("Undo").pop().unwrap();
    assert_eq!(
        (&undo["object"]["id"], &undo["object"]["object"]),
        (&follow["id"], &json!(PUBLIC))
    );
    relay.post(&site, &answer(&relay, "Accept", &follow)).await;
    site.step_until_idle().await;
    assert_eq!(states(&site).await, []);
    say(&site, note(&site, 1).public().build()).await;
    assert_eq!(relay.received_types(), ["Follow", "Undo"]);
    let none = site.federation.unsubscribe_from_relay(&iri(INBOX)).await.unwrap();
    assert!(none.is_none());
}

#[tokio::test]
async fn a_litepub_relay_is_followed_follows_back_and_is_told_ids() {
    let world = World::default();
    let site = site(&world).await;
    let relay = relay(&world);
    let mallory = world.peer("m.test", "mallory", 2);
    let me = "https://site.test/relay";
    let document: Value = serde_json::from_slice(site.get("/relay").await.body()).unwrap();
    assert_eq!(
        (&document["id"], &document["type"]),
        (&json!(me), &json!("Application"))
    );
    subscribed(&site, &relay, RelayKind::LitePub).await;
    for peer in [&relay, &mallory] {
        peer.follows(3, &site, me).await;
    }
    assert_eq!(relay.received_types(), ["Accept"]);
    assert_eq!(site.app.take_seen(), [""; 0], "nor is it for a handler");
    assert_eq!(
        mallory.received_types(),
        [""; 0],
        "nobody else follows that actor"
    );
    let accept = relay.received_of("Accept").pop().unwrap();
    assert_eq!(accept["object"]["id"], format!("{ACTOR}/activities/3"));
    relay.received.lock().unwrap().clear();

    let id = say(&site, note(&site, 1).public().build()).await;
    say(&site, note(&site, 2).to(&iri("https://nobody.test/x")).build()).await;
    let announces = relay.received_of("Announce");
    assert_eq!(announces.len(), 1);
    assert_eq!(announces[0]["actor"], me);
    assert_eq!(announces[0]["object"], id.as_str());
    assert_eq!(relay.received_types(), ["Announce"], "and nothing else");
    site.federation.unsubscribe_from_relay(&iri(ACTOR)).await.unwrap();
    site.step_until_idle().await;
    let undo = relay.received_of("Undo").pop().unwrap();
    assert_eq!(
        (&undo["actor"], &undo["object"]["object"]),
        (&json!(me), &json!(ACTOR))
    );
}

/// A note of carol's, at its place.
fn published(carol: &Peer, number: u32, to: &Value) -> String {
    let id = format!("https://c.test/notes/{number}");
    let note = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id, "type": "Note", "attributedTo": carol.id.as_str(), "content": format!("note {number}"), "to": to,
    });
    carol.serves(&id, 200, &note);
    id
}

async fn announces(relay: &Peer, site: &Instance, number: u32, object: &str) {
    let announce = relay.activity(
        number,
        json!({ "type": "Announce", "to": PUBLIC, "object": object }),
    );
    assert_eq!(relay.post(site, &announce).await.status(), 202);
    site.step_until_idle().await;
}

#[tokio::test]
async fn i5_what_a_relay_announces_is_what_is_at_its_place_by_its_author() {
    for kind in [RelayKind::Mastodon, RelayKind::LitePub] {
        let world = World::default();
        let site = site(&world).await;
        let (relay, carol) = (relay(&world), world.peer("c.test", "carol", 2));
        subscribed(&site, &relay, kind).await;
        let id = published(&carol, 1, &json!(PUBLIC));
        announces(&relay, &site, 20, &id).await;
        let created = "Create by https://c.test/users/carol: note 1 (refetched)";
        assert_eq!(site.app.take_seen(), [created]);
        // Again, by another Announce.
        announces(&relay, &site, 21, &id).await;
        assert_eq!(site.app.take_seen(), [""; 0]);
        // Not for everybody; attributed elsewhere; nothing there; ours; a whole activity.
        let private = published(&carol, 2, &json!("https://c.test/users/carol/followers"));
        let forged = json!({ "id": "https://c.test/notes/3", "type": "Note", "attributedTo": "https://d.test/dan", "to": PUBLIC });
        carol.serves("https://c.test/notes/3", 200, &forged);
        let ours = "https://site.test/posts/1";
        for (number, id) in [
            &*private,
            "https://c.test/notes/3",
            "https://c.test/notes/4",
            ours,
        ]
        .into_iter()
        .enumerate()
        {
            announces(&relay, &site, 30 + u32::try_from(number).unwrap(), id).await;
        }
        assert_eq!(site.app.take_seen(), [""; 0]);
        assert_eq!(site.federation.admin().dead_received(9).await.unwrap().len(), 0);
        let create = carol.activity(
            5,
            json!({ "type": "Create", "to": PUBLIC, "object": { "id": "https://c.test/notes/5", "type": "Note", "content": "whole" } }),
        );
        carol.serves(create["id"].as_str().unwrap(), 200, &create);
        announces(&relay, &site, 40, create["id"].as_str().unwrap()).await;
        let whole = "Create by https://c.test/users/carol: whole (refetched)";
        assert_eq!(site.app.take_seen(), [whole]);
    }
}

/// A post is one, whichever way one hears of it.
#[tokio::test]
async fn w10_what_a_relay_and_a_group_announce_is_handled_once() {
    let world = World::default();
    let site = site(&world).await;
    let (relay, carol) = (relay(&world), world.peer("c.test", "carol", 2));
    let group = crate::groups::group(&world);
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    for (number, relay_is_first) in [(1, true), (2, false)] {
        let id = published(&carol, number, &json!(PUBLIC));
        // What Lemmy announces, of which the activity is not to be had.
        let create = carol.activity(
            number,
            json!({ "type": "Create", "object": { "id": id, "type": "Note" } }),
        );
        let announce = crate::groups::announce(&group, number, &create);
        if relay_is_first {
            announces(&relay, &site, 20 + number, &id).await;
        }
        assert_eq!(group.post(&site, &announce).await.status(), 202);
        site.step_until_idle().await;
        announces(&relay, &site, 30 + number, &id).await;
        let created = format!("Create by https://c.test/users/carol: note {number} (refetched)");
        assert_eq!(site.app.take_seen(), [created]);
    }
}

#[tokio::test]
async fn what_is_known_is_not_looked_up() {
    let world = World::default();
    let site = site(&world).await;
    let (relay, carol) = (relay(&world), world.peer("c.test", "carol", 2));
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    let id = published(&carol, 1, &json!(PUBLIC));
    let known = federate_server::Known::Owner(carol.id.clone());
    site.app.known.lock().unwrap().insert(iri(&id), known);
    announces(&relay, &site, 20, &id).await;
    assert!(!world.net.requests.lock().unwrap().contains(&format!("GET {id}")));
    assert_eq!(site.app.take_seen(), [""; 0]);
}

#[tokio::test]
async fn r15_an_announce_of_who_is_no_relay_of_ours_makes_us_fetch_nothing() {
    let world = World::default();
    let site = site(&world).await;
    let (relay, carol) = (relay(&world), world.peer("c.test", "carol", 2));
    let id = published(&carol, 1, &json!(PUBLIC));
    // Asked, and not accepted.
    site.federation
        .subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX))
        .await
        .unwrap();
    announces(&relay, &site, 20, &id).await;
    let ordinary = format!("Announce by {ACTOR}: {id} (sent)");
    assert_eq!(site.app.take_seen(), [ordinary]);
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    // Somebody of the relay's own host.
    let user = relay.neighbour("user", 2);
    relay.serves(user.id.as_str(), 200, &user.document);
    announces(&user, &site, 21, &id).await;
    assert_eq!(
        site.app.take_seen(),
        [format!("Announce by {}: {id} (sent)", user.id)]
    );
    assert!(!world.net.requests.lock().unwrap().contains(&format!("GET {id}")));
}

#[tokio::test]
async fn r15_a_relay_makes_us_look_up_so_much_in_a_minute() {
    let world = World::default();
    let site = site(&world).await;
    let (relay, carol) = (relay(&world), world.peer("c.test", "carol", 2));
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    world.clock.advance(Duration::from_secs(60));
    let limit = federate_protocol::Limits::default().forwarded_per_minute;
    for number in 0..=limit {
        let id = published(&carol, number, &json!(PUBLIC));
        announces(&relay, &site, 100 + number, &id).await;
    }
    assert_eq!(site.app.take_seen().len(), limit as usize);
    world.clock.advance(Duration::from_secs(61));
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen().len(), 0, "what was too much does not wait");
    let id = published(&carol, 900, &json!(PUBLIC));
    announces(&relay, &site, 900, &id).await;
    assert_eq!(site.app.take_seen().len(), 1);
}

#[tokio::test]
async fn there_are_so_many_relays_and_none_of_suspended_hosts() {
    let world = World::default();
    let site = site(&world).await;
    let federation = &site.federation;
    let ask = async |at: &str| federation.subscribe_to_relay(RelayKind::Mastodon, &iri(at)).await;
    for number in 0..100 {
        ask(&format!("https://r{number}.test/inbox")).await.unwrap();
    }
    assert!(ask("https://r100.test/inbox").await.unwrap_err().is_permanent());
    ask("https://r99.test/inbox").await.unwrap();
    federation
        .unsubscribe_from_relay(&iri("https://r0.test/inbox"))
        .await
        .unwrap();
    for refused in ["https://site.test/inbox", "http://r100.test/inbox", "urn:relay"] {
        assert!(ask(refused).await.unwrap_err().is_permanent(), "{refused}");
    }
    federation.admin().block("r100.test").apply().await.unwrap();
    assert!(ask("https://r100.test/inbox").await.unwrap_err().is_permanent());
    ask("https://r101.test/inbox").await.unwrap();
    let off = world.instance("off.test").await.federation;
    let refused = off.subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX)).await;
    assert!(refused.unwrap_err().is_permanent());
}

#[tokio::test]
async fn a_relay_that_is_blocked_gets_nothing_more() {
    let world = World::default();
    let site = site(&world).await;
    let relay = relay(&world);
    subscribed(&site, &relay, RelayKind::Mastodon).await;
    site.federation.admin().block("relay.test").apply().await.unwrap();
    say(&site, note(&site, 1).public().build()).await;
    assert_eq!(relay.received_types(), [""; 0]);
}

/// One process asks, another hears the answer, and both send there; as does whoever opens the database next.
#[tokio::test]
async fn a_subscription_holds_in_all_processes_and_survives_them() {
    let world = World::default();
    let relay = relay(&world);
    let directory = tempfile::tempdir().unwrap();
    let open = async || Sqlite::open(directory.path().join("site.db")).await.unwrap();
    {
        let (one, engine) = process(&world, "https://site.test", open().await, |builder| {
            builder.manage_relays()
        })
        .await;
        let (other, others) = process(&world, "https://site.test", open().await, |builder| {
            builder.manage_relays()
        })
        .await;
        one.subscribe_to_relay(RelayKind::Mastodon, &iri(INBOX))
            .await
            .unwrap();
        while !engine.step().await.is_idle() {}
        let follow = relay.received_of("Follow").pop().unwrap();
        let accept = answer(&relay, "Accept", &follow).to_string();
        let answered = other
            .handle(relay.request(INBOX.replace("relay", "site").as_str(), accept))
            .await;
        assert_eq!(answered.unwrap().status(), 202);
        while !others.step().await.is_idle() {}
        assert_eq!(one.relays().await.unwrap()[0].state, State::Accepted);
    }
    let (federation, engine) = process(&world, "https://site.test", open().await, |builder| {
        builder.manage_relays()
    })
    .await;
    assert_eq!(federation.relays().await.unwrap()[0].state, State::Accepted);
    let note = federation.note("alice").text("hello").build();
    federation.send("alice", Create::new(note)).await.unwrap();
    while !engine.step().await.is_idle() {}
    assert_eq!(relay.received_types(), ["Follow", "Create"]);
}
