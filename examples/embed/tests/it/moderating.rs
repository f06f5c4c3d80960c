//! The page of the moderators: what they decide holds at once, and nobody else decides.

use axum::body::to_bytes;
use axum::http::Request;
use embed::{Site, app};
use tower::ServiceExt;

use crate::Test;

impl Test {
    /// What is answered at `/mod` to whoever has this token; with a form, to that.
    async fn moderate(&self, token: &str, form: Option<&str>) -> (u16, String) {
        let request = match form {
            Some(_) => Request::post("/mod").header("content-type", "application/x-www-form-urlencoded"),
            None => Request::get("/mod"),
        };
        let request = request.header("authorization", token);
        let app = app(Site {
            db: self.db.clone(),
            federation: self.site.federation.clone(),
        });
        let request = request.body(form.unwrap_or_default().to_owned()).unwrap();
        let response = app.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }
}

#[tokio::test]
async fn what_a_moderator_decides_holds_at_once() {
    let test = Test::new(30).await;
    sqlx::query("insert into moderators values ('secret', 'mo')")
        .execute(&test.db)
        .await
        .unwrap();
    let bob = test.world.peer("bob@mastodon.test");
    bob.follow(&test.site.url("/u/alice")).await.accepted();
    test.site.settle().await;
    let block = "host=mastodon.test&reason=sp%3Cm";
    assert_eq!(test.moderate("Bearer secret", Some(block)).await.0, 303);
    let (status, page) = test.moderate("Bearer secret", None).await;
    assert_eq!(status, 200);
    assert!(page.contains("<li>mastodon.test by mo: sp&lt;m"), "{page}");
    assert_eq!(test.post("author=alice&title=Hi&html=there").await, 303);
    test.site.settle().await;
    assert_eq!(bob.received(), ["Accept"]);
    let lift = "host=mastodon.test&reason=mended&lift=true";
    assert_eq!(test.moderate("Bearer secret", Some(lift)).await.0, 303);
    assert_eq!(test.post("author=alice&title=Hi&html=again").await, 303);
    test.site.settle().await;
    assert_eq!(bob.received(), ["Accept", "Create"]);
}

#[tokio::test]
async fn nobody_else_decides_and_what_is_no_host_is_said() {
    let test = Test::new(31).await;
    sqlx::query("insert into moderators values ('secret', 'mo')")
        .execute(&test.db)
        .await
        .unwrap();
    for token in ["", "Bearer ", "Bearer Secret", "secret", "Basic secret"] {
        let block = "host=mastodon.test&reason=";
        assert_eq!(test.moderate(token, Some(block)).await.0, 401, "{token}");
        assert_eq!(test.moderate(token, None).await.0, 401, "{token}");
    }
    let (status, said) = test.moderate("Bearer secret", Some("host=a+b&reason=")).await;
    assert_eq!((status, said.contains("not a host name")), (400, true), "{said}");
    let page = test.moderate("Bearer secret", None).await.1;
    assert!(!page.contains("mastodon.test"));
}
