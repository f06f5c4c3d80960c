//! Three processes that are killed a hundred times while they receive, one, two or all of them at once: whatever they answered with
//! 202 counts, and counts once.
#![expect(clippy::print_stdout, reason = "whoever runs it sees how much was shown")]

use std::collections::BTreeSet;
use std::time::Duration;

use federate_testkit::hostile::Hostile;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::cluster;
use crate::processes::{Process, start};
use crate::sending::PATIENCE;
use crate::siege::{BASE, Siege, is_kept};

const KILLS: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p2_what_three_processes_answered_counts_once_though_they_are_killed_a_hundred_times() {
    let Some(database) = cluster::database() else {
        return;
    };
    let server = Hostile::start().await;
    let mut living = all(["a", "b", "c"].map(str::to_owned), &database.url).await;
    let db = PgPool::connect(&database.url).await.unwrap();
    sqlx::raw_sql("insert into users (name, display) values ('alice', 'Alice'); insert into posts (author, title, html) values ('alice', 'Hi', '')")
        .execute(&db)
        .await
        .unwrap();
    let mut siege = Siege::begin(&server);
    let (mut kills, mut of_all) = (0, 0);
    while kills < KILLS {
        siege.lives_at(living.iter().map(|process| &process.address));
        siege.goes_on().await;
        // Each of them or not, but one at least.
        let drawn = siege.draw(7) + 1;
        let mut names = Vec::new();
        for at in (0..living.len()).rev().filter(|at| drawn >> at & 1 == 1) {
            let mut victim = living.swap_remove(at);
            victim.child.kill().await.unwrap();
            names.push(victim.name);
        }
        kills += names.len();
        of_all += usize::from(living.is_empty());
        // The others have all of it meanwhile.
        siege.lives_at(living.iter().map(|process| &process.address));
        living.extend(all(names, &database.url).await);
    }
    let promised = siege.end().await;
    let count = promised.len();
    // What each of them had in hand it took up again where it was: nobody waits for the end of a lease.
    let settling = async {
        while !promised.is_subset(&figures(&db).await.0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let settled = timeout(PATIENCE, settling).await;
    let (there, unread) = figures(&db).await;
    println!(
        "{kills} kills, {of_all} times of all at once, {count} answered, {} there",
        there.len()
    );
    is_kept(&promised, &there, unread);
    settled.unwrap();
    // Otherwise they died before they answered anybody, and nothing was shown.
    assert!(count > KILLS, "{count} answers in {kills} lives");
    assert!(of_all > 0);
}

/// Starts them side by side.
async fn all(names: impl IntoIterator<Item = String>, database: &str) -> Vec<Process> {
    let starting: JoinSet<Process> = names
        .into_iter()
        .map(|name| {
            let database = database.to_owned();
            async move { start(&name, BASE, &database).await }
        })
        .collect();
    starting.join_all().await
}

/// What is there, and how much of it the author was told of: of one moment.
async fn figures(db: &PgPool) -> (BTreeSet<String>, i64) {
    let (there, unread): (Vec<String>, i64) = sqlx::query_as(
        "select (select coalesce(array_agg(id), '{}') from remote_comments), (select unread from posts where id = 1)",
    )
    .fetch_one(db)
    .await
    .unwrap();
    (there.into_iter().collect(), unread)
}
