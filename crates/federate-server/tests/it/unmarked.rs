//! A handler that waits for nothing leaves nothing in a database that is waited for: no mark is written there, and it runs once all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use federate_protocol::activitystreams::{Announce, Like};
use federate_server::{Actors, Engine, Federation, Profile};
use federate_sqlite::Sqlite;
use federate_store::{Backend as _, Iri, LEASE, ReceivedId, origin_of, shard_of};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::Semaphore;

use crate::world::{Counting, FixedKeys, Peer, World};

/// What its handlers did.
#[derive(Clone)]
struct Done {
    likes: Arc<AtomicUsize>,
    boosts: Arc<AtomicUsize>,
    /// Handlers of boosts wait for it.
    gate: Arc<Semaphore>,
}

impl Default for Done {
    fn default() -> Self {
        Self {
            likes: Arc::default(),
            boosts: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Done {
    /// How many likes, and how many boosts.
    fn counts(&self) -> (usize, usize) {
        (
            self.likes.load(Ordering::SeqCst),
            self.boosts.load(Ordering::SeqCst),
        )
    }
}

async fn start(world: &World, store: Sqlite, done: &Done) -> (Federation<Actors<Sqlite>>, Engine) {
    let (liked, boosted) = (done.clone(), done.clone());
    Federation::builder(
        "https://site.test",
        store,
        Actors::new([Profile::person("alice")]),
    )
    .client(world.net.clone())
    .clock(world.clock.clone())
    .entropy(Arc::new(Counting::default()))
    .keygen(Arc::new(FixedKeys(0)))
    .on::<Like>(move |_, _| {
        liked.likes.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    })
    .on::<Announce>(move |_, _| {
        let done = boosted.clone();
        async move {
            let _pass = done.gate.acquire().await?;
            tokio::task::yield_now().await;
            done.boosts.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    })
    .build()
    .await
    .unwrap()
}

fn activity(of: &Peer, number: u32, kind: &str) -> Value {
    of.activity(
        number,
        json!({ "type": kind, "object": "https://site.test/posts/1" }),
    )
}

async fn post(to: &Federation<Actors<Sqlite>>, from: &Peer, activity: &Value) {
    let request = from.request(to.uris().shared_inbox().as_str(), activity.to_string());
    assert_eq!(to.handle(request).await.unwrap().status(), 202);
}

fn received(of: &Peer, activity: &Value) -> ReceivedId {
    let id = Iri::parse(activity["id"].as_str().unwrap()).unwrap();
    ReceivedId::new(&origin_of(&of.id), &id)
}

async fn marks(store: &Sqlite) -> usize {
    let marks: i64 = sqlx::query_scalar("SELECT count(*) FROM federate_handled")
        .fetch_one(store.pool())
        .await
        .unwrap();
    usize::try_from(marks).unwrap()
}

#[tokio::test]
async fn p2_without_a_mark_it_is_handled_once_also_by_the_next_life() {
    let world = World::default();
    let folder = tempfile::tempdir().unwrap();
    let open = async || Sqlite::open(folder.path().join("site.db")).await.unwrap();
    let (store, done) = (open().await, Done::default());
    let (site, engine) = start(&world, store.clone(), &done).await;
    let bob = world.peer("peer.test", "bob", 1);
    let likes: Vec<Value> = (0..3).map(|number| activity(&bob, number, "Like")).collect();
    for like in &likes {
        post(&site, &bob, like).await;
    }
    while !engine.step().await.is_idle() {}
    assert_eq!((done.counts(), marks(&store).await), ((3, 0), 0));
    drop((site, engine));
    store.close().await;
    let store = open().await;
    let (site, engine) = start(&world, store.clone(), &done).await;
    for like in &likes {
        post(&site, &bob, like).await;
        assert!(store.stores().inbox.handled(&received(&bob, like)).await.unwrap());
    }
    assert!(engine.step().await.is_idle());
    assert_eq!(done.counts(), (3, 0));
    // What waits may leave something in the database, and the mark lies where that does.
    done.gate.add_permits(1);
    post(&site, &bob, &activity(&bob, 9, "Announce")).await;
    while !engine.step().await.is_idle() {}
    assert_eq!((done.counts(), marks(&store).await), ((3, 1), 1));
}

/// Those whose shard is in hand for as long as another's handler waits: dying meanwhile does not repeat them.
#[tokio::test]
async fn p2_behind_a_slow_one_of_another_sender_it_is_marked() {
    let world = World::default();
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("site.db")).await.unwrap();
    let done = Done::default();
    let (site, engine) = start(&world, store.clone(), &done).await;
    let eve = world.peer("slow.test", "eve", 1);
    let mut quick = (0..).map(|number| world.peer(&format!("quick{number}.test"), "bob", 2));
    let bob = quick.find(|bob| shard_of(&bob.id) == shard_of(&eve.id)).unwrap();
    let (boost, like) = (activity(&eve, 1, "Announce"), activity(&bob, 1, "Like"));
    post(&site, &eve, &boost).await;
    post(&site, &bob, &like).await;
    let marked = async {
        while marks(&store).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    let mut step = std::pin::pin!(engine.step());
    let waiting = async {
        tokio::select! {
            _ = &mut step => panic!("eve's handler waits"),
            () = marked => {}
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting)
        .await
        .unwrap();
    let inbox = store.stores().inbox;
    assert!(inbox.handled(&received(&bob, &like)).await.unwrap());
    assert!(!inbox.handled(&received(&eve, &boost)).await.unwrap());
    done.gate.add_permits(1);
    step.await;
    while !engine.step().await.is_idle() {}
    assert_eq!(done.counts(), (1, 1));
    assert_eq!(
        (
            marks(&store).await,
            inbox.backlog().await.unwrap().unwrap().pending
        ),
        (2, 0)
    );
}

/// What the queue's file does not take is marked after all, and does not run again each time that its lease ends.
#[tokio::test]
async fn p2_where_done_cannot_be_written_down_it_is_marked() {
    let world = World::default();
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("site.db")).await.unwrap();
    let queue = SqliteConnectOptions::new().filename(folder.path().join("site.db-federate"));
    let mut queue = SqliteConnection::connect_with(&queue).await.unwrap();
    let refuse = "CREATE TRIGGER refuses BEFORE UPDATE OF state ON federate_received
        BEGIN SELECT raise(ABORT, 'not now'); END";
    sqlx::query(refuse).execute(&mut queue).await.unwrap();
    let done = Done::default();
    let (site, engine) = start(&world, store.clone(), &done).await;
    let bob = world.peer("peer.test", "bob", 1);
    post(&site, &bob, &activity(&bob, 1, "Like")).await;
    for _ in 0..3 {
        engine.step().await;
        assert_eq!((done.counts(), marks(&store).await), ((1, 0), 1));
        world.clock.advance(LEASE + Duration::from_secs(1));
    }
    let refused = sqlx::query("DROP TRIGGER refuses").execute(&mut queue).await;
    refused.unwrap();
    while !engine.step().await.is_idle() {}
    assert_eq!(done.counts(), (1, 0));
    let backlog = store.stores().inbox.backlog().await.unwrap();
    assert_eq!(backlog.unwrap().pending, 0);
}
