//! Our own small migrator: versioned steps, compiled in, noted in `_federate_migrations`.
//!
//! sqlx's migrator keeps one table for a database: with it our steps would be unknown to the application's own
//! migrator, which refuses to start over what it does not know.
//!
//! A step only adds: tables, indexes, columns that have a default. What is no longer used is removed by a step of a later
//! release, which notes the oldest release that it leaves in working order. So a process that runs can go on when a newer one
//! has opened the files, and whoever takes an update back can. A process that starts is refused by steps that it does not
//! know, unless each of them notes that it may go on.
//!
//! Two steps did more, before there was a release: with the fourth of the queue envelopes moved, and with the fifth the table of what was
//! received is made anew, and what arrives lies elsewhere. A process from before them that still runs is refused what came since, loses nothing, and is to be
//! started anew.

use crate::{
    binding::{OF_QUEUE, close, closed},
    digest,
    error::{OpenError, is_busy},
};
use sqlx::{Sqlite, SqliteConnection, SqlitePool, Transaction};

/// How often a migration waits for another: about a minute in all.
const TIMES: usize = 30;

/// The steps of one half of the schema, oldest first. A step that was released is never changed.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    steps: &'static [Step],
}

struct Step {
    sql: &'static str,
    /// What SQL cannot say, and what comes behind that.
    then: Option<Digests>,
    /// The oldest release, by the newest version that it knows, that works on these tables too.
    works_with: i64,
}

/// All that was received gets its digest, and then this.
struct Digests(&'static str);

pub(crate) const APPLICATION: Part = Part {
    name: "application",
    steps: &[
        Step {
            sql: include_str!("../migrations/application-1.sql"),
            then: None,
            works_with: 1,
        },
        Step {
            sql: include_str!("../migrations/application-2.sql"),
            then: None,
            works_with: 1,
        },
        Step {
            sql: include_str!("../migrations/application-3.sql"),
            then: None,
            works_with: 1,
        },
        Step {
            sql: include_str!("../migrations/application-4.sql"),
            then: None,
            works_with: 1,
        },
    ],
};

pub(crate) const QUEUE: Part = Part {
    name: "queue",
    steps: &[
        Step {
            sql: include_str!("../migrations/queue-1.sql"),
            then: None,
            works_with: 1,
        },
        Step {
            sql: include_str!("../migrations/queue-2.sql"),
            then: None,
            works_with: 1,
        },
        Step {
            sql: include_str!("../migrations/queue-3.sql"),
            then: None,
            works_with: 1,
        },
        Step {
            // An older release would look for envelopes where there are none.
            sql: include_str!("../migrations/queue-4.sql"),
            then: None,
            works_with: 4,
        },
        Step {
            sql: include_str!("../migrations/queue-5.sql"),
            then: Some(Digests(include_str!("../migrations/queue-5-digested.sql"))),
            works_with: 5,
        },
    ],
};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _federate_migrations (
    part TEXT NOT NULL,
    version INTEGER NOT NULL,
    applied INTEGER NOT NULL DEFAULT (unixepoch()),
    works_with INTEGER,
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
    let found = current(&mut connection, part).await.map_err(failed(0))?;
    if found >= known {
        return accept(&mut connection, part, found).await;
    }
    drop(connection);

    let mut tx = begin_alone(pool).await.map_err(failed(0))?;
    begin(&mut tx).await.map_err(failed(0))?;
    // Again, under the lock: another process may have been faster.
    let found = current(&mut tx, part).await.map_err(failed(0))?;
    if found >= known {
        return accept(&mut tx, part, found).await;
    }
    for (version, step) in (1..).zip(part.steps) {
        if version <= found {
            continue;
        }
        step.run(&mut tx).await.map_err(failed(version))?;
        sqlx::query("INSERT INTO _federate_migrations (part, version, works_with) VALUES (?1, ?2, ?3)")
            .bind(part.name)
            .bind(version)
            .bind(step.works_with)
            .execute(&mut *tx)
            .await
            .map_err(failed(version))?;
    }
    tx.commit().await.map_err(failed(known))
}

impl Step {
    async fn run(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        // The triggers of a store that has moved go with the tables that a step makes anew.
        let closed = match self.then {
            Some(_) => closed(connection, &OF_QUEUE).await?,
            None => Vec::new(),
        };
        sqlx::raw_sql(self.sql).execute(&mut *connection).await?;
        if let Some(Digests(behind)) = self.then {
            digest::give_to_all(&mut *connection).await?;
            sqlx::raw_sql(behind).execute(&mut *connection).await?;
        }
        close(connection, &closed).await
    }
}

/// Waits for another process that migrates: it may copy all that waits there.
async fn begin_alone(pool: &SqlitePool) -> Result<Transaction<'static, Sqlite>, sqlx::Error> {
    // Each time as long as SQLite itself waits for a lock.
    for _ in 1..TIMES {
        match pool.begin_with("BEGIN IMMEDIATE").await {
            Err(error) if is_busy(&error) => {}
            begun => return begun,
        }
    }
    pool.begin_with("BEGIN IMMEDIATE").await
}

/// Whether this release may work on tables of that version, which is not older.
async fn accept(connection: &mut SqliteConnection, part: &Part, found: i64) -> Result<(), OpenError> {
    let known = i64::try_from(part.steps.len()).unwrap_or(i64::MAX);
    if found == known {
        return Ok(());
    }
    let works = works_with(connection, part, known)
        .await
        .map_err(|source| OpenError::Migrate {
            part: part.name,
            version: found,
            source,
        })?;
    if !works {
        return Err(OpenError::NewerSchema {
            part: part.name,
            found,
            known,
        });
    }
    tracing::info!(
        part = part.name,
        found,
        known,
        "the schema is of a newer release, which leaves this one in working order"
    );
    Ok(())
}

async fn works_with(connection: &mut SqliteConnection, part: &Part, known: i64) -> Result<bool, sqlx::Error> {
    if !notes_what_works(connection).await? {
        return Ok(false);
    }
    sqlx::query_scalar(
        "SELECT min(coalesce(works_with, version) <= ?2) FROM _federate_migrations WHERE part = ?1 AND version > ?2",
    )
    .bind(part.name)
    .bind(known)
    .fetch_one(connection)
    .await
}

/// Makes the table of what was done, where it is not there as it should be.
async fn begin(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query(TABLE).execute(&mut *connection).await?;
    if !notes_what_works(connection).await? {
        sqlx::query("ALTER TABLE _federate_migrations ADD COLUMN works_with INTEGER")
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// The column came later than the table.
async fn notes_what_works(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    let columns: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pragma_table_info('_federate_migrations') WHERE name = 'works_with'",
    )
    .fetch_one(connection)
    .await?;
    Ok(columns > 0)
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
