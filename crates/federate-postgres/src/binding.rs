//! Whose store it is, and what holds it back.

use crate::{
    backend::Tables,
    error::{Failure, retrying},
    queue::ready_all,
};
use federate_store::{Binding, Hold, StoreError, stored::same_place};
use sqlx::{PgConnection, PgExecutor, PgPool};

pub(crate) const INSTANCE: &str = "instance";
pub(crate) const PLACE: &str = "place";
pub(crate) const HOLD: &str = "hold";

/// The tables to which nothing is added any more once the store has moved.
const CLOSED: [&str; 10] = [
    "outbox",
    "handled",
    "keys",
    "followers",
    "relations",
    "activities",
    "known",
    "received",
    "rules",
    "shards",
];

/// What is refused of a table: anything new, or, of the shards, of which there are always as many, that somebody has one in hand: it cannot
/// be taken, nor its lease be renewed.
fn refused(table: &str) -> &'static str {
    match table {
        "shards" => "worker IS NULL",
        _ => "false",
    }
}

#[federate_store::async_trait]
impl Binding for Tables {
    async fn bind(&self, instance: &str) -> Result<String, StoreError> {
        retrying!(self.bind_to(instance))
    }

    async fn rebind(&self, instance: &str) -> Result<(), StoreError> {
        retrying!(put(&self.pool, INSTANCE, instance))
    }

    async fn instance(&self) -> Result<Option<String>, StoreError> {
        retrying!(get(&self.pool, INSTANCE))
    }

    async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        retrying!(self.held())
    }

    async fn hold_back(&self) -> Result<(), StoreError> {
        retrying!(put_first(&self.pool, HOLD, Hold::Restored.as_str()))
    }

    async fn allow(&self) -> Result<(), StoreError> {
        retrying!(self.free())
    }
}

impl Tables {
    pub(crate) async fn held(&self) -> Result<Option<Hold>, Failure> {
        let hold = get(&self.pool, HOLD).await?;
        Ok(hold.as_deref().map(Hold::from_stored))
    }

    /// Notes where new tables lie, and holds back those that lie elsewhere than they were made.
    pub(crate) async fn look_around(&self) -> Result<(), Failure> {
        if let Some(hold) = self.held().await? {
            warn(hold);
            return Ok(());
        }
        let place = place(&self.pool).await?;
        match get(&self.pool, PLACE).await? {
            None => put_first(&self.pool, PLACE, &place).await?,
            Some(known) if !same_place(&known, &place) => {
                warn(Hold::Copied);
                put_first(&self.pool, HOLD, Hold::Copied.as_str()).await?;
            }
            // The server says more, or less, of itself than it did.
            Some(known) if known != place => put(&self.pool, PLACE, &place).await?,
            Some(_) => {}
        }
        Ok(())
    }

    async fn bind_to(&self, instance: &str) -> Result<String, Failure> {
        if let Some(bound) = get(&self.pool, INSTANCE).await? {
            return Ok(bound);
        }
        put_first(&self.pool, INSTANCE, instance).await?;
        let bound = get(&self.pool, INSTANCE).await?;
        Ok(bound.unwrap_or_else(|| instance.to_owned()))
    }

    /// Ends a hold, and makes this the place of the tables.
    async fn free(&self) -> Result<(), Failure> {
        let place = place(&self.pool).await?;
        let mut tx = self.pool.begin().await?;
        let hold = get(&mut *tx, HOLD).await?;
        if hold.as_deref() == Some(Hold::Arriving.as_str()) {
            ready_all(&mut tx).await?;
        }
        if hold.as_deref() == Some(Hold::Moved.as_str()) {
            for table in CLOSED {
                let open = format!("ALTER TABLE federate.{table} DROP CONSTRAINT IF EXISTS {table}_moved");
                sqlx::raw_sql(sqlx::AssertSqlSafe(open)).execute(&mut *tx).await?;
            }
        }
        // With it goes what is known of a transfer: what comes from here on is not in it.
        sqlx::query("DELETE FROM federate.binding WHERE name <> $1")
            .bind(INSTANCE)
            .execute(&mut *tx)
            .await?;
        put(&mut *tx, PLACE, &place).await?;
        tx.commit().await?;
        Ok(())
    }
}

fn warn(hold: Hold) {
    tracing::warn!(reason = %hold, "nothing is delivered out of this store until somebody says so");
}

/// The cluster, the database and the table: a dump that is restored has another table at least. What a copy of the whole
/// cluster shares with it, a standby that takes over shares, too: that one must deliver.
async fn place(pool: &PgPool) -> Result<String, Failure> {
    let (told, place): (bool, String) = sqlx::query_as(
        "SELECT has_function_privilege('pg_catalog.pg_control_system()', 'execute'),
                (SELECT oid FROM pg_database WHERE datname = current_database())
                    || '.' || 'federate.binding'::regclass::oid",
    )
    .fetch_one(pool)
    .await?;
    if !told {
        return Ok(format!("-.{place}"));
    }
    let system: i64 = sqlx::query_scalar("SELECT system_identifier FROM pg_control_system()")
        .fetch_one(pool)
        .await?;
    Ok(format!("{system}.{place}"))
}

/// Lets nothing be added any more, whoever tries. What is there is not looked at.
pub(crate) async fn close(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for table in CLOSED {
        let refuse = format!(
            "ALTER TABLE federate.{table} DROP CONSTRAINT IF EXISTS {table}_moved,
             ADD CONSTRAINT {table}_moved CHECK ({}) NOT VALID",
            refused(table)
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(refuse))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn get(on: impl PgExecutor<'_>, name: &str) -> Result<Option<String>, Failure> {
    let value = sqlx::query_scalar("SELECT value FROM federate.binding WHERE name = $1")
        .bind(name)
        .fetch_optional(on)
        .await?;
    Ok(value)
}

pub(crate) async fn put(on: impl PgExecutor<'_>, name: &str, value: &str) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO federate.binding (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(on)
    .await?;
    Ok(())
}

/// Where nothing stands under that name yet.
pub(crate) async fn put_first(on: impl PgExecutor<'_>, name: &str, value: &str) -> Result<(), Failure> {
    sqlx::query("INSERT INTO federate.binding (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(value)
        .execute(on)
        .await?;
    Ok(())
}
