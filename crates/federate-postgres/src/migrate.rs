//! Our own small migrator: versioned steps, compiled in, noted in `federate.migrations`.
//!
//! sqlx's migrator keeps one table for a database: with it our steps would be unknown to the application's own
//! migrator, which refuses to start over what it does not know.
//!
//! Releases work beside each other while the processes of an installation are replaced one by one. So a step only adds:
//! tables, indexes, columns that have a default. What is no longer used is removed by a step of a later release, which notes
//! the oldest release that it leaves in working order. A process that runs does not ask again which version there is;
//! one that starts is refused by steps that it does not know, unless each of them notes that it may go on.

use crate::error::OpenError;
use sqlx::{PgConnection, PgPool};

struct Step {
    sql: &'static str,
    /// The oldest release, by the newest version that it knows, that works on these tables too.
    works_with: i32,
}

/// Oldest first. A step that was released is never changed.
const STEPS: &[Step] = &[
    Step {
        sql: include_str!("../migrations/1.sql"),
        works_with: 1,
    },
    Step {
        sql: include_str!("../migrations/2.sql"),
        works_with: 1,
    },
    Step {
        sql: include_str!("../migrations/3.sql"),
        works_with: 1,
    },
    Step {
        sql: include_str!("../migrations/4.sql"),
        works_with: 1,
    },
];

/// Tries, where each ended because we and others waited for each other.
const TRIES: u32 = 10;

/// Who migrates holds this lock. Any number will do that nobody else takes: "federate" in ASCII.
const LOCK: i64 = 0x6665_6465_7261_7465;

/// Brings our tables to the newest version. All steps or none; of several processes one does it, the others wait.
pub(crate) async fn migrate(pool: &PgPool) -> Result<(), OpenError> {
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    let failed = |version| move |source| OpenError::Migrate { version, source };
    let mut connection = pool.acquire().await.map_err(OpenError::Connect)?;
    // The usual start finds everything as it should be, and takes no lock for it.
    let found = current(&mut connection).await.map_err(failed(0))?;
    if found >= known {
        return accept(&mut connection, found, known).await;
    }
    drop(connection);
    // Steps lock tables on which other processes work, each in its own order.
    let mut tries = 1;
    loop {
        match apply(pool, known).await {
            Err(OpenError::Migrate { source, .. }) if is_deadlock(&source) && tries < TRIES => tries += 1,
            ended => return ended,
        }
    }
}

/// Does the steps that were not done yet.
async fn apply(pool: &PgPool, known: i32) -> Result<(), OpenError> {
    let failed = |version| move |source| OpenError::Migrate { version, source };
    let mut tx = pool.begin().await.map_err(failed(0))?;
    // Those before us may take longer than our usual patience.
    sqlx::raw_sql("SET LOCAL lock_timeout = '10min'")
        .execute(&mut *tx)
        .await
        .map_err(failed(0))?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *tx)
        .await
        .map_err(failed(0))?;
    // Again, under the lock: another process may have been faster.
    let found = current(&mut tx).await.map_err(failed(0))?;
    if found >= known {
        return accept(&mut tx, found, known).await;
    }
    begin(&mut tx, found).await.map_err(failed(0))?;
    for (version, step) in (1..).zip(STEPS) {
        if version <= found {
            continue;
        }
        sqlx::raw_sql(step.sql)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
        sqlx::query("INSERT INTO federate.migrations (version, works_with) VALUES ($1, $2)")
            .bind(version)
            .bind(step.works_with)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
    }
    tx.commit().await.map_err(failed(known))
}

fn is_deadlock(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .is_some_and(|code| code == "40P01")
}

/// Whether a release that knows this version may work on tables of that one, which is not older.
async fn accept(connection: &mut PgConnection, found: i32, known: i32) -> Result<(), OpenError> {
    if found == known {
        return Ok(());
    }
    // Read as JSON: there is no such column yet where no step was done since there is one.
    let works: bool = sqlx::query_scalar(
        "SELECT bool_and(coalesce((to_jsonb(m) ->> 'works_with')::integer, m.version) <= $1)
         FROM federate.migrations m WHERE m.version > $1",
    )
    .bind(known)
    .fetch_one(connection)
    .await
    .map_err(|source| OpenError::Migrate {
        version: found,
        source,
    })?;
    if !works {
        return Err(OpenError::NewerSchema { found, known });
    }
    tracing::info!(
        found,
        known,
        "the schema is of a newer release, which leaves this one in working order"
    );
    Ok(())
}

/// Makes the schema and the table of what was done, where they are not there as they should be.
async fn begin(connection: &mut PgConnection, found: i32) -> Result<(), sqlx::Error> {
    if found == 0 {
        // `IF NOT EXISTS` asks for the right to make schemas even where there is nothing to make: a role without it can
        // use one that was made for it.
        let exists: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'federate')",
        )
        .fetch_one(&mut *connection)
        .await?;
        if !exists {
            sqlx::raw_sql("CREATE SCHEMA federate")
                .execute(&mut *connection)
                .await?;
        }
        sqlx::raw_sql(
            "CREATE TABLE IF NOT EXISTS federate.migrations (
                 version integer PRIMARY KEY,
                 applied timestamptz NOT NULL DEFAULT now()
             )",
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::raw_sql("ALTER TABLE federate.migrations ADD COLUMN IF NOT EXISTS works_with integer")
        .execute(connection)
        .await?;
    Ok(())
}

/// The version that there is. Not by `to_regclass`: what a session found not to be there it remembers, and what another has made while it waited for our
/// lock it then does not see.
async fn current(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let exists: bool = sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'federate' AND c.relname = 'migrations')",
    )
    .fetch_one(&mut *connection)
    .await?;
    if !exists {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM federate.migrations")
        .fetch_one(connection)
        .await
}
