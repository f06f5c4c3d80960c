//! What is not for everybody is shown to nobody else: not by the API, not on a page, not as a document, not in a list.

use crate::program::{Instance, Person, id, until, uri};
use http::StatusCode;
use serde_json::{Value, json};

const ACTIVITY: &str = "application/activity+json";

async fn is_hidden_from(reader: &Person, author: &str, post: &Value, word: &str) {
    let id = id(post);
    let me = reader
        .get(&format!("/api/v1/accounts/lookup?acct={author}"))
        .await
        .ok()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        format!("/api/v1/statuses/{id}"),
        format!("/api/v1/statuses/{id}/context"),
    ] {
        assert_eq!(reader.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let mut places = vec![
        format!("/api/v1/accounts/{me}/statuses"),
        "/api/v1/timelines/public".into(),
        "/api/v1/timelines/tag/secret".into(),
        format!("/users/{author}/outbox?cursor="),
        format!("/users/{author}/outbox"),
        format!("/@{author}"),
        "/".into(),
        format!("/@{author}/{id}"),
        format!("/users/{author}/statuses/{id}"),
        format!("/users/{author}/statuses/{id}/activity"),
    ];
    if reader.token.is_some() {
        places.push("/api/v1/timelines/home".into());
        places.push("/api/v1/notifications".into());
        places.push(format!("/api/v2/search?resolve=true&q={}", uri(post)));
        for verb in ["favourite", "reblog"] {
            let answer = reader
                .post(&format!("/api/v1/statuses/{id}/{verb}"), &Value::Null)
                .await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
        }
        let reply = reader
            .post(
                "/api/v1/statuses",
                &json!({ "status": "x", "in_reply_to_id": id }),
            )
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
    }
    for place in places {
        for accept in ["text/html", ACTIVITY, "application/json"] {
            let answer = reader.get_as(&place, accept).await;
            assert!(
                !answer.text().contains(word),
                "{place} as {accept}: {}",
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn private_and_direct_posts_on_one_instance() {
    let instance = Instance::start();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| instance.person(name, &[]));
    bob.follows(&alice).await;
    let private = alice.say("only followers: wombat #secret", "private").await;
    let direct = alice.say("@carol only you: wombat #secret", "direct").await;

    assert_eq!(bob.reads(&uri(&private)).await["visibility"], "private");
    assert_eq!(carol.told("mention").await["status"]["id"], direct["id"]);
    // They may read one of the two, and not the other.
    for (reader, post) in [(&carol, &private), (&bob, &direct)] {
        let answer = reader.get(&format!("/api/v1/statuses/{}", id(post))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    let reblog = bob
        .post(&format!("/api/v1/statuses/{}/reblog", id(&private)), &Value::Null)
        .await;
    assert_eq!(reblog.status, StatusCode::FORBIDDEN);
    let stranger = instance.person("dave", &[]);
    for reader in [&instance.nobody(), &stranger] {
        is_hidden_from(reader, "alice", &private, "wombat").await;
        is_hidden_from(reader, "alice", &direct, "wombat").await;
    }
}

#[tokio::test]
async fn private_and_direct_posts_between_two() {
    let (a, b) = (Instance::start(), Instance::start());
    let (alice, bob, carol) = (
        a.person("alice", &[]),
        b.person("bob", &[]),
        b.person("carol", &[]),
    );
    bob.follows(&alice).await;
    let private = alice.say("only followers: wombat", "private").await;
    let direct = alice
        .say(&format!("{} only you: walrus", carol.handle()), "direct")
        .await;

    let copy = bob.reads(&uri(&private)).await;
    assert_eq!(copy["visibility"], "private");
    let told = carol.told("mention").await;
    assert_eq!(
        (&told["status"]["uri"], &told["status"]["visibility"]),
        (&direct["uri"], &json!("direct"))
    );
    for (reader, post) in [
        (&carol, &copy),
        (&bob, &told["status"]),
        (&b.nobody(), &copy),
        (&b.nobody(), &told["status"]),
    ] {
        let answer = reader.get(&format!("/api/v1/statuses/{}", id(post))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    for at in [&private, &direct] {
        let answer = a
            .nobody()
            .get_as(uri(at).strip_prefix(&a.base).unwrap(), ACTIVITY)
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    // The end of a private post reaches those who had it.
    alice
        .delete(&format!("/api/v1/statuses/{}", id(&private)))
        .await
        .ok();
    until("the private post is gone", async || {
        let answer = bob.get(&format!("/api/v1/statuses/{}", id(&copy))).await;
        (answer.status == StatusCode::NOT_FOUND).then_some(())
    })
    .await;
}
