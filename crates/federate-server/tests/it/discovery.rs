//! WebFinger, host-meta, NodeInfo and actor documents, as peers read them.

use bytes::Bytes;
use federate_server::Found;
use http::Request;
use serde_json::json;

use crate::world::{World, body};

#[tokio::test]
async fn webfinger_finds_people_by_handle_id_and_page() {
    let world = World::default();
    let site = world.instance("site.test").await;
    for resource in [
        "acct:alice@site.test",
        "acct%3Aalice%40SITE.test",
        "https://site.test/users/alice",
        "https%3A%2F%2Fsite.test%2F%40alice",
    ] {
        let response = site
            .get_as(
                &format!("/.well-known/webfinger?resource={resource}"),
                "application/jrd+json",
            )
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{resource}");
        assert_eq!(response.headers()["content-type"], "application/jrd+json");
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        let jrd = body(&response);
        assert_eq!(jrd["subject"], "acct:alice@site.test");
        let links = jrd["links"].as_array().unwrap();
        let actor = links.iter().find(|l| l["rel"] == "self").unwrap();
        assert_eq!(actor["type"], "application/activity+json");
        assert_eq!(actor["href"], "https://site.test/users/alice");
    }
}

/// Servers that verify our signed look-ups ask who signs them, some by handle.
#[tokio::test]
async fn the_instance_actor_is_found_by_the_handle_that_it_gives() {
    let world = World::default();
    for host in ["site.test", "localhost:4443", "127.0.0.1:4443"] {
        let site = world
            .instance_with(host, |builder| builder.dangerous().allow_loopback())
            .await;
        let actor = site.federation.uris().instance_actor();
        let document = body(&site.get("/actor").await);
        assert_eq!(document["id"], actor.as_str());
        let handle = format!("acct:{}@{host}", document["preferredUsername"].as_str().unwrap());
        for resource in [handle.as_str(), actor.as_str()] {
            let path = format!("/.well-known/webfinger?resource={resource}");
            let response = site.get_as(&path, "application/jrd+json").await.unwrap();
            assert_eq!(response.status(), 200, "{resource}");
            let jrd = body(&response);
            assert_eq!(jrd["subject"], handle);
            assert!(
                jrd["links"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|l| l["href"] == actor.as_str())
            );
        }
    }
}

#[tokio::test]
async fn webfinger_says_no_in_json() {
    let world = World::default();
    let site = world.instance("site.test").await;
    site.app.people.lock().unwrap().insert("gone".into(), Found::Gone);
    for (query, status) in [
        ("", 400),
        ("?resource=", 400),
        ("?resource=nonsense", 400),
        ("?resource=acct:nobody@site.test", 404),
        ("?resource=acct:alice@other.test", 404),
        ("?resource=https://other.test/users/alice", 404),
        ("?resource=acct:gone@site.test", 410),
    ] {
        let response = site
            .get_as(&format!("/.well-known/webfinger{query}"), "*/*")
            .await
            .unwrap();
        assert_eq!(response.status(), status, "{query}");
        assert!(body(&response)["error"].is_string());
    }
    let post = Request::post("/.well-known/webfinger?resource=acct:alice@site.test")
        .body(Bytes::new())
        .unwrap();
    assert_eq!(site.federation.handle(post).await.unwrap().status(), 405);
}

#[tokio::test]
async fn nodeinfo_says_what_runs_here() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| b.software("testware", "1.2.3"))
        .await;
    let index = body(
        &site
            .get_as("/.well-known/nodeinfo", "application/json")
            .await
            .unwrap(),
    );
    let links = index["links"].as_array().unwrap();
    for version in ["2.0", "2.1"] {
        let rel = format!("http://nodeinfo.diaspora.software/ns/schema/{version}");
        let href = links.iter().find(|l| l["rel"] == rel).unwrap()["href"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = href.strip_prefix("https://site.test").unwrap();
        let response = site.get_as(path, "application/json").await.unwrap();
        assert!(
            response.headers()["content-type"]
                .to_str()
                .unwrap()
                .contains(version)
        );
        let info = body(&response);
        assert_eq!(info["version"], version);
        assert_eq!(info["software"]["name"], "testware");
        assert_eq!(info["software"]["version"], "1.2.3");
        assert_eq!(info["protocols"], json!(["activitypub"]));
        assert_eq!(info["usage"]["users"]["total"], 2);
        assert_eq!(info["usage"]["localPosts"], 7);
        assert_eq!(info["openRegistrations"], false);
    }
    let xml = site.get_as("/.well-known/host-meta", "*/*").await.unwrap();
    assert!(
        String::from_utf8_lossy(xml.body())
            .contains("https://site.test/.well-known/webfinger?resource={uri}")
    );
    let json = site.get_as("/.well-known/host-meta.json", "*/*").await.unwrap();
    assert!(body(&json)["links"].is_array());
}

