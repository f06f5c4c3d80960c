//! Collections beside the outbox: what hangs below an object, what is pinned, what is hidden.

use bytes::Bytes;
use federate_protocol::activitystreams::{Create, Object};
use federate_server::{Collection, Item, ObjectRef, Page};
use http::Request;
use serde_json::{Value, json};

use crate::world::{Instance, World, body};

fn item(value: Value) -> Item {
    Item::object(Object::from_value(value).unwrap())
}

fn page(items: Vec<Value>) -> Page {
    let items = items.into_iter().map(item);
    Page::from_iter(items).total(1)
}

fn list(site: &Instance, of: Collection, page: Page) {
    site.app.pages.lock().unwrap().push((of, page));
}

async fn post(site: &Instance) -> String {
    let note = site.federation.note("alice").text("hello").build();
    let id = note.id().unwrap();
    site.federation.send("alice", Create::new(note)).await.unwrap();
    id.as_str().strip_prefix("https://site.test").unwrap().to_owned()
}

#[tokio::test]
async fn what_announces_an_object_is_listed() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let path = post(&site).await;
    let key = path.rsplit('/').next().unwrap();
    let uris = site.federation.uris();
    assert_eq!(
        uris.shares("note", key).as_str(),
        format!("https://site.test{path}/shares")
    );
    assert_eq!(
        uris.likes("note", key).as_str(),
        format!("https://site.test{path}/likes")
    );
    let announce =
        json!({ "id": "https://peer.test/1", "type": "Announce", "actor": "https://peer.test/users/bob" });
    list(
        &site,
        Collection::Shares(ObjectRef::new("note", key)),
        page(vec![announce.clone()]),
    );
    let whole = body(&site.get(&format!("{path}/shares")).await);
    assert_eq!(
        (&whole["totalItems"], &whole["type"]),
        (&json!(1), &json!("OrderedCollection"))
    );
    let first = whole["first"]
        .as_str()
        .unwrap()
        .strip_prefix("https://site.test")
        .unwrap()
        .to_owned();
    assert_eq!(body(&site.get(&first).await)["orderedItems"], json!([announce]));
    assert!(
        site.get_as("/objects/note/none/shares", "application/activity+json")
            .await
            .is_none()
    );
}

#[tokio::test]
async fn announcements_that_the_library_keeps_are_listed() {
    let world = World::default();
    let site = world
        .instance_with("site.test", federate_server::Builder::manage_reactions)
        .await;
    let path = post(&site).await;
    let bob = world.peer("peer.test", "bob", 1);
    let rest = json!({ "type": "Announce", "object": format!("https://site.test{path}") });
    let announce = bob.activity(1, rest);
    assert_eq!(bob.post(&site, &announce).await.status(), 202);
    site.step_until_idle().await;
    let shares = body(&site.get(&format!("{path}/shares?cursor=")).await);
    assert_eq!(shares["orderedItems"], json!([announce["id"]]));
    assert_eq!(shares["totalItems"], 1);
}

#[tokio::test]
async fn pinned_hashtags_stand_in_one_document() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let tag = json!({ "type": "Hashtag", "name": "#boats", "href": "https://site.test/tags/boats" });
    list(
        &site,
        Collection::FeaturedTags("alice".into()),
        page(vec![tag.clone()]),
    );
    let id = site.federation.uris().featured_tags("alice");
    let whole = body(
        &site
            .get(id.as_str().strip_prefix("https://site.test").unwrap())
            .await,
    );
    assert_eq!(
        (&whole["id"], &whole["orderedItems"]),
        (&json!(id.as_str()), &json!([tag]))
    );
    assert_eq!(whole["first"], Value::Null);
}

#[tokio::test]
async fn a_hidden_collection_tells_its_size_at_most() {
    let world = World::default();
    for manages in [true, false] {
        let site = world
            .instance_with("site.test", |builder| match manages {
                true => builder.manage_followers(),
                false => builder,
            })
            .await;
        let bob = world.peer("peer.test", "bob", 1);
        if manages {
            let follow = bob.activity(
                1,
                json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
            );
            bob.post(&site, &follow).await;
            site.step_until_idle().await;
        }
        let hidden = Page::from_iter([Item::Id(bob.id.clone())]).total(1).hidden();
        list(&site, Collection::Followers("alice".into()), hidden);
        let whole = body(&site.get("/users/alice/followers").await);
        assert_eq!(whole["totalItems"], 1);
        assert!(
            whole.get("first").is_none() && whole.get("orderedItems").is_none(),
            "{whole}"
        );
        assert_eq!(site.get("/users/alice/followers?cursor=").await.status(), 404);
        // Who hides the followers still reaches them.
        site.federation
            .send("alice", Create::new(site.federation.note("alice").text("hi")))
            .await
            .unwrap();
        site.step_until_idle().await;
        assert_eq!(bob.received_types().last().map(String::as_str), Some("Create"));
    }
}

#[tokio::test]
async fn head_says_what_get_would() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let path = post(&site).await;
    for path in [
        "/users/alice",
        "/users/alice/outbox",
        "/users/alice/followers?cursor=",
        &path,
        "/actor",
    ] {
        let get = site.get(path).await;
        let head = Request::head(path).header("accept", "application/activity+json");
        let head = site
            .federation
            .handle(head.body(Bytes::new()).unwrap())
            .await
            .unwrap();
        assert_eq!(head.status(), get.status(), "{path}");
        assert!(head.body().is_empty(), "{path}");
        assert_eq!(
            head.headers()["content-length"],
            get.body().len().to_string(),
            "{path}"
        );
        for name in ["content-type", "vary"] {
            assert_eq!(head.headers()[name], get.headers()[name], "{path}");
        }
    }
}
