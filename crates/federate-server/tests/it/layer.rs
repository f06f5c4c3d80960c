//! The tower layer: what is federation's is answered, all else falls through.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::json;
use tower::{Layer, ServiceExt, service_fn};

use crate::serving::for_bob;
use crate::world::{World, body};

async fn application(request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Infallible> {
    Ok(Response::new(Bytes::from(format!(
        "the application at {}",
        request.uri().path()
    ))))
}

#[tokio::test]
async fn the_application_keeps_its_urls() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let service = site.federation.layer().layer(service_fn(application));
    let get = |path: &str, accept: &str| {
        let request = Request::get(path)
            .header("accept", accept)
            .body(Full::default())
            .unwrap();
        service.clone().oneshot(request)
    };
    let page = get("/users/alice", "text/html").await.unwrap();
    assert_eq!(page.body(), "the application at /users/alice");
    assert_eq!(page.headers()["vary"], "Accept");
    let document = get("/users/alice", "application/activity+json").await.unwrap();
    assert_eq!(body(&document)["type"], "Person");
    let missing = get("/users/nobody", "application/activity+json").await.unwrap();
    assert_eq!(missing.body(), "the application at /users/nobody");
    let other = get("/about", "application/activity+json").await.unwrap();
    assert_eq!(other.body(), "the application at /about");
    assert!(other.headers().get("vary").is_none());
    let post = Request::post("/users/alice").body(Full::default()).unwrap();
    assert_eq!(
        service.clone().oneshot(post).await.unwrap().body(),
        "the application at /users/alice"
    );
}

#[tokio::test]
async fn an_inbox_reads_no_more_than_it_may() {
    let world = World::default();
    let site = world.instance("site.test").await;
    let bob = world.peer("peer.test", "bob", 1);
    let service = site.federation.layer().layer(service_fn(application));
    let large = Request::post("/inbox")
        .body(Full::new(Bytes::from(vec![b' '; (1 << 20) + 1])))
        .unwrap();
    assert_eq!(service.clone().oneshot(large).await.unwrap().status(), 413);
    let follow = bob.activity(
        1,
        json!({ "type": "Follow", "object": "https://site.test/users/alice" }),
    );
    let signed = bob
        .request("https://site.test/inbox", follow.to_string())
        .map(Full::new);
    assert_eq!(service.clone().oneshot(signed).await.unwrap().status(), 202);
}

/// The layer copies headers only where somebody may have signed: at everything of an object.
#[tokio::test]
async fn a_reader_is_known_by_the_signature() {
    let world = World::default();
    let site = world.instance("site.test").await;
    for_bob(&site, "secret");
    let bob = world.peer("peer.test", "bob", 1);
    let service = site.federation.layer().layer(service_fn(application));
    for (path, type_) in [
        ("/posts/secret", "Note"),
        ("/posts/secret/activity", "Create"),
        ("/posts/secret/replies", "OrderedCollection"),
    ] {
        let signed = bob.signed_get(&site, path).map(Full::new);
        let mut unsigned = signed.clone();
        unsigned.headers_mut().remove("signature");
        let answer = service.clone().oneshot(signed).await.unwrap();
        assert_eq!(body(&answer)["type"], type_, "{path}");
        let answer = service.clone().oneshot(unsigned).await.unwrap();
        assert!(answer.body().starts_with(b"the application at"), "{path}");
    }
}
