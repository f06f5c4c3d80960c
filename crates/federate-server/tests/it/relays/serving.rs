//! The relay that we are.

use std::sync::Arc;
use std::time::Duration;

use federate_protocol::activitystreams::Activity;
use federate_server::store::RelationState as State;
use federate_server::{Admission, Builder, Found, RelayKind};
use federate_sqlite::Sqlite;
use federate_store::{BoxFuture, Relation, RelationKey, RelationKind};
use http::StatusCode;
use serde_json::{Value, json};

use super::setup::{
    OURS, Two, follows_public, give, joins, member, post, process, relay, relay_of_others, says, server,
    subscribed, subscribers, two,
};
use super::{INBOX, PUBLIC, spy};
use crate::world::{TestApp, World, status};

#[tokio::test]
async fn what_one_says_reaches_the_others_as_the_authors() {
    for (proofs, evidence) in [(true, "proven"), (false, "refetched")] {
        for kind in [RelayKind::Mastodon, RelayKind::LitePub] {
            let world = World::default();
            let relay = relay(&world).await;
            let (author, reader) = (
                member(&world, "a.test", proofs).await,
                member(&world, "reader.test", false).await,
            );
            joins(&world, &author, &relay, RelayKind::Mastodon).await;
            joins(&world, &reader, &relay, kind).await;
            let id = says(&author).await;
            world.settle(&[&author, &relay, &reader]).await;
            // Those of the LitePub kind get ids, whatever the post carries.
            let evidence = if kind == RelayKind::LitePub {
                "refetched"
            } else {
                evidence
            };
            let said = format!("Create by https://a.test/users/alice: <p>hello</p> ({evidence})");
            assert_eq!(reader.app.take_seen(), [said], "{kind:?}");
            assert_eq!(author.app.take_seen(), [""; 0], "nothing comes back");
            if evidence == "proven" {
                author.federation.retract("alice", &id).await.unwrap();
                world.settle(&[&author, &relay, &reader]).await;
                let gone = format!("Delete by https://a.test/users/alice: {id} (proven)");
                assert_eq!(reader.app.take_seen(), [gone]);
            }
        }
    }
}

#[tokio::test]
async fn a_litepub_subscriber_tells_ids_which_are_passed_on_to_both_kinds() {
    let world = World::default();
    let relay = relay(&world).await;
    let author = member(&world, "a.test", false).await;
    let readers = [
        member(&world, "reader.test", false).await,
        member(&world, "reading.test", false).await,
    ];
    joins(&world, &author, &relay, RelayKind::LitePub).await;
    for (reader, kind) in readers.iter().zip([RelayKind::Mastodon, RelayKind::LitePub]) {
        joins(&world, reader, &relay, kind).await;
    }
    says(&author).await;
    world.settle(&[&author, &relay, &readers[0], &readers[1]]).await;
    for reader in &readers {
        let said = "Create by https://a.test/users/alice: <p>hello</p> (refetched)";
        assert_eq!(reader.app.take_seen(), [said]);
    }
}

#[tokio::test]
async fn what_is_passed_on_is_what_came_byte_for_byte_and_never_back() {
    let world = World::default();
    let relay = relay(&world).await;
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    follows_public(&first, &relay, 1).await;
    follows_public(&second, &relay, 1).await;
    assert_eq!(second.received_types(), ["Accept"]);
    let accept = second.received_of("Accept").pop().unwrap();
    assert_eq!(accept["actor"], OURS);
    assert_eq!(accept["object"]["id"], format!("{}/activities/1", second.id));
    assert_eq!(accept["object"]["object"], PUBLIC);
    first.received.lock().unwrap().clear();
    second.received.lock().unwrap().clear();
    let mut signed = post(&person, 2, &json!(PUBLIC), &json!([]));
    signed["signature"] = json!({ "type": "RsaSignature2017", "signatureValue": "x" });
    // A line's end behind it is no wish for a proof of ours.
    let inbox = relay.federation.uris().shared_inbox();
    let request = person.request(inbox.as_str(), format!("{signed}\n"));
    assert_eq!(relay.federation.handle(request).await.unwrap().status(), 202);
    relay.step_until_idle().await;
    assert_eq!(*second.received.lock().unwrap(), [signed]);
    let head = second.heads.lock().unwrap().last().cloned().unwrap();
    assert!(
        head["signature"]
            .to_str()
            .unwrap()
            .contains(&format!("keyId=\"{OURS}#main-key\""))
    );
    // Without a signature it is its id.
    let plain = post(&person, 3, &json!([PUBLIC]), &json!([]));
    person.post(&relay, &plain).await;
    person.post(&relay, &plain).await;
    relay.step_until_idle().await;
    let announces = second.received_of("Announce");
    assert_eq!(announces.len(), 1, "each once");
    assert_eq!(announces[0]["object"], "https://first.test/notes/3");
    assert_eq!(first.received_types(), [""; 0]);
}

