//! People leave for another instance, and their followers with them.

use crate::program::{Answer, Instance, Person, until};
use http::StatusCode;
use serde_json::{Value, json};

async fn leaves(who: &Person, target: &str) -> Answer {
    let body = json!({ "moved_to_uri": target, "password": who.token });
    who.post("/api/v1/accounts/move", &body).await
}

async fn names(who: &Person, others: &[&str]) -> Answer {
    let others = json!({ "also_known_as_uris": others });
    who.post("/api/v1/accounts/alias", &others).await
}

async fn document(of: &Person) -> Value {
    let path = format!("/users/{}", of.name);
    of.get_as(&path, "application/activity+json").await.ok()
}

async fn own_id(who: &Person) -> String {
    document(who).await["id"].as_str().unwrap().to_owned()
}

async fn followers(of: &Person) -> Vec<String> {
    let me = of.get("/api/v1/accounts/verify_credentials").await.ok();
    let path = format!("/api/v1/accounts/{}/followers", me["id"].as_str().unwrap());
    let all = of.get(&path).await.ok();
    let mut all: Vec<String> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["username"].as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

/// Alice and Dan, who followed the old account, follow the new one, and the old one no more.
async fn both_follow_on(old: &Person, new: &Person) {
    until("both follow the new account", async || {
        (followers(new).await == ["alice", "dan"]).then_some(())
    })
    .await;
    until("nobody follows the old one", async || {
        followers(old).await.is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn i18_somebody_leaves_and_all_followers_follow_on() {
    let (a, b, c) = (Instance::start(), Instance::start(), Instance::start());
    let alice = a.person("alice", &[]);
    let (bob, dan) = (b.person("bob", &[]), b.person("dan", &[]));
    let new = c.person("bob", &[]);
    alice.follows(&bob).await;
    dan.follows(&bob).await;
    let (old_id, new_id) = (own_id(&bob).await, own_id(&new).await);

    let refused = leaves(&bob, &new_id).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    assert!(refused.text().contains("does not say that it is also known as"));
    assert_eq!(document(&bob).await["movedTo"], Value::Null);

    let named = names(&new, &[&old_id]).await.ok();
    assert_eq!(named["source"]["also_known_as_uris"], json!([old_id]));
    assert_eq!(document(&new).await["alsoKnownAs"], json!([old_id]));
    // Twice is once.
    for _ in 0..2 {
        assert_eq!(leaves(&bob, &new_id).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(document(&bob).await["movedTo"], json!(new_id));
    both_follow_on(&bob, &new).await;
}

#[tokio::test]
async fn i18_to_another_account_here() {
    let (a, b) = (Instance::start(), Instance::start());
    let alice = a.person("alice", &[]);
    let (bob, new, dan) = (b.person("bob", &[]), b.person("bobby", &[]), b.person("dan", &[]));
    alice.follows(&bob).await;
    dan.follows(&bob).await;
    let (old_id, new_id) = (own_id(&bob).await, own_id(&new).await);
    names(&new, &[&old_id]).await.ok();
    assert_eq!(leaves(&bob, &new_id).await.status, StatusCode::ACCEPTED);
    both_follow_on(&bob, &new).await;
    let elsewhere = leaves(&bob, &own_id(&dan).await).await;
    assert!(
        elsewhere.text().contains("less than seven days ago"),
        "{elsewhere:?}"
    );
}

#[tokio::test]
async fn other_accounts_are_named_by_their_ids() {
    let a = Instance::start();
    let alice = a.person("alice", &[]);
    let own = own_id(&alice).await;
    let others: Vec<String> = (0..21).map(|n| format!("https://there.example/{n}")).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    for bad in [&["@bob@there.example"][..], &[own.as_str()], &others] {
        let refused = names(&alice, bad).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
    }
    names(&alice, &others[..20]).await.ok();
    assert_eq!(
        document(&alice).await["alsoKnownAs"].as_array().unwrap().len(),
        20
    );
    names(&alice, &[]).await.ok();
    assert_eq!(document(&alice).await["alsoKnownAs"], Value::Null);
    let nowhere = leaves(&alice, "nowhere").await;
    assert_eq!(nowhere.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Nothing listens on port 1.
    let silent = leaves(&alice, "http://127.0.0.1:1/users/alice").await;
    assert_ne!(silent.status, StatusCode::ACCEPTED);
}

/// Whoever has a client's token has not the person's.
#[tokio::test]
async fn nobody_is_moved_by_a_client_alone() {
    let a = Instance::start();
    let (alice, new) = (a.person("alice", &[]), a.person("alicia", &[]));
    let new_id = own_id(&new).await;
    names(&new, &[&own_id(&alice).await]).await.ok();
    let client = Person {
        token: Some(client_token(&alice).await),
        ..alice.clone()
    };
    let by = async |who: &Person, password: Value| {
        let body = json!({ "moved_to_uri": new_id, "password": password });
        who.post("/api/v1/accounts/move", &body).await
    };
    for (who, password) in [
        (&client, Value::Null),
        (&client, json!("wrong")),
        // Neither its own token, nor what somebody else logs in with.
        (&client, json!(client.token)),
        (&client, json!(new.token)),
        (&alice, Value::Null),
    ] {
        let refused = by(who, password).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{refused:?}");
        let why = refused.json();
        assert!(why["error"].as_str().unwrap().contains("password"), "{why}");
    }
    assert_eq!(document(&alice).await["movedTo"], Value::Null);
    assert_eq!(by(&client, json!(alice.token)).await.status, StatusCode::ACCEPTED);
    assert_eq!(document(&alice).await["movedTo"], json!(new_id));
}

/// What a client gets that somebody lets in; and a client lets nobody in.
async fn client_token(of: &Person) -> String {
    let back = "https://client.example/back";
    let app = json!({ "client_name": "C", "redirect_uris": back });
    let app = of.post("/api/v1/apps", &app).await.ok();
    let allow = async |token: &str| {
        let body = json!({ "client_id": app["client_id"], "redirect_uri": back, "token": token });
        of.post("/oauth/authorize", &body).await
    };
    let allowed = allow(of.token.as_deref().unwrap()).await;
    let location = allowed.headers["location"].to_str().unwrap();
    let code = location.split_once("?code=").unwrap().1;
    let body = json!({ "grant_type": "authorization_code", "code": code, "client_id": app["client_id"],
                       "client_secret": app["client_secret"], "redirect_uri": back });
    let got = of.post("/oauth/token", &body).await.ok();
    let token = got["access_token"].as_str().unwrap().to_owned();
    assert_eq!(allow(&token).await.status, StatusCode::FORBIDDEN);
    token
}

#[tokio::test]
async fn who_comes_back_has_not_moved() {
    let a = Instance::start();
    let (bob, new) = (a.person("bob", &[]), a.person("bobby", &[]));
    let (old_id, new_id) = (own_id(&bob).await, own_id(&new).await);
    names(&new, &[&old_id]).await.ok();
    assert_eq!(leaves(&bob, &new_id).await.status, StatusCode::ACCEPTED);
    names(&bob, &["https://there.example/bob"]).await.ok();
    assert_eq!(document(&bob).await["movedTo"], json!(new_id));
    names(&bob, &["https://there.example/bob", &new_id]).await.ok();
    let back = document(&bob).await;
    assert_eq!(back["movedTo"], Value::Null);
    assert_eq!(back["alsoKnownAs"].as_array().unwrap().len(), 2);
}
