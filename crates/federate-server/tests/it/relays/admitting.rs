//! Whom the relay that we are admits.

use std::time::Duration;

use federate_server::store::RelationState as State;
use federate_server::{Admission, BehaviourLimits, Builder, RelayKind};
use federate_store::Retention;
use serde_json::json;

use super::setup::{OURS, follows_public, member, post, relay_with, server, subscribers};
use super::{INBOX, PUBLIC};
use crate::world::{Peer, TestApp, World, iri};

/// A server's own actor.
fn actor(world: &World, host: &str) -> Peer {
    server(world, host, 0).0
}

#[tokio::test]
async fn by_hand_nobody_subscribes_before_the_application_says_so() {
    let world = World::default();
    let relay = relay_with(&world, |builder| builder.relay(Admission::ByHand)).await;
    let author = member(&world, "a.test", false).await;
    let at = iri(INBOX);
    author
        .federation
        .subscribe_to_relay(RelayKind::Mastodon, &at)
        .await
        .unwrap();
    world.settle(&[&author, &relay]).await;
    let state = async || author.federation.relays().await.unwrap()[0].state;
    assert_eq!(state().await, State::Pending);
    let who = iri("https://a.test/actor");
    assert_eq!(
        subscribers(&relay, RelayKind::Mastodon).await,
        [(who.to_string(), State::Pending)]
    );
    relay.federation.accept_subscriber(&who).await.unwrap();
    world.settle(&[&author, &relay]).await;
    assert_eq!(state().await, State::Accepted);
    assert!(relay.federation.remove_subscriber(&who).await.unwrap().is_some());
    world.settle(&[&author, &relay]).await;
    assert_eq!(state().await, State::Rejected);
    assert_eq!(subscribers(&relay, RelayKind::Mastodon).await, []);
    assert!(relay.federation.remove_subscriber(&who).await.unwrap().is_none());
    assert!(
        relay
            .federation
            .accept_subscriber(&who)
            .await
            .unwrap_err()
            .is_permanent()
    );
}

#[tokio::test]
async fn so_many_subscribe_so_many_of_one_host_and_no_people() {
    let limits = BehaviourLimits::default();
    assert_eq!((limits.subscribers, limits.subscribers_per_host), (5_000, 3));
    assert_eq!(
        (limits.subscribers_per_domain, limits.subscribers_waiting),
        (30, 500)
    );
    assert_eq!(limits.subscriber_waits, Duration::from_secs(30 * 24 * 3_600));
    let world = World::default();
    let relay = relay_with(&world, |builder| {
        builder.behaviour_limits(|limits| (limits.subscribers, limits.subscribers_per_host) = (3, 2))
    })
    .await;
    let (first, person) = server(&world, "first.test", 0);
    follows_public(&person, &relay, 1).await;
    assert_eq!(person.received_types(), ["Reject"]);
    first.received.lock().unwrap().clear();
    let mut more = Vec::new();
    for name in ["x", "y"] {
        let mut actor = person.neighbour(name, 2);
        actor.document["type"] = json!("Service");
        actor.serves(actor.id.as_str(), 200, &actor.document);
        more.push(actor);
    }
    follows_public(&first, &relay, 1).await;
    follows_public(&more[0], &relay, 1).await;
    assert_eq!(first.received_types(), ["Accept", "Accept"]);
    more[1].follows(1, &relay, OURS).await;
    assert_eq!(
        first.received_types(),
        ["Accept", "Accept", "Reject"],
        "a third of its host"
    );
    let (second, _) = server(&world, "second.test", 0);
    let (third, _) = server(&world, "third.test", 0);
    follows_public(&second, &relay, 1).await;
    follows_public(&third, &relay, 1).await;
    assert_eq!(second.received_types(), ["Accept"]);
    assert_eq!(third.received_types(), ["Reject"], "a fourth of all");
    follows_public(&second, &relay, 2).await;
    assert_eq!(
        second.received_types(),
        ["Accept", "Accept"],
        "who is one already"
    );
}

#[tokio::test]
async fn r9_the_hosts_of_one_domain_are_one_owners() {
    let world = World::default();
    let relay = relay_with(&world, |builder| {
        builder
            .behaviour_limits(|limits| (limits.subscribers_per_domain, limits.subscribers_per_host) = (4, 2))
    })
    .await;
    for ((host, kind, expected), number) in [
        ("many.test", "", "Accept"),
        ("a.many.test", "", "Accept"),
        ("b.many.test", OURS, "Accept"),
        ("c.d.many.test", "", "Accept"),
        ("e.many.test", "", "Reject"),
        ("e.many.test", OURS, "Reject"),
    ]
    .into_iter()
    .zip(1..)
    {
        let asks = actor(&world, host);
        match kind {
            "" => follows_public(&asks, &relay, number).await,
            ours => asks.follows(number, &relay, ours).await,
        }
        let answers = [asks.received_of("Accept").len(), asks.received_of("Reject").len()];
        assert_eq!(
            answers,
            [
                usize::from(expected == "Accept"),
                usize::from(expected == "Reject")
            ],
            "{host}"
        );
    }
    let other = actor(&world, "other.test");
    follows_public(&other, &relay, 1).await;
    // Each speaks for its own host all the same.
    for (host, expected) in [("a.many.test", 1), ("e.many.test", 0)] {
        other.received.lock().unwrap().clear();
        let (_, person) = server(&world, host, 0);
        person
            .post(&relay, &post(&person, 20, &json!(PUBLIC), &json!([])))
            .await;
        relay.step_until_idle().await;
        assert_eq!(other.received_of("Announce").len(), expected, "{host}");
    }
}

