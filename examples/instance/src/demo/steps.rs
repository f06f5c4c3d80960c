//! What crosses in one direction: `here` follows `there` and reacts to what is posted there. Each step is done on one side and
//! observed through the other side's API.

use super::{run::Report, side::Side};
use http::{Method, StatusCode};
use serde_json::{Value, json};

pub(super) async fn cross(report: &mut Report, here: &Side, there: &Side) -> Result<(), String> {
    let (me, them) = (here.handle(), there.handle());

    report.step("look up by handle");
    let path = format!("/api/v2/search?resolve=true&type=accounts&q={them}");
    let found = here.client.get(&path).await?;
    let account = text(&found, "/accounts/0/id").ok_or("the handle was not found")?;
    let uri = text(&found, "/accounts/0/uri").unwrap_or_default();
    if uri != format!("{}/users/{}", there.base, there.person) {
        return Err(format!("the handle led to {uri:?}"));
    }
    report.observed(&format!("{me} found {them}: its actor is {uri}"));

    report.step("follow");
    here.client
        .post(&format!("/api/v1/accounts/{account}/follow"), &json!({}))
        .await?;
    let told = until(|| notification(there, "follow", here)).await?;
    report.observed(&format!("{them} is told that {told} follows"));

    report.step("accept");
    let path = format!("/api/v1/accounts/relationships?id[]={account}");
    until(async || {
        let seen = here.client.get(&path).await?;
        Ok(some(seen.pointer("/0/following") == Some(&json!(true))))
    })
    .await?;
    report.observed(&format!("{me} is told that the follow was accepted"));

    report.step("post");
    let words = format!("Hello from {}", there.person);
    let post = there
        .client
        .post("/api/v1/statuses", &json!({ "status": words }))
        .await?;
    let (id, uri) = (
        text(&post, "/id").unwrap_or_default(),
        text(&post, "/uri").unwrap_or_default(),
    );
    let copy = until(|| in_home(here, &uri, &words)).await?;
    report.observed(&format!("{me} reads {uri} on the home time line"));

    react(report, here, there, &id, &copy).await?;

    report.step("edit");
    let words = format!("Hello again from {}", there.person);
    there
        .client
        .put(&format!("/api/v1/statuses/{id}"), &json!({ "status": words }))
        .await?;
    let path = format!("/api/v1/statuses/{copy}");
    until(async || {
        let seen = here.client.get(&path).await?;
        let new = text(&seen, "/content").is_some_and(|c| c.contains(&words))
            && text(&seen, "/edited_at").is_some();
        Ok(some(new))
    })
    .await?;
    report.observed(&format!("{me} reads the new words, marked as edited"));

    undo_reactions(report, here, there, &id, &copy).await?;

    report.step("delete");
    there.client.delete(&format!("/api/v1/statuses/{id}")).await?;
    until(async || {
        Ok(some(
            here.client.call(Method::GET, &path, None).await?.0 == StatusCode::NOT_FOUND,
        ))
    })
    .await?;
    report.observed(&format!("{me} finds the post no more"));

    report.step("unfollow");
    here.client
        .post(&format!("/api/v1/accounts/{account}/unfollow"), &json!({}))
        .await?;
    until(async || {
        let seen = there.client.get("/api/v1/accounts/verify_credentials").await?;
        Ok(some(seen.get("followers_count") == Some(&json!(0))))
    })
    .await?;
    report.observed(&format!("{them} has no follower any more"));

    report.step("forgery");
    let forged = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{}/users/{}#forged", here.base, here.person),
        "type": "Follow",
        "actor": format!("{}/users/{}", here.base, here.person),
        "object": format!("{}/users/{}", there.base, there.person),
    });
    let (status, answer) = there.client.call(Method::POST, "/inbox", Some(&forged)).await?;
    if status != StatusCode::UNAUTHORIZED {
        return Err(format!("an activity without a signature was answered {status}"));
    }
    report.observed(&format!(
        "{them} refuses an activity that nobody signed: {status} {answer}"
    ));
    Ok(())
}

