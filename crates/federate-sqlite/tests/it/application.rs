//! Inside the application's own transactions.

use crate::{at, iri, outgoing};
use federate_sqlite::{Sqlite, sql};
use federate_store::{Accepted, Backend, Delivery, Iri, Sealed, StoreErrorKind};
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{path::Path, time::Duration};

async fn pool_of_one(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .connect_with(options)
        .await
        .unwrap();
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS posts (text TEXT)")
        .execute(&pool)
        .await
        .unwrap();
    pool
}

#[tokio::test]
async fn a_post_and_what_it_sends_are_there_together_or_not_at_all() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool_of_one(&directory.path().join("app.db")).await;
    let store = Sqlite::in_database(pool.clone()).await.unwrap();
    let stores = store.stores();
    for (number, commit) in [(1, false), (2, true)] {
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::query("INSERT INTO posts VALUES ('hello')")
            .execute(&mut *tx)
            .await
            .unwrap();
        Sqlite::record(&mut tx, &outgoing(number)).await.unwrap();
        if commit {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
    }
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap(), [outgoing(2)]);
    let posts: i64 = sqlx::query_scalar("SELECT count(*) FROM posts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(posts, 1);
}

#[tokio::test]
async fn a_handler_marks_in_its_own_transaction() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool_of_one(&directory.path().join("app.db")).await;
    let store = Sqlite::in_database(pool.clone()).await.unwrap();
    let inbox = store.stores().inbox;
    let sealed = Sealed::from_bytes("sealed");
    let like = iri("https://b.example/likes/1");
    let Accepted::New(id) = inbox
        .accept("https://b.example", &like, &sealed, at(0))
        .await
        .unwrap()
    else {
        unreachable!("nothing was accepted before");
    };
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(Sqlite::handled(&mut tx, &id).await.unwrap());
    tx.rollback().await.unwrap();
    assert!(!inbox.handled(&id).await.unwrap(), "rolled back with the rest");
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(Sqlite::handled(&mut tx, &id).await.unwrap());
    tx.commit().await.unwrap();
    assert!(inbox.handled(&id).await.unwrap());
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert!(
        !Sqlite::handled(&mut tx, &id).await.unwrap(),
        "the second run is told"
    );
    tx.rollback().await.unwrap();
    assert!(!inbox.ack(&id, &[outgoing(1)]).await.unwrap());
}

