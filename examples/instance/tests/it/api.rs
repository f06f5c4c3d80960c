//! Mastodon's client API on one instance.

use crate::program::{Instance, Person, id};
use http::{Method, StatusCode};
use serde_json::{Value, json};

fn pair() -> (Instance, Person, Person) {
    let instance = Instance::start();
    let (alice, bob) = (
        instance.person("alice", &["--display-name", "Alice"]),
        instance.person("bob", &[]),
    );
    (instance, alice, bob)
}

#[tokio::test]
async fn errors_have_mastodons_shapes() {
    let (instance, alice, _) = pair();
    let nobody = instance.nobody();
    let forger = Person {
        token: Some("x".into()),
        ..nobody.clone()
    };
    for who in [&nobody, &forger] {
        let answer = who.get("/api/v1/accounts/verify_credentials").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json(), json!({ "error": "The access token is invalid" }));
    }
    for path in [
        "/api/v1/statuses/1",
        "/api/v1/accounts/1",
        "/api/v1/accounts/lookup?acct=who",
        "/api/v1/nothing",
    ] {
        let answer = alice.get(path).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::NOT_FOUND, json!({ "error": "Record not found" }))
        );
    }
    let answer = alice.post("/api/v1/statuses", &json!({ "status": " " })).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(
        answer.json(),
        json!({ "error": "Validation failed: Text can't be blank" })
    );
    let answer = alice
        .send(
            Method::POST,
            "/api/v1/statuses",
            &[("content-type", "application/json")],
            "{",
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_post_is_written_read_edited_and_deleted() {
    let (instance, alice, bob) = pair();
    let words = "Hi @bob <b>&</b> #Rust https://x.example/?a=1&b=2\n\nyes";
    let post = alice.say(words, "public").await;
    let id = id(&post);
    assert_eq!(post["account"]["acct"], "alice");
    assert_eq!(post["visibility"], "public");
    assert_eq!(
        post["uri"],
        format!("{}/users/alice/statuses/{id}", instance.base)
    );
    assert_eq!(post["url"], format!("{}/@alice/{id}", instance.base));
    assert_eq!(post["mentions"][0]["acct"], "bob");
    assert_eq!(post["tags"][0]["name"], "rust");
    let content = post["content"].as_str().unwrap();
    assert!(
        content.contains("&lt;b&gt;&amp;&lt;/b&gt;") && content.ends_with("</p><p>yes</p>"),
        "{content}"
    );
    for absent in ["reblog", "poll", "card", "edited_at", "in_reply_to_id"] {
        assert_eq!(
            post.get(absent),
            Some(&Value::Null),
            "{absent} is there, and null"
        );
    }
    assert_eq!(bob.told("mention").await["status"]["id"], id);

    let path = format!("/api/v1/statuses/{id}");
    assert_eq!(
        bob.put(&path, &json!({ "status": "mine" })).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(bob.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(alice.get(&format!("{path}/source")).await.ok()["text"], words);
    let edited = alice
        .put(&path, &json!({ "status": "new", "spoiler_text": "cw" }))
        .await
        .ok();
    assert_eq!(
        (&edited["content"], &edited["spoiler_text"]),
        (&json!("<p>new</p>"), &json!("cw"))
    );
    assert!(edited["edited_at"].is_string() && edited["sensitive"] == true);
    let deleted = alice.delete(&path).await.ok();
    assert_eq!(deleted["text"], "new");
    assert_eq!(alice.get(&path).await.status, StatusCode::NOT_FOUND);
    let gone = instance
        .nobody()
        .get_as(
            &format!("/users/alice/statuses/{id}"),
            "application/activity+json",
        )
        .await;
    assert_eq!(
        (gone.status, gone.json()["type"].clone()),
        (StatusCode::GONE, json!("Tombstone"))
    );
}

#[tokio::test]
async fn parameters_come_as_form_multipart_or_json_and_a_key_makes_a_retry_harmless() {
    let (_instance, alice, _) = pair();
    let send = async |kind: &str, body: &str, key: &str| {
        let headers = [("content-type", kind), ("idempotency-key", key)];
        alice
            .send(Method::POST, "/api/v1/statuses", &headers, body)
            .await
            .ok()
    };
    let form = send(
        "application/x-www-form-urlencoded",
        "status=a+b&visibility=unlisted&sensitive=true",
        "1",
    )
    .await;
    assert_eq!(
        (&form["content"], &form["visibility"]),
        (&json!("<p>a b</p>"), &json!("unlisted"))
    );
    let part = "--X\r\nContent-Disposition: form-data; name=\"status\"\r\n\r\na b\r\n--X--\r\n";
    let multipart = send("multipart/form-data; boundary=X", part, "2").await;
    assert_eq!(multipart["content"], "<p>a b</p>");
    let again = send("application/json", r#"{"status":"a b"}"#, "2").await;
    assert_eq!(again["id"], multipart["id"]);
    let other = send("application/json", r#"{"status":"a b"}"#, "3").await;
    assert_ne!(other["id"], multipart["id"]);
}

#[tokio::test]
async fn lists_go_on_by_their_link_header() {
    let (_instance, alice, _) = pair();
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.insert(0, id(&alice.say(&format!("post {n}"), "public").await));
    }
    let me = id(&alice.get("/api/v1/accounts/verify_credentials").await.ok());
    for list in [
        "/api/v1/timelines/home".to_owned(),
        "/api/v1/timelines/public".into(),
        format!("/api/v1/accounts/{me}/statuses"),
    ] {
        let (mut path, mut seen) = (format!("{list}?limit=2"), Vec::new());
        loop {
            let answer = alice.get(&path).await;
            let link = answer
                .headers
                .get("link")
                .map(|l| l.to_str().unwrap().to_owned())
                .unwrap_or_default();
            let page = answer.ok();
            seen.extend(page.as_array().unwrap().iter().map(id));
            let Some(next) = link.split(", ").find(|l| l.ends_with("rel=\"next\"")) else {
                break;
            };
            let next = next.split_once('<').unwrap().1.split_once('>').unwrap().0;
            path = next.strip_prefix(&alice.base).unwrap().to_owned();
        }
        assert_eq!(seen, ids, "{list}");
        let since = alice
            .get(&format!("{list}?since_id={}&limit=1", ids[4]))
            .await
            .ok();
        assert_eq!(id(&since[0]), ids[0], "since_id: the newest of them");
        let min = alice.get(&format!("{list}?min_id={}&limit=1", ids[4])).await.ok();
        assert_eq!(id(&min[0]), ids[3], "min_id: the next of them");
    }
}

#[tokio::test]
async fn threads_likes_and_boosts() {
    let (_instance, alice, bob) = pair();
    let post = alice.say("first", "public").await;
    let reply = bob.reply(&id(&post), "second").await;
    let last = alice.reply(&id(&reply), "third").await;
    assert_eq!(reply["in_reply_to_account_id"], post["account"]["id"]);
    let context = bob
        .get(&format!("/api/v1/statuses/{}/context", id(&reply)))
        .await
        .ok();
    assert_eq!(
        (&context["ancestors"][0]["id"], &context["descendants"][0]["id"]),
        (&post["id"], &last["id"])
    );

    let path = format!("/api/v1/statuses/{}", id(&post));
    for _ in 0..2 {
        let liked = bob.post(&format!("{path}/favourite"), &Value::Null).await.ok();
        assert_eq!(
            (&liked["favourited"], &liked["favourites_count"]),
            (&json!(true), &json!(1))
        );
        let boost = bob.post(&format!("{path}/reblog"), &Value::Null).await.ok();
        assert_eq!(
            (&boost["reblog"]["id"], &boost["reblog"]["reblogged"]),
            (&post["id"], &json!(true))
        );
        assert_eq!(boost["reblog"]["reblogs_count"], 1);
    }
    assert_eq!(alice.told("favourite").await["account"]["acct"], "bob");
    assert_eq!(alice.told("reblog").await["status"]["id"], post["id"]);
    let unliked = bob.post(&format!("{path}/unfavourite"), &Value::Null).await.ok();
    assert_eq!(
        (&unliked["favourited"], &unliked["favourites_count"]),
        (&json!(false), &json!(0))
    );
    let unboosted = bob.post(&format!("{path}/unreblog"), &Value::Null).await.ok();
    assert_eq!(
        (&unboosted["reblogged"], &unboosted["reblogs_count"]),
        (&json!(false), &json!(0))
    );
    let left = alice
        .get("/api/v1/notifications?exclude_types[]=mention")
        .await
        .ok();
    assert_eq!(left, json!([]));
}

#[tokio::test]
async fn following_among_ours_needs_no_network() {
    let (instance, alice, bob) = pair();
    let carol = instance.person("carol", &["--locked"]);
    let post = bob.say("before", "public").await;
    assert!(alice.home().await.is_empty());
    let bob_id = id(&alice.get("/api/v1/accounts/lookup?acct=bob").await.ok());
    let standing = alice
        .post(&format!("/api/v1/accounts/{bob_id}/follow"), &Value::Null)
        .await
        .ok();
    assert_eq!(
        (&standing["following"], &standing["requested"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(alice.home().await[0]["id"], post["id"]);
    assert_eq!(bob.told("follow").await["account"]["acct"], "alice");

    let carol_id = id(&alice.get("/api/v1/accounts/lookup?acct=@carol").await.ok());
    let standing = alice
        .post(&format!("/api/v1/accounts/{carol_id}/follow"), &Value::Null)
        .await
        .ok();
    assert_eq!(
        (&standing["following"], &standing["requested"]),
        (&json!(false), &json!(true))
    );
    let asking = carol.get("/api/v1/follow_requests").await.ok();
    assert_eq!(asking[0]["acct"], "alice");
    let path = format!("/api/v1/follow_requests/{}/authorize", id(&asking[0]));
    assert_eq!(carol.post(&path, &Value::Null).await.ok()["followed_by"], true);
    assert_eq!(
        carol.post(&path, &Value::Null).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(alice.standing(&carol_id).await["following"], true);
    let gone = alice
        .post(&format!("/api/v1/accounts/{carol_id}/unfollow"), &Value::Null)
        .await
        .ok();
    assert_eq!(gone["following"], false);
}

#[tokio::test]
async fn what_clients_ask_for_at_their_start() {
    let (instance, alice, _) = pair();
    let nobody = instance.nobody();
    let v1 = nobody.get("/api/v1/instance").await.ok();
    assert_eq!(v1["uri"], instance.base.trim_start_matches("http://"));
    assert_eq!(v1["stats"]["user_count"], 2);
    let v2 = nobody.get("/api/v2/instance").await.ok();
    assert_eq!(v2["domain"], v1["uri"]);
    assert_eq!(v2["configuration"]["statuses"]["max_characters"], 500);
    let me = alice.get("/api/v1/accounts/verify_credentials").await.ok();
    assert_eq!(
        (&me["display_name"], &me["source"]["privacy"]),
        (&json!("Alice"), &json!("public"))
    );
    for path in [
        "/api/v1/preferences",
        "/api/v1/custom_emojis",
        "/api/v2/filters",
        "/api/v1/lists",
        "/health",
        "/health/live",
    ] {
        assert_eq!(alice.get(path).await.status, StatusCode::OK, "{path}");
    }
    // It listens a moment before its engine has turned for the first time, and says so.
    let ready = loop {
        let answer = nobody.get("/health/ready").await;
        match answer.json()["reason"].as_str() {
            Some("not_started") => assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE),
            _ => break answer,
        }
    };
    assert_eq!(
        (ready.status, &ready.json()["status"]),
        (StatusCode::OK, &json!("ok"))
    );
    assert_eq!(ready.headers["cache-control"], "no-store");
    let headers = [
        ("origin", "https://client.example"),
        ("access-control-request-method", "POST"),
    ];
    let preflight = nobody
        .send(Method::OPTIONS, "/api/v1/statuses", &headers, "")
        .await;
    assert_eq!(preflight.headers["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn pages_show_the_handle_and_escape_everything() {
    let (instance, alice, _) = pair();
    let post = alice.say("<script>alert(1)</script>", "public").await;
    let nobody = instance.nobody();
    let page = nobody.get_as("/@alice", "text/html").await.text();
    assert!(
        page.contains(&alice.handle()) && page.contains("&lt;script&gt;") && !page.contains("<script>"),
        "{page}"
    );
    assert!(
        nobody
            .get_as("/", "text/html")
            .await
            .text()
            .contains(&alice.handle())
    );
    let answer = nobody
        .get_as(&format!("/@alice/{}", id(&post)), "text/html")
        .await;
    assert!(answer.status == StatusCode::OK && answer.text().contains("&lt;script&gt;"));
    let answer = nobody.get_as("/users/alice", "text/html").await;
    assert_eq!(
        (answer.status, answer.headers["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/@alice")
    );
    assert_eq!(
        nobody.get_as("/@nobody", "text/html").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_client_logs_its_user_in() {
    let (instance, alice, _) = pair();
    let nobody = instance.nobody();
    let back = "https://client.example/back";
    let app = nobody
        .post(
            "/api/v1/apps",
            &json!({ "client_name": "<C>", "redirect_uris": back }),
        )
        .await
        .ok();
    let (client, secret) = (
        app["client_id"].as_str().unwrap(),
        app["client_secret"].as_str().unwrap(),
    );
    let asking = |to: &str| {
        format!("/oauth/authorize?response_type=code&client_id={client}&state=s&redirect_uri={to}")
    };
    assert!(
        nobody
            .get(&asking(back))
            .await
            .text()
            .contains("Let &lt;C&gt; in?")
    );
    assert_eq!(
        nobody.get(&asking("https://evil.example/")).await.status,
        StatusCode::BAD_REQUEST
    );

    let allow = async |token: &str| {
        let body = json!({ "client_id": client, "redirect_uri": back, "state": "s", "token": token });
        nobody.post("/oauth/authorize", &body).await
    };
    assert_eq!(allow("wrong").await.status, StatusCode::FORBIDDEN);
    let answer = allow(alice.token.as_deref().unwrap()).await;
    let location = answer.headers["location"].to_str().unwrap();
    let code = location
        .strip_prefix("https://client.example/back?code=")
        .unwrap()
        .strip_suffix("&state=s")
        .unwrap();

    let exchange = async |secret: &str| {
        let body = json!({ "grant_type": "authorization_code", "code": code, "client_id": client,
                           "client_secret": secret, "redirect_uri": back });
        nobody.post("/oauth/token", &body).await
    };
    assert_eq!(exchange("wrong").await.json()["error"], "invalid_grant");
    let token = exchange(secret).await.ok()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        exchange(secret).await.status,
        StatusCode::BAD_REQUEST,
        "a code works once"
    );
    let logged_in = Person {
        token: Some(token.clone()),
        ..nobody.clone()
    };
    assert_eq!(
        logged_in.get("/api/v1/accounts/verify_credentials").await.ok()["username"],
        "alice"
    );
    nobody
        .post("/oauth/revoke", &json!({ "token": token }))
        .await
        .ok();
    let after = logged_in.get("/api/v1/accounts/verify_credentials").await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
}
