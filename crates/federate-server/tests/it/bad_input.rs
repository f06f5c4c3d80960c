//! What must not come in, and how it is told.

use std::time::Duration;

use bytes::Bytes;
use federate_protocol::activitystreams::Activity;
use federate_protocol::signatures::cavage;
use federate_server::Ownership;
use http::{Request, Response, StatusCode};
use serde_json::json;

use crate::world::{Instance, World, body, spy};

fn note(n: u32) -> serde_json::Value {
    json!({ "type": "Create", "to": "https://www.w3.org/ns/activitystreams#Public", "object": {
        "id": format!("https://peer.test/notes/{n}"), "type": "Note", "attributedTo": "https://peer.test/users/bob",
        "content": "hello" } })
}

/// Refused with this status and a reason; nothing stored, no handler run.
async fn refused(instance: &Instance, response: &Response<Bytes>, expected: u16) {
    assert_eq!(response.status(), expected, "{:?}", response.body());
    let error = body(response)["error"].as_str().unwrap_or_default().to_owned();
    assert!(!error.is_empty(), "{:?}", response.body());
    assert!(instance.engine.step().await.is_idle());
    assert_eq!(instance.app.take_seen(), Vec::<String>::new());
}

#[tokio::test]
async fn a_signed_activity_is_accepted_and_handled_once() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let create = bob.activity(1, note(1));
    assert_eq!(bob.post(&site, &create).await.status(), 202);
    assert_eq!(
        site.app.take_seen(),
        Vec::<String>::new(),
        "nothing is handled before the answer"
    );
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), ["Create by https://peer.test/users/bob"]);
    // W: a replay is answered 202 and handled once.
    assert_eq!(bob.post(&site, &create).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
}

#[tokio::test]
async fn s2_signature_by_a_body_actor_b() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let eve = world.peer("evil.test", "eve", 2);
    let follow = json!({ "type": "Follow", "object": "https://site.test/users/alice" });
    let response = eve.post(&site, &bob.activity(1, follow)).await;
    refused(&site, &response, 403).await;
    // What others may pass on is no more than a hint: bob's server does not have it.
    assert_eq!(eve.post(&site, &bob.activity(2, note(1))).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
}

#[tokio::test]
async fn an_unsigned_post_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let request = Request::post("/inbox")
        .header("host", "site.test")
        .header("content-type", "application/activity+json")
        .body(bob.activity(1, note(1)).to_string().into());
    let response = site.federation.handle(request.unwrap()).await.unwrap();
    refused(&site, &response, 401).await;
    assert_eq!(world.net.count(), 0);
}

#[tokio::test]
async fn a_flipped_byte_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut request = bob.request("https://site.test/inbox", bob.activity(1, note(1)).to_string());
    let flipped = String::from_utf8(request.body().to_vec())
        .unwrap()
        .replace("hello", "jello");
    *request.body_mut() = flipped.into();
    let response = site.federation.handle(request).await.unwrap();
    refused(&site, &response, 401).await;
}

#[tokio::test]
async fn a_stale_date_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let request = bob.request("https://site.test/inbox", bob.activity(1, note(1)).to_string());
    world.clock.advance(Duration::from_secs(2 * 60 * 60));
    let response = site.federation.handle(request).await.unwrap();
    refused(&site, &response, 401).await;
}

#[tokio::test]
async fn s13_a_request_for_another_host_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let request = bob.request("https://other.test/inbox", bob.activity(1, note(1)).to_string());
    let response = site.federation.handle(request).await.unwrap();
    refused(&site, &response, 401).await;
}

#[tokio::test]
async fn a_body_over_a_mebibyte_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut create = bob.activity(1, note(1));
    create["object"]["content"] = "a".repeat(1 << 20).into();
    let response = bob.post(&site, &create).await;
    refused(&site, &response, 413).await;
    assert_eq!(world.net.count(), 0);
}