#[tokio::test]
async fn an_open_transaction_holds_up_neither_queue_nor_inbox() {
    let directory = tempfile::tempdir().unwrap();
    let pool = pool_of_one(&directory.path().join("app.db")).await;
    let stores = Sqlite::in_database(pool.clone()).await.unwrap().stores();
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    Sqlite::record(&mut tx, &outgoing(1)).await.unwrap();
    // The pool's only connection is taken, its file locked: the hot half must not care.
    let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/inbox"), at(0));
    stores.queue.enqueue(&[delivery], at(0)).await.unwrap();
    let sealed = Sealed::from_bytes("sealed");
    stores
        .inbox
        .accept("https://b.example", &iri("https://b.example/1"), &sealed, at(0))
        .await
        .unwrap();
    assert_eq!(stores.queue.lease("w", 1, at(0)).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_handles_on_one_file_see_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let (first, second) = tokio::join!(Sqlite::open(&file), Sqlite::open(&file));
    let (first, second) = (first.unwrap().stores(), second.unwrap().stores());
    let mut tasks = Vec::new();
    for (half, stores) in [first.clone(), second.clone()].into_iter().enumerate() {
        tasks.push(tokio::spawn(async move {
            for number in (0..200).filter(|n| n % 2 == half || n % 5 == 0) {
                let inbox = iri(&format!("https://h{}.example/inbox", number % 7));
                let delivery = Delivery::new(outgoing(number).id, "alice", inbox, at(0));
                stores.queue.enqueue(&[delivery], at(0)).await.unwrap();
                if number % 20 == 0 {
                    stores.outbox.record(&outgoing(number)).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let counts = second.queue.counts().await.unwrap();
    assert_eq!((counts.enqueued, counts.pending), (200, 200));
    assert_eq!(first.outbox.unexpanded(99).await.unwrap().len(), 10);
    let one = first.queue.lease("one", 3, at(0)).await.unwrap();
    let two = second.queue.lease("two", 9, at(0)).await.unwrap();
    assert_eq!((one.len(), two.len()), (3, 4));
}

#[tokio::test]
async fn p14_a_full_disk_is_said_and_survived() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let store = Sqlite::open(&file).await.unwrap();
    let limit = async |pages: i64| {
        // The limit is per connection: set it on all that the pool has.
        let mut connections = Vec::new();
        for _ in 0..4 {
            connections.push(store.pool().acquire().await.unwrap());
        }
        for connection in &mut connections {
            let pragma = format!("PRAGMA max_page_count = {pages}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(pragma))
                .execute(&mut **connection)
                .await
                .unwrap();
        }
    };
    limit(60).await;
    let outbox = store.stores().outbox;
    let mut written = 0;
    let error = loop {
        let mut big = outgoing(written);
        big.body = vec![b'x'; 20_000].into();
        match outbox.record(&big).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 100, "the limit was never met");
    };
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert!(!error.is_permanent());
    assert_eq!(
        outbox.unexpanded(999).await.unwrap().len(),
        written,
        "what was said to be written is"
    );
    limit(10_000).await;
    outbox.record(&outgoing(written)).await.unwrap();
    assert_eq!(outbox.unexpanded(999).await.unwrap().len(), written + 1);
}

#[tokio::test]
async fn the_published_statements_are_the_ones_that_work() {
    let store = Sqlite::open(":memory:").await.unwrap();
    let one = outgoing(1);
    for _ in 0..2 {
        sqlx::query(sql::RECORD)
            .bind(one.id.as_str())
            .bind(one.sender.as_str())
            .bind(sql::audience(&one.audience))
            .bind(one.body.as_ref())
            .bind(i64::from(one.priority.rank()))
            .bind(one.order.map(federate_store::OrderKey::to_stored))
            .execute(store.pool())
            .await
            .unwrap();
    }
    assert_eq!(store.stores().outbox.unexpanded(9).await.unwrap(), [one]);
}

#[tokio::test]
async fn p12_a_row_that_cannot_be_read_holds_up_no_other() {
    let store = Sqlite::open(":memory:").await.unwrap();
    for id in ["no iri at all", "https://a.example/good"] {
        sqlx::query(sql::RECORD)
            .bind(id)
            .bind("alice")
            .bind("https://b.example/users/bob\nnonsense here")
            .bind(&b"{}"[..])
            .bind(None::<i64>)
            .bind(None::<i64>)
            .execute(store.pool())
            .await
            .unwrap();
    }
    let outbox = store.stores().outbox;
    for _ in 0..2 {
        let waiting = outbox.unexpanded(9).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].audience, [iri("https://b.example/users/bob")]);
    }
}

#[tokio::test]
async fn p1_an_expansion_that_died_halfway_is_repeated_harmlessly() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let inboxes: Vec<_> = (0..50)
        .map(|n| iri(&format!("https://h{}.example/{n}", n % 7)))
        .collect();
    let deliveries = |n: usize| -> Vec<Delivery> {
        let to = |inbox: &Iri| Delivery::new(outgoing(1).id, "alice", inbox.clone(), at(0));
        inboxes.iter().take(n).map(to).collect()
    };
    let store = Sqlite::open(&file).await.unwrap();
    store.stores().outbox.record(&outgoing(1)).await.unwrap();
    store
        .stores()
        .queue
        .enqueue(&deliveries(30), at(0))
        .await
        .unwrap();
    store.close().await; // It dies here: the queue's file knows of thirty, the application's of none.

    let stores = Sqlite::open(&file).await.unwrap().stores();
    for waiting in stores.outbox.unexpanded(9).await.unwrap() {
        stores.queue.enqueue(&deliveries(50), at(9)).await.unwrap();
        stores.outbox.expanded(&waiting.id).await.unwrap();
    }
    assert_eq!(stores.queue.counts().await.unwrap().enqueued, 50);
    assert!(stores.outbox.unexpanded(9).await.unwrap().is_empty());
    assert!(stores.outbox.body(&outgoing(1).id).await.unwrap().is_some());
}
