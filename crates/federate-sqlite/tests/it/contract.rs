//! The suite that every backend passes.

use federate_sqlite::Sqlite;
use federate_store::{Backend, contract};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test]
async fn a_file_of_its_own_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    contract::all(async || {
        let file = directory
            .path()
            .join(format!("{}.db", next.fetch_add(1, Ordering::SeqCst)));
        Sqlite::builder()
            .cache_entries(32)
            .open(file)
            .await
            .unwrap()
            .stores()
    })
    .await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::all(async || {
        Sqlite::builder()
            .cache_entries(32)
            .open(":memory:")
            .await
            .unwrap()
            .stores()
    })
    .await;
}

#[tokio::test]
async fn an_application_database_with_a_pool_of_one_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    contract::all(async || {
        let file = directory
            .path()
            .join(format!("{}.db", next.fetch_add(1, Ordering::SeqCst)));
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .unwrap();
        Sqlite::builder()
            .cache_entries(32)
            .in_database(pool)
            .await
            .unwrap()
            .stores()
    })
    .await;
}
