//! What servers say that they are: asked how often, and remembered for how long.

use crate::world::{Answer, World, at, fetcher, fetcher_with, iri, signing_fetcher};
use federate_fetch::FetchErrorKind;
use federate_http::HttpErrorKind;
use federate_protocol::{Blocks, FetchRefusal, FetchRules};
use serde_json::json;
use std::sync::Arc;

const INDEX: &str = "https://a.example/.well-known/nodeinfo";
const DOCUMENT: &str = "https://a.example/nodeinfo/2.1";
const DAY: u64 = 24 * 3600;

fn serve(world: &World, origin: &str, software: &str) {
    let rel = "http://nodeinfo.diaspora.software/ns/schema/2.1";
    let index = json!({ "links": [{ "rel": rel, "href": format!("{origin}/nodeinfo/2.1") }] });
    let info =
        json!({ "software": { "name": software, "version": "1" }, "usage": { "users": { "total": -1 } } });
    for (path, body) in [("/.well-known/nodeinfo", index), ("/nodeinfo/2.1", info)] {
        world.answer(
            &format!("{origin}{path}"),
            Answer::Page(200, "application/json", body.to_string()),
        );
    }
}

#[tokio::test]
async fn w6_a_server_is_asked_once_a_day() {
    let (world, fetcher) = fetcher();
    serve(&world, "https://a.example", "mastodon");
    for server in [
        "https://a.example/users/alice",
        "https://A.example:443",
        "https://a.example/x#y",
    ] {
        let info = fetcher.nodeinfo(&iri(server), at(0)).await.unwrap();
        assert_eq!((info.software.as_str(), info.users_total), ("mastodon", None));
    }
    assert_eq!(world.asked_for(), [INDEX, DOCUMENT]);
    serve(&world, "https://a.example", "glitch");
    let info = fetcher
        .nodeinfo(&iri("https://a.example"), at(DAY - 1))
        .await
        .unwrap();
    assert_eq!((info.software.as_str(), world.asked()), ("mastodon", 2));
    let info = fetcher
        .nodeinfo(&iri("https://a.example"), at(DAY))
        .await
        .unwrap();
    assert_eq!((info.software.as_str(), world.asked()), ("glitch", 4));
}

#[tokio::test]
async fn w6_a_thousand_at_once_cost_one_look_up() {
    let (world, fetcher) = fetcher();
    serve(&world, "https://a.example", "mastodon");
    let tasks: Vec<_> = (0..1000)
        .map(|number| {
            let fetcher = Arc::clone(&fetcher);
            let server = iri(&format!("https://a.example/users/{number}"));
            tokio::spawn(async move { fetcher.nodeinfo(&server, at(0)).await.unwrap() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().software, "mastodon");
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn w6_what_fails_is_not_asked_again_at_once() {
    let (world, fetcher) = fetcher();
    let server = iri("https://a.example");
    let rel = "http://nodeinfo.diaspora.software/ns/schema/2.1";
    let index = json!({ "links": [{ "rel": rel, "href": "https://b.example/nodeinfo/2.1" }] });
    world.answer(INDEX, Answer::Page(200, "application/json", index.to_string()));
    let error = fetcher.nodeinfo(&server, at(0)).await.unwrap_err();
    assert!(
        matches!(error.kind(), FetchErrorKind::Refused(FetchRefusal::NoNodeInfo)),
        "{error}"
    );
    serve(&world, "https://a.example", "mastodon");
    let error = fetcher.nodeinfo(&server, at(299)).await.unwrap_err();
    assert!(
        matches!(error.kind(), FetchErrorKind::Lately { permanent: true, .. }),
        "{error}"
    );
    assert_eq!(world.asked(), 1);
    assert!(fetcher.nodeinfo(&server, at(300)).await.is_ok());
}

#[tokio::test]
async fn w6_while_a_server_is_away_it_is_what_it_was() {
    let (world, fetcher) = fetcher();
    let server = iri("https://a.example");
    world.answer(INDEX, Answer::Fails(HttpErrorKind::Reset));
    assert!(fetcher.nodeinfo(&server, at(0)).await.is_err());
    serve(&world, "https://a.example", "mastodon");
    assert!(fetcher.nodeinfo(&server, at(30)).await.is_ok());
    world.answer(INDEX, Answer::Fails(HttpErrorKind::Reset));
    let info = fetcher.nodeinfo(&server, at(2 * DAY)).await.unwrap();
    assert_eq!((info.software.as_str(), world.asked()), ("mastodon", 4));
    // It has none any more: then it is not given out.
    world.status(INDEX, 404);
    assert!(fetcher.nodeinfo(&server, at(3 * DAY)).await.is_err());
}

#[tokio::test]
async fn w6_nobody_is_asked_who_may_not_be() {
    let (world, fetcher) = fetcher();
    for none in ["http://127.0.0.1:8080/", "https://127.0.0.1/", "did:key:z6Mk"] {
        let error = fetcher.nodeinfo(&iri(none), at(0)).await.unwrap_err();
        assert!(
            matches!(
                error.kind(),
                FetchErrorKind::Refused(FetchRefusal::NotAdmitted { .. })
            ),
            "{none}"
        );
    }
    assert_eq!(world.asked(), 0);
    // What is cached of a server that is suspended today is not given out.
    serve(&world, "https://a.example", "mastodon");
    assert!(fetcher.nodeinfo(&iri("https://a.example"), at(0)).await.is_ok());
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    fetcher.set_blocks(blocks);
    assert!(fetcher.nodeinfo(&iri("https://a.example"), at(0)).await.is_err());

    let rules = FetchRules {
        allow_http_loopback: true,
        ..FetchRules::default()
    };
    let (world, fetcher) = fetcher_with(rules);
    serve(&world, "http://127.0.0.1:8080", "mastodon");
    let info = fetcher
        .nodeinfo(&iri("http://127.0.0.1:8080/users/bob"), at(0))
        .await;
    assert_eq!(info.unwrap().software, "mastodon");
}

#[tokio::test]
async fn nodeinfo_is_asked_for_without_a_signature() {
    let (world, fetcher) = signing_fetcher();
    serve(&world, "https://a.example", "mastodon");
    fetcher.nodeinfo(&iri("https://a.example"), at(0)).await.unwrap();
    let last = world.last();
    assert!(!last.headers().contains_key("signature"));
    assert_eq!(last.headers()["accept"], "application/json");
}
