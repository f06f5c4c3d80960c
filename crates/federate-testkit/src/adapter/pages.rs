//! Documents, and the application's pages at the same URLs and at others.

use http::HeaderValue;

use super::Behind;
use super::stage::{Stage, built};

const DOCUMENT: &str = "application/activity+json";

pub(super) async fn all<G>(stage: &Stage<G>) {
    an_actor_is_a_document_and_a_page(stage).await;
    the_rest_is_the_applications(stage).await;
    paths_are_not_decoded(stage).await;
}

async fn an_actor_is_a_document_and_a_page<G>(stage: &Stage<G>) {
    let document = stage.get("GET", "/users/alice", DOCUMENT).await;
    assert_eq!((document.status, &*document.header("vary")), (200, "Accept"));
    assert_eq!(document.json()["type"], "Person");
    let head = stage.get("HEAD", "/users/alice", DOCUMENT).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), document.body.len().to_string());
    let page = stage.get("GET", "/users/alice", "text/html").await;
    stage.passed(&page, "GET", &format!("{}/users/alice", stage.prefix), 0);
    assert_eq!(page.header("vary"), "Accept");
    if stage.behind == Behind::Application {
        assert!(page.header("content-type").starts_with("text/html"));
    }
    // Several lines of one header are one wish.
    let lines = stage
        .request("GET", "/users/alice")
        .header("accept", "text/html;q=0.1")
        .header("accept", DOCUMENT);
    let several = stage.ask(built(lines, "")).await;
    assert_eq!(several.json()["type"], "Person");
}

async fn the_rest_is_the_applications<G>(stage: &Stage<G>) {
    let nobody = stage.get("GET", "/users/nobody", DOCUMENT).await;
    stage.passed(&nobody, "GET", &format!("{}/users/nobody", stage.prefix), 0);
    let target = format!("{}/about?q=a%2Fb&q=%C3%A9+c", stage.prefix);
    let about = stage.get("GET", "/about?q=a%2Fb&q=%C3%A9+c", DOCUMENT).await;
    stage.passed(&about, "GET", &target, 0);
    assert_eq!(about.header("vary"), "");
    // A body of the application's is its own to read, however large; at a path of federation's too.
    for path in ["/about", "/users/alice"] {
        let body = vec![b'x'; (1 << 20) + (1 << 18)];
        let posted = stage.ask(built(stage.request("POST", path), body)).await;
        stage.passed(
            &posted,
            "POST",
            &format!("{}{path}", stage.prefix),
            (1 << 20) + (1 << 18),
        );
    }
    // What is no UTF-8 in a header is the application's to judge.
    let mut odd = built(stage.request("GET", "/about"), "");
    if let Ok(value) = HeaderValue::from_bytes(b"caf\xe9 \xff") {
        odd.headers_mut().insert("x-odd", value);
    }
    stage.passed(
        &stage.ask(odd).await,
        "GET",
        &format!("{}/about", stage.prefix),
        0,
    );
    if !stage.prefix.is_empty() {
        let outside = stage
            .ask(built(stage.request_at("GET", "/users/alice"), ""))
            .await;
        stage.passed(&outside, "GET", "/users/alice", 0);
    }
}

async fn paths_are_not_decoded<G>(stage: &Stage<G>) {
    for path in [
        "/users%2Falice",
        "/users/%61lice",
        "/users//alice",
        "/users/alice%2Finbox",
    ] {
        let answer = stage.get("GET", path, DOCUMENT).await;
        stage.passed(&answer, "GET", &format!("{}{path}", stage.prefix), 0);
    }
    let josé = stage.get("GET", "/users/jos%C3%A9", DOCUMENT).await;
    assert_eq!((josé.status, &josé.json()["type"]), (200, &"Person".into()));
}
