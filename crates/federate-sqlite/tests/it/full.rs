//! A file system without space.

use crate::{
    at, iri,
    kill::everything,
    outgoing,
    small::{self, fill, free},
};
use federate_sqlite::Sqlite;
use federate_store::{Accepted, Backend, Delivery, Sealed, StoreError, StoreErrorKind, Stores};
use std::{collections::BTreeSet, path::Path};

#[tokio::test]
async fn p14_a_full_file_system_is_said_and_nothing_is_damaged() {
    let Some(directory) = small::directory() else {
        return small::repeat_on(
            "16m",
            "full::p14_a_full_file_system_is_said_and_nothing_is_damaged",
        );
    };
    let file = directory.join("app.db");
    let store = Sqlite::open(&file).await.unwrap();
    let stores = store.stores();
    let mut promised = BTreeSet::new();
    for number in 0..5 {
        for what in WHAT {
            promised.extend(put(&stores, what, number).await.unwrap());
        }
    }
    for round in 1..=2 {
        fill(&directory, 200_000);
        for what in WHAT {
            let mut number = round * 100_000;
            let refused = loop {
                match put(&stores, what, number).await {
                    Ok(ids) => promised.extend(ids),
                    Err(error) => break error,
                }
                number += 1;
                assert!(number % 100_000 < 10_000, "the space never ended");
            };
            assert_eq!(refused.kind(), StoreErrorKind::Full, "{what}: {refused:?}");
            assert!(!refused.is_permanent());
        }
        // To the last byte; and what can be read without space is read.
        fill(&directory, 0);
        for what in WHAT {
            let refused = put(&stores, what, round * 100_000 + 50_000).await.unwrap_err();
            assert_eq!(refused.kind(), StoreErrorKind::Full, "{what}: {refused:?}");
        }
        assert!(stores.queue.counts().await.unwrap().conserved());
        let recorded = promised.iter().filter(|id| id.starts_with("record ")).count();
        assert_eq!(stores.outbox.unexpanded(1_000_000).await.unwrap().len(), recorded);

        free(&directory);
        for what in WHAT {
            let again = put(&stores, what, round * 100_000 + 50_000).await;
            promised.extend(again.unwrap());
        }
    }
    whole(&store, &file).await;
    store.close().await;
    assert_eq!(
        everything(&file).await,
        promised,
        "what was said to be there, and nothing else"
    );
}

#[tokio::test]
async fn p14_a_pool_of_the_application_is_used_again_when_there_is_space() {
    let Some(directory) = small::directory() else {
        return small::repeat_on(
            "4m",
            "full::p14_a_pool_of_the_application_is_used_again_when_there_is_space",
        );
    };
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(directory.join("app.db"))
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(2)
        .connect_with(options)
        .await
        .unwrap();
    let stores = Sqlite::in_database(pool).await.unwrap().stores();
    put(&stores, "accept", 1).await.unwrap();
    let id = stores.inbox.pending(9, at(0)).await.unwrap().remove(0).id;
    fill(&directory, 0);
    let mut large = outgoing(1);
    large.body = vec![b'x'; 50_000].into();
    for _ in 0..3 {
        let refused = stores
            .inbox
            .ack(&id, std::slice::from_ref(&large))
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Full, "{refused:?}");
        let refused = stores
            .keys
            .get_or_insert("alice", &[b'x'; 50_000])
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Full, "{refused:?}");
    }
    free(&directory);
    stores.keys.get_or_insert("alice", b"secret").await.unwrap();
    assert!(stores.inbox.ack(&id, &[large]).await.unwrap());
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap().len(), 1);
}

const WHAT: [&str; 3] = ["record", "enqueue", "accept"];

/// One of them; its ids in the words of `everything`.
async fn put(stores: &Stores, what: &str, number: usize) -> Result<Vec<String>, StoreError> {
    let ids: Vec<String> = match what {
        "record" => {
            stores.outbox.record(&outgoing(number)).await?;
            vec![outgoing(number).id.to_string()]
        }
        "enqueue" => {
            let inbox = |n: usize| iri(&format!("https://h{n}.example/inbox"));
            let to = |n: usize| Delivery::new(outgoing(number).id, "alice", inbox(n), at(0));
            let batch: Vec<Delivery> = (0..3).map(to).collect();
            stores.queue.enqueue(&batch, at(0)).await?;
            batch.iter().map(|delivery| delivery.id.to_string()).collect()
        }
        _ => {
            let id = iri(&format!("https://b.example/likes/{number}"));
            let sealed = Sealed::from_bytes("sealed");
            match stores
                .inbox
                .accept("https://b.example", &id, &sealed, at(0))
                .await?
            {
                Accepted::New(id) => vec![id.to_string()],
                other => unreachable!("each number is accepted once: {other:?}"),
            }
        }
    };
    Ok(ids.into_iter().map(|id| format!("{what} {id}")).collect())
}

async fn whole(store: &Sqlite, file: &Path) {
    let url = format!("sqlite://{}-federate", file.display());
    let queue = sqlx::SqlitePool::connect(&url).await.unwrap();
    for pool in [store.pool(), &queue] {
        let said: String = sqlx::query_scalar("PRAGMA integrity_check")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!(said, "ok");
    }
    queue.close().await;
}
