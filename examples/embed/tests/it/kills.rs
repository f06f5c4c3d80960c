//! A forum that is killed a hundred times while it receives: whatever it answered with 202 counts, and counts once.
//!
//! The child is this test binary itself, which runs [`a_forum_that_is_killed`] when it finds a folder in its environment.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a child is told by its environment, and has the clock of the machine; it says where it is on its output"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use embed::{SCHEMA, Site, app, federation};
use federate_testkit::VirtualClock;
use federate_testkit::hostile::{Hostile, Person};
use sqlx::SqlitePool;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::sending::comment;

const FOLDER: &str = "EMBED_KILLS_FOLDER";
/// What the forum calls itself in all its lives, wherever each of them listens.
const BASE: &str = "EMBED_KILLS_BASE";
/// The last life: it does what there is to do, and ends.
const LAST: &str = "EMBED_KILLS_LAST";
const LIVES: u64 = 100;
const SENDERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p2_what_a_forum_answered_counts_once_though_it_is_killed_a_hundred_times() {
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::start().await;
    let people: Vec<Person> = (0..SENDERS).map(|n| server.person(&format!("p{n}"))).collect();
    for person in &people {
        server.serve(person);
    }
    let base = "http://127.0.0.1:9";
    let (alive, life) = watch::channel(None::<String>);
    let (answered, mut answers) = watch::channel(0_u64);
    let sending: Vec<_> = people
        .into_iter()
        .map(|person| tokio::spawn(send(person, base, life.clone(), answered.clone())))
        .collect();
    let mut random = 1_922_u64;
    for _ in 0..LIVES {
        let (mut child, address) = start(folder.path(), base, false).await;
        alive.send(Some(address)).unwrap();
        // Numerical Recipes' generator: any will do.
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        // So many answers later, and then some: at any point of the next.
        let enough = *answers.borrow() + (random >> 8 & 3);
        let heard = answers.wait_for(|count| *count >= enough);
        timeout(PATIENCE, heard).await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_millis(random >> 16 & 15)).await;
        child.kill().await.unwrap();
        alive.send(None).unwrap();
    }
    drop(alive);
    let mut promised = BTreeSet::new();
    for one in sending {
        promised.extend(one.await.unwrap());
    }
    let (mut last, _) = start(folder.path(), base, true).await;
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
    let lost: Vec<&String> = promised.difference(&there).collect();
    assert!(lost.is_empty(), "answered with 202, and lost: {lost:?}");
    assert_eq!(
        unread,
        i64::try_from(there.len()).unwrap(),
        "the author was told of each once"
    );
    // Otherwise it died before it answered anybody, and nothing was shown.
    assert!(
        promised.len() > 100,
        "{} answers in {LIVES} lives",
        promised.len()
    );
    println!(
        "{LIVES} lives, {} answered, {} there",
        promised.len(),
        there.len()
    );
}

/// Posts one comment after another to whichever life there is; the ids of those that were answered with 202.
async fn send(
    person: Person,
    base: &str,
    mut life: watch::Receiver<Option<String>>,
    answered: watch::Sender<u64>,
) -> Vec<String> {
    let mut promised = Vec::new();
    for number in 0.. {
        let address = loop {
            if let Some(address) = life.borrow_and_update().clone() {
                break address;
            }
            if life.changed().await.is_err() {
                return promised;
            }
        };
        match comment(&person, number, base, &address).await {
            Some(202) => {
                promised.push(format!("{}/{number}", person.id()));
                answered.send_modify(|count| *count += 1);
            }
            Some(status) => assert!(status >= 500, "{status}"),
            // Dead, or about to be: the next life is waited for.
            None => {
                if life.changed().await.is_err() {
                    return promised;
                }
            }
        }
    }
    promised
}

async fn start(folder: &Path, base: &str, last: bool) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kills::a_forum_that_is_killed", "--nocapture"])
        .env(FOLDER, folder)
        .env(BASE, base)
        .envs(last.then_some((LAST, "1")))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = async {
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("the child ended by itself");
            if let Some((_, address)) = line.split_once("listens at ") {
                return address.to_owned();
            }
        }
    };
    let address = timeout(PATIENCE, said).await.unwrap();
    // What else it says must not block it.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, address)
}

async fn open(folder: &Path) -> SqlitePool {
    let file = folder.join("forum.db");
    SqlitePool::connect(&format!("sqlite:{}?mode=rwc", file.display()))
        .await
        .unwrap()
}

/// The child: one life of the forum.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forum_that_is_killed() {
    // In the run of all tests there is nothing to do: the parent starts it.
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let base = std::env::var(BASE).unwrap();
    let is_last = std::env::var_os(LAST).is_some();
    let db = open(folder.as_ref()).await;
    sqlx::raw_sql(SCHEMA).execute(&db).await.unwrap();
    sqlx::raw_sql(federation::TABLES).execute(&db).await.unwrap();
    sqlx::raw_sql(
        "insert or ignore into users (name, display) values ('alice', 'Alice');
         insert into posts (author, title, html) select 'alice', 'Hi', '' where not exists (select 1 from posts)",
    )
    .execute(&db)
    .await
    .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut builder = federation::builder(&base, db.clone())
        .await
        .unwrap()
        // What a former life had in hand is this one's to take up.
        .worker("forum")
        .dangerous()
        .allow_loopback();
    if is_last {
        let clock = VirtualClock::default();
        clock.jump(SystemTime::now() + Duration::from_secs(3_600));
        builder = builder.clock(Arc::new(clock));
    }
    let (federation, engine) = builder.build().await.unwrap();
    println!("listens at {address}");
    if is_last {
        while !engine.step().await.is_idle() {}
    } else {
        federate::axum::serve(listener, app(Site { db, federation }), engine)
            .await
            .unwrap();
    }
}
