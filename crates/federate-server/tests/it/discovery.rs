//! WebFinger, host-meta, NodeInfo and actor documents, as peers read them.

use bytes::Bytes;
use federate_protocol::webfinger::{Interaction, Jrd};
use federate_server::Found;
use http::Request;
use serde_json::json;

use crate::world::{World, body, shared};

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
    assert_eq!(links.len(), 4);
    for version in ["2.0", "2.1", "2.2"] {
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
    // FEP-2677: the link to the instance's own actor, which is readable without a signature.
    let rel = "https://www.w3.org/ns/activitystreams#Application";
    let href = links.iter().find(|l| l["rel"] == rel).unwrap()["href"]
        .as_str()
        .unwrap();
    let actor = body(&site.get(href.strip_prefix("https://site.test").unwrap()).await);
    assert_eq!(
        (&actor["id"], &actor["type"]),
        (&json!(href), &json!("Application"))
    );
    let xml = site.get_as("/.well-known/host-meta", "*/*").await.unwrap();
    assert!(
        String::from_utf8_lossy(xml.body())
            .contains("https://site.test/.well-known/webfinger?resource={uri}")
    );
    assert_eq!(
        xml.headers()["content-type"],
        "application/xrd+xml; charset=utf-8"
    );
    for (path, accept) in [
        ("/.well-known/host-meta.json", "*/*"),
        ("/.well-known/host-meta", "application/json"),
    ] {
        let json = site.get_as(path, accept).await.unwrap();
        assert_eq!(json.headers()["content-type"], "application/json");
        assert_eq!(
            body(&json)["links"][0]["template"],
            "https://site.test/.well-known/webfinger?resource={uri}"
        );
    }
}

/// The program says what NodeInfo has room for, and what is served keeps to the published schemas.
#[tokio::test]
async fn fep_f1d5_the_schemas_validate_what_is_served() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.software("testware", "1.2.3").nodeinfo(|info| {
                let mut info = info.named("A site\nof tests", "About tests");
                info.repository = Some("https://example.org/source".into());
                info.protocols.push("unheard-of".into());
                info.metadata.insert("chat".into(), json!(true));
                info
            })
        })
        .await;
    let mut served = Vec::new();
    for version in ["2.0", "2.1", "2.2"] {
        let response = site
            .get_as(&format!("/nodeinfo/{version}"), "application/json")
            .await
            .unwrap();
        let info = body(&response);
        assert_eq!(info["metadata"]["nodeName"], "A site\nof tests");
        assert_eq!(info["metadata"]["chat"], true);
        assert_eq!(info["software"]["name"], "testware");
        assert_eq!(info["software"].get("repository").is_some(), version != "2.0");
        served.push((version, info));
    }
    assert_eq!(
        served[2].1["instance"],
        json!({"name": "A site of tests", "description": "About tests"})
    );
    let Some(folder) = shared("vectors/nodeinfo/schemas") else {
        return;
    };
    for (version, info) in served {
        let file = folder.join(version).join("schema.json");
        let mut schema: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        // Resolved against the file, an id that ends in an empty fragment is another resource.
        schema.as_object_mut().unwrap().remove("id");
        let (mut schemas, mut compiler) = (boon::Schemas::new(), boon::Compiler::new());
        compiler.set_default_draft(boon::Draft::V4);
        compiler.add_resource("https://schema.test/", schema).unwrap();
        let schema = compiler.compile("https://schema.test/", &mut schemas).unwrap();
        if let Err(error) = schemas.validate(&info, schema) {
            panic!("{version}: {error}\n{info}");
        }
    }
}

/// FEP-d556: who asks about the root of a server is told of its own actor.
#[tokio::test]
async fn fep_d556_the_root_leads_to_the_instance_actor() {
    let world = World::default();
    let site = world.instance("site.test").await;
    for root in ["https://site.test", "https://site.test/"] {
        let path = format!("/.well-known/webfinger?resource={root}");
        let answer = site.get_as(&path, "application/jrd+json").await.unwrap();
        let jrd = Jrd::parse(answer.body()).unwrap();
        assert_eq!(jrd.subject, root);
        assert_eq!(jrd.server_actor_link(), Some("https://site.test/actor"));
        assert_eq!(jrd.actor_link(), Some("https://site.test/actor"));
        assert!(jrd.aliases.contains(&"acct:site.test@site.test".to_owned()));
        let only = format!("{path}&rel=https://www.w3.org/ns/activitystreams%23Service&rel=x");
        let answer = site.get_as(&only, "application/jrd+json").await.unwrap();
        assert_eq!(Jrd::parse(answer.body()).unwrap().links.len(), 1);
    }
}

/// FEP-3b86 and OStatus: other servers send their visitors where the application says.
#[tokio::test]
async fn fep_3b86_visitors_are_sent_home() {
    let world = World::default();
    let site = world
        .instance_with("site.test", |b| {
            b.paths(|p| {
                p.subscribe("/interact?uri={uri}")
                    .intent("Like", "/intents/like?id={object}&then={on-success}")
            })
        })
        .await;
    let path = "/.well-known/webfinger?resource=acct:alice@site.test";
    let answer = site.get_as(path, "application/jrd+json").await.unwrap();
    let alice = Jrd::parse(answer.body()).unwrap();
    for (wanted, url) in [
        (
            Interaction::like("https://there.test/1?a&b"),
            "https://site.test/intents/like?id=https%3A%2F%2Fthere.test%2F1%3Fa%26b&then=",
        ),
        (
            Interaction::reply("https://there.test/1"),
            "https://site.test/interact?uri=https%3A%2F%2Fthere.test%2F1",
        ),
    ] {
        assert_eq!(wanted.url(&alice).unwrap().as_str(), url);
    }
    // Nobody is told of pages that the application does not have.
    let plain = world.instance("plain.test").await;
    let path = "/.well-known/webfinger?resource=acct:alice@plain.test";
    let answer = plain.get_as(path, "application/jrd+json").await.unwrap();
    let jrd = Jrd::parse(answer.body()).unwrap();
    assert!(jrd.links.iter().all(|link| link.template.is_none()));
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
