//! Our own small migrator: versioned steps, compiled in, noted in `federate.migrations`.
//!
//! sqlx's migrator keeps one table for a database: with it our steps would be unknown to the application's own
//! migrator, which refuses to start over what it does not know.

use crate::error::OpenError;
use sqlx::{PgConnection, PgPool};

/// Oldest first. A step that was released is never changed.
const STEPS: &[&str] = &[include_str!("../migrations/1.sql")];

/// Who migrates holds this lock. Any number will do that nobody else takes: "federate" in ASCII.
const LOCK: i64 = 0x6665_6465_7261_7465;

/// Brings our tables to the newest version. All steps or none; of several processes one does it, the others wait.
pub(crate) async fn migrate(pool: &PgPool) -> Result<(), OpenError> {
    let known = i32::try_from(STEPS.len()).unwrap_or(i32::MAX);
    let failed = |version| move |source| OpenError::Migrate { version, source };
    let mut connection = pool.acquire().await.map_err(OpenError::Connect)?;
    // The usual start finds everything as it should be, and takes no lock for it.
    if current(&mut connection).await.map_err(failed(0))? == known {
        return Ok(());
    }
    drop(connection);

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
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    if found == 0 {
        begin(&mut tx).await.map_err(failed(0))?;
    }
    for (version, step) in (1..).zip(STEPS) {
        if version <= found {
            continue;
        }
        sqlx::raw_sql(*step)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
        sqlx::query("INSERT INTO federate.migrations (version) VALUES ($1)")
            .bind(version)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
    }
    tx.commit().await.map_err(failed(known))
}

/// Makes the schema and the table of what was done.
async fn begin(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    // `IF NOT EXISTS` asks for the right to make schemas even where there is nothing to make: a role without it can
    // use one that was made for it.
    let exists: bool = sqlx::query_scalar("SELECT to_regnamespace('federate') IS NOT NULL")
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
    .execute(connection)
    .await?;
    Ok(())
}

async fn current(connection: &mut PgConnection) -> Result<i32, sqlx::Error> {
    let exists: bool = sqlx::query_scalar("SELECT to_regclass('federate.migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM federate.migrations")
        .fetch_one(connection)
        .await
}