#[tokio::test]
async fn ghsa_r64r_5h43_26qv_what_is_not_for_everybody_is_not_relayed() {
    let Two {
        relay,
        first,
        person,
        second,
        ..
    } = two().await;
    let followers = json!(format!("{}/followers", person.id));
    for (number, (to, cc)) in [(followers.clone(), json!(PUBLIC)), (followers, json!([]))]
        .into_iter()
        .enumerate()
    {
        let mut create = post(&person, 2 + u32::try_from(number).unwrap(), &to, &cc);
        create["proof"] = json!({ "type": "DataIntegrityProof" });
        assert_eq!(person.post(&relay, &create).await.status(), 202);
    }
    // An announced one neither: it is looked at first.
    first.follows(5, &relay, OURS).await;
    let quiet = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": "https://first.test/notes/9", "type": "Note",
        "attributedTo": person.id.as_str(), "to": format!("{}/followers", person.id), "cc": PUBLIC,
    });
    first.serves("https://first.test/notes/9", 200, &quiet);
    let announce = first.activity(
        6,
        json!({ "type": "Announce", "object": "https://first.test/notes/9" }),
    );
    first.post(&relay, &announce).await;
    relay.step_until_idle().await;
    assert_eq!(second.received_types(), [""; 0]);
}

#[tokio::test]
async fn only_what_subscribers_people_say_is_relayed_and_after_an_undo_nothing() {
    let world = World::default();
    let relay = relay(&world).await;
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    follows_public(&second, &relay, 1).await;
    let before = second.received_types();
    person
        .post(&relay, &post(&person, 2, &json!(PUBLIC), &json!([])))
        .await;
    // An id of somebody who does not subscribe makes us look nowhere.
    let announce = first.activity(
        3,
        json!({ "type": "Announce", "object": "https://first.test/notes/2" }),
    );
    first.post(&relay, &announce).await;
    relay.step_until_idle().await;
    assert_eq!(second.received_types(), before);
    let looked = "GET https://first.test/notes/2".to_owned();
    assert!(!world.net.requests.lock().unwrap().contains(&looked));

    follows_public(&first, &relay, 4).await;
    person
        .post(&relay, &post(&person, 5, &json!(PUBLIC), &json!([])))
        .await;
    relay.step_until_idle().await;
    assert_eq!(second.received_of("Announce").len(), 1);
    let follow = format!("{}/activities/4", first.id);
    let undo = first.activity(6, json!({ "type": "Undo", "object": follow }));
    first.post(&relay, &undo).await;
    relay.step_until_idle().await;
    person
        .post(&relay, &post(&person, 7, &json!(PUBLIC), &json!([])))
        .await;
    relay.step_until_idle().await;
    assert_eq!(second.received_of("Announce").len(), 1);
    // And one that comes before its Follow keeps it out.
    let early = first.activity(
        8,
        json!({ "type": "Undo", "object": format!("{}/activities/9", first.id) }),
    );
    first.post(&relay, &early).await;
    follows_public(&first, &relay, 9).await;
    assert_eq!(subscribers(&relay, RelayKind::Mastodon).await.len(), 1);
}

#[tokio::test]
async fn a_litepub_follow_is_returned_and_taken_back() {
    let world = World::default();
    let relay = relay(&world).await;
    let (first, _) = server(&world, "first.test", 0);
    first.follows(1, &relay, OURS).await;
    let ours = first.received_of("Follow").pop().unwrap();
    assert_eq!(
        (&ours["actor"], &ours["object"]),
        (&json!(OURS), &json!(first.id.as_str()))
    );
    assert_eq!(first.received_of("Accept")[0]["object"]["object"], OURS);
    first.follows(2, &relay, OURS).await;
    assert_eq!(first.received_of("Follow").len(), 1);
    assert_eq!(
        first.received_of("Accept").len(),
        2,
        "the first may have been lost"
    );
    let undo = first.activity(
        3,
        json!({ "type": "Undo", "object": { "type": "Follow", "actor": first.id.as_str(), "object": OURS } }),
    );
    first.post(&relay, &undo).await;
    relay.step_until_idle().await;
    assert_eq!(first.received_of("Undo")[0]["object"]["id"], ours["id"]);
    assert_eq!(subscribers(&relay, RelayKind::LitePub).await, []);
}

