//! Proofs on what is sent (FEP-8b32), as those see them who get it.

use std::sync::Arc;
use std::time::Duration;

use federate_jsonld::{Contexts, Limits, expand};
use federate_protocol::activitystreams::{Create, Follow, Note, Object, terms};
use federate_protocol::signatures::{ProofPolicy, PublicKey, parse_proof};
use http::StatusCode;
use serde_json::{Value, json};

use crate::keys::InTurn;
use crate::world::{Instance, Peer, World, body};

const AS2: &str = "https://www.w3.org/ns/activitystreams";
const INTEGRITY: &str = "https://w3id.org/security/data-integrity/v2";

/// The key that the actor's document lists, by the id that the proof names.
async fn key_of(site: &Instance, proof: &str) -> PublicKey {
    let actor = body(&site.get("/users/alice").await);
    let key = &actor["assertionMethod"][0];
    assert_eq!(key["id"], proof);
    PublicKey::from_multikey(key["publicKeyMultibase"].as_str().unwrap()).unwrap()
}

async fn proven(site: &Instance, activity: &Value) -> bool {
    let text = activity.to_string();
    let Ok(proof) = parse_proof(text.as_bytes()) else {
        return false;
    };
    let key = key_of(site, proof.verification_method().as_str()).await;
    proof
        .verify(&key, &ProofPolicy::default(), site.federation.now())
        .is_ok()
}

fn post(site: &Instance, number: u32, to: &Peer) -> Object {
    let uris = site.federation.uris();
    let note = Note::builder(uris.object("post", number))
        .by(&uris.actor("alice"))
        .text("x")
        .public()
        .cc(&to.id);
    note.into()
}

fn note(site: &Instance, number: u32, to: &Peer) -> Create {
    Create::new(post(site, number, to))
}

fn last(peer: &Peer) -> Value {
    peer.received.lock().unwrap().last().cloned().unwrap()
}

/// The same, with the context of Data Integrity by its URL.
fn with_named_context(activity: &Value) -> Value {
    let mut named = activity.clone();
    for at in ["/@context", "/proof/@context"] {
        *named.pointer_mut(at).unwrap() = json!([AS2, INTEGRITY]);
    }
    named
}

/// What a reader of JSON-LD makes of it, with the proof.
fn means(activity: &Value) -> String {
    let expanded = expand(activity, &Contexts::shipped(), &Limits::default()).unwrap();
    let canonical = expanded.dataset().canonicalise(10_000).unwrap();
    assert!(
        canonical
            .nquads()
            .contains("<https://w3id.org/security#proofValue>"),
        "{}",
        canonical.nquads()
    );
    canonical.nquads().to_owned()
}

#[tokio::test]
async fn one_activity_is_proven_where_it_is_asked_for() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    site.federation.send("alice", note(&site, 1, &bob)).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(last(&bob).get("proof"), None);
    let draft = site.federation.send("alice", note(&site, 2, &bob)).with_proof();
    let sent = draft.await.unwrap();
    site.step_until_idle().await;
    let received = last(&bob);
    assert!(proven(&site, &received).await, "{received}");
    assert_eq!(received["proof"]["created"], received["published"]);
    assert_eq!(received["proof"]["proofPurpose"], "assertionMethod");
    assert_eq!(received["@context"], received["proof"]["@context"]);
    assert_eq!(means(&received), means(&with_named_context(&received)));
    assert_eq!(sent.activity.id().unwrap().as_str(), received["id"]);
    // Not that it would verify whatever it says.
    let mut changed = received.clone();
    changed["object"]["content"] = json!("y");
    assert!(!proven(&site, &changed).await);
}

#[tokio::test]
async fn everything_is_proven_where_that_is_asked_for() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| b.manage_followers().proofs())
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    let follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    assert_eq!(bob.post(&site, &follow).await.status(), StatusCode::ACCEPTED);
    site.federation.send("alice", note(&site, 1, &bob)).await.unwrap();
    site.federation.send("alice", Follow::new(&bob.id)).await.unwrap();
    site.federation.rotate_keys("alice").await.unwrap();
    site.step_until_idle().await;
    let received = bob.received.lock().unwrap().clone();
    assert_eq!(received.len(), 4, "{:?}", bob.received_types());
    for activity in &received {
        assert!(proven(&site, activity).await, "{activity}");
    }
}

/// What a stranger's activity has for a context says nothing of ours.
#[tokio::test]
async fn the_answer_to_a_proven_follow_is_proven_only_where_that_is_asked_for() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    follow["@context"] = json!(["https://www.w3.org/ns/activitystreams", INTEGRITY]);
    bob.post(&site, &follow).await;
    site.step_until_idle().await;
    let accept = last(&bob);
    assert_eq!(
        (accept["type"].as_str(), accept.get("proof")),
        (Some("Accept"), None)
    );
}

