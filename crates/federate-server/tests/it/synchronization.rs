//! FEP-8fcf: what is said of followers, to whom the list is shown, and what is done where it differs.

use bytes::Bytes;
use federate_protocol::activitystreams::{Activity, Create, Iri, Note};
use federate_protocol::signatures::{Signer, cavage};
use federate_protocol::synchronization::{Claim, HEADER, SetDigest};
use federate_server::FollowersHere;
use federate_store::Follower;
use http::{HeaderMap, Request, Response};
use serde_json::json;
use std::sync::Arc;

use crate::world::{Instance, Peer, World, body, iri, spy, status};

async fn synchronized(world: &World, host: &str) -> Instance {
    world
        .instance_with(host, |builder| {
            builder
                .synchronize_followers()
                .manage_followers()
                .on::<Activity>(spy)
        })
        .await
}

async fn follows(site: &Instance, who: &str) {
    let host = who.split('/').nth(2).unwrap();
    let (inbox, shared) = (format!("{who}/inbox"), format!("https://{host}/inbox"));
    let follower = Follower::parse(who, &inbox, Some(&shared)).unwrap();
    site.federation
        .stores()
        .followers
        .add("alice", &follower)
        .await
        .unwrap();
}

async fn post(site: &Instance) {
    let note = site.federation.note("alice").text("hello");
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
}

fn claimed(head: &HeaderMap) -> Option<Claim> {
    Some(head.get(HEADER)?.to_str().unwrap().parse().unwrap())
}

fn digest(ids: &[&str]) -> SetDigest {
    let ids: Vec<Iri> = ids.iter().map(|id| iri(id)).collect();
    SetDigest::from_iter(&ids)
}