#[tokio::test]
async fn w10_two_relays_that_subscribe_to_each_other_come_to_an_end() {
    for kind in [RelayKind::Mastodon, RelayKind::LitePub] {
        for proofs in [true, false] {
            let world = World::default();
            let one = relay(&world).await;
            let configure = |builder: Builder<TestApp>| {
                builder
                    .manage_followers()
                    .manage_relays()
                    .relay(Admission::Open)
                    .on::<Activity>(spy)
            };
            let other = world.instance_with("other.test", configure).await;
            joins(&world, &one, &other, kind).await;
            joins(&world, &other, &one, RelayKind::Mastodon).await;
            let author = member(&world, "a.test", proofs).await;
            joins(&world, &author, &one, RelayKind::Mastodon).await;
            says(&author).await;
            world.settle(&[&author, &one, &other]).await;
            assert_eq!(other.app.take_seen().len(), 1, "{kind:?} {proofs}");
            assert_eq!(one.app.take_seen().len(), 1, "what its own subscriber sent");
            let requests = world.net.count();
            world.clock.advance(Duration::from_secs(3600));
            world.settle(&[&author, &one, &other]).await;
            assert_eq!(world.net.count(), requests);
        }
    }
}

#[tokio::test]
async fn i20_what_a_relay_forges_is_not_believed() {
    let world = World::default();
    let reader = member(&world, "reader.test", false).await;
    let relay = relay_of_others(&world);
    let alice = world.peer("a.test", "alice", 0);
    subscribed(&reader, &relay, RelayKind::Mastodon).await;
    let forged = post(&alice, 1, &json!(PUBLIC), &json!([]));
    assert_eq!(relay.post(&reader, &forged).await.status(), 202);
    reader.step_until_idle().await;
    assert_eq!(reader.app.take_seen(), [""; 0]);
}

#[tokio::test]
async fn who_is_gone_or_suspended_does_not_subscribe_any_more() {
    let world = World::default();
    let relay = relay(&world).await;
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    let (third, _) = server(&world, "third.test", 2);
    for actor in [&first, &second, &third] {
        follows_public(actor, &relay, 1).await;
    }
    assert_eq!(subscribers(&relay, RelayKind::Mastodon).await.len(), 3);
    relay
        .federation
        .admin()
        .block("second.test")
        .apply()
        .await
        .unwrap();
    let gone = |_| Box::pin(std::future::ready(Ok(status(StatusCode::GONE)))) as BoxFuture<'static, _>;
    world.net.connect("third.test", Arc::new(gone));
    for number in 4..6 {
        let create = post(&person, number, &json!(PUBLIC), &json!([]));
        person.post(&relay, &create).await;
        relay.step_until_idle().await;
    }
    let left = [(first.id.to_string(), State::Accepted)];
    assert_eq!(subscribers(&relay, RelayKind::Mastodon).await, left);
    assert_eq!(second.received_of("Announce").len(), 0);
    // One that closes its own account is no subscriber, and its people's words are nobody's news.
    let delete = first.activity(6, json!({ "type": "Delete", "object": first.id.as_str() }));
    first.post(&relay, &delete).await;
    relay.step_until_idle().await;
    assert_eq!(subscribers(&relay, RelayKind::Mastodon).await, []);
}

#[tokio::test]
async fn subscribers_survive_a_restart() {
    let world = World::default();
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    let directory = tempfile::tempdir().unwrap();
    let open_store = async || Sqlite::open(directory.path().join("relay.db")).await.unwrap();
    let start = async || {
        let open = |builder: Builder<_>| builder.relay(Admission::Open);
        process(&world, "https://relay.test", open_store().await, open).await
    };
    {
        let relay = start().await;
        for actor in [&first, &second] {
            let follow = actor.activity(1, json!({ "type": "Follow", "object": PUBLIC }));
            give(&relay, actor, &follow).await;
        }
    }
    let create = post(&person, 2, &json!(PUBLIC), &json!([]));
    give(&start().await, &person, &create).await;
    assert_eq!(second.received_types(), ["Accept", "Announce"]);
}

