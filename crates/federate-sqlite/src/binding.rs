//! Whose store it is, and what holds it back: a small table in each of the two files.
//!
//! What stands in the queue's file decides, so that a lease has to look into no other. What the application's database says
//! of itself is written there when the store is opened.

use crate::{
    backend::Files,
    error::{Failure, retrying},
    queue::ready_all,
};
use federate_store::{Binding, Hold, StoreError, stored::same_place};
use sqlx::{SqliteConnection, SqliteExecutor, SqlitePool};

pub(crate) const INSTANCE: &str = "instance";
pub(crate) const PLACE: &str = "place";
pub(crate) const HOLD: &str = "hold";

/// The tables to which nothing is added any more once the store has moved.
pub(crate) const OF_APPLICATION: [&str; 6] = [
    "federate_outbox",
    "federate_handled",
    "federate_keys",
    "federate_followers",
    "federate_relations",
    "federate_rules",
];
pub(crate) const OF_QUEUE: [&str; 3] = ["federate_known", "federate_received", SHARDS];
/// Of which there are always as many: nobody takes one any more.
const SHARDS: &str = "federate_shards";

#[federate_store::async_trait]
impl Binding for Files {
    async fn bind(&self, instance: &str) -> Result<String, StoreError> {
        retrying!(self.bind_to(instance))
    }

    async fn rebind(&self, instance: &str) -> Result<(), StoreError> {
        retrying!(put(&self.application, INSTANCE, instance))
    }

    async fn instance(&self) -> Result<Option<String>, StoreError> {
        retrying!(get(&self.application, INSTANCE))
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        retrying!(self.held())
    }

    async fn hold_back(&self) -> Result<(), StoreError> {
        for pool in [&self.application, &self.write] {
            retrying!(put_first(pool, HOLD, Hold::Restored.as_str()))?;
        }
        Ok(())
    }

    async fn allow(&self) -> Result<(), StoreError> {
        // The queue's file last: dying in between leaves the hold.
        let place = self.places.application.as_deref();
        retrying!(free(&self.application, place, &OF_APPLICATION))?;
        retrying!(free(&self.write, self.places.queue.as_deref(), &OF_QUEUE))
    }
}

impl Files {
    pub(crate) async fn held(&self) -> Result<Option<Hold>, Failure> {
        let hold = get(&self.read, HOLD).await?;
        Ok(hold.as_deref().map(Hold::from_stored))
    }

    /// Notes where new files lie, and holds back what lies elsewhere than it was made.
    pub(crate) async fn look_around(&self) -> Result<(), Failure> {
        let application = look(&self.application, self.places.application.as_deref()).await?;
        let queue = look(&self.write, self.places.queue.as_deref()).await?;
        if let Some(hold) = queue.or(application) {
            tracing::warn!(reason = %hold, "nothing is delivered out of this store until somebody says so");
            put_first(&self.write, HOLD, hold.as_str()).await?;
        }
        Ok(())
    }

    async fn bind_to(&self, instance: &str) -> Result<String, Failure> {
        if let Some(bound) = get(&self.application, INSTANCE).await? {
            return Ok(bound);
        }
        put_first(&self.application, INSTANCE, instance).await?;
        let bound = get(&self.application, INSTANCE).await?;
        Ok(bound.unwrap_or_else(|| instance.to_owned()))
    }
}

/// What holds one of the files back.
async fn look(pool: &SqlitePool, place: Option<&str>) -> Result<Option<Hold>, Failure> {
    if let Some(hold) = get(pool, HOLD).await? {
        return Ok(Some(Hold::from_stored(&hold)));
    }
    let Some(place) = place else { return Ok(None) };
    match get(pool, PLACE).await? {
        None => put_first(pool, PLACE, place).await?,
        Some(known) if !same_place(&known, place) => return Ok(Some(Hold::Copied)),
        // The file system says more, or less, of it than it did.
        Some(known) if known != place => put(pool, PLACE, place).await?,
        Some(_) => {}
    }
    Ok(None)
}

/// Ends a hold, and makes this the place of the file.
async fn free(pool: &SqlitePool, place: Option<&str>, tables: &[&str]) -> Result<(), Failure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let was_arriving = get(&mut *tx, HOLD).await?.as_deref() == Some(Hold::Arriving.as_str());
    for table in tables {
        let drop = format!("DROP TRIGGER IF EXISTS {table}_moved");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut *tx).await?;
    }
    // With it goes what is known of a transfer: what comes from here on is not in it.
    sqlx::query("DELETE FROM federate_binding WHERE name <> ?1")
        .bind(INSTANCE)
        .execute(&mut *tx)
        .await?;
    if let Some(place) = place {
        put(&mut *tx, PLACE, place).await?;
    }
    if was_arriving && tables == OF_QUEUE.as_slice() {
        ready_all(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Lets nothing be added to these tables any more, whoever tries.
pub(crate) async fn close(connection: &mut SqliteConnection, tables: &[&str]) -> Result<(), sqlx::Error> {
    for table in tables {
        let when = match *table {
            SHARDS => "UPDATE OF worker ON federate_shards WHEN new.worker IS NOT NULL".to_owned(),
            _ => format!("INSERT ON {table}"),
        };
        let refuse = format!(
            "CREATE TRIGGER IF NOT EXISTS {table}_moved BEFORE {when}
             BEGIN SELECT RAISE(ABORT, 'the store has moved'); END"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(refuse))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Those of these tables to which nothing can be added.
pub(crate) async fn closed<'t>(
    connection: &mut SqliteConnection,
    tables: &[&'t str],
) -> Result<Vec<&'t str>, sqlx::Error> {
    let triggers: Vec<String> = sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .fetch_all(connection)
        .await?;
    let is_closed = |table: &&str| triggers.contains(&format!("{table}_moved"));
    Ok(tables.iter().copied().filter(is_closed).collect())
}

pub(crate) async fn get(on: impl SqliteExecutor<'_>, name: &str) -> Result<Option<String>, Failure> {
    let value = sqlx::query_scalar("SELECT value FROM federate_binding WHERE name = ?1")
        .bind(name)
        .fetch_optional(on)
        .await?;
    Ok(value)
}

pub(crate) async fn put(on: impl SqliteExecutor<'_>, name: &str, value: &str) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO federate_binding (name, value) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(on)
    .await?;
    Ok(())
}

/// Where nothing stands under that name yet.
pub(crate) async fn put_first(on: impl SqliteExecutor<'_>, name: &str, value: &str) -> Result<(), Failure> {
    sqlx::query("INSERT INTO federate_binding (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(value)
        .execute(on)
        .await?;
    Ok(())
}