#[tokio::test]
async fn so_many_wait_and_so_long() {
    let world = World::default();
    let relay = relay_with(&world, |builder| {
        builder
            .relay(Admission::ByHand)
            .behaviour_limits(|limits| limits.subscribers_waiting = 2)
    })
    .await;
    let mut asking = Vec::new();
    for number in 0..3 {
        let asks = actor(&world, &format!("s{number}.test"));
        match number {
            1 => asks.follows(1, &relay, OURS).await,
            _ => follows_public(&asks, &relay, 1).await,
        }
        asking.push(asks);
    }
    assert_eq!(asking[1].received_types(), [""; 0]);
    assert_eq!(asking[2].received_types(), ["Reject"], "a third that waits");
    // Who waits may ask again, and who was accepted does not wait.
    follows_public(&asking[0], &relay, 2).await;
    relay.federation.accept_subscriber(&asking[0].id).await.unwrap();
    relay.step_until_idle().await;
    follows_public(&asking[2], &relay, 2).await;
    assert_eq!(asking[0].received_types(), ["Accept"]);
    assert_eq!(asking[2].received_types(), ["Reject"], "it waits now");

    let tidy = async || {
        let (stores, now) = (relay.federation.stores(), relay.federation.now());
        Retention::default().run(stores, now, &|_, _| true).await.unwrap();
        let waiting = subscribers(&relay, RelayKind::LitePub).await.len();
        (waiting, subscribers(&relay, RelayKind::Mastodon).await)
    };
    let held = |peer: &Peer, state| (peer.id.to_string(), state);
    let (first, third) = (
        held(&asking[0], State::Accepted),
        held(&asking[2], State::Pending),
    );
    world.clock.advance(BehaviourLimits::default().subscriber_waits);
    assert_eq!(tidy().await, (1, vec![first.clone(), third]));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(tidy().await, (0, vec![first]), "what was accepted has no end");
}

/// Capitals in it make it no other server: not for the room that it takes, nor for whose people it speaks.
#[tokio::test]
async fn r9_a_host_in_another_spelling_is_the_same() {
    let world = World::default();
    let one_each =
        |builder: Builder<TestApp>| builder.behaviour_limits(|limits| limits.subscribers_per_host = 1);
    let relay = relay_with(&world, one_each).await;
    let (second, _) = server(&world, "second.test", 1);
    follows_public(&second, &relay, 1).await;
    let (capital, _) = server(&world, "FIRST.test", 0);
    let (first, person) = server(&world, "first.test", 0);
    first.serves(capital.id.as_str(), 200, &capital.document);
    follows_public(&capital, &relay, 1).await;
    assert_eq!(
        subscribers(&relay, RelayKind::Mastodon).await,
        [&second, &capital].map(|peer| (peer.id.to_string(), State::Accepted))
    );
    first.serves(first.id.as_str(), 200, &first.document);
    first.follows(2, &relay, OURS).await;
    assert_eq!(first.received_of("Reject").len(), 1, "a second of that host");
    first.received.lock().unwrap().clear();
    person
        .post(&relay, &post(&person, 20, &json!(PUBLIC), &json!([])))
        .await;
    relay.step_until_idle().await;
    assert_eq!(second.received_of("Announce").len(), 1);
    assert_eq!(first.received_types(), [""; 0], "and nothing goes back there");
}

#[tokio::test]
async fn who_waits_and_asks_again_does_not_wait_longer_for_that() {
    let world = World::default();
    let relay = relay_with(&world, |builder| {
        builder
            .relay(Admission::ByHand)
            .behaviour_limits(|limits| limits.subscribers_waiting = 1)
    })
    .await;
    let waits = BehaviourLimits::default().subscriber_waits;
    let (first, second) = (actor(&world, "first.test"), actor(&world, "second.test"));
    follows_public(&first, &relay, 1).await;
    world.clock.advance(waits - Duration::from_secs(60));
    follows_public(&first, &relay, 2).await;
    follows_public(&second, &relay, 1).await;
    assert_eq!(second.received_types(), ["Reject"], "one waits");
    let tidy = async || {
        let (stores, now) = (relay.federation.stores(), relay.federation.now());
        Retention::default().run(stores, now, &|_, _| true).await.unwrap();
        subscribers(&relay, RelayKind::Mastodon).await
    };
    let waiting = |peer: &Peer| vec![(peer.id.to_string(), State::Pending)];
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(tidy().await, waiting(&first));
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(tidy().await, []);
    follows_public(&second, &relay, 2).await;
    assert_eq!(tidy().await, waiting(&second), "its place is another's now");
}
