//! Between two instances: what the demo does not show.

use crate::program::{Instance, id, until, uri};
use http::StatusCode;
use serde_json::{Value, json};

#[tokio::test]
async fn a_locked_account_lets_in_whom_it_wants() {
    let (a, b) = (Instance::start(), Instance::start());
    let (alice, eve) = (a.person("alice", &[]), a.person("eve", &[]));
    let bob = b.person("bob", &["--locked"]);
    let mut numbers = Vec::new();
    for who in [&alice, &eve] {
        let bob_id = who.finds(&bob.handle()).await;
        let standing = who
            .post(&format!("/api/v1/accounts/{bob_id}/follow"), &Value::Null)
            .await
            .ok();
        assert_eq!(
            (&standing["following"], &standing["requested"]),
            (&json!(false), &json!(true))
        );
        numbers.push(bob_id);
    }
    let asking = until("both ask", async || {
        let asking = bob.get("/api/v1/follow_requests").await.ok();
        (asking.as_array().unwrap().len() == 2).then_some(asking)
    })
    .await;
    assert_eq!(bob.told("follow_request").await["type"], "follow_request");
    for who in asking.as_array().unwrap() {
        let verb = if who["username"] == "alice" {
            "authorize"
        } else {
            "reject"
        };
        bob.post(
            &format!("/api/v1/follow_requests/{}/{verb}", id(who)),
            &Value::Null,
        )
        .await
        .ok();
    }
    alice.is_following(&numbers[0]).await;
    until("eve is turned away", async || {
        (eve.standing(&numbers[1]).await["requested"] == false).then_some(())
    })
    .await;
    let post = bob.say("for followers", "private").await;
    alice.reads(&uri(&post)).await;
    assert!(eve.home().await.is_empty());
}

#[tokio::test]
async fn a_post_is_found_by_either_address_and_answered() {
    let (a, b) = (Instance::start(), Instance::start());
    let (alice, bob) = (a.person("alice", &[]), b.person("bob", &[]));
    let post = bob.say("find me", "public").await;
    for address in [&post["url"], &post["uri"]] {
        let path = format!(
            "/api/v2/search?resolve=true&type=statuses&q={}",
            address.as_str().unwrap()
        );
        assert_eq!(alice.get(&path).await.ok()["statuses"][0]["uri"], post["uri"]);
    }
    let found = alice
        .get(&format!("/api/v2/search?resolve=true&q={}/@bob", b.base))
        .await
        .ok();
    assert_eq!(found["accounts"][0]["acct"], bob.handle().trim_start_matches('@'));
    let looked = alice
        .get(&format!("/api/v1/accounts/lookup?acct={}", bob.handle()))
        .await
        .ok();
    assert_eq!(looked["id"], found["accounts"][0]["id"]);

    let copy = alice.get(&format!("/api/v2/search?q={}", uri(&post))).await.ok()["statuses"][0].clone();
    let reply = alice.reply(&id(&copy), "without a name in it").await;
    let told = bob.told("mention").await;
    assert_eq!(told["status"]["uri"], reply["uri"]);
    assert_eq!(told["status"]["in_reply_to_id"], post["id"]);
    let nobody_there = alice
        .get(&format!("/api/v2/search?resolve=true&q=@nobody@{}", &b.base[7..]))
        .await
        .ok();
    assert_eq!(nobody_there["accounts"], json!([]));
}

#[tokio::test]
async fn a_mention_reaches_somebody_who_does_not_follow() {
    let (a, b) = (Instance::start(), Instance::start());
    let (alice, bob) = (a.person("alice", &[]), b.person("bob", &[]));
    let post = alice.say(&format!("hello {}", bob.handle()), "unlisted").await;
    let told = bob.told("mention").await;
    assert_eq!(
        (&told["status"]["uri"], &told["status"]["visibility"]),
        (&post["uri"], &json!("unlisted"))
    );
    assert_eq!(told["status"]["mentions"][0]["acct"], "bob");
    assert_eq!(told["account"]["acct"], alice.handle().trim_start_matches('@'));
}

#[tokio::test]
async fn a_profile_says_something_else() {
    let (a, b) = (Instance::start(), Instance::start());
    let (alice, bob) = (a.person("alice", &[]), b.person("bob", &[]));
    let bob_id = alice.follows(&bob).await;
    let change = json!({ "display_name": "Robert", "note": "<i>new</i>", "locked": true });
    let headers = [("content-type", "application/json")];
    bob.send(
        http::Method::PATCH,
        "/api/v1/accounts/update_credentials",
        &headers,
        &change.to_string(),
    )
    .await
    .ok();
    let seen = until("the new name", async || {
        let seen = alice.get(&format!("/api/v1/accounts/{bob_id}")).await.ok();
        (seen["display_name"] == "Robert").then_some(seen)
    })
    .await;
    assert_eq!(
        (&seen["locked"], &seen["note"]),
        (&json!(true), &json!("<p>&lt;i&gt;new&lt;/i&gt;</p>"))
    );
    // The key is still the one that their posts are signed with.
    let post = bob.say("still me", "public").await;
    alice.reads(&uri(&post)).await;
}

#[tokio::test]
async fn a_block_ends_the_follow_on_the_other_side() {
    let (a, b) = (Instance::start(), Instance::start());
    let (alice, bob) = (a.person("alice", &[]), b.person("bob", &[]));
    let bob_id = alice.follows(&bob).await;
    let alice_id = bob.finds(&alice.handle()).await;
    bob.post(&format!("/api/v1/accounts/{alice_id}/block"), &Value::Null)
        .await
        .ok();
    until("the follow ends", async || {
        (alice.standing(&bob_id).await["following"] == false).then_some(())
    })
    .await;
    assert_eq!(alice.standing(&bob_id).await["blocked_by"], true);
    let again = alice
        .post(&format!("/api/v1/accounts/{bob_id}/follow"), &Value::Null)
        .await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    bob.post(&format!("/api/v1/accounts/{alice_id}/unblock"), &Value::Null)
        .await
        .ok();
    until("the block ends", async || {
        (alice.standing(&bob_id).await["blocked_by"] == false).then_some(())
    })
    .await;
    alice.follows(&bob).await;
}
