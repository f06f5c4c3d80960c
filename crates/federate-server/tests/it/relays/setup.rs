//! Relays, of ours and of others, and who subscribes to them.

use std::sync::Arc;

use federate_protocol::activitystreams::{Activity, Create, Iri};
use federate_server::store::RelationState as State;
use federate_server::{Actors, Admission, Builder, Cursor, Engine, Federation, Profile, RelayKind};
use federate_store::Backend;
use serde_json::{Value, json};

use super::{ACTOR, INBOX, PUBLIC, spy};
use crate::world::{Counting, FixedKeys, Instance, Peer, TestApp, World, iri};

pub(super) const OURS: &str = "https://relay.test/relay";

pub(super) async fn relay_with(
    world: &World,
    configure: impl FnOnce(Builder<TestApp>) -> Builder<TestApp>,
) -> Instance {
    let usual = |builder: Builder<TestApp>| {
        let builder = builder.manage_followers().manage_relays();
        configure(builder.relay(Admission::Open)).on::<Activity>(spy)
    };
    world.instance_with("relay.test", usual).await
}

pub(super) async fn relay(world: &World) -> Instance {
    relay_with(world, |builder| builder).await
}

/// An instance of ours, with people; what it sends is proven or not.
pub(super) async fn member(world: &World, host: &str, proofs: bool) -> Instance {
    let configure = |builder: Builder<TestApp>| {
        let builder = builder.manage_followers().manage_relays().on::<Activity>(spy);
        if proofs { builder.proofs() } else { builder }
    };
    world.instance_with(host, configure).await
}

pub(super) async fn joins(world: &World, member: &Instance, relay: &Instance, kind: RelayKind) {
    let at = match kind {
        RelayKind::LitePub => OURS,
        _ => INBOX,
    };
    let at = at.replace("relay.test", relay.federation.uris().host());
    member
        .federation
        .subscribe_to_relay(kind, &iri(&at))
        .await
        .unwrap();
    world.settle(&[member, relay]).await;
    let relays = member.federation.relays().await.unwrap();
    assert!(
        relays.iter().all(|relay| relay.state == State::Accepted),
        "{relays:?}"
    );
    member.app.take_seen();
    let seen = relay.app.take_seen();
    let follow = seen.iter().find(|seen| seen.starts_with("Follow"));
    assert_eq!(follow, None, "no handler gets a Follow of the relay");
}

pub(super) async fn says(member: &Instance) -> Iri {
    let note = member.federation.note("alice").text("hello").build();
    let id = note.id().unwrap();
    member.federation.send("alice", Create::new(note)).await.unwrap();
    id
}

/// A server of another program: its own actor, and a person.
pub(super) fn server(world: &World, host: &str, key: usize) -> (Peer, Peer) {
    let person = world.peer(host, "someone", key);
    let mut actor = person.neighbour("actor", (key + 1) % 3);
    actor.document["type"] = json!("Application");
    actor.serves(actor.id.as_str(), 200, &actor.document);
    person.serves(person.id.as_str(), 200, &person.document);
    (actor, person)
}

pub(super) async fn follows_public(actor: &Peer, relay: &Instance, number: u32) {
    actor.follows(number, relay, PUBLIC).await;
}

pub(super) fn post(person: &Peer, number: u32, to: &Value, cc: &Value) -> Value {
    let note = format!("https://{}/notes/{number}", person.id.host().unwrap());
    person.activity(
        number,
        json!({
            "type": "Create", "to": to, "cc": cc,
            "object": { "id": note, "type": "Note", "attributedTo": person.id.as_str(), "content": "hi", "to": to, "cc": cc },
        }),
    )
}

pub(super) async fn subscribers(relay: &Instance, kind: RelayKind) -> Vec<(String, State)> {
    let listed = relay
        .federation
        .subscribers(kind, &Cursor::start())
        .await
        .unwrap();
    let items = listed.items.into_iter();
    items.map(|one| (one.actor.to_string(), one.state)).collect()
}

/// A relay of ours and two servers that subscribe to it, with what they got until now forgotten: of the first also a person.
pub(super) struct Two {
    pub(super) world: World,
    pub(super) relay: Instance,
    pub(super) first: Peer,
    pub(super) person: Peer,
    pub(super) second: Peer,
}

pub(super) async fn two() -> Two {
    two_with(|builder| builder).await
}

pub(super) async fn two_with(configure: impl FnOnce(Builder<TestApp>) -> Builder<TestApp>) -> Two {
    let world = World::default();
    let relay = relay_with(&world, configure).await;
    let (first, person) = server(&world, "first.test", 0);
    let (second, _) = server(&world, "second.test", 1);
    for actor in [&first, &second] {
        follows_public(actor, &relay, 1).await;
        assert_eq!(actor.received_types(), ["Accept"]);
        actor.received.lock().unwrap().clear();
    }
    Two {
        world,
        relay,
        first,
        person,
        second,
    }
}

/// One process of an instance whose store the test chooses.
pub(super) async fn process<S: Backend>(
    world: &World,
    base: &str,
    store: S,
    configure: impl FnOnce(Builder<Actors<S>>) -> Builder<Actors<S>>,
) -> (Federation<Actors<S>>, Engine) {
    let people = Actors::new([Profile::person("alice")]);
    let builder = Federation::builder(base, store, people)
        .client(world.net.clone())
        .clock(world.clock.clone())
        .entropy(Arc::new(Counting::default()))
        .keygen(Arc::new(FixedKeys(0)));
    configure(builder).build().await.unwrap()
}

/// Gives a process what a peer sends, and lets it do what there is to do.
pub(super) async fn give<S: Backend>(
    (federation, engine): &(Federation<Actors<S>>, Engine),
    from: &Peer,
    activity: &Value,
) {
    let inbox = federation.uris().shared_inbox();
    let request = from.request(inbox.as_str(), activity.to_string());
    assert_eq!(federation.handle(request).await.unwrap().status(), 202);
    while !engine.step().await.is_idle() {}
}

/// A relay of another program: an `Application` whose own inbox is `/inbox`.
pub(super) fn relay_of_others(world: &World) -> Peer {
    let mut relay = world.peer("relay.test", "relay", 1);
    relay.document["type"] = json!("Application");
    relay.document["inbox"] = json!(INBOX);
    relay.serves(ACTOR, 200, &relay.document);
    relay
}

pub(super) fn answer(relay: &Peer, kind: &str, follow: &Value) -> Value {
    relay.activity(
        7,
        json!({ "type": kind, "to": "https://site.test/actor", "object": follow }),
    )
}

/// Subscribes, and is accepted.
pub(super) async fn subscribed(site: &Instance, relay: &Peer, kind: RelayKind) {
    let at = match kind {
        RelayKind::LitePub => ACTOR,
        _ => INBOX,
    };
    site.federation.subscribe_to_relay(kind, &iri(at)).await.unwrap();
    site.step_until_idle().await;
    let follow = relay.received_of("Follow").pop().unwrap();
    let accept = answer(relay, "Accept", &follow);
    assert_eq!(relay.post(site, &accept).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(states(site).await, [State::Accepted]);
    site.app.take_seen();
    relay.received.lock().unwrap().clear();
}

pub(super) async fn states(site: &Instance) -> Vec<State> {
    let relays = site.federation.relays().await.unwrap();
    relays.into_iter().map(|relay| relay.state).collect()
}
