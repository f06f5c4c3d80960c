//! What somebody typed, and where it leads.

use crate::world::*;
use federate_fetch::{FetchErrorKind, Fetcher, Resolved};
use federate_protocol::fetch::{Bond, Provenance};
use federate_protocol::{FetchRules, Limits};
use serde_json::{Value, json};
use std::sync::Arc;

const PAGE: &str = "https://a.example/@alice";
const POST: &str = "https://a.example/@alice/1";
const NOTE: &str = "https://a.example/notes/1";

fn note() -> Value {
    json!({ "id": NOTE, "type": "Note", "attributedTo": ALICE, "content": "hello" })
}

fn page(world: &World, url: &str, href: &str) {
    let html = format!(
        r#"<!doctype html><title>Alice</title><link rel="alternate" type="application/activity+json" href="{href}">"#
    );
    world.answer(url, Answer::Page(200, "text/html; charset=utf-8", html));
}

fn webfinger(world: &World, actor: &str) {
    let jrd = json!({
        "subject": "acct:alice@a.example",
        "links": [{ "rel": "self", "type": "application/activity+json", "href": actor }],
    });
    let handle = federate_protocol::webfinger::Handle::parse("alice@a.example").unwrap();
    let url = federate_protocol::webfinger::request_url(&handle, "https").unwrap();
    world.answer(
        url.as_str(),
        Answer::Page(200, "application/jrd+json", jrd.to_string()),
    );
}

fn site() -> (Arc<World>, Arc<Fetcher>) {
    let (world, fetcher) = fetcher();
    webfinger(&world, ALICE);
    page(&world, PAGE, ALICE);
    page(&world, POST, NOTE);
    world.activity(NOTE, &note());
    (world, fetcher)
}

#[tokio::test]
async fn handles_ids_and_pages_lead_to_the_same() {
    for typed in [
        "@alice@a.example",
        " acct:alice@a.example\n",
        ALICE,
        PAGE,
        &format!("{PAGE}#top"),
    ] {
        let (_, fetcher) = site();
        let Resolved::Actor { actor, handle } = fetcher.resolve(typed, at(0)).await.unwrap() else {
            panic!("{typed} is somebody");
        };
        assert_eq!(actor.id(), &iri(ALICE), "{typed}");
        let (handle, bond) = handle.unwrap();
        assert_eq!(
            (handle.acct().as_str(), bond),
            ("acct:alice@a.example", Bond::OwnName)
        );
    }
    for (typed, page) in [(NOTE, None), (POST, Some(POST.parse().unwrap()))] {
        let (world, fetcher) = site();
        let found = fetcher.resolve(typed, at(0)).await.unwrap();
        assert!(matches!(found, Resolved::Object(_)));
        assert_eq!(found.document().id(), &iri(NOTE));
        let provenance = Provenance::Fetched {
            page,
            found_at: None,
            redirects: 0,
        };
        assert_eq!(found.document().provenance(), &provenance);
        // Where a page leads is known for a while.
        let asked = world.asked();
        let again = fetcher.resolve(typed, at(1)).await.unwrap();
        assert_eq!(again.document().provenance(), &Provenance::Kept);
        assert_eq!(world.asked(), asked);
    }
}

#[tokio::test]
async fn w4_an_actor_whose_handle_is_not_confirmed_has_none() {
    let (world, fetcher) = site();
    webfinger(&world, "https://a.example/users/somebody-else");
    let Resolved::Actor { actor, handle } = fetcher.resolve(PAGE, at(0)).await.unwrap() else {
        panic!("somebody");
    };
    assert_eq!((actor.id(), handle), (&iri(ALICE), None));
}

#[tokio::test]
async fn what_is_no_document_may_be_a_page_that_leads_to_one() {
    let (_, fetcher) = site();
    let error = fetcher.object(&iri(POST), at(0)).await.unwrap_err();
    assert_eq!(error.row(), Some("I3"));
    assert!(fetcher.resolve(POST, at(0)).await.is_ok());
}

#[tokio::test]
async fn i19_a_page_of_one_host_names_nothing_of_another() {
    let (world, fetcher) = site();
    page(&world, POST, "https://b.example/notes/1");
    let error = fetcher.resolve(POST, at(0)).await.unwrap_err();
    assert_eq!((error.row(), error.is_permanent()), (Some("I19"), true));
    assert_eq!(world.asked(), 1);
    // It is not asked again for a while.
    assert!(fetcher.resolve(POST, at(299)).await.is_err());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn what_is_neither_is_not_asked_for() {
    let (world, fetcher) = site();
    for (typed, row) in [
        ("", "N10"),
        ("alice", "N10"),
        ("alice@a.example/x", "N10"),
        ("http://a.example/@alice", "N8"),
        ("ftp://a.example/@alice", "N8"),
        ("https://127.0.0.1/@alice", "N1"),
        ("https://alice@a.example/", "N6"),
        ("javascript://a.example/%0aalert(1)", "N8"),
    ] {
        let error = fetcher.resolve(typed, at(0)).await.unwrap_err();
        assert_eq!(error.row(), Some(row), "{typed}");
        assert!(error.is_permanent(), "{typed}");
    }
    let limit = Limits::default().handle;
    let typed = |len: usize| format!("https://a.example/{}", "x".repeat(len - 18));
    assert!(fetcher.resolve(&typed(limit + 1), at(0)).await.is_err());
    assert_eq!(world.asked(), 0);
    assert!(fetcher.resolve(&typed(limit), at(0)).await.is_err());
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn r1_all_answers_of_one_fetch_share_a_budget() {
    let document = note().to_string().len();
    let site = |fetch: usize| {
        let mut rules = FetchRules::default();
        rules.limits.fetch = fetch;
        let (world, fetcher) = fetcher_with(rules);
        page(&world, POST, NOTE);
        world.activity(NOTE, &note());
        fetcher
    };
    let html = r#"<!doctype html><title>Alice</title><link rel="alternate" type="application/activity+json" href="">"#.len()
        + NOTE.len();
    assert!(site(html + document).resolve(POST, at(0)).await.is_ok());
    let error = site(html + document - 1).resolve(POST, at(0)).await.unwrap_err();
    assert!(matches!(error.kind(), FetchErrorKind::Http(_)));
    assert_eq!(error.row(), Some("R1"));
}
