//! The posts above a reply: asked for one by one, for how long, and why it ends.

use crate::world::{Answer, World, at, fetcher, fetcher_with, iri};
use federate_fetch::{Ancestors, FetchErrorKind};
use federate_http::HttpErrorKind;
use federate_protocol::activitystreams::Object;
use federate_protocol::fetch::ReplyChainEnd;
use federate_protocol::{FetchRules, Limits};
use serde_json::{Value, json};
use std::time::Duration;

fn post(number: usize) -> String {
    format!("https://{number}.example/post")
}

fn reply(number: usize, to: Option<&str>) -> Value {
    json!({ "id": post(number), "type": "Note", "inReplyTo": to })
}

fn first() -> Object {
    Object::from_value(reply(0, Some(&post(1)))).unwrap()
}

/// So many posts above the first.
fn chain(world: &World, above: usize) {
    for number in 1..=above {
        let to = (number < above).then(|| post(number + 1));
        world.activity(&post(number), &reply(number, to.as_deref()));
    }
}

async fn walk(ancestors: &mut Ancestors<'_>) -> Vec<String> {
    let mut above = Vec::new();
    while let Some(post) = ancestors.next_post().await.unwrap() {
        above.push(post.id().to_string());
    }
    above
}

#[tokio::test]
async fn r7_posts_come_one_by_one_and_out_of_the_cache() {
    let (world, fetcher) = fetcher();
    chain(&world, 3);
    let mut ancestors = fetcher.ancestors(&first(), at(0));
    assert_eq!(world.asked(), 0);
    let nearest = ancestors.next_post().await.unwrap().unwrap();
    assert_eq!((nearest.id().as_str(), world.asked()), (post(1).as_str(), 1));
    assert_eq!(walk(&mut ancestors).await, [post(2), post(3)]);
    assert!(matches!(ancestors.end(), Some(ReplyChainEnd::Root)));
    assert_eq!(walk(&mut fetcher.ancestors(&first(), at(0))).await.len(), 3);
    assert_eq!(world.asked(), 3);
}

#[tokio::test]
async fn r7_depth_and_cycles_end_it() {
    let mut rules = FetchRules::default();
    rules.limits.reply_chain = 3;
    let (world, fetcher) = fetcher_with(rules);
    chain(&world, 4);
    let mut ancestors = fetcher.ancestors(&first(), at(0)).depth(100);
    assert_eq!(walk(&mut ancestors).await.len(), 3);
    assert!(matches!(ancestors.end(), Some(ReplyChainEnd::DepthLimit)));
    assert_eq!(
        walk(&mut fetcher.ancestors(&first(), at(0)).depth(2)).await.len(),
        2
    );
    world.activity(&post(2), &reply(2, Some(&post(0))));
    let mut ancestors = fetcher.ancestors(&first(), at(700));
    assert_eq!(walk(&mut ancestors).await.len(), 2);
    assert!(matches!(ancestors.end(), Some(ReplyChainEnd::Cycle)));
}

#[tokio::test]
async fn r7_one_of_ours_is_the_applications() {
    let rules = FetchRules {
        own_origins: vec![iri("https://1.example").origin().unwrap()],
        ..FetchRules::default()
    };
    let (world, fetcher) = fetcher_with(rules);
    chain(&world, 2);
    let mut ancestors = fetcher.ancestors(&first(), at(0));
    assert_eq!(walk(&mut ancestors).await.len(), 0);
    assert!(matches!(ancestors.end(), Some(ReplyChainEnd::Ours(id)) if *id == iri(&post(1))));
    ancestors.go_on(&Object::from_value(reply(1, Some(&post(2)))).unwrap());
    assert_eq!(walk(&mut ancestors).await, [post(2)]);
    assert_eq!(world.asked_for(), [post(2)]);
}

#[tokio::test(start_paused = true)]
async fn r7_one_deadline_holds_over_all_servers() {
    let (world, fetcher) = fetcher();
    for number in 1..100 {
        let body = reply(number, Some(&post(number + 1))).to_string();
        world.answer(&post(number), Answer::Late(Duration::from_secs(25), body));
    }
    let begin = tokio::time::Instant::now();
    let mut ancestors = fetcher.ancestors(&first(), at(0));
    assert_eq!(walk(&mut ancestors).await.len(), 4);
    assert!(matches!(ancestors.end(), Some(ReplyChainEnd::Deadline)));
    assert_eq!(begin.elapsed(), Limits::default().reply_chain_time);
    // Those that came are in the cache by now and cost no time, so there is time for two more.
    let begin = tokio::time::Instant::now();
    let mut ancestors = fetcher.ancestors(&first(), at(0)).time(Duration::from_secs(50));
    assert_eq!(walk(&mut ancestors).await.len(), 6);
    assert!(matches!(ancestors.end(), Some(ReplyChainEnd::Deadline)));
    assert_eq!(begin.elapsed(), Duration::from_secs(50));
}

#[tokio::test]
async fn r7_the_posts_that_came_hold_where_the_next_cannot_be_had() {
    for (answer, end) in [
        (Answer::Page(410, "text/plain", String::new()), "Gone"),
        (
            Answer::Page(404, "text/plain", String::new()),
            "Refused(Status(404))",
        ),
        (Answer::Fails(HttpErrorKind::Reset), "Unreachable"),
    ] {
        let (world, fetcher) = fetcher();
        chain(&world, 2);
        world.answer(&post(2), answer);
        let mut ancestors = fetcher.ancestors(&first(), at(0));
        assert!(ancestors.next_post().await.unwrap().is_some());
        assert!(ancestors.next_post().await.is_err());
        assert!(ancestors.next_post().await.unwrap().is_none());
        assert_eq!(format!("{:?}", ancestors.end().unwrap()), end);
    }
    let (_, fetcher) = fetcher();
    let forbidden = Object::from_value(reply(0, Some("http://1.example/post"))).unwrap();
    let error = fetcher
        .ancestors(&forbidden, at(0))
        .next_post()
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), FetchErrorKind::Refused(_)), "{error}");
}
