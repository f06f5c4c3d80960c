//! Being told of what others do.

use crate::{at, cluster::database, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{Backend, Delivery, Sealed, Wake};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::{sync::mpsc, time::timeout};

const SOON: Duration = Duration::from_secs(20);

async fn woken(calls: &mut mpsc::UnboundedReceiver<()>) -> bool {
    let woken = timeout(SOON, calls.recv()).await.is_ok();
    // Whatever came with it.
    while timeout(Duration::from_millis(100), calls.recv()).await.is_ok() {}
    woken
}

#[tokio::test]
async fn another_process_is_told_when_there_is_something_to_do() {
    let Some(database) = database() else { return };
    let pool = sqlx::PgPool::connect(&database.url).await.unwrap();
    let here = Postgres::in_database(pool.clone()).await.unwrap();
    let there = Postgres::open(&database.url).await.unwrap();
    let (call, mut calls) = mpsc::unbounded_channel();
    // As whoever knows only that it is a backend does.
    let wake: Wake = Arc::new(move || {
        let _ = call.send(());
    });
    let listening = Backend::listen(&there, wake).expect("this store can tell");
    assert!(
        woken(&mut calls).await,
        "once it listens, as something may have been there"
    );
    let stores = here.stores();

    let mut tx = pool.begin().await.unwrap();
    Postgres::record(&mut tx, &outgoing(1)).await.unwrap();
    let early = timeout(Duration::from_millis(200), calls.recv()).await;
    assert!(early.is_err(), "not before the commit");
    tx.commit().await.unwrap();
    assert!(woken(&mut calls).await, "recorded by the application");

    stores.outbox.record(&outgoing(2)).await.unwrap();
    assert!(woken(&mut calls).await, "recorded");
    let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/1"), at(0));
    stores.queue.enqueue(&[delivery], at(0)).await.unwrap();
    assert!(woken(&mut calls).await, "enqueued");
    let lane = stores.queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    stores.queue.release(lane, None).await.unwrap();
    assert!(woken(&mut calls).await, "given back with something due");
    let id = iri("https://b.example/likes/1");
    let sealed = Sealed::from_bytes("sealed");
    stores
        .inbox
        .accept("https://b.example", &id, &sealed, at(0))
        .await
        .unwrap();
    assert!(woken(&mut calls).await, "received");

    drop(listening);
    let end = timeout(SOON, async { while calls.recv().await.is_some() {} }).await;
    assert!(end.is_ok(), "nobody listens any more");
}

#[tokio::test]
async fn a_lost_connection_is_made_anew_and_what_was_missed_is_told() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let (call, mut calls) = mpsc::unbounded_channel();
    let _listening = store.listen(move || {
        let _ = call.send(());
    });
    assert!(woken(&mut calls).await);
    let ended: i64 = sqlx::query_scalar(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE datname = current_database() AND query LIKE 'LISTEN%'",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert_eq!(ended, 1);
    assert!(woken(&mut calls).await, "it listens again");
    store.stores().outbox.record(&outgoing(1)).await.unwrap();
    assert!(woken(&mut calls).await);
}

#[tokio::test]
async fn a_flood_wakes_nobody_more_than_fifty_times_a_second() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let (call, mut calls) = mpsc::unbounded_channel();
    let _listening = store.listen(move || {
        let _ = call.send(());
    });
    assert!(woken(&mut calls).await);
    #[expect(clippy::disallowed_methods, reason = "it is the pace that is tested")]
    let begun = Instant::now();
    for number in 0..200 {
        // As an application does, each in its own transaction: these tell by themselves.
        let mut tx = store.pool().begin().await.unwrap();
        Postgres::record(&mut tx, &outgoing(number)).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(timeout(SOON, calls.recv()).await.is_ok());
    let mut woken = 1;
    while timeout(Duration::from_millis(200), calls.recv()).await.is_ok() {
        woken += 1;
    }
    let most = begun.elapsed().as_millis() / 20 + 2;
    assert!(woken <= most, "{woken} calls, at most {most}");
}
