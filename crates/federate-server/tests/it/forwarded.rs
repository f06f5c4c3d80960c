//! What others pass on: a hint without a proof, looked up where it comes from; the actor's word with one.

use std::sync::Arc;
use std::time::Duration;

use federate_protocol::activitystreams::{Activity, Create, Note};
use federate_protocol::signatures::{KeyId, PrivateKey, ProofOptions, Signer as _, proof};
use federate_server::{Authenticated, Blocks, Cx, Evidence, Outcome, Rate, RateLimits};
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::{Instance, Peer, TestApp, World};

const ED25519: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/ed25519.pkcs8.pem"
));

/// Writes down what it is, what it says and why it is believed.
async fn spy(cx: Cx<TestApp>, activity: Authenticated<Activity>) -> Outcome {
    let evidence = match activity.evidence() {
        Evidence::RequestSignature { .. } => "sent",
        Evidence::ObjectProof { .. } => "proven",
        Evidence::Refetched { .. } => "refetched",
        _ => "other",
    };
    let says = activity.object().object().and_then(|object| object.content());
    let says = says.as_deref().unwrap_or_default().to_owned();
    let said = format!(
        "{} by {}: {says} ({evidence})",
        activity.type_name(),
        activity.by()
    );
    cx.app().0.saw(said);
    Ok(())
}

struct Three {
    world: World,
    site: Instance,
    /// Who wrote.
    alice: Peer,
    /// Who passes it on.
    bob: Peer,
    carol: Peer,
}

async fn three() -> Three {
    let world = World::default();
    let site = world
        .instance_with("site.test", |builder| builder.on::<Activity>(spy))
        .await;
    let alice = world.peer("a.test", "alice", 0);
    let bob = world.peer("b.test", "bob", 1);
    let carol = world.peer("c.test", "carol", 2);
    Three {
        world,
        site,
        alice,
        bob,
        carol,
    }
}

fn create(alice: &Peer, number: u32, says: &str) -> Value {
    let note = format!("https://a.test/notes/{number}");
    alice.activity(
        number,
        json!({
            "type": "Create", "to": "https://www.w3.org/ns/activitystreams#Public",
            "object": { "id": note, "type": "Note", "attributedTo": alice.id.as_str(), "content": says },
        }),
    )
}

fn id(activity: &Value) -> &str {
    activity["id"].as_str().unwrap()
}

const GENUINE: &str = "Create by https://a.test/users/alice: genuine (refetched)";

#[tokio::test]
async fn i20_what_is_forwarded_is_looked_up_at_its_own_place_after_the_answer() {
    let Three {
        world,
        site,
        alice,
        bob,
        ..
    } = three().await;
    let genuine = create(&alice, 1, "genuine");
    alice.serves(id(&genuine), 200, &genuine);
    assert_eq!(bob.post(&site, &create(&alice, 1, "forged")).await.status(), 202);
    assert_eq!(
        *world.net.requests.lock().unwrap(),
        ["GET https://b.test/users/bob"],
        "nothing but the forwarder's key is fetched before the answer"
    );
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [GENUINE]);
    assert_eq!(site.federation.admin().dead_received(9).await.unwrap().len(), 0);
}

#[tokio::test]
async fn i20_two_forwarders_and_the_author_are_one_activity() {
    let Three {
        world,
        site,
        alice,
        bob,
        carol,
    } = three().await;
    let genuine = create(&alice, 1, "genuine");
    alice.serves(id(&genuine), 200, &genuine);
    for peer in [&bob, &carol, &bob] {
        assert_eq!(peer.post(&site, &genuine).await.status(), 202);
    }
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [GENUINE]);
    assert_eq!(alice.post(&site, &genuine).await.status(), 202);
    // And once it is handled, nobody is asked for it again.
    let before = world.net.count();
    world.clock.advance(Duration::from_secs(3600));
    let mut other_bytes = genuine.clone();
    other_bytes["again"] = json!(true);
    assert_eq!(carol.post(&site, &other_bytes).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    assert_eq!(world.net.count(), before);
}

