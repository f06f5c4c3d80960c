//! What a draft becomes.

use std::time::Duration;

use federate_protocol::Blocks;
use federate_protocol::activitystreams::{Create, Delete, Follow, Note, Object};
use serde_json::{Value, json};

use crate::world::{World, iri};

#[tokio::test]
async fn i17_blind_copies_count_and_are_not_shown() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let note = json!({ "id": "https://site.test/posts/1", "type": "Note", "content": "x",
        "to": "https://a.test/users/a", "bcc": ["https://b.test/users/b"] });
    let activity = json!({ "type": "Create", "bto": "https://c.test/users/c", "object": note,
        "to": "https://a.test/users/a" });
    let draft = site
        .federation
        .send("alice", Object::from_value(activity).unwrap());
    let outgoing = draft.prepare().unwrap();
    let mut audience: Vec<&str> = outgoing.audience.iter().map(|id| id.as_str()).collect();
    audience.sort_unstable();
    assert_eq!(
        audience,
        [
            "https://a.test/users/a",
            "https://b.test/users/b",
            "https://c.test/users/c"
        ]
    );
    let text = String::from_utf8(outgoing.body.to_vec()).unwrap();
    assert!(
        !text.contains("bto") && !text.contains("bcc") && !text.contains("b.test"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_missing_is_filled_in() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let note = Note::builder(iri("https://site.test/posts/1")).text("x").public();
    let outgoing = site
        .federation
        .send("alice", Create::new(note))
        .prepare()
        .unwrap();
    let create: Value = serde_json::from_slice(&outgoing.body).unwrap();
    assert_eq!(create["id"], "https://site.test/posts/1/activity");
    assert_eq!(create["actor"], "https://site.test/users/alice");
    assert_eq!(create["to"], create["object"]["to"]);
    assert_ne!(create["@context"], Value::Null);
    assert_eq!(
        create["object"]["@context"],
        Value::Null,
        "one context, at the top"
    );

    let outgoing = site
        .federation
        .send("alice", Follow::new(iri("https://b.test/users/b")))
        .prepare()
        .unwrap();
    assert_eq!(outgoing.audience, [iri("https://b.test/users/b")]);
    assert!(
        outgoing
            .id
            .as_str()
            .starts_with("https://site.test/users/alice#follow/"),
        "{}",
        outgoing.id
    );

    let by_another = Follow::new(iri("https://b.test/users/b")).by(&iri("https://site.test/users/carol"));
    let error = site.federation.send("alice", by_another).prepare().unwrap_err();
    assert!(error.is_permanent());
}

#[tokio::test]
async fn a_shared_inbox_gets_one_copy_and_our_own_people_none() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let note = Note::builder(site.federation.uris().object("post", 1))
        .text("x")
        .public()
        .to(&bob.id)
        .to(&iri("https://peer.test/users/bob"))
        .cc(&site.federation.uris().actor("alice"))
        .cc(&site.federation.uris().actor("carol"));
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Create"]);
    let posts = world
        .net
        .requests
        .lock()
        .unwrap()
        .iter()
        .filter(|r| r.starts_with("POST"))
        .count();
    assert_eq!(posts, 1);
    assert!(
        world
            .net
            .requests
            .lock()
            .unwrap()
            .contains(&"POST https://peer.test/inbox".to_owned())
    );
}

#[tokio::test]
async fn who_is_named_and_follows_gets_one_copy() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let uris = site.federation.uris();
    bob.post(
        &site,
        &bob.activity(
            1,
            json!({ "type": "Follow", "object": uris.actor("alice").as_str() }),
        ),
    )
    .await;
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Accept"]);
    let note = Note::builder(uris.object("post", 1))
        .text("x")
        .public()
        .cc(&uris.followers("alice"))
        .mention(&bob.id);
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Accept", "Create"]);
}

