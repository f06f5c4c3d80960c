//! Stores that are copies, come out of a backup, or move.

use crate::cluster::database;
use crate::support::{Reply, World, seconds};
use federate_postgres::Postgres;
use federate_sqlite::Sqlite;
use federate_store::{Backend as _, Hold, contract};
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::oneshot;

const OK: Reply = Reply::Status(202);
const INBOXES: [&str; 3] = [
    "https://b.example/1",
    "https://b.example/2",
    "https://c.example/1",
];

#[tokio::test]
async fn nothing_is_delivered_out_of_a_store_that_is_held_back() {
    let world = World::new(|_, _| OK);
    let engine = world.builder().build();
    world.post("https://a.example/1", &INBOXES).await;
    world.stores.binding.hold_back().await.unwrap();
    for _ in 0..2 {
        assert!(engine.step().await.is_idle());
        world.clock.advance(seconds(3_600));
    }
    assert_eq!(engine.hold().await.unwrap(), Some(Hold::Restored));
    world.post("https://a.example/2", &INBOXES).await;
    assert!(engine.step().await.is_idle());
    assert!(world.net.seen().is_empty());
    world.stores.binding.allow().await.unwrap();
    assert_eq!(engine.step().await.delivered, 6);
    assert_eq!(engine.hold().await.unwrap(), None);
}

#[tokio::test]
async fn an_engine_that_runs_stops_when_its_store_is_held_back_and_gives_back_what_it_has() {
    let world = World::new(|_, _| Reply::Status(503));
    let engine = Arc::new(world.builder().build());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run_until(async { drop(stopped.await) }).await }
    });
    let minutes = async |minutes: u64| {
        for _ in 0..60 * minutes {
            world.clock.advance(seconds(1));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
        }
    };
    world.post("https://a.example/1", &INBOXES).await;
    engine.wake();
    minutes(1).await;
    let before = world.net.seen().len();
    assert!(before >= INBOXES.len(), "{before} were attempted");
    world.stores.binding.hold_back().await.unwrap();
    minutes(1).await;
    let held = world.net.seen().len();
    world.post("https://a.example/2", &INBOXES).await;
    engine.wake();
    minutes(300).await;
    assert_eq!(world.net.seen().len(), held, "hours, and nothing more");
    // Nothing is in hand: who takes the store over need not wait for a lease to end.
    world.stores.binding.allow().await.unwrap();
    let due = world.stores.queue.next_due().await.unwrap();
    assert!(due.is_some_and(|due| due <= federate_delivery::Clock::now(&*world.clock)));
    minutes(1).await;
    assert!(world.net.seen().len() > held);
    drop(stop);
    minutes(1).await;
    running.await.unwrap();
}

#[tokio::test]
async fn yesterdays_backup_waits_until_told_and_then_sends_the_same_once_more() {
    let directory = tempfile::tempdir().unwrap();
    let mut world = World::new(|_, _| OK);
    let original = Sqlite::open(directory.path().join("app.db")).await.unwrap();
    world.stores = original.stores();
    world.post("https://a.example/1", &INBOXES).await;
    let backup = directory.path().join("yesterday.db");
    original.backup(&backup).await.unwrap();
    assert_eq!(world.builder().build().step().await.delivered, 3);
    original.close().await;
    let sent: BTreeSet<_> = world.net.taken().into_iter().collect();

    world.stores = Sqlite::open(&backup).await.unwrap().stores();
    let engine = world.builder().build();
    assert!(engine.step().await.is_idle());
    assert_eq!(world.net.seen().len(), 3, "nobody got it twice");
    world.stores.binding.allow().await.unwrap();
    assert_eq!(engine.step().await.delivered, 3);
    assert_eq!(world.net.seen().len(), 6);
    let again: BTreeSet<_> = world.net.taken().into_iter().collect();
    assert_eq!(again, sent, "peers know the ids");
    world.counts().await;
}

async fn postgres() -> Postgres {
    Postgres::open(&database().unwrap().url).await.unwrap()
}

#[tokio::test]
async fn p8_a_store_moves_from_sqlite_to_postgresql() {
    if database().is_none() {
        return;
    }
    let (directory, next) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
    let sqlite = async || {
        let name = format!("{}.db", next.fetch_add(1, Ordering::Relaxed));
        Sqlite::open(directory.path().join(name)).await.unwrap()
    };
    contract::stores_move(sqlite, postgres).await;
}

#[tokio::test]
async fn p8_a_store_moves_from_postgresql_to_sqlite() {
    if database().is_none() {
        return;
    }
    let (directory, next) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
    let sqlite = async || {
        let name = format!("{}.db", next.fetch_add(1, Ordering::Relaxed));
        Sqlite::open(directory.path().join(name)).await.unwrap()
    };
    contract::stores_move(postgres, sqlite).await;
}