#[tokio::test]
async fn what_is_no_activity_is_refused() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    for junk in ["{", "[]", "{}", "null", r#"{"type":"Create"}"#] {
        let request = bob.request("https://site.test/inbox", junk.to_owned());
        let response = site.federation.handle(request).await.unwrap();
        refused(&site, &response, 400).await;
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_had_for_now_is_answered_503() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    world.net.cut("peer.test");
    let response = bob.post(&site, &bob.activity(1, note(1))).await;
    assert!(response.headers().contains_key("retry-after"));
    refused(&site, &response, 503).await;
}

#[tokio::test]
async fn s28_a_key_that_was_replaced_is_fetched_anew() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    assert_eq!(bob.post(&site, &bob.activity(1, note(1))).await.status(), 202);
    let bob = world.peer("peer.test", "bob", 2);
    assert_eq!(bob.post(&site, &bob.activity(2, note(2))).await.status(), 202);
}

#[tokio::test]
async fn w8_the_delete_of_an_actor_never_known_costs_nothing() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let delete = bob.activity(1, json!({ "type": "Delete", "object": bob.id.as_str() }));
    let response = bob.post(&site, &delete).await;
    assert_eq!(response.status(), 202);
    assert_eq!(world.net.count(), 0);
    assert!(site.engine.step().await.is_idle());
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
}

/// A moderator of the same server deletes what another of its people made: only where the instance trusts servers that far.
#[tokio::test]
async fn i14_a_servers_own_moderators_may_delete_where_the_instance_says_so() {
    for (ownership, seen) in [(Ownership::SameActor, 0), (Ownership::SameOrigin, 1)] {
        let world = World::default();
        let site = world
            .instance_with("site.test", |builder| {
                builder.ownership(ownership).on::<Activity>(spy)
            })
            .await;
        let moderator = world.peer("peer.test", "bob", 1);
        let theirs = "https://peer.test/notes/9";
        site.app.known.lock().unwrap().insert(
            crate::world::iri(theirs),
            federate_server::Known::Owner(crate::world::iri("https://peer.test/users/carol")),
        );
        let delete = moderator.activity(1, json!({ "type": "Delete", "object": theirs }));
        assert_eq!(moderator.post(&site, &delete).await.status(), 202);
        site.step_until_idle().await;
        assert_eq!(site.app.take_seen().len(), seen, "{ownership:?}");
    }
}

#[tokio::test]
async fn i15_what_the_application_keeps_as_a_person_does_not_become_a_note() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let theirs = "https://peer.test/notes/9";
    for (number, kind, reason) in [(1, "Note", None), (2, "Person", Some("another kind of thing"))] {
        let kept = federate_server::Known::Object {
            owner: bob.id.clone(),
            kind: kind.to_owned(),
        };
        site.app
            .known
            .lock()
            .unwrap()
            .insert(crate::world::iri(theirs), kept);
        let note = json!({ "id": theirs, "type": "Note", "attributedTo": bob.id.as_str() });
        let update = bob.activity(number, json!({ "type": "Update", "object": note }));
        assert_eq!(bob.post(&site, &update).await.status(), 202);
        site.step_until_idle().await;
        assert_eq!(site.app.take_seen().is_empty(), reason.is_some(), "{kind}");
        let dead = site.federation.admin().dead_received(10).await.unwrap();
        let said = dead.first().map(|dead| dead.reason.as_str());
        assert_eq!(said.is_some(), reason.is_some());
        assert!(
            said.unwrap_or_default().contains(reason.unwrap_or_default()),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn i14_only_the_owner_deletes() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let theirs = "https://peer.test/notes/9";
    site.app.known.lock().unwrap().insert(
        crate::world::iri(theirs),
        federate_server::Known::Owner(crate::world::iri("https://peer.test/users/carol")),
    );
    let delete = bob.activity(1, json!({ "type": "Delete", "object": theirs }));
    // Who sent it is known, so it is accepted; that they may not is known when it is handled.
    assert_eq!(bob.post(&site, &delete).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
    let dead = site.federation.admin().dead_received(10).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].reason.contains("somebody else"), "{}", dead[0].reason);
}

