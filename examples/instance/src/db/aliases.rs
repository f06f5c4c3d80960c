//! Other accounts of our people, which may move here.

use sqlx::{SqliteConnection, SqliteExecutor};

/// The ids of the other accounts of somebody.
pub(crate) async fn of(c: impl SqliteExecutor<'_>, account: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select uri from aliases where account_id = ? order by uri")
        .bind(account)
        .fetch_all(c)
        .await
}

/// These and no others.
pub(crate) async fn set(c: &mut SqliteConnection, account: i64, uris: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("delete from aliases where account_id = ?")
        .bind(account)
        .execute(&mut *c)
        .await?;
    for uri in uris {
        sqlx::query("insert into aliases (account_id, uri) values (?, ?) on conflict do nothing")
            .bind(account)
            .bind(uri)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}