#[tokio::test]
async fn p_a_peer_that_is_down_is_tried_again_and_costs_nobody_else_anything() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let note = Note::builder(site.federation.uris().object("post", 1))
        .text("x")
        .to(&bob.id)
        .to(&iri("https://down.test/users/dora"));
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Create"]);
    assert_eq!(site.federation.admin().counts().await.unwrap().pending, 1);
    let dora = world.peer("down.test", "dora", 2);
    for _ in 0..8 {
        world.clock.advance(Duration::from_secs(60 * 60));
        site.step_until_idle().await;
    }
    assert_eq!(dora.received_types(), ["Create"]);
    assert_eq!(site.federation.admin().counts().await.unwrap().pending, 0);
}

#[tokio::test]
async fn ids_are_unguessable_and_sort_by_time() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let one = site.federation.new_id();
    world.clock.advance(Duration::from_secs(1));
    let other = site.federation.new_id();
    assert_eq!(one.len(), 32);
    assert!(one < other);
}

/// A `Follow` that names strangers, embedded in our `Accept`, makes us write to none of them.
#[tokio::test]
async fn r9_whom_a_follow_names_gets_no_answer_of_ours() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let fan = world.peer("fan.test", "fan", 2);
    let alice = "https://site.test/users/alice";
    let follow = fan.activity(1, json!({ "type": "Follow", "object": alice }));
    assert_eq!(fan.post(&site, &follow).await.status(), 202);
    site.step_until_idle().await;
    let before = world.net.count();
    let strangers: Vec<String> = (0..50)
        .map(|n| format!("https://victim-{n}.test/users/v"))
        .collect();
    let follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": alice, "to": strangers, "cc": format!("{alice}/followers") }),
    );
    assert_eq!(bob.post(&site, &follow).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Accept"]);
    assert_eq!(fan.received_types(), ["Accept"]);
    // His key, and the answer to him.
    assert_eq!(world.net.count() - before, 2);
}

/// What waits for a host that is blocked meanwhile is called off, stays visible, and nothing new is made for it.
#[tokio::test]
async fn p22_a_block_calls_off_what_waits() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let fan = world.peer("fan.test", "fan", 2);
    for peer in [&bob, &fan] {
        let follow = peer.activity(
            1,
            json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
        );
        assert_eq!(peer.post(&site, &follow).await.status(), 202);
    }
    site.step_until_idle().await;
    world.net.cut("peer.test");
    let post = async || {
        let note = site.federation.note("alice").text("hello");
        site.federation.send("alice", Create::new(note)).await.unwrap();
        site.step_until_idle().await;
        site.federation.admin().counts().await.unwrap()
    };
    let before = post().await;
    assert_eq!((before.pending, before.cancelled), (1, 0));
    let mut blocks = Blocks::default();
    blocks.suspend("peer.test").unwrap();
    site.federation.set_blocks(blocks).await.unwrap();
    let counts = post().await;
    assert_eq!((counts.pending, counts.cancelled), (0, 1));
    world.clock.advance(Duration::from_secs(86_400));
    let before = world.net.count();
    site.step_until_idle().await;
    assert_eq!(world.net.count(), before);
    assert_eq!(fan.received_types(), ["Accept", "Create", "Create"]);
    assert_eq!(bob.received_types(), ["Accept"]);
}

#[tokio::test]
async fn what_is_deleted_before_anybody_has_it_is_not_sent_first() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let queue = &site.federation.stores().queue;
    queue.pause("peer.test").await.unwrap();
    let bob = iri("https://peer.test/users/bob");
    let note = Note::builder(iri("https://site.test/posts/1")).text("x").public();
    let drafts = [
        site.federation.send("alice", Create::new(note)),
        site.federation
            .send("alice", Delete::new(iri("https://site.test/posts/1"))),
        // What others own is not ours to take back.
        site.federation
            .send("alice", Delete::new(iri("https://else.test/posts/1"))),
    ];
    for draft in drafts {
        let outgoing = draft.to(bob.clone()).prepare().unwrap();
        site.federation.stores().outbox.record(&outgoing).await.unwrap();
        site.engine.step().await;
    }
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.enqueued, counts.superseded, counts.pending), (3, 1, 2));
}
