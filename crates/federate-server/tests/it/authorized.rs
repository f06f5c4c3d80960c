//! Who gets a document: authorised fetch, blocked hosts, and what is not for everybody, on every path.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use federate_protocol::activitystreams::{Activity, Create, Follow, Iri, Note, Object};
use federate_protocol::signatures::{Signer, cavage, rfc9421};
use federate_server::Blocks;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::world::{Instance, Peer, World, body, iri, spy};

const BY_SIGNER: &str = "Accept, Signature, Signature-Input";

async fn secure(world: &World, host: &str) -> Instance {
    let configure = |builder: federate_server::Builder<_>| {
        builder.authorized_fetch().manage_followers().on::<Activity>(spy)
    };
    world.instance_with(host, configure).await
}

async fn signed(site: &Instance, peer: &Peer, path: &str) -> Option<Response<Bytes>> {
    site.federation.handle(peer.signed_get(site, path)).await
}

fn post(site: &Instance, key: &str, to: &[Iri]) -> Object {
    let uris = site.federation.uris();
    let ids: Vec<&str> = to.iter().map(Iri::as_str).collect();
    let post = json!({ "id": uris.object("post", key).as_str(), "type": "Note", "content": "psst",
        "attributedTo": uris.actor("alice").as_str(), "to": ids });
    let post = Object::from_value(post).unwrap();
    site.app.posts.lock().unwrap().push(post.clone());
    post
}

const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

fn only_for_the_asker(response: &Response<Bytes>) -> bool {
    response.headers()["vary"] == BY_SIGNER && response.headers()["cache-control"] == "private, no-store"
}

const DOCUMENTS: &[&str] = &[
    "/users/alice",
    "/users/alice/outbox",
    "/users/alice/outbox?cursor=",
    "/users/alice/followers",
    "/users/alice/following",
    "/users/alice/featured",
    "/posts/0",
    "/posts/0/activity",
    "/posts/0/replies",
    "/posts/0/likes",
];

#[tokio::test]
async fn documents_are_for_those_who_sign() {
    let world = World::default();
    let site = secure(&world, "site.test").await;
    post(&site, "0", &[iri(PUBLIC)]);
    let bob = world.peer("peer.test", "bob", 1);
    for path in DOCUMENTS {
        let answer = site.get(path).await;
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(body(&answer)["error"], "a signed request is needed here");
        assert_eq!(answer.headers()["www-authenticate"], "Signature");
        assert!(only_for_the_asker(&answer), "{path}");
        let answer = signed(&site, &bob, path).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(only_for_the_asker(&answer), "{path}");
    }
    // What is not there is not told to those who do not say who they are.
    assert_eq!(site.get("/posts/none").await.status(), 401);
    assert!(signed(&site, &bob, "/posts/none").await.is_none());
}

#[tokio::test]
async fn a_signature_that_does_not_hold_is_said_to() {
    let world = World::default();
    let site = secure(&world, "site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let mut forged = bob.signed_get(&site, "/users/alice");
    *forged.uri_mut() = "https://site.test/users/alice/outbox".parse().unwrap();
    let answer = site.federation.handle(forged).await.unwrap();
    assert_eq!(answer.status(), 401);
    let said = body(&answer)["error"].as_str().unwrap().to_owned();
    assert!(!said.is_empty() && !said.contains("peer.test"), "{said}");
    // A server that is away for a moment is not one that lied.
    let carol = world.peer("away.test", "carol", 2);
    world.net.cut("away.test");
    let answer = signed(&site, &carol, "/users/alice").await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "300");
}

