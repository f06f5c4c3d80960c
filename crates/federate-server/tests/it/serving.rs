//! Objects and collections.

use federate_protocol::activitystreams::{Create, Note};
use serde_json::{Value, json};

use crate::world::{Instance, World, body};

fn posts(site: &Instance, count: u32) {
    let uris = site.federation.uris();
    for n in 0..count {
        let note = Note::builder(uris.object("post", n))
            .by(&uris.actor("alice"))
            .text(format!("post {n}"))
            .public()
            .build();
        site.app.posts.lock().unwrap().push(note.into());
    }
}

#[tokio::test]
async fn a_collection_is_read_page_by_page() {
    let world = World::default();
    let site = world.instance("site.test").await;
    posts(&site, 7);
    let whole = body(&site.get("/users/alice/outbox").await);
    assert_eq!(whole["type"], "OrderedCollection");
    assert_eq!(whole["totalItems"], 7);
    let mut at = whole["first"].as_str().map(str::to_owned);
    let (mut seen, mut pages) = (Vec::new(), 0);
    while let Some(url) = at {
        let page = body(&site.get(url.strip_prefix("https://site.test").unwrap()).await);
        assert_eq!(page["type"], "OrderedCollectionPage");
        assert_eq!(page["partOf"], whole["id"]);
        assert_eq!(page["id"], url);
        seen.extend(
            page["orderedItems"]
                .as_array()
                .unwrap()
                .iter()
                .map(|i| i["id"].clone()),
        );
        at = page["next"].as_str().map(str::to_owned);
        pages += 1;
    }
    assert_eq!((seen.len(), pages), (7, 3));
    assert_eq!(
        site.get("/users/alice/outbox?cursor=nonsense").await.status(),
        404
    );
    let featured = body(&site.get("/users/alice/featured").await);
    assert_eq!(featured["orderedItems"], json!([]));
    assert_eq!(body(&site.get("/users/alice/followers").await)["totalItems"], 0);
    assert!(
        site.get_as("/users/nobody/outbox", "application/activity+json")
            .await
            .is_none()
    );
}

#[tokio::test]
async fn an_object_and_its_create_are_served() {
    let world = World::default();
    let site = world.instance("site.test").await;
    posts(&site, 1);
    let note = body(&site.get("/posts/0").await);
    assert_eq!(note["id"], "https://site.test/posts/0");
    assert_ne!(note["@context"], Value::Null);
    let create = body(&site.get("/posts/0/activity").await);
    assert_eq!(create["id"], "https://site.test/posts/0/activity");
    assert_eq!(create["type"], "Create");
    assert_eq!(create["actor"], "https://site.test/users/alice");
    assert_eq!(create["object"]["id"], note["id"]);
    assert_eq!(
        body(&site.get("/posts/0/replies").await)["type"],
        "OrderedCollection"
    );
}

#[tokio::test]
async fn what_was_sent_is_served_without_a_table_until_it_is_retracted() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let note = site.federation.note("alice").text("hello").build();
    let id = note.id().unwrap();
    site.federation.send("alice", Create::new(note)).await.unwrap();
    let path = id.as_str().strip_prefix("https://site.test").unwrap();
    let served = body(&site.get(path).await);
    assert_eq!(served["id"], id.as_str());
    assert_ne!(served["@context"], Value::Null);
    assert_eq!(
        body(&site.get(&format!("{path}/activity")).await)["type"],
        "Create"
    );
    site.federation.retract("alice", &id).await.unwrap();
    assert_eq!(site.get(path).await.status(), 410);
}

#[tokio::test]
async fn what_was_sent_to_some_is_shown_to_nobody() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let uris = site.federation.uris();
    let note = Note::builder(uris.object("dm", 1))
        .by(&uris.actor("alice"))
        .text("psst")
        .to(&crate::world::iri("https://peer.test/users/bob"))
        .build();
    site.federation.send("alice", Create::new(note)).await.unwrap();
    assert!(
        site.get_as("/objects/dm/1", "application/activity+json")
            .await
            .is_none()
    );
    assert!(
        site.get_as("/objects/dm/1/activity", "application/activity+json")
            .await
            .is_none()
    );
}

#[tokio::test]
async fn followers_that_the_library_keeps_are_listed() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    assert_eq!(bob.post(&site, &follow).await.status(), 202);
    site.step_until_idle().await;
    assert_eq!(bob.received_types(), ["Accept"]);
    assert_eq!(body(&site.get("/users/alice/followers").await)["totalItems"], 1);
    let page = body(&site.get("/users/alice/followers?cursor=").await);
    assert_eq!(page["orderedItems"], json!([bob.id.as_str()]));
    assert_eq!(
        site.get("/users/alice/followers?cursor=made-up").await.status(),
        404
    );
}

pub(crate) fn for_bob(site: &Instance, key: &str) {
    let uris = site.federation.uris();
    let note = Note::builder(uris.object("post", key))
        .by(&uris.actor("alice"))
        .text("psst")
        .to(&crate::world::iri("https://peer.test/users/bob"))
        .build();
    site.app.posts.lock().unwrap().push(note.into());
}

/// CVE-2026-25808: what the application lists by mistake is not shown to the public.
#[tokio::test]
async fn a_collection_shows_nothing_private_to_strangers() {
    let world = World::default();
    let site = world.instance("site.test").await;
    posts(&site, 1);
    for_bob(&site, "secret");
    let page = body(&site.get("/users/alice/outbox?cursor=").await);
    assert_eq!(page["orderedItems"].as_array().unwrap().len(), 1, "{page}");
    for path in [
        "/posts/secret",
        "/posts/secret/activity",
        "/posts/secret/replies",
        "/posts/secret/likes",
    ] {
        let answer = site.get_as(path, "application/activity+json").await;
        assert!(answer.is_none(), "{path}");
    }
}

#[tokio::test]
async fn s32_what_is_for_one_reader_is_in_no_cache() {
    let world = World::default();
    let site = world.instance("site.test").await;
    posts(&site, 1);
    for_bob(&site, "secret");
    let bob = world.peer("peer.test", "bob", 1);
    let answer = site
        .federation
        .handle(bob.signed_get(&site, "/posts/secret"))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "private, no-store");
    assert_eq!(answer.headers()["vary"], "Accept, Signature, Signature-Input");
    let answer = site.get("/posts/0").await;
    assert!(!answer.headers().contains_key("cache-control"));
}

/// Nobody makes us fetch by a GET that no key could make good.
#[tokio::test]
async fn r15_a_stale_signature_on_a_get_costs_no_fetch() {
    let world = World::default();
    let site = world.instance("site.test").await;
    posts(&site, 1);
    let bob = world.peer("peer.test", "bob", 1);
    let request = bob.signed_get(&site, "/posts/0");
    world.clock.advance(std::time::Duration::from_secs(86_400));
    assert_eq!(site.federation.handle(request).await.unwrap().status(), 200);
    let mut unsigned_host = bob.signed_get(&site, "/posts/0");
    let signature = unsigned_host.headers()["signature"]
        .to_str()
        .unwrap()
        .replace("(request-target) host date", "date");
    unsigned_host
        .headers_mut()
        .insert("signature", signature.parse().unwrap());
    assert_eq!(site.federation.handle(unsigned_host).await.unwrap().status(), 200);
    assert_eq!(world.net.count(), 0);
}
