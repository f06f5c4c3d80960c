//! A forum that is killed a hundred times while it receives: whatever it answered with 202 counts, and counts once.
//!
//! The child is this test binary itself, which runs [`a_forum_that_is_killed`] when it finds a folder in its environment.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the child has the clock of the machine, and says where it is on its output"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use embed::{Site, app, federation};
use federate_testkit::VirtualClock;
use federate_testkit::hostile::Hostile;
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::child::{SAYS, Told, furnished, open, start, told};
use crate::sending::PATIENCE;
use crate::siege::{BASE, Siege, is_kept};

const CHILD: &str = "kills::a_forum_that_is_killed";
const LIVES: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p2_what_a_forum_answered_counts_once_though_it_is_killed_a_hundred_times() {
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::start().await;
    let mut siege = Siege::begin(&server);
    for _ in 0..LIVES {
        let (mut child, address) = start(CHILD, folder.path(), Some(BASE), false).await;
        siege.lives_at([&address]);
        siege.goes_on().await;
        child.kill().await.unwrap();
        siege.lives_at([]);
    }
    let promised = siege.end().await;
    let (mut last, _) = start(CHILD, folder.path(), Some(BASE), true).await;
    assert!(timeout(PATIENCE, last.wait()).await.unwrap().unwrap().success());
    let db = open(folder.path()).await;
    let there: Vec<String> = sqlx::query_scalar("select id from remote_comments")
        .fetch_all(&db)
        .await
        .unwrap();
    let unread: i64 = sqlx::query_scalar("select unread from posts")
        .fetch_one(&db)
        .await
        .unwrap();
    let there: BTreeSet<String> = there.into_iter().collect();
    println!(
        "{LIVES} lives, {} answered, {} there",
        promised.len(),
        there.len()
    );
    is_kept(&promised, &there, unread);
    // Otherwise it died before it answered anybody, and nothing was shown.
    assert!(
        promised.len() > LIVES,
        "{} answers in {LIVES} lives",
        promised.len()
    );
}

/// The child: one life of the forum.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forum_that_is_killed() {
    // In the run of all tests there is nothing to do: the parent starts it.
    let Some(Told { folder, base, last }) = told() else {
        return;
    };
    let (db, base) = (furnished(folder.as_ref()).await, base.unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut builder = federation::builder(&base, db.clone())
        .await
        .unwrap()
        // What a former life had in hand is this one's to take up.
        .worker("forum")
        .dangerous()
        .allow_loopback();
    if last {
        let clock = VirtualClock::default();
        clock.jump(SystemTime::now() + Duration::from_secs(3_600));
        builder = builder.clock(Arc::new(clock));
    }
    let (federation, engine) = builder.build().await.unwrap();
    println!("{SAYS}{address}");
    if last {
        while !engine.step().await.is_idle() {}
    } else {
        federate::axum::serve(listener, app(Site { db, federation }), engine)
            .await
            .unwrap();
    }
}
