use crate::world::*;
use federate_fetch::FetchErrorKind;
use federate_http::{HttpErrorKind, Phase};
use federate_protocol::{Blocks, FetchRules};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn an_actor_is_fetched_once_while_it_is_fresh() {
    let (world, fetcher) = fetcher();
    for seconds in [0, 1, DAY - 1] {
        assert_eq!(
            fetcher.actor(&iri(ALICE), at(seconds)).await.unwrap().id(),
            &iri(ALICE)
        );
    }
    assert_eq!(world.asked(), 1);
    fetcher.actor(&iri(ALICE), at(DAY)).await.unwrap();
    fetcher.fresh_actor(&iri(ALICE), at(DAY)).await.unwrap();
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn r16_a_thousand_at_once_cost_one_request() {
    for found in [true, false] {
        let (world, fetcher) = fetcher();
        if !found {
            world.status(ALICE, 500);
        }
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..1_000 {
            let fetcher = Arc::clone(&fetcher);
            tasks.spawn(async move { fetcher.actor(&iri(ALICE), at(0)).await.is_ok() });
        }
        let answers = tasks.join_all().await;
        assert!(answers.iter().all(|ok| *ok == found));
        assert_eq!(world.asked(), 1);
    }
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_while_and_gone_for_longer() {
    let (world, fetcher) = fetcher();
    let (missing, gone) = (iri("https://a.example/missing"), iri("https://a.example/gone"));
    world.status(gone.as_str(), 410);
    for seconds in [0, 299] {
        let error = fetcher.actor(&missing, at(seconds)).await.unwrap_err();
        assert!(error.is_permanent() && !error.is_gone());
        assert!(fetcher.actor(&gone, at(seconds)).await.unwrap_err().is_gone());
    }
    assert_eq!(world.asked(), 2);
    drop(fetcher.actor(&missing, at(300)).await.unwrap_err());
    assert!(fetcher.actor(&gone, at(300)).await.unwrap_err().is_gone());
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn an_actor_whose_server_is_away_is_given_as_it_was() {
    let (world, fetcher) = fetcher();
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    world.answer(ALICE, Answer::Fails(HttpErrorKind::Connect));
    assert_eq!(
        fetcher.actor(&iri(ALICE), at(2 * DAY)).await.unwrap().id(),
        &iri(ALICE)
    );
    assert_eq!(fetcher.known_actor(&iri(ALICE)).await.unwrap().id(), &iri(ALICE));
    world.status(ALICE, 410);
    assert!(
        fetcher
            .actor(&iri(ALICE), at(4 * DAY))
            .await
            .unwrap_err()
            .is_gone()
    );
    fetcher.forget_actor(&iri(ALICE)).await;
    assert!(fetcher.known_actor(&iri(ALICE)).await.is_none());
}

#[tokio::test]
async fn a_peer_that_is_down_is_asked_again_soon() {
    let (world, fetcher) = fetcher();
    world.answer(ALICE, Answer::Fails(HttpErrorKind::Timeout(Phase::Head)));
    let error = fetcher.actor(&iri(ALICE), at(0)).await.unwrap_err();
    assert!(!error.is_permanent() && matches!(error.kind(), FetchErrorKind::Http(_)));
    assert!(
        !fetcher
            .actor(&iri(ALICE), at(29))
            .await
            .unwrap_err()
            .is_permanent()
    );
    assert_eq!(world.asked(), 1);
    world.activity(ALICE, &alice(PEM));
    assert!(fetcher.actor(&iri(ALICE), at(30)).await.is_ok());
}

#[tokio::test]
async fn r10_a_peer_that_never_answers_ends_at_the_deadline() {
    let mut rules = FetchRules::default();
    rules.limits.deadline = Duration::from_millis(20);
    let (world, fetcher) = fetcher_with(rules);
    world.answer(ALICE, Answer::Never);
    let error = fetcher.actor(&iri(ALICE), at(0)).await.unwrap_err();
    assert!(matches!(error.kind(), FetchErrorKind::Deadline { .. }));
}

#[tokio::test]
async fn i1_an_actor_is_where_its_id_says_and_a_page_leads_to_its_document() {
    let (world, fetcher) = fetcher();
    let page = iri("https://a.example/@alice");
    world.activity(page.as_str(), &alice(PEM));
    assert!(fetcher.actor(&page, at(0)).await.is_err());
    for _ in 0..2 {
        assert_eq!(fetcher.object(&page, at(1)).await.unwrap().id(), &iri(ALICE));
    }
    assert_eq!(
        fetcher.object(&iri(ALICE), at(1)).await.unwrap().id(),
        &iri(ALICE)
    );
    assert_eq!(world.asked(), 4);
}

#[tokio::test]
async fn s30_the_blocks_of_today_hold_for_what_is_cached() {
    let (world, fetcher) = fetcher();
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    fetcher.set_blocks(blocks);
    assert!(fetcher.actor(&iri(ALICE), at(1)).await.is_err());
    assert!(fetcher.known_actor(&iri(ALICE)).await.is_none());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn a_handle_is_confirmed_once_while_it_is_fresh() {
    let (world, fetcher) = fetcher();
    let url = "https://a.example/.well-known/webfinger?resource=acct%3Aalice%40a.example";
    let jrd = json!({
        "subject": "acct:alice@a.example",
        "links": [{ "rel": "self", "type": "application/activity+json", "href": ALICE }],
    });
    for url in [
        url,
        &url.replace("%3A", ":"),
        &url.replace("%3A", ":").replace("%40", "@"),
    ] {
        world.answer(url, Answer::Page(200, "application/jrd+json", jrd.to_string()));
    }
    for handle in ["@alice@a.example", "acct:alice@A.example", "@Alice@a.example"] {
        let found = fetcher.lookup(handle, at(0)).await.unwrap();
        assert_eq!(
            (found.handle.acct().as_str(), found.actor.id()),
            ("acct:alice@a.example", &iri(ALICE))
        );
    }
    assert_eq!(world.asked(), 2);
    for bad in [
        "alice",
        "@alice@127.0.0.1",
        "alice@a.example/x",
        "alice@a.example:22",
        "alice@localhost",
        "",
    ] {
        let error = fetcher.handle(bad, at(0)).await.unwrap_err();
        assert!(error.is_permanent(), "{bad}");
    }
    assert!(
        fetcher
            .handle(&format!("{}@a.example", "x".repeat(3_000)), at(0))
            .await
            .is_err()
    );
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn s31_documents_are_asked_for_under_the_instance_actors_signature() {
    let (world, fetcher) = signing_fetcher();
    fetcher.actor(&iri(ALICE), at(0)).await.unwrap();
    let request = world.last();
    let signature = request.headers()["signature"].to_str().unwrap();
    assert!(
        signature.contains(r#"keyId="https://here.example/actor#main-key""#),
        "{signature}"
    );
    assert!(
        request.headers()["accept"]
            .to_str()
            .unwrap()
            .contains("application/activity+json")
    );
}

#[tokio::test]
async fn a_peer_on_loopback_may_speak_https() {
    let (world, fetcher) = fetcher_with(FetchRules {
        allow_http_loopback: true,
        ..FetchRules::default()
    });
    let id = "https://127.0.0.1:8443/alice";
    let jrd = json!({
        "subject": "acct:alice@127.0.0.1:8443",
        "links": [{ "rel": "self", "type": "application/activity+json", "href": id }],
    });
    let handle = federate_protocol::webfinger::Handle::parse_allowing_port("alice@127.0.0.1:8443").unwrap();
    let url = |scheme| federate_protocol::webfinger::request_url(&handle, scheme).unwrap();
    world.answer(url("http").as_str(), Answer::Fails(HttpErrorKind::Protocol));
    world.answer(
        url("https").as_str(),
        Answer::Page(200, "application/jrd+json", jrd.to_string()),
    );
    let actor =
        json!({ "id": id, "type": "Person", "preferredUsername": "alice", "inbox": format!("{id}/inbox") });
    world.activity(id, &actor);
    assert_eq!(
        fetcher.handle("@alice@127.0.0.1:8443", at(0)).await.unwrap().id(),
        &iri(id)
    );
    assert_eq!(world.asked(), 3);
}
