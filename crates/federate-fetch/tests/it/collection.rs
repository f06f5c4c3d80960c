//! Collections of others: what is asked, when, for how long, and why it ends.

use crate::world::{Answer, World, at, fetcher, fetcher_with, iri, signing_fetcher};
use federate_fetch::{CollectionReader, FetchErrorKind};
use federate_http::HttpErrorKind;
use federate_protocol::fetch::CollectionEnd;
use federate_protocol::{Blocks, FetchRefusal, FetchRules, Limits};
use futures_util::{StreamExt as _, pin_mut};
use serde_json::{Value, json};
use std::time::Duration;

const OUTBOX: &str = "https://a.example/users/alice/outbox";

fn place(page: usize) -> String {
    format!("{OUTBOX}?page={page}")
}

fn note(number: usize) -> String {
    format!("https://a.example/notes/{number}")
}

/// A page of one note.
fn page(number: usize, next: Option<&str>) -> Value {
    json!({
        "id": place(number), "type": "OrderedCollectionPage", "partOf": OUTBOX,
        "orderedItems": [note(number)], "next": next,
    })
}

/// A collection of so many pages, the last of which names no other.
fn pages(world: &World, count: usize) {
    let whole = json!({ "id": OUTBOX, "type": "OrderedCollection", "first": place(1), "totalItems": count });
    world.activity(OUTBOX, &whole);
    for number in 1..=count {
        let next = (number < count).then(|| place(number + 1));
        world.activity(&place(number), &page(number, next.as_deref()));
    }
}

/// How many pages come to the end.
async fn count(reader: &mut CollectionReader<'_>) -> usize {
    let mut pages = 0;
    while reader.next_page().await.unwrap().is_some() {
        pages += 1;
    }
    pages
}

#[tokio::test]
async fn r6_nothing_is_asked_before_a_page_is_wanted() {
    let (world, fetcher) = fetcher();
    pages(&world, 3);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    assert_eq!(world.asked(), 0);
    let first = outbox.next_page().await.unwrap().unwrap();
    assert_eq!(first.ids().collect::<Vec<_>>(), [iri(&note(1))]);
    assert_eq!(world.asked_for(), [OUTBOX.to_owned(), place(1)]);
    outbox.next_page().await.unwrap().unwrap();
    assert_eq!(world.asked(), 3);
    assert!(outbox.end().is_none());
    assert_eq!(count(&mut outbox).await, 1);
    assert!(outbox.end().is_some_and(CollectionEnd::is_complete));
    assert_eq!(world.asked(), 4);
    let reading = outbox.reading();
    assert_eq!(
        (reading.id(), reading.claimed_total()),
        (Some(&iri(OUTBOX)), Some(3))
    );
    // No page is cached: who asks again wants to know what is new.
    assert_eq!(count(&mut fetcher.collection(&iri(OUTBOX), at(0))).await, 3);
    assert_eq!(world.asked(), 8);
}

#[tokio::test]
async fn r6_a_stream_ends_and_the_reader_says_why() {
    let (world, fetcher) = fetcher();
    pages(&world, 4);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0)).pages(3);
    let pages = outbox.stream().map(Result::unwrap).count().await;
    assert_eq!(pages, 3);
    assert!(matches!(outbox.end(), Some(CollectionEnd::PageLimit)));

    world.status(&place(2), 503);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    {
        let pages = outbox.stream();
        pin_mut!(pages);
        assert!(pages.next().await.unwrap().is_ok());
        assert!(pages.next().await.unwrap().is_err());
        assert!(pages.next().await.is_none());
    }
    let end = outbox.end();
    assert!(
        matches!(end, Some(CollectionEnd::Refused(FetchRefusal::Status(503)))),
        "{end:?}"
    );
}

#[tokio::test]
async fn r6_a_peer_that_has_always_another_page_is_read_to_the_limit() {
    let mut rules = FetchRules::default();
    rules.limits.collection_pages = 7;
    rules.limits.collection_items = 5;
    let (world, fetcher) = fetcher_with(rules);
    pages(&world, 100);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    assert_eq!(count(&mut outbox).await, 5);
    assert!(matches!(outbox.end(), Some(CollectionEnd::ItemLimit)));
    assert_eq!(world.asked(), 6);
    // Who asks for more gets no more, and who asks for less gets that.
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0)).items(6).pages(8);
    assert_eq!(count(&mut outbox).await, 5);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0)).items(2);
    assert_eq!(count(&mut outbox).await, 2);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0)).bytes(1);
    assert_eq!(count(&mut outbox).await, 0);
    assert!(matches!(outbox.end(), Some(CollectionEnd::ByteLimit)));
}

