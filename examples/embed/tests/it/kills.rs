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
use federate_testkit::hostile::{Hostile, Person};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::child::{PATIENCE, SAYS, Told, furnished, open, start, told};
use crate::sending::comment;

const CHILD: &str = "kills::a_forum_that_is_killed";
/// What the forum calls itself in all its lives, wherever each of them listens.
const BASE: &str = "http://127.0.0.1:9";
const LIVES: u64 = 100;
const SENDERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p2_what_a_forum_answered_counts_once_though_it_is_killed_a_hundred_times() {
    let folder = tempfile::tempdir().unwrap();
    let server = Hostile::start().await;
    let people: Vec<Person> = (0..SENDERS).map(|n| server.person(&format!("p{n}"))).collect();
    for person in &people {
        server.serve(person);
    }
    let (alive, life) = watch::channel(None::<String>);
    let (answered, mut answers) = watch::channel(0_u64);
    let sending: Vec<_> = people
        .into_iter()
        .map(|person| tokio::spawn(send(person, life.clone(), answered.clone())))
        .collect();
    let mut random = 1_922_u64;
    for _ in 0..LIVES {
        let (mut child, address) = start(CHILD, folder.path(), Some(BASE), false).await;
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
        match comment(&person, number, BASE, &address).await {
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
