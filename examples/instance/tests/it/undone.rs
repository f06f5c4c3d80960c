//! What others take back: they say what it was, embed its id and its type, or write the id in place of it all.
#![expect(
    clippy::disallowed_methods,
    reason = "the instance is another process, with the clock of the machine"
)]

use std::time::SystemTime;

use bytes::Bytes;
use federate::signatures::cavage;
use federate_testkit::hostile::{Answer, Hostile, Person as Remote};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::program::{Instance, Person, id, send, until, uri};

/// The id of bob's activity with this number.
fn named(bob: &Remote, number: usize) -> String {
    format!("{}#{number}", bob.id())
}

async fn says(bob: &Remote, to: &Instance, number: usize, mut activity: Value) {
    activity["@context"] = "https://www.w3.org/ns/activitystreams".into();
    activity["id"] = named(bob, number).into();
    activity["actor"] = bob.id().into();
    let request = Request::post(format!("{}/inbox", to.base))
        .header("content-type", "application/activity+json")
        .body(Bytes::from(activity.to_string()))
        .unwrap();
    let signed = cavage(request, SystemTime::now()).sign(bob.key()).unwrap();
    assert_eq!(send(signed).await.status, StatusCode::ACCEPTED);
}

/// What of bob's alice has: whether he follows her, whether he blocks her, whether he likes and shares her post.
async fn has(alice: &Person, bob: &str, post: &str) -> [bool; 4] {
    let standing = alice.standing(bob).await;
    let status = alice.get(&format!("/api/v1/statuses/{post}")).await.ok();
    [
        standing["followed_by"] == true,
        standing["blocked_by"] == true,
        status["favourites_count"] == 1,
        status["reblogs_count"] == 1,
    ]
}

#[tokio::test]
async fn an_undo_takes_back_whatever_way_it_says_what() {
    let (server, site) = (Hostile::start().await, Instance::start());
    let bob = server.person("bob");
    server.serve(&bob);
    server.answer("/users/bob/inbox", Answer::status(202));
    let alice = site.person("alice", &[]);
    let number = alice.finds(bob.id()).await;
    let post = alice.say("a post", "public").await;
    let me = format!("{}/users/alice", site.base);
    let here = async |expected: [bool; 4]| {
        until(&format!("{expected:?}"), async || {
            (has(&alice, &number, &id(&post)).await == expected).then_some(())
        })
        .await;
    };
    let mut next = 0;
    for way in ["whole", "id and type", "id"] {
        for (at, kind, object) in [
            (2, "Like", uri(&post)),
            (3, "Announce", uri(&post)),
            (0, "Follow", me.clone()),
            (1, "Block", me.clone()),
        ] {
            next += 2;
            let (done, undone) = (next, next + 1);
            says(&bob, &site, done, json!({ "type": kind, "object": object })).await;
            let mut expected = [false; 4];
            expected[at] = true;
            here(expected).await;
            let what = match way {
                "whole" => {
                    json!({ "type": kind, "id": named(&bob, done), "actor": bob.id(), "object": object })
                }
                "id and type" => json!({ "type": kind, "id": named(&bob, done) }),
                _ => json!(named(&bob, done)),
            };
            says(&bob, &site, undone, json!({ "type": "Undo", "object": what })).await;
            here([false; 4]).await;
        }
    }
}
