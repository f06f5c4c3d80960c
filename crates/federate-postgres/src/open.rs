//! Opening: which connections, how durable.

use crate::{
    Postgres,
    backend::{Durability, durability},
    error::OpenError,
    migrate::migrate,
};
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// A connection that was idle for longer is asked whether it is still there before it is used.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// What can be chosen before a store is opened.
#[derive(Debug, Clone)]
#[must_use = "nothing is opened until `open` or `in_database` is called"]
pub struct Builder {
    cache_entries: usize,
    connections: u32,
    patience: Duration,
    trust_place: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            cache_entries: 50_000,
            connections: 8,
            patience: Duration::from_secs(5),
            trust_place: false,
        }
    }

    /// How many entries the cache holds at most, for all processes together. 50,000 unless said, and the same in each
    /// process.
    pub fn cache_entries(mut self, entries: usize) -> Self {
        self.cache_entries = entries;
        self
    }

    /// How many connections of its own the store makes at most, beside the one of [`Postgres::listen`]; 8 unless said,
    /// at least 1. They are made when they are needed. Times the number of processes, it must stay below the server's
    /// `max_connections`.
    pub fn connections(mut self, connections: u32) -> Self {
        self.connections = connections.max(1);
        self
    }

    /// How long an operation waits for a connection, while all are in use or the server is away, before it is
    /// [`Busy`](federate_store::StoreErrorKind::Busy). 5 s unless said.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// What takes a protection away.
    pub fn dangerous(self) -> DangerousBuilder {
        DangerousBuilder(self)
    }

    /// As [`Postgres::open`].
    ///
    /// # Errors
    /// Where the server cannot be reached or has tables of a newer release.
    pub async fn open(self, url: &str) -> Result<Postgres, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
        let pool = self.connect(options).await?;
        let application = pool.clone();
        self.finish(pool, application).await
    }

    /// As [`Postgres::in_database`].
    ///
    /// # Errors
    /// Where the server cannot be reached or has tables of a newer release.
    pub async fn in_database(self, application: PgPool) -> Result<Postgres, OpenError> {
        warn_if_weak(&application).await?;
        let options: PgConnectOptions = application.connect_options().as_ref().clone();
        let pool = self.connect(options).await?;
        self.finish(pool, application).await
    }

    async fn connect(&self, options: PgConnectOptions) -> Result<PgPool, OpenError> {
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("federate"),
        };
        PgPoolOptions::new()
            .max_connections(self.connections)
            .acquire_timeout(self.patience)
            .after_connect(|connection, _| Box::pin(prepare(connection)))
            // A question before each question would double the round trips. One that fails is asked again anyway.
            .test_before_acquire(false)
            .before_acquire(|connection, metadata| {
                Box::pin(async move {
                    if metadata.idle_for > ASK_AFTER {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(OpenError::Connect)
    }

    async fn finish(self, pool: PgPool, application: PgPool) -> Result<Postgres, OpenError> {
        let mut connection = pool.acquire().await.map_err(OpenError::Connect)?;
        let said = durability(&mut connection).await.map_err(OpenError::Connect)?;
        drop(connection);
        if !said.is_full() {
            tracing::warn!(
                fsync = said.fsync,
                full_page_writes = said.full_page_writes,
                "the server does not write to the disk: what was said to be durable can be lost with the power"
            );
        }
        migrate(&pool).await?;
        let store = Postgres::new(pool, application, self.cache_entries);
        if !self.trust_place {
            store.look_around().await.map_err(OpenError::Binding)?;
        }
        Ok(store)
    }
}

/// What a builder can be told that takes a protection away.
#[derive(Debug, Clone)]
#[must_use = "nothing is changed until one of its methods is called"]
pub struct DangerousBuilder(Builder);

impl DangerousBuilder {
    /// Does not look whether the tables lie where they were made: for a service that replaces its server by another one. A
    /// restored dump then delivers what the original delivers, too.
    pub fn trust_place(mut self) -> Builder {
        self.0.trust_place = true;
        self.0
    }
}

/// What each of our connections is told, whatever server and role say, before it is used:
///
/// - `synchronous_commit`: a commit waits for the disk. What is stronger is left.
/// - `plan_cache_mode`: a plan that was made for an empty table is a disaster for a full one.
/// - `random_page_cost`: what the queue reads lies in memory. The server's default reads a whole table instead.
/// - `lock_timeout`: a lock that does not come is an answer too (`Busy`).
/// - `idle_in_transaction_session_timeout`: a process that stops in the middle of a transaction lets go of its lanes.
/// - `default_transaction_isolation`: the statements are written for this one.
const SETTINGS: &str = "SELECT
    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
        WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),
    set_config('plan_cache_mode', 'force_custom_plan', false),
    set_config('random_page_cost', '1.1', false),
    set_config('lock_timeout', '10s', false),
    set_config('idle_in_transaction_session_timeout', '20s', false),
    set_config('default_transaction_isolation', 'read committed', false)";

async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(SETTINGS).execute(&mut *connection).await?;
    let Durability {
        synchronous_commit, ..
    } = durability(connection).await?;
    // Asked anew: a proxy between us and the server may have its own idea of a setting.
    if matches!(synchronous_commit.as_str(), "on" | "remote_apply") {
        Ok(())
    } else {
        Err(sqlx::Error::Configuration(
            format!("synchronous_commit is {synchronous_commit} after it was turned on").into(),
        ))
    }
}

/// The application chooses how durable its transactions are; that what it sends is no more durable should be no secret.
async fn warn_if_weak(pool: &PgPool) -> Result<(), OpenError> {
    let synchronous_commit: String = sqlx::query_scalar("SELECT current_setting('synchronous_commit')")
        .fetch_one(pool)
        .await
        .map_err(OpenError::Pool)?;
    if synchronous_commit == "off" {
        tracing::warn!(
            "the application's pool has synchronous_commit=off: what it records can be lost with the power"
        );
    }
    Ok(())
}
