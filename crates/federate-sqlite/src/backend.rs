//! The store as a value.

use crate::{
    Builder, OpenError, acks::Acks, batches::Batches, cache::CacheTable, error::store_error, hand::Hand,
    rounds::Rounds, sql,
};
use federate_store::{Backend, BoxFuture, OrderKey, Outgoing, ReceivedId, StoreError, Stores};
use sqlx::{SqliteConnection, SqlitePool};
use std::{path::Path, sync::Arc};

/// The store in SQLite. A clone is another handle on the same one.
#[derive(Clone, Debug)]
pub struct Sqlite {
    files: Arc<Files>,
    cache: Arc<CacheTable>,
}

/// The pools on the two files.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// The application's database: `outbox`, `handled`, `keys`, `followers`, `rules`.
    pub(crate) application: SqlitePool,
    /// The same database, for marks, where the file is ours: one connection that nothing else uses, as whoever writes over another lets it
    /// read its pages anew.
    pub(crate) own_marks: Option<SqlitePool>,
    /// The queue's file, one connection: SQLite has one writer, and a queue in the process is fairer than its locks.
    pub(crate) write: SqlitePool,
    /// The queue's file, one connection that does not wait for the disk: see [`rounds`](crate::rounds). In memory it is the same pool.
    pub(crate) loose: SqlitePool,
    /// The queue's file, for whoever only reads. In memory it is the same pool.
    pub(crate) read: SqlitePool,
    /// Where the two files lie.
    pub(crate) places: Places,
    pub(crate) is_on_disk: bool,
    /// What arrived, was claimed or is given back, and waits to be written.
    pub(crate) rounds: Arc<Rounds>,
    /// Envelopes that arrived a moment ago.
    pub(crate) batches: Arc<Batches>,
    /// Where what this process has in hand stands.
    pub(crate) hand: Arc<Hand>,
    /// What was handled and waits to be marked.
    pub(crate) acks: Arc<Acks>,
}

impl Files {
    /// Where marks are written.
    pub(crate) fn marks(&self) -> &SqlitePool {
        self.own_marks.as_ref().unwrap_or(&self.application)
    }
}

/// Where files lie; `None` where that is not to be told, or does not matter.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    pub(crate) application: Option<String>,
    pub(crate) queue: Option<String>,
}

impl Sqlite {
    /// Opens the store in a file of its own, making it where there is none, with a second one beside it.
    /// `":memory:"` stays in memory.
    ///
    /// It is for one runtime of tokio, that lives as long as the store is used: what several tasks write at once, one of them
    /// writes for all.
    ///
    /// # Errors
    /// Where the files cannot be opened, or are of a newer release.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::builder().open(path).await
    }

    /// Opens the store in the application's database, with the hot half in a second file beside that.
    ///
    /// # Errors
    /// Where the database cannot be used, the second file not opened, or either is of a newer release.
    pub async fn in_database(pool: SqlitePool) -> Result<Self, OpenError> {
        Self::builder().in_database(pool).await
    }

    /// What can be chosen before it is opened.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The pool of the application's database: the one that was given, or the one that [`Sqlite::open`] made.
    pub fn pool(&self) -> &SqlitePool {
        &self.files.application
    }

    /// Waits until all connections are closed, which writes the log back into the files. An application's own
    /// pool is closed too.
    pub async fn close(&self) {
        self.files.read.close().await;
        self.files.loose.close().await;
        self.files.write.close().await;
        if let Some(marks) = &self.files.own_marks {
            marks.close().await;
        }
        self.files.application.close().await;
    }

    /// What the connections of the store's own pools say of themselves: journal mode, `synchronous` (2 is `FULL`)
    /// and `foreign_keys`, one entry for each connection. For a readiness check, and to prove durability.
    ///
    /// # Errors
    /// Where a pool gives no connection.
    pub async fn durability(&self) -> Result<Vec<(String, i64, i64)>, StoreError> {
        let mut said = Vec::new();
        let files = &self.files;
        let ours = [&files.write, &files.read];
        let pools = std::iter::once(&files.application).chain(&files.own_marks);
        for pool in pools.chain(ours) {
            let mut connections = Vec::new();
            for _ in 0..pool.options().get_max_connections() {
                connections.push(pool.acquire().await.map_err(store_error)?);
            }
            for connection in &mut connections {
                let row = sqlx::query_as(
                    "SELECT * FROM pragma_journal_mode, pragma_synchronous, pragma_foreign_keys",
                )
                .fetch_one(&mut **connection)
                .await
                .map_err(store_error)?;
                said.push(row);
            }
        }
        Ok(said)
    }

    pub(crate) fn files(&self) -> &Files {
        &self.files
    }

    pub(crate) fn new(files: Files, cache_entries: usize) -> Self {
        let cache = Arc::new(CacheTable::new(files.clone(), cache_entries));
        Self {
            files: Arc::new(files),
            cache,
        }
    }
}

impl Backend for Sqlite {
    type Connection = SqliteConnection;

    fn stores(&self) -> Stores {
        Stores {
            outbox: self.files.clone(),
            inbox: self.files.clone(),
            queue: self.files.clone(),
            keys: self.files.clone(),
            followers: self.files.clone(),
            relations: self.files.clone(),
            cache: self.cache.clone(),
            binding: self.files.clone(),
            rules: self.files.clone(),
        }
    }

    fn record<'a>(
        connection: &'a mut Self::Connection,
        outgoing: &'a Outgoing,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { record(connection, outgoing).await.map_err(store_error) })
    }

    fn handled<'a>(
        connection: &'a mut Self::Connection,
        id: &'a ReceivedId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { handled(connection, id).await.map_err(store_error) })
    }
}

pub(crate) async fn record(
    connection: &mut SqliteConnection,
    outgoing: &Outgoing,
) -> Result<(), sqlx::Error> {
    sqlx::query(sql::RECORD)
        .bind(outgoing.id.as_str())
        .bind(outgoing.sender.as_str())
        .bind(sql::audience(&outgoing.audience))
        .bind(outgoing.body.as_ref())
        .bind(i64::from(outgoing.priority.rank()))
        .bind(outgoing.order.map(OrderKey::to_stored))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn handled(connection: &mut SqliteConnection, id: &ReceivedId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql::HANDLED)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}
