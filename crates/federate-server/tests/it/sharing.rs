//! Several processes over one store: each activity is handled by one of them, and what a moderator decides holds in all.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use federate_protocol::activitystreams::{Activity, Iri};
use federate_server::{
    Ask, Authenticated, Cx, Directory, Engine, Failure, Federation, Found, Profile, async_trait,
};
use federate_sqlite::Sqlite;
use federate_store::{Backend, LEASE, Memory, shard_of};
use serde_json::json;

use crate::cluster;
use crate::world::{Counting, FixedKeys, Peer, World};

/// What the handlers of all processes did: who, and what.
type Log = Arc<Mutex<Vec<(usize, String)>>>;

/// One process of the application.
struct Process<S> {
    number: usize,
    log: Log,
    /// Handlers wait for it: so that a process can die in the middle.
    gate: Arc<tokio::sync::Semaphore>,
    /// Those of `slow.test` wait for this one.
    slow: Arc<tokio::sync::Semaphore>,
    store: std::marker::PhantomData<fn() -> S>,
}

#[async_trait]
impl<S: Backend> Directory for Process<S> {
    type Store = S;

    async fn actor(&self, _: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        Ok(Found::Here(Profile::person(name)))
    }
}

async fn note<S: Backend>(cx: Cx<Process<S>>, activity: Authenticated<Activity>) -> Result<(), Failure> {
    let process = cx.app();
    let gate = match activity.by().host() {
        Some("slow.test") => &process.slow,
        _ => &process.gate,
    };
    let _pass = gate.acquire().await?;
    let entry = (process.number, activity.id().to_string());
    process.log.lock().unwrap().push(entry);
    // Others have their turn.
    tokio::task::yield_now().await;
    Ok(())
}

struct Running<S: Backend> {
    federation: Federation<Process<S>>,
    engine: Engine,
    gate: Arc<tokio::sync::Semaphore>,
    slow: Arc<tokio::sync::Semaphore>,
}

async fn start<S: Backend>(world: &World, store: S, number: usize, log: &Log) -> Running<S> {
    let gate = Arc::new(tokio::sync::Semaphore::new(1_000));
    let slow = Arc::new(tokio::sync::Semaphore::new(0));
    let app = Process {
        number,
        log: Arc::clone(log),
        slow: Arc::clone(&slow),
        gate: Arc::clone(&gate),
        store: std::marker::PhantomData,
    };
    let (federation, engine) = Federation::builder("https://site.test", store, app)
        .client(world.net.clone())
        .clock(world.clock.clone())
        .entropy(Arc::new(Counting::default()))
        .keygen(Arc::new(FixedKeys(0)))
        .worker(format!("process {number}"))
        .manage_followers()
        .on::<Activity>(note)
        .build()
        .await
        .unwrap();
    Running {
        federation,
        engine,
        gate,
        slow,
    }
}

async fn post<S: Backend>(to: &Running<S>, from: &Peer, number: u32) -> http::StatusCode {
    let like = json!({ "type": "Like", "object": "https://site.test/posts/1" });
    let body = from.activity(number, like).to_string();
    let inbox = to.federation.uris().shared_inbox();
    let request = from.request(inbox.as_str(), body);
    to.federation.handle(request).await.unwrap().status()
}

fn peers(world: &World, count: usize) -> Vec<Peer> {
    (0..count)
        .map(|number| world.peer(&format!("peer{number}.test"), "bob", number % 3))
        .collect()
}

/// Each once, and those of one sender in the order in which they were posted.
fn once_and_in_order(log: &Log, senders: &[Peer], each: u32) {
    let log = log.lock().unwrap();
    assert_eq!(log.len(), senders.len() * each as usize, "each once");
    for sender in senders {
        let prefix = format!("{}/activities/", sender.id);
        let numbers: Vec<u32> = log
            .iter()
            .filter_map(|(_, id)| id.strip_prefix(&prefix)?.parse().ok())
            .collect();
        assert_eq!(numbers, (0..each).collect::<Vec<_>>(), "of {}", sender.id);
    }
}