/// A relay has no actor where it is none, and its URL is the application's.
#[tokio::test]
async fn the_url_of_the_relays_actor_is_the_applications_where_there_is_none() {
    let world = World::default();
    let configure = |builder: Builder<TestApp>| builder.paths(|paths| paths.actor("/{name}"));
    let site = world.instance_with("site.test", configure).await;
    site.app
        .people
        .lock()
        .unwrap()
        .insert("relay".into(), Found::Here(()));
    let document: Value = serde_json::from_slice(site.get("/relay").await.body()).unwrap();
    assert_eq!(document["type"], "Person");
    let relay = relay(&world).await;
    let document: Value = serde_json::from_slice(relay.get("/relay").await.body()).unwrap();
    assert_eq!(document["inbox"], INBOX);
}

/// By its own server it would be passed on: `other` is a relay of that one too.
#[tokio::test]
async fn w10_what_came_by_way_of_another_relay_is_not_passed_on_again() {
    let world = World::default();
    let one = relay(&world).await;
    let configure = |builder: Builder<TestApp>| {
        let builder = builder.manage_relays().relay(Admission::Open);
        builder.on::<Activity>(spy)
    };
    let other = world.instance_with("other.test", configure).await;
    joins(&world, &other, &one, RelayKind::Mastodon).await;
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    follows_public(&first, &one, 1).await;
    follows_public(&first, &other, 2).await;
    follows_public(&second, &other, 1).await;
    let create = post(&person, 3, &json!(PUBLIC), &json!([]));
    person.serves(create["id"].as_str().unwrap(), 200, &create);
    person.serves("https://first.test/notes/3", 200, &create["object"]);
    assert_eq!(person.post(&one, &create).await.status(), 202);
    world.settle(&[&one, &other]).await;
    assert_eq!(other.app.take_seen().len(), 1, "it did come");
    assert_eq!(second.received_types(), ["Accept"]);
    // And what its own server sends is.
    let create = post(&person, 4, &json!(PUBLIC), &json!([]));
    assert_eq!(person.post(&other, &create).await.status(), 202);
    world.settle(&[&one, &other]).await;
    assert_eq!(second.received_types(), ["Accept", "Announce"]);
}

/// It would be relayed again under its own id, and again under a third.
#[tokio::test]
async fn w10_what_a_subscriber_announces_by_another_name_is_not_relayed() {
    let Two {
        relay, first, second, ..
    } = two().await;
    first.follows(2, &relay, OURS).await;
    let note = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "type": "Note", "id": "https://first.test/notes/9",
        "attributedTo": first.id.as_str(), "content": "hi", "to": PUBLIC,
    });
    for (number, name, expected) in [(10, "aliases/9", 0), (11, "notes/9", 1)] {
        let name = format!("https://first.test/{name}");
        first.serves("https://first.test/notes/9", 200, &note);
        first.serves(&name, 200, &note);
        let announce = first.activity(number, json!({ "type": "Announce", "object": name }));
        assert_eq!(first.post(&relay, &announce).await.status(), 202);
        relay.step_until_idle().await;
        assert_eq!(second.received_of("Announce").len(), expected, "{name}");
    }
}

/// More than are read at once, in both ways.
#[tokio::test]
async fn all_pages_of_subscribers_get_it_once() {
    let Two {
        world,
        relay,
        person,
        second,
        ..
    } = two().await;
    let mut more = Vec::new();
    for number in 0..503 {
        let reader = world.peer(&format!("s{number}.test"), "actor", 2);
        let kind = if number < 501 { "mastodon" } else { "litepub" };
        let key =
            RelationKey::new(RelationKind::Subscriber, kind, &reader.id).named(format!("s{number}.test"));
        let subscriber = Relation::new(key, relay.federation.now());
        let relations = &relay.federation.stores().relations;
        assert!(relations.put(&subscriber).await.unwrap());
        more.push(reader);
    }
    world.clock.advance(Duration::from_secs(2));
    person
        .post(&relay, &post(&person, 20, &json!(PUBLIC), &json!([])))
        .await;
    relay.step_until_idle().await;
    for reader in more.iter().chain([&second]) {
        assert_eq!(reader.received_types(), ["Announce"], "{}", reader.id);
    }
}