#[tokio::test]
async fn what_is_delivered_and_what_is_served_at_its_id_are_the_same() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    site.app.posts.lock().unwrap().push(post(&site, 1, &bob));
    site.federation
        .send("alice", note(&site, 1, &bob))
        .with_proof()
        .await
        .unwrap();
    site.step_until_idle().await;
    let delivered = last(&bob);
    // Time passes, and a retry or a reader gets the same.
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(body(&site.get("/posts/1/activity").await), delivered);
    assert!(proven(&site, &delivered).await);
    // What it embeds is served at its own id, without.
    assert_eq!(body(&site.get("/posts/1").await).get("proof"), None);
    // Edited, it is not served as it was, and is proven still.
    let edited = post(&site, 1, &bob).with(&terms::CONTENT, "y");
    *site.app.posts.lock().unwrap() = vec![edited];
    let now = body(&site.get("/posts/1/activity").await);
    assert_eq!(now["object"]["content"], "y");
    assert!(proven(&site, &now).await, "{now}");
}

#[tokio::test]
async fn posts_from_before_are_proven_where_everything_is() {
    let world = World::default();
    let site = world.instance_with("site.test", |b| b.proofs()).await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut post = post(&site, 1, &bob);
    post.set(
        &terms::PUBLISHED,
        std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000),
    );
    site.app.posts.lock().unwrap().push(post);
    let create = body(&site.get("/posts/1/activity").await);
    assert!(proven(&site, &create).await, "{create}");
    assert_eq!(create["proof"]["created"], "2001-09-09T01:46:40Z");
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(body(&site.get("/posts/1/activity").await), create);
}

#[tokio::test]
async fn p9_what_waits_while_keys_are_rotated_is_proven_with_the_new_one() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| b.keygen(Arc::new(InTurn::default())))
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    world.net.cut("peer.test");
    site.federation
        .send("alice", note(&site, 1, &bob))
        .with_proof()
        .await
        .unwrap();
    site.step_until_idle().await;
    site.federation.rotate_keys("alice").await.unwrap();
    let bob = world.peer("peer.test", "bob", 1);
    for _ in 0..12 {
        world.clock.advance(Duration::from_secs(3600));
        site.step_until_idle().await;
    }
    let received = bob.received.lock().unwrap().clone();
    let create = received
        .iter()
        .find(|activity| activity["type"] == "Create")
        .unwrap();
    assert!(proven(&site, create).await, "{create}");
}

#[tokio::test]
async fn a_proof_of_the_applications_own_is_left_alone() {
    let world = World::default();
    let site = world.instance_with("site.test", |b| b.proofs()).await;
    let own = json!({ "type": "Like", "object": "https://peer.test/1", "to": "https://peer.test/users/bob",
        "proof": { "type": "DataIntegrityProof", "proofValue": "z1" } });
    let draft = site
        .federation
        .send("alice", Object::from_value(own.clone()).unwrap());
    let outgoing = draft.prepare().unwrap();
    let recorded: Value = serde_json::from_slice(&outgoing.body).unwrap();
    assert_eq!(recorded["proof"], own["proof"]);
    assert_ne!(outgoing.body.last(), Some(&b'\n'));
    // And what comes with a line's end of its own is not taken for marked.
    let text =
        b"{\"type\":\"Like\",\"object\":\"https://peer.test/1\",\"to\":\"https://peer.test/users/bob\"}\n\n";
    let site = World::default().instance("site.test").await;
    let draft = site.federation.send("alice", Object::parse(text).unwrap());
    assert_ne!(draft.prepare().unwrap().body.last(), Some(&b'\n'));
}

/// Its context inside ours would give another meaning to what ours protects, and a receiver that reads by context refuses the whole: Fedify
/// answers 400.
#[tokio::test]
async fn an_answer_embeds_no_context_of_whom_it_answers() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |builder| builder.manage_followers().proofs())
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    follow["@context"] =
        json!([AS2, "https://w3id.org/security/data-integrity/v1", { "own": "https://peer.test/ns#own" }]);
    follow["own"] = json!("words");
    assert_eq!(bob.post(&site, &follow).await.status(), 202);
    site.step_until_idle().await;
    let accept = last(&bob);
    let expected =
        json!({ "id": follow["id"], "type": "Follow", "actor": bob.id.as_str(), "object": follow["object"] });
    assert_eq!(accept["object"], expected);
    assert_eq!(means(&accept), means(&with_named_context(&accept)));
    assert!(proven(&site, &accept).await, "{accept}");
}