#[tokio::test]
async fn r6_loops_and_other_hosts_end_it() {
    let (world, fetcher) = fetcher();
    pages(&world, 3);
    world.answer(&place(3), Answer::To(place(2)));
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    assert_eq!(count(&mut outbox).await, 2);
    assert!(matches!(outbox.end(), Some(CollectionEnd::Loop)));
    let asked = world.asked();
    world.answer(&place(2), Answer::To("https://b.example/page".to_owned()));
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    assert_eq!(count(&mut outbox).await, 1);
    assert!(matches!(outbox.end(), Some(CollectionEnd::Foreign)));
    assert_eq!(world.asked() - asked, 3);
}

/// A collection without an end, each page of which takes this long.
fn slow(world: &World, each: Duration) {
    pages(world, 1);
    for number in 1..100 {
        world.answer(
            &place(number),
            Answer::Late(each, page(number, Some(&place(number + 1))).to_string()),
        );
    }
}

#[tokio::test(start_paused = true)]
async fn r6_one_deadline_holds_over_all_pages() {
    let (world, fetcher) = fetcher();
    let begin = tokio::time::Instant::now();
    slow(&world, Duration::from_secs(25));
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    // Two minutes: four pages, and the fifth is broken off.
    assert_eq!(count(&mut outbox).await, 4);
    assert!(matches!(outbox.end(), Some(CollectionEnd::Deadline)));
    assert_eq!(begin.elapsed(), Limits::default().collection_time);

    // Exactly as long as it may be waited for, and no longer.
    let begin = tokio::time::Instant::now();
    let mut outbox = fetcher
        .collection(&iri(OUTBOX), at(0))
        .time(Duration::from_secs(50));
    assert_eq!(count(&mut outbox).await, 2);
    assert!(matches!(outbox.end(), Some(CollectionEnd::Deadline)));
    assert_eq!(begin.elapsed(), Duration::from_secs(50));
}

#[tokio::test(start_paused = true)]
async fn r6_what_happens_between_pages_is_the_callers_time() {
    let (world, fetcher) = fetcher();
    slow(&world, Duration::from_secs(20));
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0)).pages(3);
    for _ in 0..3 {
        assert!(outbox.next_page().await.unwrap().is_some());
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    assert_eq!(outbox.reading().time_left(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn r10_one_page_has_the_deadline_of_one_fetch() {
    let (world, fetcher) = fetcher();
    let begin = tokio::time::Instant::now();
    pages(&world, 3);
    world.answer(&place(2), Answer::Never);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    assert!(outbox.next_page().await.unwrap().is_some());
    let error = outbox.next_page().await.unwrap_err();
    assert!(matches!(error.kind(), FetchErrorKind::Deadline { .. }), "{error}");
    assert_eq!(begin.elapsed(), Limits::default().deadline);
    assert!(matches!(outbox.end(), Some(CollectionEnd::Unreachable)));
    // Said once.
    assert!(outbox.next_page().await.unwrap().is_none());
}

#[tokio::test]
async fn the_pages_that_came_hold_where_a_later_one_fails() {
    let (world, fetcher) = fetcher();
    pages(&world, 3);
    for (answer, expected) in [
        (Answer::Fails(HttpErrorKind::Reset), "request failed"),
        (Answer::Page(410, "text/plain", String::new()), "gone"),
        (Answer::Page(500, "text/plain", String::new()), "refused"),
        (Answer::Page(200, "text/html", "{}".to_owned()), "refused"),
    ] {
        world.answer(&place(3), answer);
        let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
        assert!(outbox.next_page().await.unwrap().is_some());
        assert!(outbox.next_page().await.unwrap().is_some());
        let error = outbox.next_page().await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert!(outbox.next_page().await.unwrap().is_none());
    }
    // The collection itself.
    let mut missing = fetcher.collection(&iri("https://a.example/none"), at(0));
    let error = missing.next_page().await.unwrap_err();
    assert!(matches!(
        error.kind(),
        FetchErrorKind::Refused(FetchRefusal::Status(404))
    ));
}

#[tokio::test]
async fn a_host_that_is_suspended_meanwhile_is_asked_no_more() {
    let (world, fetcher) = fetcher();
    pages(&world, 3);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    assert!(outbox.next_page().await.unwrap().is_some());
    let mut blocks = Blocks::new();
    blocks.suspend("a.example").unwrap();
    fetcher.set_blocks(blocks);
    let error = outbox.next_page().await.unwrap_err();
    assert!(
        matches!(
            error.kind(),
            FetchErrorKind::Refused(FetchRefusal::NotAdmitted { .. })
        ),
        "{error}"
    );
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn requests_are_signed_and_dated_when_they_are_sent() {
    let (world, fetcher) = signing_fetcher();
    pages(&world, 2);
    let mut outbox = fetcher.collection(&iri(OUTBOX), at(0));
    let date = || world.last().headers()["date"].to_str().unwrap().to_owned();
    outbox.next_page().await.unwrap().unwrap();
    let first = date();
    assert!(world.last().headers().contains_key("signature"));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    outbox.next_page().await.unwrap().unwrap();
    assert_ne!(date(), first);
}
