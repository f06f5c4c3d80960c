//! Favourites.

use crate::{ids, time};
use sqlx::{SqliteConnection, SqliteExecutor};

/// `None` where this account had favourited this status already; else the number of the favourite.
pub(crate) async fn favourite(
    c: &mut SqliteConnection,
    account: i64,
    status: i64,
    uri: Option<&str>,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "insert into favourites (id, account_id, status_id, uri, created_at) values (?, ?, ?, ?, ?)
         on conflict do nothing returning id",
    )
    .bind(ids::next())
    .bind(account)
    .bind(status)
    .bind(uri)
    .bind(time::now())
    .fetch_optional(c)
    .await
}

/// `None` where there was none; else its number. Its notification goes too.
pub(crate) async fn unfavourite(
    c: &mut SqliteConnection,
    account: i64,
    status: i64,
) -> Result<Option<i64>, sqlx::Error> {
    let id = sqlx::query_scalar("delete from favourites where account_id = ? and status_id = ? returning id")
        .bind(account)
        .bind(status)
        .fetch_optional(&mut *c)
        .await?;
    sqlx::query("delete from notifications where from_id = ? and status_id = ? and kind = 'favourite'")
        .bind(account)
        .bind(status)
        .execute(c)
        .await?;
    Ok(id)
}

/// Which status the Like with this id is about, and whose it is.
pub(crate) async fn by_uri(c: impl SqliteExecutor<'_>, uri: &str) -> Result<Option<(i64, i64)>, sqlx::Error> {
    sqlx::query_as("select account_id, status_id from favourites where uri = ?")
        .bind(uri)
        .fetch_optional(c)
        .await
}

/// Ids of the remote accounts that have to do with a status: they hear of its end too.
pub(crate) async fn reach(c: impl SqliteExecutor<'_>, status: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select distinct a.uri from accounts a where a.uri is not null and a.deleted = 0 and a.id in (
             select account_id from favourites where status_id = ?1
             union select account_id from statuses where reblog_of_id = ?1 and deleted_at is null
             union select account_id from statuses where in_reply_to_id = ?1 and deleted_at is null
             union select account_id from mentions where status_id = ?1) limit 1000",
    )
    .bind(status)
    .fetch_all(c)
    .await
}