#[tokio::test]
async fn i13_nobody_outside_speaks_in_our_name() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut forged = bob.activity(1, note(1));
    forged["actor"] = "https://site.test/users/alice".into();
    forged["id"] = "https://site.test/x".into();
    let response = bob.post(&site, &forged).await;
    refused(&site, &response, 403).await;
}

#[tokio::test]
async fn a_suspended_host_is_refused() {
    let world = World::default();
    let mut blocks = federate_server::Blocks::new();
    blocks.suspend("peer.test").unwrap();
    let site = world
        .instance_with("site.test", |b| b.blocks(blocks).on::<Activity>(spy))
        .await;
    let bob = world.peer("peer.test", "bob", 1);
    let response = bob.post(&site, &bob.activity(1, note(1))).await;
    refused(&site, &response, 403).await;
    assert_eq!(world.net.count(), 0);
}

#[tokio::test]
async fn an_inbox_of_nobody_is_no_inbox() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let request = bob.request(
        "https://site.test/users/nobody/inbox",
        bob.activity(1, note(1)).to_string(),
    );
    let response = site.federation.handle(request).await.unwrap();
    refused(&site, &response, 404).await;
    let get = Request::get("/inbox")
        .header("host", "site.test")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(
        site.federation.handle(get).await.unwrap().status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test]
async fn a_forged_envelope_in_the_table_is_not_believed() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let stores = site.federation.stores();
    let forged = federate_store::Sealed::from_bytes(Bytes::from_static(b"\x01forged"));
    let id = crate::world::iri("https://peer.test/1");
    stores
        .inbox
        .accept("https://peer.test", &id, &forged, site.federation.now())
        .await
        .unwrap();
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
    assert_eq!(site.federation.admin().dead_received(10).await.unwrap().len(), 1);
}

/// A newer release beside this one may take it up; this one does not give it up.
#[tokio::test]
async fn what_a_newer_release_sealed_is_left_to_it() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let inbox = &site.federation.stores().inbox;
    let newer = federate_store::Sealed::from_bytes(Bytes::from([&[250][..], &[0; 64]].concat()));
    let id = crate::world::iri("https://peer.test/1");
    inbox
        .accept("https://peer.test", &id, &newer, site.federation.now())
        .await
        .unwrap();
    site.step_until_idle().await;
    assert_eq!(site.app.take_seen(), Vec::<String>::new());
    let backlog = inbox.backlog().await.unwrap().unwrap();
    assert_eq!((backlog.pending, backlog.dead), (1, 0));
    let due = inbox.next_due().await.unwrap().unwrap();
    assert_eq!(due, site.federation.now() + Duration::from_secs(60));
}

#[tokio::test]
async fn a_signature_on_a_get_says_who_asks() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let private = json!({ "id": "https://site.test/posts/1", "type": "Note", "content": "psst",
        "attributedTo": "https://site.test/users/alice", "to": bob.id.as_str(), "bcc": "https://x.test/secret" });
    site.app
        .posts
        .lock()
        .unwrap()
        .push(federate_protocol::activitystreams::Object::from_value(private).unwrap());
    assert!(
        site.get_as("/posts/1", "application/activity+json")
            .await
            .is_none()
    );
    let request = Request::get("https://site.test/posts/1").header("accept", "application/activity+json");
    let signed = cavage(request.body(Bytes::new()).unwrap(), site.federation.now())
        .sign(&*bob.key)
        .unwrap();
    let response = site.federation.handle(signed.clone()).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["vary"], "Accept, Signature, Signature-Input");
    assert_eq!(body(&response)["content"], "psst");
    assert_eq!(body(&response)["bcc"], serde_json::Value::Null);
    let mut tampered = signed;
    let signature = tampered.headers()["signature"]
        .to_str()
        .unwrap()
        .replace("signature=\"", "signature=\"AAAA");
    tampered
        .headers_mut()
        .insert("signature", signature.parse().unwrap());
    assert!(site.federation.handle(tampered).await.is_none());
}