/// The same, with the author's own first: what is forwarded later changes nothing.
#[tokio::test]
async fn i20_the_authors_own_comes_first() {
    let Three { site, alice, bob, .. } = three().await;
    let genuine = create(&alice, 1, "genuine");
    alice.serves(id(&genuine), 200, &genuine);
    bob.post(&site, &genuine).await;
    alice.post(&site, &genuine).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen().len(), 1);
}

#[tokio::test]
async fn i9_ghsa_4qhx_hhwf_8685_a_forged_copy_does_not_stand_in_the_way_of_the_genuine_one() {
    let Three { site, alice, bob, .. } = three().await;
    // Not published yet, or never to be had by its id: the forger was first.
    let genuine = create(&alice, 1, "genuine");
    assert_eq!(bob.post(&site, &create(&alice, 1, "forged")).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    // One of alice's own server, whose origin is hers.
    let mallory = site_mate(&alice);
    assert_eq!(
        mallory.post(&site, &create(&alice, 1, "forged")).await.status(),
        202
    );
    site.step_until_idle().await;
    assert_eq!(alice.post(&site, &genuine).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        ["Create by https://a.test/users/alice: genuine (sent)"]
    );
}

/// Another account of the same server.
fn site_mate(alice: &Peer) -> Peer {
    let mallory = alice.neighbour("mallory", 2);
    alice.serves(mallory.id.as_str(), 200, &mallory.document);
    mallory
}

#[tokio::test]
async fn i20_a_forwarded_delete_is_what_the_objects_place_says() {
    for (status, seen) in [
        (410, &["Delete by https://a.test/users/alice:  (refetched)"][..]),
        (404, &[]),
        (200, &[]),
    ] {
        let Three { site, alice, bob, .. } = three().await;
        let note =
            json!({ "id": "https://a.test/notes/1", "type": "Note", "attributedTo": alice.id.as_str() });
        // It was looked at while it was there: what is cached is not what is asked.
        alice.serves("https://a.test/notes/1", 200, &note);
        site.federation
            .object(&crate::world::iri("https://a.test/notes/1"))
            .await
            .unwrap();
        alice.serves("https://a.test/notes/1", status, &note);
        let delete = alice.activity(2, json!({ "type": "Delete", "object": "https://a.test/notes/1" }));
        for number in 0..2 {
            let mut copy = delete.clone();
            copy["number"] = json!(number);
            assert_eq!(bob.post(&site, &copy).await.status(), 202);
        }
        site.step_until_idle().await;
        assert_eq!(site.app.take_seen(), seen, "{status}");
    }
}

#[tokio::test]
async fn i20_a_tombstone_says_that_it_is_gone_and_only_its_own_origin_says_so() {
    let Three { site, alice, bob, .. } = three().await;
    let grave = json!({ "id": "https://a.test/notes/1", "type": "Tombstone" });
    alice.serves("https://a.test/notes/1", 200, &grave);
    let delete = alice.activity(2, json!({ "type": "Delete", "object": "https://a.test/notes/1" }));
    bob.post(&site, &delete).await;
    // His own to send, and not his to delete.
    let bobs = bob.activity(3, json!({ "type": "Delete", "object": "https://a.test/notes/1" }));
    assert_eq!(bob.post(&site, &bobs).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        ["Delete by https://a.test/users/alice:  (refetched)"]
    );
}

#[tokio::test]
async fn i20_a_server_that_is_away_is_asked_again() {
    let Three {
        world,
        site,
        alice,
        bob,
        ..
    } = three().await;
    let genuine = create(&alice, 1, "genuine");
    alice.serves(id(&genuine), 503, &json!({}));
    assert_eq!(bob.post(&site, &genuine).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    alice.serves(id(&genuine), 200, &genuine);
    world.clock.advance(Duration::from_secs(3600));
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [GENUINE]);
}

#[tokio::test]
async fn i20_a_hint_survives_a_restart() {
    let Three {
        world,
        site,
        alice,
        bob,
        ..
    } = three().await;
    let genuine = create(&alice, 1, "genuine");
    alice.serves(id(&genuine), 200, &genuine);
    bob.post(&site, &genuine).await;
    let (app, store) = (Arc::clone(&site.app), site.store.clone());
    drop(site);
    let site = world
        .start("site.test", app, store, |builder| builder.on::<Activity>(spy))
        .await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [GENUINE]);
}

