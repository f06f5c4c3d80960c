//! What is posted to an inbox.

use http::{HeaderValue, Method};

use super::stage::{Stage, built};

pub(super) async fn all<G>(stage: &Stage<G>) {
    what_is_signed_is_handled_once(stage).await;
    what_is_not_signed_is_refused(stage).await;
    the_target_is_the_one_of_the_wire(stage).await;
    headers_come_as_often_as_they_were_sent(stage).await;
    one_connection_is_good_for_many(stage).await;
    an_inbox_is_posted_to(stage).await;
}

async fn what_is_signed_is_handled_once<G>(stage: &Stage<G>) {
    for inbox in ["/inbox", "/users/alice/inbox"] {
        let like = stage.signed(inbox, stage.like());
        for _ in 0..2 {
            let answer = stage.ask(like.clone()).await;
            assert_eq!(answer.status, 202, "{}", answer.text());
        }
        assert_eq!(stage.handled().await, 1, "{inbox}");
    }
}

async fn what_is_not_signed_is_refused<G>(stage: &Stage<G>) {
    let request = stage
        .request("POST", "/inbox")
        .header("content-type", "application/activity+json");
    let answer = stage.ask(built(request, stage.like())).await;
    assert_eq!(answer.status, 401);
    assert!(answer.json()["error"].is_string(), "{}", answer.text());
    let mut another = stage.signed("/inbox", stage.like());
    *another.body_mut() = stage.like();
    assert_eq!(stage.ask(another).await.status, 401);
    assert_eq!(stage.handled().await, 0);
}

/// A mount strips its prefix, and a framework may decode: what was signed has neither.
async fn the_target_is_the_one_of_the_wire<G>(stage: &Stage<G>) {
    for target in [
        "/inbox?",
        "/inbox?a=1&a=2&b=%2F%7e",
        "/inbox?%61=%C3%A9+%20;,",
        "/users/jos%C3%A9/inbox",
    ] {
        let answer = stage.ask(stage.signed(target, stage.like())).await;
        assert_eq!(answer.status, 202, "{target}: {}", answer.text());
        assert_eq!(stage.handled().await, 1, "{target}");
    }
    // A slash in a name is a name that nobody has; decoded, it would be a path of the application's.
    let slash = stage.ask(stage.signed("/users/a%2Fb/inbox", stage.like())).await;
    assert_eq!(
        (slash.status, slash.json()["error"].as_str()),
        (404, Some("no such account here"))
    );
    // Signed for another target than the one that it came to.
    let mut moved = stage.signed("/inbox", stage.like());
    *moved.uri_mut() = stage.signed("/users/alice/inbox", stage.like()).uri().clone();
    assert_eq!(stage.ask(moved).await.status, 401);
    assert_eq!(stage.handled().await, 0);
}

async fn headers_come_as_often_as_they_were_sent<G>(stage: &Stage<G>) {
    let mut twice = stage.signed("/inbox", stage.like());
    let digest = twice.headers().get("digest").cloned();
    if let Some(digest) = digest {
        twice.headers_mut().append("digest", digest);
    }
    assert_eq!(twice.headers().get_all("digest").iter().count(), 2);
    // Whether the second was dropped, or put behind the first: it would be accepted, or be a wrong digest.
    let answer = stage.ask(twice).await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    assert!(answer.text().contains("more than once"), "{}", answer.text());
    // A header that nobody signed may hold any bytes; the signature may not.
    let bytes = HeaderValue::from_bytes(b"caf\xe9 \xff");
    for (name, status) in [("x-odd", 202), ("signature", 400)] {
        let mut odd = stage.signed("/inbox", stage.like());
        if let Ok(bytes) = &bytes {
            odd.headers_mut().insert(name, bytes.clone());
        }
        let answer = stage.ask(odd).await;
        assert_eq!(answer.status, status, "{name}: {}", answer.text());
    }
    assert_eq!(stage.handled().await, 1);
}

async fn one_connection_is_good_for_many<G>(stage: &Stage<G>) {
    let mut socket = stage.connect().await;
    for _ in 0..3 {
        assert_eq!(
            socket.ask(&stage.signed("/inbox", stage.like())).await.status,
            202
        );
        let unsigned = built(stage.request("POST", "/inbox"), "{}");
        assert_eq!(socket.ask(&unsigned).await.status, 401);
        let actor = stage
            .request("GET", "/users/alice")
            .header("accept", "application/activity+json");
        let actor = socket.ask(&built(actor, "")).await;
        assert_eq!(actor.status, 200);
        let head = built(
            stage
                .request("HEAD", "/actor")
                .header("accept", "application/activity+json"),
            "",
        );
        assert_eq!(socket.ask(&head).await.status, 200);
    }
    assert_eq!(stage.handled().await, 3);
}

async fn an_inbox_is_posted_to<G>(stage: &Stage<G>) {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE] {
        for inbox in ["/inbox", "/users/alice/inbox"] {
            let answer = stage.get(method.as_str(), inbox, "*/*").await;
            assert_eq!(
                (answer.status, &*answer.header("allow")),
                (405, "POST"),
                "{method} {inbox}"
            );
        }
    }
}
