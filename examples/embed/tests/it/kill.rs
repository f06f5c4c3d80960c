//! SIGKILL between the commit of a handler and its acknowledgement: the comment is there once, and its author was told once.
//!
//! The child is this test binary itself, which runs [`a_forum`] when it finds a folder in its environment.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the child has the clock of the machine, and says where it is on its output"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use embed::{Site, app, federation};
use federate::prelude::*;
use federate_testkit::VirtualClock;
use federate_testkit::hostile::Hostile;
use sqlx::SqlitePool;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::child::{SAYS, Told, furnished, open, start, told};
use crate::sending::{PATIENCE, comment};

const CHILD: &str = "kill::a_forum";

#[tokio::test]
async fn a_comment_counts_once_though_its_handler_is_killed_behind_its_commit() {
    use std::os::unix::process::ExitStatusExt as _;
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::start().await;
    let bob = server.person("bob");
    server.serve(&bob);
    let (mut first, base) = start(CHILD, folder.path(), None, false).await;
    let address = base.trim_start_matches("http://");
    assert_eq!(comment(&bob, 1, &base, address).await, Some(202));
    let ended = timeout(PATIENCE, first.wait()).await.unwrap().unwrap();
    assert_eq!(ended.signal(), Some(9));
    let db = open(folder.path()).await;
    assert_eq!(figures(&db).await, (1, 1), "the handler had committed");
    db.close().await;
    let (mut second, _) = start(CHILD, folder.path(), Some(&base), true).await;
    let ended = timeout(PATIENCE, second.wait()).await.unwrap().unwrap();
    assert!(ended.success());
    assert_eq!(figures(&open(folder.path()).await).await, (1, 1));
}

/// How many comments there are, and how many the author was told of.
async fn figures(db: &SqlitePool) -> (i64, i64) {
    sqlx::query_as("select (select count(*) from remote_comments), (select unread from posts)")
        .fetch_one(db)
        .await
        .unwrap()
}

/// The child: a forum that dies behind the commit of a comment, or one that goes on where it died, an hour later.
#[tokio::test]
async fn a_forum() {
    // In the run of all tests there is nothing to do: the parent starts it.
    let Some(Told { folder, base, last }) = told() else {
        return;
    };
    let db = furnished(folder.as_ref()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = base.unwrap_or_else(|| format!("http://{}", listener.local_addr().unwrap()));
    let mut builder = federation::builder(&base, db.clone())
        .await
        .unwrap()
        .dangerous()
        .allow_loopback();
    if last {
        let clock = VirtualClock::default();
        clock.jump(SystemTime::now() + Duration::from_secs(3_600));
        builder = builder.clock(Arc::new(clock));
    } else {
        builder = builder.on::<LastWords>(
            async |cx: Cx<federation::Forum>, last: Authenticated<LastWords>| {
                federation::comment(cx, last.cast().unwrap()).await?;
                die().await
            },
        );
    }
    let (federation, engine) = builder.build().await.unwrap();
    println!("{SAYS}{base}");
    if last {
        while !engine.step().await.is_idle() {}
    } else {
        federate::axum::serve(listener, app(Site { db, federation }), engine)
            .await
            .unwrap();
    }
}

/// A comment, in the hands of whoever dies of it.
#[derive(Clone)]
struct LastWords(Create<Note>);

impl Kind for LastWords {
    const TYPE: &'static str = "Create";
    const SPECIFICITY: u8 = 9;

    fn from_object(object: &Object) -> Option<Self> {
        Kind::from_object(object).map(LastWords)
    }

    fn as_object(&self) -> &Object {
        self.0.as_object()
    }
}

async fn die() -> Outcome {
    let own = std::process::id().to_string();
    std::process::Command::new("kill")
        .args(["-9", &own])
        .status()
        .unwrap();
    std::future::pending().await
}
