//! The forum among others: nothing leaves the process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on ends"
)]
mod child;
mod kill;
mod kills;
mod moderating;
mod sending;
mod siege;

use axum::http::Request;
use embed::{SCHEMA, Site, app, federation, moderation};
use federate_testkit::{Host, World};
use sqlx::SqlitePool;
use tempfile::TempDir;
use tower::ServiceExt;

struct Test {
    world: World,
    site: Host<federation::Forum>,
    db: SqlitePool,
    _dir: TempDir,
}

impl Test {
    async fn new(seed: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = SqlitePool::connect(&format!(
            "sqlite:{}?mode=rwc",
            dir.path().join("forum.db").display()
        ))
        .await
        .unwrap();
        sqlx::raw_sql(SCHEMA).execute(&db).await.unwrap();
        sqlx::raw_sql(federation::TABLES).execute(&db).await.unwrap();
        sqlx::raw_sql(moderation::TABLES).execute(&db).await.unwrap();
        sqlx::query("insert into users (name, display) values ('alice', 'Alice')")
            .execute(&db)
            .await
            .unwrap();
        let world = World::new(seed);
        let builder = federation::builder("https://forum.test", db.clone())
            .await
            .unwrap();
        let pool = db.clone();
        let site = world
            .host("https://forum.test", builder, |federation| {
                app(Site { db: pool, federation })
            })
            .await;
        Test {
            world,
            site,
            db,
            _dir: dir,
        }
    }

    async fn page(&self, request: Request<String>) -> u16 {
        let app = app(Site {
            db: self.db.clone(),
            federation: self.site.federation.clone(),
        });
        app.oneshot(request).await.unwrap().status().as_u16()
    }

    async fn post(&self, form: &str) -> u16 {
        let request = Request::post("/posts").header("content-type", "application/x-www-form-urlencoded");
        self.page(request.body(form.to_owned()).unwrap()).await
    }

    async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&self.db)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_follower_receives_posts_and_their_deletion_and_comments_back() {
    let test = Test::new(7).await;
    let bob = test.world.peer("bob@mastodon.test");
    bob.follow(&test.site.url("/u/alice")).await.accepted();
    test.site.settle().await;
    assert_eq!(test.post("author=alice&title=Hi&html=there").await, 303);
    test.site.settle().await;
    bob.reply(
        &test.site.url("/posts/1"),
        "<p>hello<script>alert(1)</script></p>",
    )
    .await
    .accepted();
    let like = bob.like(&test.site.url("/posts/1")).await;
    like.accepted();
    test.site.settle().await;
    assert_eq!(
        (test.count("remote_comments").await, test.count("likes").await),
        (1, 1)
    );
    // What was liked, they do not say again.
    let bare = serde_json::json!({ "type": "Undo", "object": { "type": "Like", "id": like.id } });
    bob.post(&test.site.url("/inbox"), bare).await.accepted();
    test.site.settle().await;
    assert_eq!(test.count("likes").await, 0);
    let html: String = sqlx::query_scalar("select html from remote_comments")
        .fetch_one(&test.db)
        .await
        .unwrap();
    assert_eq!(html, "<p>hello</p>");
    assert_eq!(
        test.page(Request::delete("/posts/1").body(String::new()).unwrap())
            .await,
        204
    );
    test.site.settle().await;
    assert_eq!(bob.received(), ["Accept", "Create", "Delete"]);
    assert_eq!(bob.refused(), [""; 0]);
}

#[tokio::test]
async fn no_post_without_its_delivery_and_no_delivery_without_its_post() {
    let test = Test::new(8).await;
    let bob = test.world.peer("bob@mastodon.test");
    bob.follow(&test.site.url("/u/alice")).await.accepted();
    test.site.settle().await;
    // `mallory` is no user: the foreign key refuses the row, after the form was read.
    assert_eq!(test.post("author=mallory&title=Hi&html=there").await, 500);
    let mut tx = test.db.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let note = federate::prelude::Note::builder(test.site.federation.uris().object("post", 99)).public();
    let draft = test
        .site
        .federation
        .send("alice", federate::prelude::Create::new(note));
    draft.enqueue_in(&mut tx).await.unwrap();
    tx.rollback().await.unwrap();
    test.site.settle().await;
    assert_eq!(bob.received(), ["Accept"]);
}

#[tokio::test]
async fn the_outbox_pages_through_our_table() {
    let test = Test::new(9).await;
    for n in 0..45 {
        sqlx::query("insert into posts (author, title, html) values ('alice', ?, '')")
            .bind(n)
            .execute(&test.db)
            .await
            .unwrap();
    }
    let outbox = test.world.get(&test.site.url("/u/alice/outbox")).await;
    assert_eq!(outbox["totalItems"], 45);
    let (mut at, mut seen) = (outbox["first"].as_str().map(str::to_owned), 0);
    while let Some(url) = at {
        let page = test.world.get(&url).await;
        seen += page["orderedItems"].as_array().unwrap().len();
        at = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, 45);
}

#[tokio::test]
async fn the_existing_urls_answer_people_and_servers() {
    let test = Test::new(10).await;
    assert_eq!(
        test.page(Request::get("/u/alice").body(String::new()).unwrap())
            .await,
        200
    );
    let actor = test.world.get(&test.site.url("/u/alice")).await;
    assert_eq!(
        (actor["type"].as_str(), actor["id"].as_str()),
        (Some("Person"), Some("https://forum.test/u/alice"))
    );
    let jrd = test
        .world
        .get(
            &test
                .site
                .url("/.well-known/webfinger?resource=acct:alice@forum.test"),
        )
        .await;
    assert_eq!(jrd["subject"], "acct:alice@forum.test");
}

#[tokio::test]
async fn s2_nobody_speaks_in_the_name_of_another() {
    let test = Test::new(11).await;
    let (bob, eve) = (
        test.world.peer("bob@mastodon.test"),
        test.world.peer("eve@evil.test"),
    );
    let alice = test.site.url("/u/alice");
    let forged = serde_json::json!({ "type": "Follow", "actor": bob.id(), "object": alice, "id": format!("{}/f", bob.id()) });
    eve.post(&test.site.url("/inbox"), forged).await.answered(403);
    test.site.settle().await;
    assert_eq!(test.post("author=alice&title=Hi&html=there").await, 303);
    test.site.settle().await;
    assert_eq!((bob.received().len(), eve.received().len()), (0, 0));
}