#[tokio::test]
async fn i20_blocks_of_today_hold_for_what_was_forwarded_yesterday() {
    for host in ["a.test", "b.test"] {
        let Three {
            world,
            site,
            alice,
            bob,
            ..
        } = three().await;
        let genuine = create(&alice, 1, "genuine");
        alice.serves(id(&genuine), 200, &genuine);
        assert_eq!(bob.post(&site, &genuine).await.status(), 202);
        let mut blocks = Blocks::new();
        blocks.suspend(host).unwrap();
        site.federation.set_blocks(blocks).await.unwrap();
        let before = world.net.count();
        site.step_until_idle().await;
        assert_eq!(site.app.take_seen(), [""; 0], "{host}");
        assert_eq!(world.net.count(), before, "nor is anybody asked");
        assert_eq!(bob.post(&site, &create(&alice, 2, "x")).await.status(), 403);
    }
}

#[tokio::test]
async fn r15_one_forwarder_makes_us_look_up_so_much_in_a_minute() {
    let Three {
        world,
        site,
        alice,
        bob,
        carol,
    } = three().await;
    let limit = federate_protocol::Limits::default().forwarded_per_minute;
    // To the beginning of a minute, so that all falls into one.
    world.clock.advance(Duration::from_secs(60));
    for number in 0..limit {
        assert_eq!(bob.post(&site, &create(&alice, number, "x")).await.status(), 202);
    }
    let refused = bob.post(&site, &create(&alice, limit, "x")).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    // What he sends himself, and what others pass on, is another matter.
    let like = bob.activity(
        1,
        json!({ "type": "Like", "object": "https://site.test/posts/1" }),
    );
    assert_eq!(bob.post(&site, &like).await.status(), 202);
    assert_eq!(carol.post(&site, &create(&alice, limit, "x")).await.status(), 202);
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(
        bob.post(&site, &create(&alice, limit + 1, "x")).await.status(),
        202
    );
}

/// Alice's document has a second key, with which she proves what she writes.
fn proving(alice: &Peer) -> impl Fn(&Value) -> Value {
    let key_id = KeyId::from(format!("{}#ed25519-key", alice.id).as_str());
    let key = PrivateKey::from_pem(key_id.clone(), ED25519).unwrap();
    let mut document = alice.document.clone();
    document["assertionMethod"] = json!([{
        "id": key_id.as_str(), "type": "Multikey", "controller": alice.id.as_str(),
        "publicKeyMultibase": key.public_key().to_multikey(),
    }]);
    alice.serves(alice.id.as_str(), 200, &document);
    let clock = alice.now();
    move |activity| {
        let options = ProofOptions::new(key.key_id().clone(), clock);
        let proven = proof(activity.to_string().as_bytes(), &options).unwrap();
        serde_json::from_slice(&proven.sign(&key).unwrap()).unwrap()
    }
}