async fn three_share<S: Backend>(stores: [S; 3]) {
    let world = World::default();
    let log = Log::default();
    let mut processes = Vec::new();
    for (number, store) in stores.into_iter().enumerate() {
        processes.push(start(&world, store, number, &log).await);
    }
    let senders = peers(&world, 30);
    for number in 0..10 {
        let posting = senders.iter().enumerate();
        let posted = posting.map(|(turn, sender)| post(&processes[turn % 3], sender, number));
        for status in futures_util::future::join_all(posted).await {
            assert_eq!(status, 202);
        }
    }
    for _ in 0..100 {
        let (a, b, c) = tokio::join!(
            processes[0].engine.step(),
            processes[1].engine.step(),
            processes[2].engine.step()
        );
        if a.is_idle() && b.is_idle() && c.is_idle() {
            break;
        }
    }
    once_and_in_order(&log, &senders, 10);
}

#[tokio::test]
async fn three_processes_over_a_memory_share_what_was_received() {
    let store = Memory::new();
    three_share([store.clone(), store.clone(), store]).await;
}

#[tokio::test]
async fn three_processes_over_files_share_what_was_received() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("site.db");
    let open = async || Sqlite::open(&file).await.unwrap();
    three_share([open().await, open().await, open().await]).await;
}

#[tokio::test]
async fn three_processes_over_postgres_share_what_was_received() {
    let Some(database) = cluster::database() else {
        return;
    };
    let open = async || federate_postgres::Postgres::open(&database.url).await.unwrap();
    three_share([open().await, open().await, open().await]).await;
}

/// P3: what a process that died had in hand is handled by the others when its lease ends; or at once, by its next life.
#[tokio::test]
async fn p3_what_a_process_that_died_had_in_hand_is_handled() {
    for next_life in [false, true] {
        let world = World::default();
        let (log, store) = (Log::default(), Memory::new());
        let dying = start(&world, store.clone(), 0, &log).await;
        let other = start(&world, store.clone(), 1, &log).await;
        let senders = peers(&world, 3);
        for number in 0..5 {
            for sender in &senders {
                assert_eq!(post(&dying, sender, number).await, 202);
            }
        }
        // It claims, and dies in its handlers.
        dying.gate.forget_permits(1_000);
        assert!(futures_util::FutureExt::now_or_never(dying.engine.step()).is_none());
        drop(dying);
        assert!(other.engine.step().await.is_idle(), "nobody has two hands in one");
        let heir = match next_life {
            true => start(&world, store, 0, &log).await,
            false => {
                world.clock.advance(LEASE + Duration::from_secs(1));
                other
            }
        };
        while !heir.engine.step().await.is_idle() {}
        once_and_in_order(&log, &senders, 5);
    }
}

/// The machine slept: by the clock on the wall the lease ended, by the one that stood still nothing took long.
#[tokio::test]
async fn p3_who_slept_handles_nothing_that_another_took_over() {
    let world = World::default();
    let (log, store) = (Log::default(), Memory::new());
    let asleep = start(&world, store.clone(), 0, &log).await;
    let other = start(&world, store, 1, &log).await;
    let sender = world.peer("peer.test", "bob", 1);
    for number in 0..3 {
        assert_eq!(post(&asleep, &sender, number).await, 202);
    }
    asleep.gate.forget_permits(1_000);
    let mut step = std::pin::pin!(asleep.engine.step());
    tokio::select! {
        biased;
        _ = &mut step => panic!("its handler waits"),
        () = std::future::ready(()) => {}
    }
    world.clock.advance(LEASE + Duration::from_secs(1));
    while !other.engine.step().await.is_idle() {}
    asleep.gate.add_permits(1_000);
    step.await;
    let handled: Vec<usize> = log.lock().unwrap().iter().map(|(by, _)| *by).collect();
    assert_eq!(
        handled,
        [1, 1, 1, 0],
        "the one that it had begun with, and no other"
    );
}

