//! What a peer asks before it knows anybody.

use super::stage::{Stage, built};

pub(super) async fn all<G>(stage: &Stage<G>) {
    webfinger(stage).await;
    nodeinfo(stage).await;
}

async fn webfinger<G>(stage: &Stage<G>) {
    let alice = "/.well-known/webfinger?resource=acct:alice@site.test";
    let found = stage.get("GET", alice, "*/*").await;
    assert_eq!(
        (found.status, &*found.header("access-control-allow-origin")),
        (200, "*")
    );
    assert_eq!(found.json()["subject"], "acct:alice@site.test");
    let head = stage.get("HEAD", alice, "*/*").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), found.body.len().to_string());
    assert_eq!(head.header("content-type"), found.header("content-type"));
    let by_url = "/.well-known/webfinger?resource=https%3A%2F%2Fsite.test%2Fusers%2Falice";
    assert_eq!(
        stage.get("GET", by_url, "*/*").await.json()["subject"],
        "acct:alice@site.test"
    );
    let nobody = "/.well-known/webfinger?resource=acct:nobody@site.test";
    assert_eq!(stage.get("GET", nobody, "*/*").await.status, 404);
    assert_eq!(
        stage.get("GET", "/.well-known/webfinger", "*/*").await.status,
        400
    );
    let posted = stage.ask(built(stage.request("POST", alice), "{}")).await;
    assert_eq!((posted.status, &*posted.header("allow")), (405, "GET, HEAD"));
}

async fn nodeinfo<G>(stage: &Stage<G>) {
    let index = stage
        .get("GET", "/.well-known/nodeinfo", "application/json")
        .await
        .json();
    let href = index["links"][0]["href"].as_str().unwrap_or_default();
    let path = href.strip_prefix("https://site.test").unwrap_or_default();
    let nodeinfo = stage.get("GET", path, "application/json").await;
    assert_eq!(nodeinfo.status, 200, "{index}");
    assert!(nodeinfo.json()["software"]["name"].is_string());
}
