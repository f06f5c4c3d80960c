//! Inside the application's own transactions, and what the server may answer.

use crate::{at, cluster::database, iri, outgoing};
use federate_postgres::{Postgres, sql};
use federate_store::{
    Accepted, Backend, Delivery, OrderKey, Outgoing, Priority, Sealed, Settled, StoreErrorKind,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::Duration;

/// An application with a single connection, which looks for its tables anywhere but where ours are.
async fn pool_of_one(url: &str) -> PgPool {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .connect(url)
        .await
        .unwrap();
    sqlx::raw_sql("CREATE SCHEMA forum; CREATE TABLE forum.posts (text TEXT); SET search_path = forum")
        .execute(&pool)
        .await
        .unwrap();
    pool
}

#[tokio::test]
async fn a_post_and_what_it_sends_are_there_together_or_not_at_all() {
    let Some(database) = database() else { return };
    let pool = pool_of_one(&database.url).await;
    let store = Postgres::in_database(pool.clone()).await.unwrap();
    for (number, begin, commit) in [
        (1, "BEGIN", false),
        (2, "BEGIN", true),
        (3, "BEGIN ISOLATION LEVEL SERIALIZABLE", true),
    ] {
        let mut tx = pool.begin_with(begin).await.unwrap();
        sqlx::query("INSERT INTO posts VALUES ('hello')")
            .execute(&mut *tx)
            .await
            .unwrap();
        Postgres::record(&mut tx, &outgoing(number)).await.unwrap();
        Postgres::record(&mut tx, &outgoing(number)).await.unwrap();
        let outbox = store.stores().outbox;
        assert!(
            outbox
                .unexpanded(9)
                .await
                .unwrap()
                .iter()
                .all(|found| found.id != outgoing(number).id),
            "not before the commit"
        );
        if commit {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
    }
    let found = store.stores().outbox.unexpanded(9).await.unwrap();
    assert_eq!(found, [outgoing(2), outgoing(3)]);
    let posts: i64 = sqlx::query_scalar("SELECT count(*) FROM posts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(posts, 2);
}

#[tokio::test]
async fn a_handler_marks_in_its_own_transaction() {
    let Some(database) = database() else { return };
    let pool = pool_of_one(&database.url).await;
    let inbox = Postgres::in_database(pool.clone()).await.unwrap().stores().inbox;
    let sealed = Sealed::from_bytes("sealed");
    let like = iri("https://b.example/likes/1");
    let accepted = inbox
        .accept("https://b.example", &like, &sealed, at(0))
        .await
        .unwrap();
    let Accepted::New(id) = accepted else {
        unreachable!("nothing was accepted before");
    };
    let mut tx = pool.begin().await.unwrap();
    assert!(Postgres::handled(&mut tx, &id).await.unwrap());
    tx.rollback().await.unwrap();
    assert!(!inbox.handled(&id).await.unwrap(), "rolled back with the rest");
    let mut tx = pool.begin().await.unwrap();
    assert!(Postgres::handled(&mut tx, &id).await.unwrap());
    tx.commit().await.unwrap();
    assert!(inbox.handled(&id).await.unwrap());
    let mut tx = pool.begin().await.unwrap();
    assert!(
        !Postgres::handled(&mut tx, &id).await.unwrap(),
        "the second run is told"
    );
    tx.rollback().await.unwrap();
    assert!(!inbox.ack(&id, &[outgoing(1)]).await.unwrap());
}

#[tokio::test]
async fn an_open_transaction_holds_up_nothing() {
    let Some(database) = database() else { return };
    let pool = pool_of_one(&database.url).await;
    let stores = Postgres::in_database(pool.clone()).await.unwrap().stores();
    let mut tx = pool.begin().await.unwrap();
    Postgres::record(&mut tx, &outgoing(1)).await.unwrap();
    // The application's only connection is taken: the store must not care.
    let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/inbox"), at(0));
    stores.queue.enqueue(&[delivery], at(0)).await.unwrap();
    stores.outbox.record(&outgoing(2)).await.unwrap();
    assert_eq!(stores.queue.lease("w", 1, at(0)).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn the_published_statements_are_the_ones_that_work() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let one = Outgoing {
        priority: Priority::High,
        order: Some(OrderKey::of(&iri("https://a.example/notes/1"))),
        ..outgoing(1)
    };
    for _ in 0..2 {
        sqlx::query(sql::RECORD)
            .bind(one.id.as_str())
            .bind(one.sender.as_str())
            .bind(sql::audience(&one.audience))
            .bind(one.body.as_ref())
            .bind(i16::from(one.priority.rank()))
            .bind(one.order.map(OrderKey::to_stored))
            .execute(store.pool())
            .await
            .unwrap();
    }
    assert_eq!(store.stores().outbox.unexpanded(9).await.unwrap(), [one]);
    let mut marked = Vec::new();
    for _ in 0..2 {
        let done = sqlx::query(sql::HANDLED)
            .bind("an id")
            .execute(store.pool())
            .await
            .unwrap();
        marked.push(done.rows_affected());
    }
    assert_eq!(marked, [1, 0]);
}

#[tokio::test]
async fn p12_a_row_that_cannot_be_read_holds_up_no_other() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    for id in ["no iri at all", "https://a.example/good"] {
        sqlx::query(sql::RECORD)
            .bind(id)
            .bind("alice")
            .bind("https://b.example/users/bob\nnonsense here")
            .bind(&b"{}"[..])
            .bind(None::<i16>)
            .bind(None::<i64>)
            .execute(store.pool())
            .await
            .unwrap();
    }
    let stores = store.stores();
    for _ in 0..2 {
        let waiting = stores.outbox.unexpanded(9).await.unwrap();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].audience, [iri("https://b.example/users/bob")]);
    }

    let inboxes = ["https://b.example/1", "https://b.example/2"];
    let batch = inboxes.map(|inbox| Delivery::new(outgoing(1).id, "alice", iri(inbox), at(0)));
    stores.queue.enqueue(&batch, at(0)).await.unwrap();
    sqlx::raw_sql("UPDATE federate.inboxes SET iri = 'damaged' WHERE iri = 'https://b.example/1'")
        .execute(store.pool())
        .await
        .unwrap();
    let lane = stores.queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    assert_eq!(stores.queue.due(&lane, 9, at(1)).await.unwrap(), batch[1..]);
    let counts = stores.queue.counts().await.unwrap();
    assert_eq!((counts.pending, counts.dead), (1, 1));
    assert!(counts.conserved());
}

#[tokio::test]
async fn a_reason_may_hold_any_character() {
    let Some(database) = database() else { return };
    let queue = Postgres::open(&database.url).await.unwrap().stores().queue;
    let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/1"), at(0));
    queue
        .enqueue(std::slice::from_ref(&delivery), at(0))
        .await
        .unwrap();
    let lane = queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    let reason = "answered 500: a\0b \u{1F98A}".to_owned();
    let outcome = [(delivery.id, Settled::Dead { reason })];
    queue.settle(&lane, &outcome, at(1)).await.unwrap();
    assert_eq!(
        queue.dead(9).await.unwrap()[0].reason,
        "answered 500: a b \u{1F98A}"
    );
}

/// Makes every insertion into a table fail, so many times, with a code of PostgreSQL.
async fn fail(pool: &PgPool, table: &str, code: &str, times: i64) {
    let statement = format!(
        "CREATE SEQUENCE IF NOT EXISTS failures;
         CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('public.failures') <= {times} THEN
                 RAISE EXCEPTION 'as the test wants' USING ERRCODE = '{code}';
             END IF;
             RETURN NEW;
         END $$;
         CREATE TRIGGER fail BEFORE INSERT ON federate.{table} FOR EACH STATEMENT EXECUTE FUNCTION public.fail()"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn p14_a_full_disk_is_said_and_survived() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let stores = store.stores();
    fail(store.pool(), "pending", "53100", 1).await;
    let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/1"), at(0));
    let batch = std::slice::from_ref(&delivery);
    let error = stores.queue.enqueue(batch, at(0)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert!(!error.is_permanent());
    assert_eq!(
        stores.queue.counts().await.unwrap().enqueued,
        0,
        "nothing was written"
    );
    stores.queue.enqueue(batch, at(0)).await.unwrap();
    assert_eq!(stores.queue.counts().await.unwrap().pending, 1);
}

#[tokio::test]
async fn p15_what_the_server_takes_back_is_done_again() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    fail(store.pool(), "pending", "40P01", 3).await;
    let queue = store.stores().queue;
    let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/1"), at(0));
    queue.enqueue(&[delivery], at(0)).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.enqueued, counts.pending), (1, 1));
}
