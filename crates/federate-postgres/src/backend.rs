//! The store as a value.

use crate::{
    Builder, Listening, OpenError,
    cache::CacheTable,
    error::{retrying, store_error},
    listen,
    notify::Notifier,
    sql,
};
use federate_store::{Backend, BoxFuture, OrderKey, Outgoing, ReceivedId, StoreError, Stores, Wake};
use sqlx::{PgConnection, PgPool, postgres::PgConnectOptions};
use std::{fmt, sync::Arc};

/// The store in PostgreSQL. A clone is another handle on the same one.
#[derive(Clone)]
pub struct Postgres {
    tables: Arc<Tables>,
    cache: Arc<CacheTable>,
    application: PgPool,
}

/// Our connections to our tables.
#[derive(Debug, Clone)]
pub(crate) struct Tables {
    pub(crate) pool: PgPool,
    pub(crate) notifier: Notifier,
}

/// What a connection of the store's own pool says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Durability {
    /// `on` or `remote_apply`: a commit waits until it is on disk, here and on synchronous standbys.
    pub synchronous_commit: String,
    /// Whether the server tells the operating system to write to the disk. It is the server's own setting.
    pub fsync: bool,
    /// Whether a page that was half written when the power went can be mended. It is the server's own setting.
    pub full_page_writes: bool,
}

impl Durability {
    /// Whether what returned `Ok` survives the loss of power.
    pub fn is_full(&self) -> bool {
        matches!(self.synchronous_commit.as_str(), "on" | "remote_apply")
            && self.fsync
            && self.full_page_writes
    }
}

impl Postgres {
    /// Opens the store in the database of this URL (`postgres://user:password@host/database`).
    ///
    /// # Errors
    /// Where the server cannot be reached or has tables of a newer release.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::builder().open(url).await
    }

    /// Opens the store in the application's database.
    ///
    /// It makes [a few connections of its own](Builder::connections) to the same database as the same role. The given
    /// pool is left to the application, whose transactions call [`Backend::record`]: even a pool of one connection can be
    /// in the middle of a transaction while deliveries go on.
    ///
    /// # Errors
    /// Where the server cannot be reached or has tables of a newer release.
    pub async fn in_database(pool: PgPool) -> Result<Self, OpenError> {
        Self::builder().in_database(pool).await
    }

    /// What can be chosen before it is opened.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The pool that was given, or the one that [`Postgres::open`] made.
    pub fn pool(&self) -> &PgPool {
        &self.application
    }

    /// Calls `wake` when something was recorded, enqueued, received or decided, by this process or another, until the returned
    /// value is dropped. Pass it `Federation::wake` or `Engine::wake`.
    ///
    /// It keeps a connection of its own. When that is lost, it is made anew, and `wake` is called as soon as it
    /// stands, as something may have been missed. It is never called more than fifty times in a second, however much
    /// happens. Without it another process's work is found when the engine looks by itself.
    pub fn listen(&self, wake: impl Fn() + Send + Sync + 'static) -> Listening {
        let options: PgConnectOptions = self.tables.pool.connect_options().as_ref().clone();
        listen::spawn(options, wake)
    }

    /// Waits until all of the store's own connections are closed. A pool that the application gave is left open.
    pub async fn close(&self) {
        self.tables.pool.close().await;
    }

    /// What the connections of the store's own pool say of themselves, one entry for each that it may have. For a readiness
    /// check, and to prove durability.
    ///
    /// # Errors
    /// Where the pool gives no connection.
    pub async fn durability(&self) -> Result<Vec<Durability>, StoreError> {
        let mut connections = Vec::new();
        for _ in 0..self.tables.pool.options().get_max_connections() {
            connections.push(self.tables.pool.acquire().await.map_err(store_error)?);
        }
        let mut said = Vec::new();
        for connection in &mut connections {
            said.push(durability(connection).await.map_err(store_error)?);
        }
        Ok(said)
    }

    pub(crate) fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Whether the tables lie where they were made.
    pub(crate) async fn look_around(&self) -> Result<(), StoreError> {
        retrying!(self.tables.look_around())
    }

    pub(crate) fn new(pool: PgPool, application: PgPool, cache_entries: usize) -> Self {
        let tables = Tables {
            notifier: Notifier::new(pool.clone()),
            pool,
        };
        Self {
            cache: Arc::new(CacheTable::new(tables.clone(), cache_entries)),
            tables: Arc::new(tables),
            application,
        }
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The pools' options hold a password.
        f.debug_struct("Postgres").finish_non_exhaustive()
    }
}

impl Backend for Postgres {
    type Connection = PgConnection;

    fn stores(&self) -> Stores {
        Stores {
            outbox: self.tables.clone(),
            inbox: self.tables.clone(),
            queue: self.tables.clone(),
            keys: self.tables.clone(),
            followers: self.tables.clone(),
            relations: self.tables.clone(),
            cache: self.cache.clone(),
            binding: self.tables.clone(),
            rules: self.tables.clone(),
        }
    }

    fn listen(&self, wake: Wake) -> Option<federate_store::Listening> {
        Some(federate_store::Listening::new(Postgres::listen(
            self,
            move || wake(),
        )))
    }

    fn record<'a>(
        connection: &'a mut Self::Connection,
        outgoing: &'a Outgoing,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            record(connection, outgoing, sql::RECORD)
                .await
                .map_err(store_error)
        })
    }

    fn handled<'a>(
        connection: &'a mut Self::Connection,
        id: &'a ReceivedId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { handled(connection, id).await.map_err(store_error) })
    }
}

pub(crate) async fn record(
    connection: &mut PgConnection,
    outgoing: &Outgoing,
    statement: &'static str,
) -> Result<(), sqlx::Error> {
    sqlx::query(statement)
        .bind(outgoing.id.as_str())
        .bind(outgoing.sender.as_str())
        .bind(sql::audience(&outgoing.audience))
        .bind(outgoing.body.as_ref())
        .bind(i16::from(outgoing.priority.rank()))
        .bind(outgoing.order.map(OrderKey::to_stored))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn handled(connection: &mut PgConnection, id: &ReceivedId) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(sql::HANDLED)
        .bind(id.as_str())
        .execute(connection)
        .await?;
    Ok(done.rows_affected() > 0)
}

pub(crate) async fn durability(connection: &mut PgConnection) -> Result<Durability, sqlx::Error> {
    let (synchronous_commit, fsync, full_page_writes) = sqlx::query_as(
        "SELECT current_setting('synchronous_commit'), current_setting('fsync')::boolean,
                current_setting('full_page_writes')::boolean",
    )
    .fetch_one(connection)
    .await?;
    Ok(Durability {
        synchronous_commit,
        fsync,
        full_page_writes,
    })
}
