//! Opens the database of a data directory and brings its tables up to date.

use sqlx::{
    AssertSqlSafe, Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, time::Duration};

pub(crate) type Db = SqlitePool;
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// Each entry brings a database from the version of its index to the next one.
const MIGRATIONS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("oauth.sql"),
    include_str!("aliases.sql"),
    include_str!("logins.sql"),
];

/// Opens `<dir>/instance.db`, makes the directory where it is missing.
pub(crate) async fn open(dir: &Path) -> Result<Db, String> {
    let file = dir.join("instance.db");
    std::fs::create_dir_all(dir)
        .map_err(|e| format!("cannot make the data directory {}: {e}", dir.display()))?;
    std::fs::read_dir(dir).map_err(|e| format!("cannot read the data directory {}: {e}", dir.display()))?;
    let options = SqliteConnectOptions::new()
        .filename(&file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What the API answered with 200 is there after a power loss.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(10));
    let db = SqlitePoolOptions::new()
        .max_connections(8)
        .connect_with(options)
        .await
        .map_err(|e| format!("cannot open the database {}: {e}", file.display()))?;
    migrate(&db)
        .await
        .map_err(|e| format!("cannot prepare the database {}: {e}", file.display()))?;
    Ok(db)
}

/// A transaction that writes. It takes the write lock at once: one that began by reading could not be retried.
pub(crate) async fn begin(db: &Db) -> Result<Tx, sqlx::Error> {
    db.begin_with("BEGIN IMMEDIATE").await
}

async fn migrate(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = begin(db).await?;
    sqlx::query("create table if not exists instance_migrations (version integer primary key)")
        .execute(&mut *tx)
        .await?;
    let version: i64 = sqlx::query_scalar("select coalesce(max(version), 0) from instance_migrations")
        .fetch_one(&mut *tx)
        .await?;
    for (at, sql) in MIGRATIONS
        .iter()
        .enumerate()
        .skip(usize::try_from(version).unwrap_or(0))
    {
        sqlx::raw_sql(AssertSqlSafe(*sql)).execute(&mut *tx).await?;
        let now = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1);
        sqlx::query("insert into instance_migrations (version) values (?)")
            .bind(now)
            .execute(&mut *tx)
            .await?;
    }
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{accounts, tokens};

    /// Whoever had an account before still logs in, and their clients do not.
    #[tokio::test]
    async fn of_the_tokens_from_before_the_first_one_logs_in() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(dir.path()).await.unwrap();
        let mut tx = begin(&db).await.unwrap();
        let alice = accounts::create(&mut tx, "alice", "", false, false)
            .await
            .unwrap();
        let own = tokens::create(&mut tx, alice.unwrap()).await.unwrap();
        let client = tokens::create(&mut tx, alice.unwrap()).await.unwrap();
        let before =
            "alter table tokens drop column login; delete from instance_migrations where version = 4";
        sqlx::raw_sql(before).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        migrate(&db).await.unwrap();
        for (token, logs_in) in [(own, true), (client, false)] {
            let person = tokens::login(&db, &token).await.unwrap();
            assert_eq!(person.is_some(), logs_in);
        }
    }
}