async fn react(report: &mut Report, here: &Side, there: &Side, id: &str, copy: &str) -> Result<(), String> {
    let them = there.handle();

    report.step("reply");
    let words = format!("{} Hello back", there.handle());
    let reply = here
        .client
        .post(
            "/api/v1/statuses",
            &json!({ "status": words, "in_reply_to_id": copy }),
        )
        .await?;
    let uri = text(&reply, "/uri").unwrap_or_default();
    let path = format!("/api/v1/statuses/{id}/context");
    until(async || {
        let thread = there.client.get(&path).await?;
        let replies = thread
            .get("descendants")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        Ok(some(
            replies.iter().any(|r| text(r, "/uri").as_ref() == Some(&uri)),
        ))
    })
    .await?;
    until(|| notification(there, "mention", here)).await?;
    report.observed(&format!("{them} is told of the reply and reads it in the thread"));

    report.step("like");
    here.client
        .post(&format!("/api/v1/statuses/{copy}/favourite"), &json!({}))
        .await?;
    counted(there, id, "favourites_count", 1).await?;
    until(|| notification(there, "favourite", here)).await?;
    report.observed(&format!("{them} is told of the like and counts 1"));

    report.step("boost");
    here.client
        .post(&format!("/api/v1/statuses/{copy}/reblog"), &json!({}))
        .await?;
    counted(there, id, "reblogs_count", 1).await?;
    until(|| notification(there, "reblog", here)).await?;
    report.observed(&format!("{them} is told of the boost and counts 1"));
    Ok(())
}

async fn undo_reactions(
    report: &mut Report,
    here: &Side,
    there: &Side,
    id: &str,
    copy: &str,
) -> Result<(), String> {
    let them = there.handle();

    report.step("undo the like");
    here.client
        .post(&format!("/api/v1/statuses/{copy}/unfavourite"), &json!({}))
        .await?;
    counted(there, id, "favourites_count", 0).await?;
    report.observed(&format!("{them} counts no like any more"));

    report.step("undo the boost");
    here.client
        .post(&format!("/api/v1/statuses/{copy}/unreblog"), &json!({}))
        .await?;
    counted(there, id, "reblogs_count", 0).await?;
    report.observed(&format!("{them} counts no boost any more"));
    Ok(())
}

/// Asks again and again until something is there. The caller bounds the time of a step.
async fn until<T>(mut look: impl AsyncFnMut() -> Result<Option<T>, String>) -> Result<T, String> {
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

fn some(seen: bool) -> Option<()> {
    seen.then_some(())
}

async fn counted(side: &Side, id: &str, what: &str, number: i64) -> Result<(), String> {
    let path = format!("/api/v1/statuses/{id}");
    until(async || {
        Ok(some(
            side.client.get(&path).await?.get(what) == Some(&json!(number)),
        ))
    })
    .await
}

/// Who it is from, as this side writes it.
async fn notification(side: &Side, kind: &str, from: &Side) -> Result<Option<String>, String> {
    let all = side
        .client
        .get(&format!("/api/v1/notifications?types[]={kind}"))
        .await?;
    let from = from.handle();
    Ok(all
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|n| text(n, "/account/acct"))
        .map(|acct| format!("@{acct}"))
        .find(|acct| *acct == from))
}

/// The number of the copy here.
async fn in_home(side: &Side, uri: &str, words: &str) -> Result<Option<String>, String> {
    let home = side.client.get("/api/v1/timelines/home").await?;
    let seen = home
        .as_array()
        .into_iter()
        .flatten()
        .find(|s| text(s, "/uri").as_deref() == Some(uri));
    let seen = seen.filter(|s| text(s, "/content").is_some_and(|content| content.contains(words)));
    Ok(seen.and_then(|s| text(s, "/id")))
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}