/// What is looked at beside the answer, until this is so.
async fn until(world: &World, sites: &[&Instance], so: impl AsyncFn() -> bool) -> bool {
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
        world.settle(sites).await;
        if so().await {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn what_goes_to_followers_says_who_they_are_there() {
    let world = World::default();
    let site = synchronized(&world, "site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let named = world.peer("named.test", "carol", 2);
    follows(&site, bob.id.as_str()).await;
    follows(&site, "https://peer.test/users/dan").await;
    follows(&site, "https://peer.test.evil.test/users/eve").await;
    post(&site).await;
    let head = bob.heads.lock().unwrap()[0].clone();
    assert_eq!(
        claimed(&head),
        Some(Claim {
            collection: iri("https://site.test/users/alice/followers"),
            url: iri("https://site.test/users/alice/followers_synchronization"),
            digest: digest(&[bob.id.as_str(), "https://peer.test/users/dan"]),
        })
    );
    let signature = head["signature"].to_str().unwrap();
    assert!(
        signature.contains("content-type collection-synchronization\""),
        "{signature}"
    );
    // Who comes and goes is in it at once.
    site.federation
        .stores()
        .followers
        .remove("alice", &bob.id)
        .await
        .unwrap();
    follows(&site, "https://peer.test/users/fay").await;
    post(&site).await;
    let head = bob.heads.lock().unwrap()[1].clone();
    let expected = digest(&["https://peer.test/users/dan", "https://peer.test/users/fay"]);
    assert_eq!(claimed(&head).unwrap().digest, expected);
    // What is for one reader says nothing of the others.
    let note = Note::builder(site.federation.uris().object("dm", 1))
        .by(&site.federation.uris().actor("alice"))
        .to(&named.id);
    site.federation.send("alice", Create::new(note)).await.unwrap();
    site.step_until_idle().await;
    assert_eq!(claimed(&named.heads.lock().unwrap()[0]), None);
}

#[tokio::test]
async fn a_server_sees_its_own_followers_and_no_others() {
    let world = World::default();
    let site = synchronized(&world, "site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let carol = world.peer("other.test", "carol", 2);
    follows(&site, bob.id.as_str()).await;
    follows(&site, "https://peer.test/users/dan").await;
    follows(&site, "https://third.test/users/eve").await;
    let path = "/users/alice/followers_synchronization";
    assert_eq!(site.get(path).await.status(), 401);
    let get = async |who: &Peer| site.federation.handle(who.signed_get(&site, path)).await.unwrap();
    let list = get(&bob).await;
    assert_eq!(list.headers()["cache-control"], "private, no-store");
    let list = body(&list);
    assert_eq!(
        list["orderedItems"],
        json!([bob.id.as_str(), "https://peer.test/users/dan"])
    );
    assert_eq!(body(&get(&carol).await)["orderedItems"], json!([]));
    let plain = world.instance("plain.test").await;
    let answer = plain.federation.handle(bob.signed_get(&plain, path)).await;
    assert!(answer.is_none());
}

/// Each list reads all followers of an actor.
#[tokio::test]
async fn r9_one_domain_asks_for_so_many_lists() {
    let world = World::default();
    let site = synchronized(&world, "site.test").await;
    let bob = world.peer("a.peer.test", "bob", 1);
    let carol = world.peer("b.peer.test", "carol", 2);
    let dan = world.peer("other.test", "dan", 0);
    let path = "/users/alice/followers_synchronization";
    let get = async |who: &Peer| site.federation.handle(who.signed_get(&site, path)).await.unwrap();
    for number in 0..60 {
        assert_eq!(get(&bob).await.status(), 200, "{number}");
    }
    for who in [&bob, &carol] {
        let refused = get(who).await;
        assert_eq!(refused.status(), 429);
        assert_eq!(refused.headers()["retry-after"], "11");
        assert_eq!(refused.headers()["cache-control"], "private, no-store");
    }
    assert_eq!(get(&dan).await.status(), 200);
    world.clock.advance(std::time::Duration::from_secs(11));
    assert_eq!(get(&carol).await.status(), 200);
}

#[tokio::test]
async fn what_differs_is_repaired_on_both_sides() {
    let world = World::default();
    let (one, other) = (
        synchronized(&world, "one.test").await,
        synchronized(&world, "other.test").await,
    );
    let stale = "https://other.test/users/alice";
    let people = &other.app.people;
    people
        .lock()
        .unwrap()
        .insert("carol".into(), federate_server::Found::Here(()));
    people
        .lock()
        .unwrap()
        .insert("dan".into(), federate_server::Found::Here(()));
    // They list alice and dan; here carol follows, dan asked, and nobody knows of alice. Nobody can sign for zoe.
    for name in ["alice", "dan", "zoe"] {
        follows(&one, &format!("https://other.test/users/{name}")).await;
    }
    let here = FollowersHere::new(vec!["carol".into()], vec!["dan".into()]);
    *other.app.following.lock().unwrap() = Some(here);
    post(&one).await;
    let gone = async || {
        !one.federation
            .stores()
            .followers
            .contains("alice", &iri(stale))
            .await
            .unwrap()
    };
    assert!(until(&world, &[&one, &other], gone).await);
    let mut seen = other.app.take_seen();
    seen.sort();
    assert_eq!(
        seen,
        [
            "Create by https://one.test/users/alice",
            "carol follows https://one.test/users/alice: false",
            "dan follows https://one.test/users/alice: true",
        ]
    );
    assert_eq!(one.app.take_seen(), ["Undo by https://other.test/users/alice"]);
    assert_eq!(one.federation.stores().followers.count("alice").await.unwrap(), 2);
    // One look in an hour.
    let before = world.net.requests.lock().unwrap().clone();
    post(&one).await;
    let looked = async || false;
    assert!(!until(&world, &[&one, &other], looked).await);
    let list = "GET https://one.test/users/alice/followers_synchronization";
    let looks = |all: &[String]| all.iter().filter(|one| *one == list).count();
    assert_eq!(looks(&before), 1);
    assert_eq!(looks(&world.net.requests.lock().unwrap()), 1);
}

/// The same with follows that the library keeps.
#[tokio::test]
async fn follows_that_the_library_keeps_are_put_right() {
    let world = World::default();
    let one = synchronized(&world, "one.test").await;
    let configure = |builder: federate_server::Builder<_>| builder.synchronize_followers().manage_following();
    let other = world.instance_with("other.test", configure).await;
    let people = &other.app.people;
    people
        .lock()
        .unwrap()
        .insert("carol".into(), federate_server::Found::Here(()));
    let them = one.federation.uris().actor("alice");
    for name in ["alice", "carol"] {
        other.federation.follow(name, &them).await.unwrap();
    }
    world.settle(&[&one, &other]).await;
    assert!(other.federation.is_following("alice", &them).await.unwrap());
    // Lost over there, without a word.
    one.federation
        .stores()
        .followers
        .remove("alice", &other.federation.uris().actor("alice"))
        .await
        .unwrap();
    post(&one).await;
    let ended = async || !other.federation.is_following("alice", &them).await.unwrap();
    assert!(until(&world, &[&one, &other], ended).await);
    assert!(other.federation.is_following("carol", &them).await.unwrap());
    assert_eq!(one.federation.stores().followers.count("alice").await.unwrap(), 1);
}

/// A person whose server lists these followers of theirs.
fn lister(world: &World, listed: &[&str]) -> Peer {
    let peer = world.peer("peer.test", "bob", 1);
    let actor = json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": peer.id.as_str(), "type": "Person", "preferredUsername": "bob",
        "inbox": "https://peer.test/users/bob/inbox", "followers": "https://peer.test/users/bob/followers",
        "publicKey": { "id": "https://peer.test/users/bob#main-key", "owner": peer.id.as_str(),
            "publicKeyPem": peer.key.public_key().to_pem() },
    });
    let list = json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": "https://peer.test/users/bob/sync",
        "type": "OrderedCollection", "orderedItems": listed });
    world.net.connect(
        "peer.test",
        Arc::new(move |request: Request<Bytes>| {
            let document = match request.uri().path() {
                "/users/bob" => Some(&actor),
                "/users/bob/sync" => Some(&list),
                _ => None,
            };
            let answer = document.map_or_else(
                || status(http::StatusCode::NOT_FOUND),
                |document| {
                    let answer = Response::builder().header("content-type", "application/activity+json");
                    answer.body(document.to_string().into()).unwrap()
                },
            );
            Box::pin(std::future::ready(Ok(answer)))
        }),
    );
    peer
}