#[tokio::test]
async fn p14_a_store_that_refuses_one_and_a_slow_handler_stop_nobody_else() {
    let world = World::default();
    let log = Log::default();
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("site.db")).await.unwrap();
    let pool = store.pool().clone();
    let refuse = "CREATE TRIGGER refuses BEFORE INSERT ON federate_handled WHEN new.id LIKE '%bad.test%'
        BEGIN SELECT raise(ABORT, 'not this one'); END";
    sqlx::query(refuse).execute(&pool).await.unwrap();
    let site = start(&world, store, 0, &log).await;
    let slow = world.peer("slow.test", "eve", 1);
    let bad = world.peer("bad.test", "mallory", 2);
    let good = (0..).map(|n| world.peer(&format!("good{n}.test"), "bob", 1));
    let mut good = good.filter(|peer| {
        [&slow, &bad]
            .iter()
            .all(|other| shard_of(&peer.id) != shard_of(&other.id))
    });
    let good = good.next().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = site.engine.run_until(async {
        let _ = stopped.await;
    });
    let said = |host: &str| {
        log.lock()
            .unwrap()
            .iter()
            .filter(|(_, id)| id.contains(host))
            .count()
    };
    let testing = async {
        assert_eq!(post(&site, &slow, 1).await, 202);
        assert_eq!(post(&site, &bad, 1).await, 202);
        let mut number = 0;
        while site.federation.health().inbox.store_refuses.is_none() {
            assert_eq!(post(&site, &good, number).await, 202);
            number += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let told = number;
        while said("good") <= told as usize {
            // The next one lets the worker ask a store again that has just refused something: by this clock a second is never over.
            assert_eq!(post(&site, &good, number).await, 202);
            number += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(said("slow"), 0);
        // What waits is looked at all the while.
        world.clock.advance(Duration::from_secs(61));
        while site.federation.health().inbox.pending.unwrap_or_default() < 2 {
            number += 1;
            assert_eq!(post(&site, &good, number).await, 202);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        sqlx::query("DROP TRIGGER refuses").execute(&pool).await.unwrap();
        stop.send(()).unwrap();
        site.slow.add_permits(1);
    };
    let both = async { tokio::join!(running, testing) };
    tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
    while !site.engine.step().await.is_idle() {}
    // Its lease ended when the clock was put on: it may have been given out again.
    assert!(said("slow") >= 1 && said("bad") >= 1);
    assert_eq!(site.federation.stores().inbox.next_due().await.unwrap(), None);
}

async fn decided_by_one_holds_in_the_other<S: Backend>(one: S, other: S) {
    let world = World::default();
    let log = Log::default();
    let here = start(&world, one, 0, &log).await;
    let there = start(&world, other, 1, &log).await;
    let bob = world.peer("peer.test", "bob", 1);
    let eve = world.peer("a.evil.test", "eve", 2);
    let follow = json!({ "type": "Follow", "object": "https://site.test/users/alice" });
    let inbox = there.federation.uris().shared_inbox();
    let request = eve.request(inbox.as_str(), eve.activity(1, follow).to_string());
    assert_eq!(there.federation.handle(request).await.unwrap().status(), 202);
    while !there.engine.step().await.is_idle() {}
    assert_eq!(eve.received_types(), ["Accept"]);
    log.lock().unwrap().clear();
    // Accepted before the decision, and not handled yet.
    assert_eq!(post(&there, &eve, 2).await, 202);
    assert_eq!(post(&there, &bob, 2).await, 202);

    let admin = here.federation.admin();
    let decision = admin.block("EVIL.test.").because("spam").by("mo");
    decision.apply().await.unwrap();
    assert_eq!(post(&here, &eve, 3).await, 403, "at once where it was decided");
    world.clock.advance(Duration::from_secs(1));
    while !there.engine.step().await.is_idle() {}
    let seen: Vec<Iri> = log
        .lock()
        .unwrap()
        .iter()
        .map(|(_, id)| Iri::parse(id).unwrap())
        .collect();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(
        seen[0].same_origin(&bob.id),
        "what it sent before is refused when it is handled"
    );
    assert_eq!(post(&there, &eve, 4).await, 403, "within a second elsewhere");
    let note = there.federation.note("alice").text("hello");
    let create = federate_protocol::activitystreams::Create::new(note);
    there.federation.send("alice", create).await.unwrap();
    while !there.engine.step().await.is_idle() {}
    assert_eq!(
        eve.received_types(),
        ["Accept"],
        "nor does its follower hear of anything"
    );

    let blocked = there.federation.admin().blocked().await.unwrap();
    assert_eq!(blocked.len(), 1);
    assert_eq!(
        (
            blocked[0].host.as_str(),
            blocked[0].reason.as_str(),
            blocked[0].by.as_str()
        ),
        ("evil.test", "spam", "mo")
    );
    there
        .federation
        .admin()
        .unblock("evil.test")
        .by("mo")
        .apply()
        .await
        .unwrap();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(post(&here, &eve, 5).await, 202);
    let told = here
        .federation
        .admin()
        .decisions(Some("evil.test"), None, 9)
        .await
        .unwrap();
    let told: Vec<&str> = told.iter().map(|(_, rule)| rule.verdict.as_str()).collect();
    assert_eq!(told, ["unblock", "block"]);
    assert!(
        here.federation
            .admin()
            .block("not a host")
            .apply()
            .await
            .unwrap_err()
            .is_permanent()
    );
}

#[tokio::test]
async fn p22_a_block_decided_in_one_process_holds_in_all_over_files() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("site.db");
    let open = async || Sqlite::open(&file).await.unwrap();
    decided_by_one_holds_in_the_other(open().await, open().await).await;
    // And in those that start later.
    let world = World::default();
    let store = open().await;
    let rule = federate_store::Rule::new("evil.test", federate_store::Verdict::Block, std::time::UNIX_EPOCH);
    store.stores().rules.decide(&[rule]).await.unwrap();
    let later = start(&world, store, 2, &Log::default()).await;
    let eve = world.peer("evil.test", "eve", 2);
    assert_eq!(post(&later, &eve, 9).await, 403);
}

#[tokio::test]
async fn p22_a_block_decided_in_one_process_holds_in_all_over_postgres() {
    let Some(database) = cluster::database() else {
        return;
    };
    let open = async || federate_postgres::Postgres::open(&database.url).await.unwrap();
    decided_by_one_holds_in_the_other(open().await, open().await).await;
}

/// What was left in the queue, because calling off failed or another process did not know yet, is called off by doing it again.
#[tokio::test]
async fn p22_a_block_that_is_repeated_calls_off_what_waits() {
    let world = World::default();
    let (store, log) = (Memory::new(), Log::default());
    let here = start(&world, store.clone(), 0, &log).await;
    let there = start(&world, store, 1, &log).await;
    let eve = world.peer("evil.test", "eve", 2);
    let follow = json!({ "type": "Follow", "object": "https://site.test/users/alice" });
    let inbox = there.federation.uris().shared_inbox();
    let request = eve.request(inbox.as_str(), eve.activity(1, follow).to_string());
    assert_eq!(there.federation.handle(request).await.unwrap().status(), 202);
    while !there.engine.step().await.is_idle() {}
    let block = async || here.federation.admin().block("evil.test").apply().await.unwrap();
    assert_eq!(block().await, 0);
    // Within the second the other process does not know it.
    world.net.cut("evil.test");
    let note = there.federation.note("alice").text("hello");
    let create = federate_protocol::activitystreams::Create::new(note);
    there.federation.send("alice", create).await.unwrap();
    while !there.engine.step().await.is_idle() {}
    assert_eq!(block().await, 1);
    assert_eq!(block().await, 0);
}

/// What the program itself was given is no moderator's to lift.
#[tokio::test]
async fn p22_what_the_program_blocks_no_moderator_lifts() {
    let world = World::default();
    let site = start(&world, Memory::new(), 0, &Log::default()).await;
    let eve = world.peer("evil.test", "eve", 2);
    let mut blocks = federate_server::Blocks::new();
    blocks.suspend("evil.test").unwrap();
    site.federation.set_blocks(blocks).await.unwrap();
    site.federation.admin().block("evil.test").apply().await.unwrap();
    site.federation
        .admin()
        .unblock("evil.test")
        .apply()
        .await
        .unwrap();
    assert_eq!(post(&site, &eve, 1).await, 403);
    site.federation
        .set_blocks(federate_server::Blocks::new())
        .await
        .unwrap();
    assert_eq!(post(&site, &eve, 1).await, 202);
}
