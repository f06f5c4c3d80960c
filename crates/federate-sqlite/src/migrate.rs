//! Our own small migrator: versioned steps, compiled in, noted in `_federate_migrations`.
//!
//! sqlx's migrator keeps one table for a database: with it our steps would be unknown to the application's own
//! migrator, which refuses to start over what it does not know.

use crate::error::OpenError;
use sqlx::{SqliteConnection, SqlitePool};

/// The steps of one half of the schema, oldest first. A step that was released is never changed.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    steps: &'static [&'static str],
}

pub(crate) const APPLICATION: Part = Part {
    name: "application",
    steps: &[include_str!("../migrations/application-1.sql")],
};

pub(crate) const QUEUE: Part = Part {
    name: "queue",
    steps: &[include_str!("../migrations/queue-1.sql")],
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _federate_migrations (
    part TEXT NOT NULL,
    version INTEGER NOT NULL,
    applied INTEGER NOT NULL DEFAULT (unixepoch()),
    PRIMARY KEY (part, version)
) WITHOUT ROWID";

/// Brings the tables of a part to the newest version. All steps or none.
pub(crate) async fn migrate(pool: &SqlitePool, part: &Part) -> Result<(), OpenError> {
    let known = i64::try_from(part.steps.len()).unwrap_or(i64::MAX);
    let failed = |version| {
        move |source| OpenError::Migrate {
            part: part.name,
            version,
            source,
        }
    };
    let mut connection = pool.acquire().await.map_err(failed(0))?;
    // The usual start finds everything as it should be, and takes no lock for it.
    if current(&mut connection, part).await.map_err(failed(0))? == known {
        return Ok(());
    }
    drop(connection);

    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed(0))?;
    sqlx::query(TABLE).execute(&mut *tx).await.map_err(failed(0))?;
    // Again, under the lock: another process may have been faster.
    let found = current(&mut tx, part).await.map_err(failed(0))?;
    if found > known {
        return Err(OpenError::NewerSchema {
            part: part.name,
            found,
            known,
        });
    }
    for (version, step) in (1..).zip(part.steps) {
        if version <= found {
            continue;
        }
        sqlx::raw_sql(*step)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
        sqlx::query("INSERT INTO _federate_migrations (part, version) VALUES (?1, ?2)")
            .bind(part.name)
            .bind(version)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
    }
    tx.commit().await.map_err(failed(known))
}

async fn current(connection: &mut SqliteConnection, part: &Part) -> Result<i64, sqlx::Error> {
    let exists: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = '_federate_migrations'",
    )
    .fetch_one(&mut *connection)
    .await?;
    if exists == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _federate_migrations WHERE part = ?1")
        .bind(part.name)
        .fetch_one(connection)
        .await
}