/// A post of the peer's with the header, signed or not.
async fn send(site: &Instance, peer: &Peer, claim: &str, covers: bool) {
    let create = peer.activity(
        1,
        json!({ "type": "Create", "object": { "id": "https://peer.test/n", "type": "Note" } }),
    );
    let request = Request::post(site.federation.uris().shared_inbox().as_str())
        .header("content-type", "application/activity+json")
        .header(HEADER, claim)
        .body(create.to_string().into())
        .unwrap();
    let mut unsigned = cavage(request, site.federation.now());
    if covers {
        unsigned = unsigned.also(&HEADER.parse().unwrap());
    }
    let request = unsigned.sign(&*peer.key as &dyn Signer).unwrap();
    assert_eq!(site.federation.handle(request).await.unwrap().status(), 202);
}

#[tokio::test]
async fn i12_a_list_that_is_not_the_one_that_was_announced_changes_nothing() {
    let alice = "https://site.test/users/alice";
    let cases = [
        // Announced and listed: heeded, which shows that the others could have been.
        (
            vec![],
            vec![],
            "https://peer.test/users/bob/followers",
            true,
            true,
        ),
        (
            vec![],
            vec![alice],
            "https://peer.test/users/bob/followers",
            true,
            false,
        ),
        (
            vec!["https://site.test/users/zoe"],
            vec![],
            "https://peer.test/users/bob/followers",
            true,
            false,
        ),
        (
            vec![],
            vec![],
            "https://peer.test/users/else/followers",
            true,
            false,
        ),
        (
            vec![],
            vec![],
            "https://peer.test/users/bob/followers",
            false,
            false,
        ),
    ];
    for (announced, listed, collection, covers, heeded) in cases {
        let world = World::default();
        let site = synchronized(&world, "site.test").await;
        let bob = lister(&world, &listed);
        *site.app.following.lock().unwrap() = Some(FollowersHere::new(vec!["alice".into()], vec![]));
        let digest = digest(&announced);
        let claim = format!(
            "collectionId=\"{collection}\", url=\"https://peer.test/users/bob/sync\", digest=\"{digest}\""
        );
        send(&site, &bob, &claim, covers).await;
        let corrected = "alice follows https://peer.test/users/bob: false".to_owned();
        let repaired = async || site.app.seen.lock().unwrap().contains(&corrected);
        assert_eq!(until(&world, &[&site], repaired).await, heeded, "{claim}");
    }
}