#[tokio::test]
async fn a_get_that_is_signed_by_rfc_9421_counts_as_well() {
    let world = World::default();
    let site = secure(&world, "site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let request = Request::get("https://site.test/users/alice")
        .header("accept", "application/activity+json")
        .body(Bytes::new())
        .unwrap();
    let signer: &dyn Signer = &*bob.key;
    let request = rfc9421(request, signer.key_id(), site.federation.now())
        .sign(signer)
        .unwrap();
    let answer = site.federation.handle(request).await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Akkoma 2025.10: a suspended host fetched all the same. In either mode, and before its key is asked for.
#[tokio::test]
async fn d_a_suspended_host_gets_nothing() {
    let world = World::default();
    for site in [
        world.instance("open.test").await,
        secure(&world, "secure.test").await,
    ] {
        post(&site, "0", &[iri(PUBLIC)]);
        let mallory = world.peer("sub.evil.test", "mallory", 1);
        let mut blocks = Blocks::new();
        blocks.suspend("evil.test").unwrap();
        site.federation.set_blocks(blocks).await.unwrap();
        for path in DOCUMENTS {
            let answer = signed(&site, &mallory, path).await.unwrap();
            assert_eq!(answer.status(), 403, "{path}");
            assert!(only_for_the_asker(&answer), "{path}");
        }
        assert_eq!(world.net.count(), 0);
    }
}

#[tokio::test]
async fn s31_what_verifies_our_signatures_is_for_everybody() {
    let world = World::default();
    let site = secure(&world, "site.test").await;
    let mut blocks = Blocks::new();
    blocks.suspend("evil.test").unwrap();
    site.federation.set_blocks(blocks).await.unwrap();
    let actor = site.get("/actor").await;
    assert_eq!(
        (actor.status().as_u16(), &actor.headers()["vary"]),
        (200, &"Accept".parse().unwrap())
    );
    let mallory = world.peer("evil.test", "mallory", 1);
    assert_eq!(signed(&site, &mallory, "/actor").await.unwrap().status(), 200);
    for path in [
        "/.well-known/webfinger?resource=acct:alice@site.test",
        "/.well-known/host-meta",
        "/.well-known/nodeinfo",
        "/nodeinfo/2.1",
    ] {
        assert_eq!(site.get(path).await.status(), 200, "{path}");
    }
}

#[tokio::test]
async fn s31_two_servers_that_both_demand_signatures_reach_each_other() {
    let world = World::default();
    let (one, other) = (
        secure(&world, "one.test").await,
        secure(&world, "other.test").await,
    );
    let found = other.federation.lookup("@alice@one.test").await.unwrap();
    other
        .federation
        .send("alice", Follow::new(&found.id))
        .await
        .unwrap();
    let back = one.federation.lookup("@alice@other.test").await.unwrap();
    one.federation.send("alice", Follow::new(&back.id)).await.unwrap();
    world.settle(&[&one, &other]).await;
    let mut seen = [one.app.take_seen(), other.app.take_seen()];
    seen.iter_mut().for_each(|seen| seen.sort());
    assert_eq!(
        seen,
        [
            [
                "Accept by https://other.test/users/alice",
                "Follow by https://other.test/users/alice"
            ],
            [
                "Accept by https://one.test/users/alice",
                "Follow by https://one.test/users/alice"
            ],
        ]
    );
    let note = one.federation.note("alice").text("hello").build();
    let id = note.id().unwrap();
    one.federation.send("alice", Create::new(note)).await.unwrap();
    world.settle(&[&one, &other]).await;
    assert_eq!(other.app.take_seen(), ["Create by https://one.test/users/alice"]);
    assert_eq!(
        other.federation.object(&id).await.unwrap().object().plain_text(),
        "hello"
    );
}

/// What is seen at a path by nobody, and by each of these.
async fn seen_by(site: &Instance, path: &str, peers: &[&Peer]) -> Vec<bool> {
    let mut seen = vec![is_shown(site.get_as(path, "application/activity+json").await)];
    for peer in peers {
        seen.push(is_shown(signed(site, peer, path).await));
    }
    seen
}

fn is_shown(answer: Option<Response<Bytes>>) -> bool {
    answer.is_some_and(|answer| answer.status() == 200)
}

/// CVE-2026-25808, GHSA-jw39 and GHSA-gwhw: who may see a post is the same on every path, and who may not sees what there is of a post
/// that never was.
#[tokio::test]
async fn what_is_for_some_is_shown_to_them_on_every_path() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let follower = world.peer("peer.test", "bob", 1);
    let named = world.peer("named.test", "carol", 2);
    let follow = follower.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    follower.post(&site, &follow).await;
    site.step_until_idle().await;

    let uris = site.federation.uris();
    post(&site, "followers", &[uris.followers("alice")]);
    post(&site, "named", std::slice::from_ref(&named.id));
    // The same posts of a bot, which has no table: they lie in the outbox.
    for (key, to) in [
        ("followers", uris.followers("alice")),
        ("named", named.id.clone()),
    ] {
        let note = Note::builder(uris.object("sent", key))
            .by(&uris.actor("alice"))
            .text("psst")
            .to(&to);
        site.federation.send("alice", Create::new(note)).await.unwrap();
    }
    for (key, expected) in [
        ("followers", [false, true, false]),
        ("named", [false, false, true]),
    ] {
        for at in [format!("/posts/{key}"), format!("/objects/sent/{key}")] {
            for part in ["", "/activity", "/replies", "/likes"] {
                let path = format!("{at}{part}");
                assert_eq!(
                    seen_by(&site, &path, &[&follower, &named]).await,
                    expected,
                    "{path}"
                );
            }
        }
    }
    let listed = |page: &Response<Bytes>| -> Vec<Value> {
        body(page)["orderedItems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].clone())
            .collect()
    };
    let path = "/users/alice/outbox?cursor=";
    assert_eq!(listed(&site.get(path).await), Vec::<Value>::new());
    let page = signed(&site, &follower, path).await.unwrap();
    assert_eq!(listed(&page), ["https://site.test/posts/followers"]);
    let page = signed(&site, &named, path).await.unwrap();
    assert_eq!(listed(&page), ["https://site.test/posts/named"]);
    // That there was something for a few is nothing that everybody may know.
    site.federation
        .retract("alice", &uris.object("sent", "named"))
        .await
        .unwrap();
    assert!(
        site.get_as("/objects/sent/named", "application/activity+json")
            .await
            .is_none()
    );
    assert_eq!(
        signed(&site, &named, "/objects/sent/named")
            .await
            .unwrap()
            .status(),
        410
    );
}

/// An application that chose by the viewer itself says so, and is believed for those who are proven only.
#[tokio::test]
async fn the_application_may_vouch_for_a_viewer() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    post(&site, "0", &[iri("https://named.test/users/carol")]);
    for (vouches, expected) in [(false, [false, false]), (true, [false, true])] {
        site.app.vouches.store(vouches, Ordering::Relaxed);
        assert_eq!(seen_by(&site, "/posts/0", &[&bob]).await, expected);
    }
}

/// An activity that says of itself nothing of whom it is for shows what it holds to nobody else.
#[tokio::test]
async fn what_an_activity_holds_is_not_shown_by_its_wrapping() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let secret =
        json!({ "id": "https://site.test/posts/1", "type": "Note", "to": "https://named.test/users/carol" });
    let mut nested = secret;
    for depth in 1..=9 {
        nested = json!({ "id": "https://site.test/posts/2", "type": "Announce", "object": nested });
        // The first page has three.
        if [1, 3, 9].contains(&depth) {
            let wrapped = Object::from_value(nested.clone()).unwrap();
            site.app.posts.lock().unwrap().push(wrapped);
        }
    }
    let page = body(&site.get("/users/alice/outbox?cursor=").await);
    assert_eq!(page["orderedItems"], json!([]));
}

/// The key of another server's person, listed by a document of an unblocked one, opens nothing.
#[tokio::test]
async fn a_signature_for_another_host_opens_nothing() {
    let world = World::default();
    let site = secure(&world, "site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let request = Request::get("https://else.test/users/alice").header("accept", "application/activity+json");
    let mut request = cavage(request.body(Bytes::new()).unwrap(), site.federation.now())
        .sign(&*bob.key as &dyn Signer)
        .unwrap();
    *request.uri_mut() = "/users/alice".parse().unwrap();
    let answer = site.federation.handle(request).await.unwrap();
    assert_eq!(answer.status(), 401);
}
