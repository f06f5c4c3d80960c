//! A handler of axum that knows its answers beforehand: those of ours, to the byte.

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use federate_server::Actors;
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, HOST, HeaderName, VARY, X_CONTENT_TYPE_OPTIONS,
};

use super::ours;
use crate::alice;

type Headers = [(HeaderName, &'static str); 3];

const JRD: Headers = [
    (CONTENT_TYPE, "application/jrd+json"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
];
const ACTOR: Headers = [
    (CONTENT_TYPE, "application/activity+json"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (VARY, "Accept"),
];

pub async fn app() -> Router {
    let jrd = answer(
        &format!("/.well-known/webfinger?resource=acct:alice@{}", alice::HOST),
        &JRD,
    )
    .await;
    let actor = answer("/users/alice", &ACTOR).await;
    Router::new()
        .route(
            "/.well-known/webfinger",
            get(move || std::future::ready((JRD, jrd.clone()))),
        )
        .route(
            "/users/alice",
            get(move || std::future::ready((ACTOR, actor.clone()))),
        )
}

async fn answer(target: &str, headers: &Headers) -> Bytes {
    let (federation, _) = ours::federation(Actors::new([alice::profile()])).await;
    let request = http::Request::get(target)
        .header(HOST, alice::HOST)
        .header(ACCEPT, "application/activity+json")
        .body(Bytes::new())
        .unwrap();
    let answer = federation.handle(request).await.unwrap();
    assert_eq!(answer.headers().len(), headers.len());
    for (name, value) in headers {
        assert_eq!(answer.headers()[name], value, "{target}");
    }
    answer.into_body()
}
