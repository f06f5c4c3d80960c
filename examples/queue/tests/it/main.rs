//! The contract of every backend, what is there after a restart, and a federation that delivers through it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on ends"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use federate::prelude::*;
use federate::store::{Delivery, DeliveryQueue, Settled, StoreErrorKind};
use federate::{Memory, store::Counts};
use federate_testkit::World;
use queue::LogQueue;
use tempfile::TempDir;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
}

fn delivery(n: u32) -> Delivery {
    let activity = format!("https://site.test/activities/{n}").parse().unwrap();
    let inbox = format!("https://peer{}.test/inbox", n % 3).parse().unwrap();
    Delivery::new(activity, "alice", inbox, at(0))
}

fn log() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queue.log");
    (folder, file)
}

#[tokio::test]
async fn it_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    federate_store::contract::delivery_queue(async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = folder.path().join(format!("{number}.log"));
        Arc::new(LogQueue::open(file).await.unwrap()) as Arc<dyn DeliveryQueue>
    })
    .await;
}

/// All that can be seen of a queue.
async fn state(queue: &LogQueue) -> String {
    let (counts, dead) = (queue.counts().await.unwrap(), queue.dead(99).await.unwrap());
    let (waiting, next) = (
        queue.waiting(99, at(50)).await.unwrap(),
        queue.next_due().await.unwrap(),
    );
    format!("{counts:?} {dead:?} {waiting:?} {next:?}")
}

async fn work(file: &Path) -> (LogQueue, String) {
    let queue = LogQueue::open(file).await.unwrap();
    let all: Vec<Delivery> = (0..9).map(delivery).collect();
    queue.enqueue(&all, at(0)).await.unwrap();
    let lanes = queue.lease("worker", 2, at(1)).await.unwrap();
    for lane in &lanes {
        let due = queue.due(lane, 9, at(1)).await.unwrap();
        let reason = "it is \"down\"\n".to_owned();
        let outcomes = [
            (due[0].id.clone(), Settled::Delivered),
            (
                due[1].id.clone(),
                Settled::Retry {
                    at: at(60),
                    reason: reason.clone(),
                },
            ),
            (due[2].id.clone(), Settled::Dead { reason }),
        ];
        queue.settle(lane, &outcomes, at(2)).await.unwrap();
    }
    queue.release(lanes[0].clone(), Some(at(100))).await.unwrap();
    queue.pause("peer2.test").await.unwrap();
    queue.supersede(&delivery(8).activity).await.unwrap();
    let state = state(&queue).await;
    (queue, state)
}

#[tokio::test]
async fn it_is_there_again_after_a_restart() {
    let (_folder, file) = log();
    let (queue, before) = work(&file).await;
    let lease = queue.lease("worker", 9, at(200)).await.unwrap();
    let before_lease = before;
    assert_ne!(state(&queue).await, before_lease);
    let before = state(&queue).await;
    drop(queue);
    let queue = LogQueue::open(&file).await.unwrap();
    assert_eq!(state(&queue).await, before);
    // What was leased is still somebody's, and what was enqueued is not enqueued twice.
    for lane in &lease {
        assert!(queue.renew(lane, at(201)).await.is_ok());
    }
    queue.enqueue(&[delivery(0), delivery(1)], at(3)).await.unwrap();
    let Counts {
        enqueued,
        delivered,
        dead,
        superseded,
        ..
    } = queue.counts().await.unwrap();
    assert_eq!((enqueued, delivered, dead, superseded), (9, 2, 2, 1));
}

#[tokio::test]
async fn a_torn_line_was_never_promised() {
    let (_folder, file) = log();
    let (queue, _) = work(&file).await;
    let before = state(&queue).await;
    drop(queue);
    let whole = std::fs::read(&file).unwrap();
    for torn in ["{", "{\"Cancel\":\"peer0.test\"}", "\0\0\0"] {
        std::fs::write(&file, [&whole, torn.as_bytes()].concat()).unwrap();
        let queue = LogQueue::open(&file).await.unwrap();
        assert_eq!(state(&queue).await, before, "{torn}");
        queue.cancel("peer9.test").await.unwrap();
        drop(queue);
        assert!(
            std::fs::read(&file)
                .unwrap()
                .ends_with(b"{\"Cancel\":\"peer9.test\"}\n")
        );
        LogQueue::open(&file).await.unwrap();
    }
    // In the middle it is no crash's work.
    std::fs::write(&file, [b"{\n", whole.as_slice()].concat()).unwrap();
    assert_eq!(
        LogQueue::open(&file).await.unwrap_err().kind(),
        StoreErrorKind::Broken
    );
}

#[tokio::test]
async fn a_second_process_is_refused() {
    let (_folder, file) = log();
    let first = LogQueue::open(&file).await.unwrap();
    assert!(LogQueue::open(&file).await.is_err());
    drop(first);
    assert!(LogQueue::open(&file).await.is_ok());
}

#[tokio::test]
async fn a_federation_delivers_through_it() {
    let (_folder, file) = log();
    let world = World::new(7);
    let queue = Arc::new(LogQueue::open(&file).await.unwrap());
    let builder = Federation::builder(
        "https://site.test",
        Memory::new(),
        Actors::new([Profile::bot("echo")]),
    )
    .paths(|p| p.object("note", "/notes/{id}"))
    .manage_followers()
    .queue(queue.clone());
    let router = axum::Router::new();
    let site = world
        .host("https://site.test", builder, |federation| {
            router.layer(federation.layer())
        })
        .await;
    let bob = world.peer("bob@peer.test");
    bob.follow(&site.url("/users/echo")).await.accepted();
    world.settle().await;
    let uris = site.federation.uris();
    let note = Note::builder(uris.object("note", 1))
        .by(&uris.actor("echo"))
        .text("hello")
        .public()
        .cc(&uris.followers("echo"));
    site.federation.send("echo", Create::new(note)).await.unwrap();
    world.settle().await;
    assert_eq!(bob.received(), ["Accept", "Create"]);
    assert_eq!(queue.counts().await.unwrap().delivered, 2);
}