#[tokio::test]
async fn i20_a_proof_of_its_own_is_believed_and_nothing_but_keys_is_fetched() {
    let Three {
        world,
        site,
        alice,
        bob,
        ..
    } = three().await;
    let proven = proving(&alice)(&create(&alice, 1, "genuine"));
    assert_eq!(bob.post(&site, &proven).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(
        site.app.take_seen(),
        ["Create by https://a.test/users/alice: genuine (proven)"]
    );
    assert_eq!(
        *world.net.requests.lock().unwrap(),
        ["GET https://b.test/users/bob", "GET https://a.test/users/alice"]
    );
}

#[tokio::test]
async fn s2_a_proof_that_does_not_hold_is_no_more_than_a_hint() {
    let Three { site, alice, bob, .. } = three().await;
    let genuine = create(&alice, 1, "genuine");
    alice.serves(id(&genuine), 200, &genuine);
    let prove = proving(&alice);
    // Over other bytes.
    let mut forged = prove(&genuine);
    forged["object"]["content"] = json!("forged");
    assert_eq!(bob.post(&site, &forged).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [GENUINE]);
}

/// What is sent by ourselves is not taken back from others as somebody else's.
#[tokio::test]
async fn i13_nobody_forwards_in_the_name_of_one_of_ours() {
    let Three { site, bob, .. } = three().await;
    let note = Note::builder(site.federation.uris().object("post", 1))
        .text("hi")
        .to(&bob.id);
    let sent = site.federation.send("alice", Create::new(note)).await.unwrap();
    assert_eq!(bob.post(&site, &sent.activity.to_value()).await.status(), 403);
}

#[tokio::test]
async fn r9_what_a_stranger_replays_with_its_proof_counts_for_the_stranger() {
    let world = World::default();
    let limits = RateLimits::default().actor(Rate::new(2, Duration::from_secs(60)));
    let site = world
        .instance_with("site.test", |builder| {
            builder.on::<Activity>(spy).rate_limits(limits)
        })
        .await;
    let alice = world.peer("a.test", "alice", 0);
    let bob = world.peer("b.test", "bob", 1);
    let proven = proving(&alice)(&create(&alice, 1, "genuine"));
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(bob.post(&site, &proven).await.status().as_u16());
    }
    assert_eq!(answers, [202, 202, 429]);
    let own = alice.post(&site, &create(&alice, 2, "genuine")).await;
    assert_eq!(own.status(), 202, "nothing of hers is used up");
}

#[tokio::test]
async fn i20_that_it_was_gone_yesterday_confirms_no_delete_of_today() {
    let Three { site, alice, bob, .. } = three().await;
    let note = json!({ "id": "https://a.test/notes/1", "type": "Note", "attributedTo": alice.id.as_str() });
    let delete = |number| {
        alice.activity(
            number,
            json!({ "type": "Delete", "object": "https://a.test/notes/1" }),
        )
    };
    alice.serves("https://a.test/notes/1", 410, &note);
    bob.post(&site, &delete(1)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen().len(), 1);
    alice.serves("https://a.test/notes/1", 200, &note);
    bob.post(&site, &delete(2)).await;
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
}

#[tokio::test]
async fn what_different_ones_forward_is_shared_out_by_who_forwards() {
    let Three {
        site,
        alice,
        bob,
        carol,
        ..
    } = three().await;
    for (number, forwarder) in [&bob, &carol].into_iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        forwarder.post(&site, &create(&alice, number, "x")).await;
    }
    let inbox = &site.federation.stores().inbox;
    let claimed = inbox.claim("a", 10, site.federation.now()).await.unwrap();
    let shards: Vec<u16> = claimed
        .iter()
        .filter_map(|one| one.claim)
        .map(|claim| claim.shard)
        .collect();
    let expected = [&bob, &carol].map(|peer| federate_store::shard_of(&peer.id));
    assert_eq!(shards, expected);
}

#[tokio::test]
async fn p22_a_block_decided_elsewhere_holds_for_what_was_forwarded_before() {
    let Three {
        world,
        site,
        alice,
        bob,
        ..
    } = three().await;
    let create = create(&alice, 1, "genuine");
    alice.serves(id(&create), 200, &create);
    assert_eq!(bob.post(&site, &create).await.status(), 202);
    let (app, store) = (Arc::clone(&site.app), site.store.clone());
    let other = world.start("site.test", app, store, |builder| builder).await;
    other.federation.admin().block("b.test").apply().await.unwrap();
    world.clock.advance(Duration::from_secs(2));
    let asked = world.net.count();
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), [""; 0]);
    assert_eq!(world.net.count(), asked, "nor is it looked up");
}
