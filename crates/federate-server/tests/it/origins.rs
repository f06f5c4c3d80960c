//! Several origins in one process.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use federate_server::Found;
use federate_store::Memory;
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

use crate::world::{App, Instance, World, body};

async fn application(_: Request<Full<Bytes>>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(Bytes::from_static(b"the application")))
}

/// Two instances, each with a store and a person of its own.
async fn two(world: &World) -> [Instance; 2] {
    let mut both = Vec::new();
    for (host, name) in [("one.test", "alice"), ("two.test", "bob")] {
        let app = Arc::new(App::default());
        app.people.lock().unwrap().insert(name.into(), Found::Here(()));
        both.push(
            world
                .start(host, app, Memory::new(), |b| b.manage_followers().own_host_only())
                .await,
        );
    }
    both.try_into().unwrap_or_else(|_| panic!("there are two"))
}

#[tokio::test]
async fn s13_each_answers_for_its_own_host_and_the_application_for_all_others() {
    let world = World::default();
    let [one, two] = two(&world).await;
    let service = one
        .federation
        .layer()
        .layer(two.federation.layer().layer(service_fn(application)));
    let get = |path: &str, host: &str| {
        let request = Request::get(path)
            .header("accept", "application/activity+json")
            .header("host", host)
            .header("x-forwarded-host", "one.test");
        service.clone().oneshot(request.body(Full::default()).unwrap())
    };
    for (name, host, other) in [
        ("alice", "one.test", "two.test"),
        ("bob", "TWO.test:443", "one.test"),
    ] {
        let path = format!("/users/{name}");
        let id = format!("https://{}{path}", host.to_lowercase().trim_end_matches(":443"));
        assert_eq!(body(&get(&path, host).await.unwrap())["id"], id);
        let webfinger = format!("/.well-known/webfinger?resource={id}");
        assert_eq!(get(&webfinger, host).await.unwrap().status(), 200);
        assert_eq!(get(&webfinger, other).await.unwrap().status(), 404);
        for stranger in [other, "three.test", "one.test.evil.test"] {
            let answer = get(&path, stranger).await.unwrap();
            assert_eq!(answer.body(), "the application", "{path} at {stranger}");
        }
    }
    let http2 = Request::get("https://two.test/users/bob").version(Version::HTTP_2);
    let http2 = http2
        .header("accept", "application/activity+json")
        .body(Full::default());
    let answer = service.clone().oneshot(http2.unwrap()).await.unwrap();
    assert_eq!(body(&answer)["id"], "https://two.test/users/bob");
    let nowhere = get("/.well-known/nodeinfo", "three.test").await.unwrap();
    assert_eq!(nowhere.body(), "the application");
    assert!(nowhere.headers().get("vary").is_none());
}

#[tokio::test]
async fn s13_a_signature_made_for_the_other_host_is_refused() {
    let world = World::default();
    let [one, two] = two(&world).await;
    let peer = world.peer("peer.test", "carol", 1);
    let service = one
        .federation
        .layer()
        .layer(two.federation.layer().layer(service_fn(application)));
    let follow = |actor: &str| {
        peer.activity(1, json!({ "type": "Follow", "object": actor }))
            .to_string()
    };
    let for_one = peer.request("https://one.test/inbox", follow("https://two.test/users/bob"));
    // Sent on to the other by whoever got it.
    let mut replayed = for_one.clone();
    replayed.headers_mut().insert("host", "two.test".parse().unwrap());
    *replayed.uri_mut() = "/inbox".parse().unwrap();
    let answer = service.clone().oneshot(replayed.map(Full::new)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    // And with an authority that says the other thing than the header, it is nobody's.
    let mut split = for_one.clone();
    *split.uri_mut() = "https://two.test/inbox".parse().unwrap();
    let answer = service.clone().oneshot(split.map(Full::new)).await.unwrap();
    assert_eq!(answer.body(), "the application");
    let right = peer.request("https://two.test/inbox", follow("https://two.test/users/bob"));
    let answer = service.clone().oneshot(right.map(Full::new)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    two.step_until_idle().await;
    one.step_until_idle().await;
    assert_eq!(peer.received_types(), ["Accept"]);
}

/// Behind a proxy that asks for another host than it was asked for, documents are served as before.
#[tokio::test]
async fn one_instance_alone_answers_whatever_its_host_is_called() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let service = site.federation.layer().layer(service_fn(application));
    for host in ["127.0.0.1:3000", "upstream", "site.test"] {
        let request = Request::get("/users/alice")
            .header("accept", "application/activity+json")
            .header("host", host);
        let answer = service
            .clone()
            .oneshot(request.body(Full::default()).unwrap())
            .await
            .unwrap();
        assert_eq!(body(&answer)["id"], "https://site.test/users/alice", "{host}");
    }
}