#[tokio::test]
async fn an_actor_is_as_mastodon_reads_it() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let response = site.get("/users/alice").await;
    assert_eq!(response.headers()["content-type"], "application/activity+json");
    assert_eq!(response.headers()["vary"], "Accept");
    let actor = body(&response);
    let id = "https://site.test/users/alice";
    assert!(
        actor["@context"]
            .as_array()
            .unwrap()
            .contains(&json!("https://w3id.org/security/v1"))
    );
    assert_eq!(actor["id"], id);
    assert_eq!(actor["type"], "Person");
    assert_eq!(actor["preferredUsername"], "alice");
    assert_eq!(actor["name"], "Some Body");
    assert_eq!(actor["url"], "https://site.test/@alice");
    for part in ["inbox", "outbox", "followers", "following", "featured"] {
        assert_eq!(actor[part], format!("{id}/{part}"));
    }
    assert_eq!(actor["endpoints"]["sharedInbox"], "https://site.test/inbox");
    assert_eq!(actor["publicKey"]["id"], format!("{id}#main-key"));
    assert_eq!(actor["publicKey"]["owner"], id);
    assert!(
        actor["publicKey"]["publicKeyPem"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN PUBLIC KEY-----")
    );
    assert_eq!(actor["manuallyApprovesFollowers"], false);
    assert_eq!(actor["icon"]["type"], "Image");
    assert_eq!(actor["attachment"][0]["type"], "PropertyValue");
    assert_eq!(actor["published"], "2026-01-01T00:00:00Z");
    // The key stays the same.
    assert_eq!(
        body(&site.get("/users/alice").await)["publicKey"],
        actor["publicKey"]
    );
}

#[tokio::test]
async fn the_instance_has_an_actor_of_its_own() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let actor = body(&site.get("/actor").await);
    assert_eq!(actor["type"], "Application");
    assert_eq!(actor["preferredUsername"], "site.test");
    assert_eq!(actor["publicKey"]["id"], "https://site.test/actor#main-key");
    let jrd = body(
        &site
            .get_as("/.well-known/webfinger?resource=acct:site.test@site.test", "*/*")
            .await
            .unwrap(),
    );
    assert_eq!(
        jrd["links"]
            .as_array()
            .unwrap()
            .iter()
            .find(|l| l["rel"] == "self")
            .unwrap()["href"],
        "https://site.test/actor"
    );
    assert_eq!(body(&site.get("/actor/outbox").await)["orderedItems"], json!([]));
}

#[tokio::test]
async fn what_is_gone_stays_gone() {
    let world = World::default();
    let site = world.instance("site.test").await;
    site.app.people.lock().unwrap().insert("gone".into(), Found::Gone);
    for path in ["/users/gone", "/posts/gone"] {
        let response = site.get(path).await;
        assert_eq!(response.status(), 410, "{path}");
        assert_eq!(body(&response)["type"], "Tombstone");
    }
    assert!(
        site.get_as("/users/nobody", "application/activity+json")
            .await
            .is_none()
    );
    assert!(site.get_as("/users/alice", "text/html").await.is_none());
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let full = site.get("/users/alice").await;
    let request = Request::head("/users/alice")
        .header("accept", "application/activity+json")
        .body(Bytes::new());
    let head = site.federation.handle(request.unwrap()).await.unwrap();
    assert_eq!(head.status(), 200);
    assert!(head.body().is_empty());
    assert_eq!(
        head.headers()["content-length"],
        full.body().len().to_string().as_str()
    );
}

#[tokio::test]
async fn w4_a_handle_that_nobody_confirmed_is_not_believed() {
    let world = World::default();
    let site = world.instance("site.test").await;
    // FEP-2c59 lets an actor name its handle; WebFinger of that host is what makes it true.
    let id = "https://evil.test/users/eve";
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Person",
        "preferredUsername": "eve", "webfinger": "victim@bank.test", "inbox": format!("{id}/inbox"),
    });
    world.net.connect(
        "evil.test",
        std::sync::Arc::new(move |_| {
            let mut answer = http::Response::new(Bytes::from(document.to_string()));
            answer
                .headers_mut()
                .insert("content-type", "application/activity+json".parse().unwrap());
            Box::pin(std::future::ready(Ok(answer)))
        }),
    );
    let eve = site.federation.remote_actor(&id.parse().unwrap()).await.unwrap();
    assert_eq!(eve.handle, "@eve@evil.test");
}
