//! How much is relayed, and once.

use std::time::Duration;

use federate_protocol::Limits;
use federate_server::{Admission, BehaviourLimits, Builder};
use federate_sqlite::Sqlite;
use serde_json::{Value, json};

use super::PUBLIC;
use super::setup::{OURS, Two, give, post, process, server, two, two_with};
use crate::world::{Peer, TestApp, World};

fn public(person: &Peer, number: u32) -> Value {
    post(person, number, &json!(PUBLIC), &json!([]))
}

/// What a relay passes on as it came: it says that it is signed, and whether it is, its readers find out.
fn signed(person: &Peer, number: u32) -> Value {
    let mut create = public(person, number);
    create["signature"] = json!({ "type": "RsaSignature2017", "signatureValue": "x" });
    create
}

fn per_minute(limit: u32) -> impl FnOnce(Builder<TestApp>) -> Builder<TestApp> {
    move |builder| builder.behaviour_limits(|limits| limits.relayed_per_minute = limit)
}

#[tokio::test]
async fn of_one_domain_so_much_is_relayed_in_a_minute() {
    assert_eq!(BehaviourLimits::default().relayed_per_minute, 1_200);
    let Two {
        world,
        relay,
        first,
        person,
        second,
    } = two_with(per_minute(3)).await;
    first.follows(2, &relay, OURS).await;
    second.received.lock().unwrap().clear();
    // What is not relayed takes nothing: what is not for everybody, and what has nothing that others could believe.
    let mut nothing = public(&person, 3);
    nothing["object"] = json!("https://elsewhere.test/notes/3");
    let quiet = post(&person, 4, &json!("https://first.test/x"), &json!([]));
    for create in [nothing, quiet] {
        assert_eq!(person.post(&relay, &create).await.status(), 202);
    }
    for number in 10..13 {
        person.post(&relay, &public(&person, number)).await;
    }
    relay.step_until_idle().await;
    assert_eq!(second.received_of("Announce").len(), 3);
    // One past it: of whomever, and in either way.
    let actor_too = first.activity(
        20,
        json!({ "type": "Announce", "object": "https://first.test/notes/20" }),
    );
    first.serves("https://first.test/notes/20", 200, &note(&first, 20));
    for (peer, activity) in [(&person, public(&person, 13)), (&first, actor_too)] {
        peer.post(&relay, &activity).await;
        relay.step_until_idle().await;
    }
    assert_eq!(second.received_of("Announce").len(), 3);
    // There is one again after a third of a minute, and what was too much does not wait for it.
    world.clock.advance(Duration::from_secs(20));
    relay.step_until_idle().await;
    assert_eq!(second.received_of("Announce").len(), 3);
    person.post(&relay, &public(&person, 14)).await;
    relay.step_until_idle().await;
    let announced = second.received_of("Announce").pop().unwrap();
    assert_eq!(announced["object"], "https://first.test/notes/14");
}

fn note(by: &Peer, number: u32) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams", "type": "Note", "attributedTo": by.id.as_str(),
        "id": format!("https://{}/notes/{number}", by.id.host().unwrap()), "content": "hi", "to": PUBLIC,
    })
}

#[tokio::test]
async fn what_is_relayed_and_what_is_looked_up_are_two_things() {
    let Two {
        relay,
        person,
        second,
        ..
    } = two().await;
    let limit = Limits::default().forwarded_per_minute;
    for number in 0..limit {
        let like = second.activity(
            100 + number,
            json!({ "type": "Like", "object": "https://x.test/1" }),
        );
        assert_eq!(person.post(&relay, &like).await.status(), 202);
    }
    for number in 0..=limit {
        person.post(&relay, &public(&person, 1_000 + number)).await;
    }
    relay.step_until_idle().await;
    assert_eq!(second.received_of("Announce").len(), limit as usize + 1);
}

#[tokio::test]
async fn what_is_relayed_as_it_came_is_so_long() {
    assert_eq!(BehaviourLimits::default().relayed_bytes, 128 * 1024);
    for past in [0, 1] {
        let probe = {
            let world = World::default();
            signed(&server(&world, "first.test", 0).1, 10).to_string().len()
        };
        let configure = |builder: Builder<TestApp>| {
            builder.behaviour_limits(|limits| limits.relayed_bytes = probe - past)
        };
        let Two {
            relay,
            person,
            second,
            ..
        } = two_with(configure).await;
        let create = signed(&person, 10);
        person.post(&relay, &create).await;
        relay.step_until_idle().await;
        // Of what is too long they hear all the same.
        let received = std::mem::take(&mut *second.received.lock().unwrap());
        match past {
            0 => assert_eq!(received, [create]),
            _ => assert_eq!(received[0]["object"], "https://first.test/notes/10"),
        }
        assert_eq!(received.len(), 1);
        let mut update = signed(&person, 10);
        update["type"] = json!("Update");
        update["id"] = json!(format!("{}/activities/11", person.id));
        person.post(&relay, &update).await;
        relay.step_until_idle().await;
        assert_eq!(second.received_types(), vec!["Update"; 1 - past]);
    }
}

/// The store refuses the mark that it is handled, and with it what was to leave: twice it runs for nothing.
#[tokio::test]
async fn what_a_store_refused_is_relayed_once_and_counted_once() {
    let world = World::default();
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("relay.db")).await.unwrap();
    let pool = store.pool().clone();
    let one_a_minute = |builder: Builder<_>| {
        builder
            .relay(Admission::Open)
            .behaviour_limits(|limits| limits.relayed_per_minute = 1)
    };
    let relay = process(&world, "https://relay.test", store, one_a_minute).await;
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    let refuse =
        "CREATE TRIGGER refuses BEFORE INSERT ON federate_handled BEGIN SELECT raise(ABORT, 'not now'); END";
    let refused = async |from: &Peer, activity: &Value| {
        sqlx::query(refuse).execute(&pool).await.unwrap();
        let before = second.received.lock().unwrap().len();
        give(&relay, from, activity).await;
        relay.1.step().await;
        assert_eq!(second.received.lock().unwrap().len(), before);
        sqlx::query("DROP TRIGGER refuses").execute(&pool).await.unwrap();
        world.clock.advance(Duration::from_secs(1));
        while !relay.1.step().await.is_idle() {}
    };
    // What is followed back goes out when that does.
    let follow = second.activity(1, json!({ "type": "Follow", "object": OURS }));
    refused(&second, &follow).await;
    // Neither has an order key, so either may be first.
    let mut received = second.received_types();
    received.sort();
    assert_eq!(received, ["Accept", "Follow"]);
    let follow = first.activity(1, json!({ "type": "Follow", "object": PUBLIC }));
    give(&relay, &first, &follow).await;

    refused(&person, &public(&person, 10)).await;
    assert_eq!(second.received_of("Announce").len(), 1);
    give(&relay, &person, &public(&person, 11)).await;
    assert_eq!(second.received_of("Announce").len(), 1, "the minute's one was it");
    world.clock.advance(Duration::from_secs(60));
    give(&relay, &person, &public(&person, 12)).await;
    assert_eq!(second.received_of("Announce").len(), 2);
}
