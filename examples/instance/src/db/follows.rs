//! Who follows whom, who waits, who blocks.

use crate::{ids, time};
use sqlx::{FromRow, SqliteConnection, SqliteExecutor};

/// One follow. `uri` is the id of the Follow where a peer made it; those that we made have ids from their number.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Follow {
    pub(crate) id: i64,
    pub(crate) account_id: i64,
    pub(crate) target_id: i64,
    pub(crate) accepted: bool,
    pub(crate) uri: Option<String>,
}

pub(crate) async fn find(
    c: impl SqliteExecutor<'_>,
    account: i64,
    target: i64,
) -> Result<Option<Follow>, sqlx::Error> {
    sqlx::query_as(
        "select id, account_id, target_id, accepted, uri from follows where account_id = ? and target_id = ?",
    )
    .bind(account)
    .bind(target)
    .fetch_optional(c)
    .await
}

pub(crate) async fn by_id(c: impl SqliteExecutor<'_>, id: i64) -> Result<Option<Follow>, sqlx::Error> {
    sqlx::query_as("select id, account_id, target_id, accepted, uri from follows where id = ?")
        .bind(id)
        .fetch_optional(c)
        .await
}

pub(crate) async fn by_uri(c: impl SqliteExecutor<'_>, uri: &str) -> Result<Option<Follow>, sqlx::Error> {
    sqlx::query_as("select id, account_id, target_id, accepted, uri from follows where uri = ?")
        .bind(uri)
        .fetch_optional(c)
        .await
}

/// Writes a follow, or takes the newer id of one that is there. What was accepted stays accepted.
pub(crate) async fn put(
    c: &mut SqliteConnection,
    account: i64,
    target: i64,
    accepted: bool,
    uri: Option<&str>,
) -> Result<Follow, sqlx::Error> {
    sqlx::query_as(
        "insert into follows (id, account_id, target_id, accepted, uri, created_at) values (?, ?, ?, ?, ?, ?)
         on conflict (account_id, target_id) do update set accepted = max(accepted, excluded.accepted), uri = coalesce(excluded.uri, uri)
         returning id, account_id, target_id, accepted, uri",
    )
    .bind(ids::next())
    .bind(account)
    .bind(target)
    .bind(accepted)
    .bind(uri)
    .bind(time::now())
    .fetch_one(c)
    .await
}

/// `false` where there was nothing that waited.
pub(crate) async fn accept(c: &mut SqliteConnection, account: i64, target: i64) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update follows set accepted = 1 where account_id = ? and target_id = ? and accepted = 0",
    )
    .bind(account)
    .bind(target)
    .execute(c)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// `None` where there was no such follow.
pub(crate) async fn remove(
    c: &mut SqliteConnection,
    account: i64,
    target: i64,
) -> Result<Option<Follow>, sqlx::Error> {
    let gone: Option<Follow> = sqlx::query_as(
        "delete from follows where account_id = ? and target_id = ? returning id, account_id, target_id, accepted, uri",
    )
    .bind(account)
    .bind(target)
    .fetch_optional(&mut *c)
    .await?;
    sqlx::query("delete from notifications where account_id = ? and from_id = ? and kind in ('follow', 'follow_request')")
        .bind(target)
        .bind(account)
        .execute(c)
        .await?;
    Ok(gone)
}

/// Those who wait for `target`, the newest first.
pub(crate) async fn waiting(
    c: impl SqliteExecutor<'_>,
    target: i64,
    max: Option<i64>,
    since: Option<i64>,
    limit: i64,
) -> Result<Vec<Follow>, sqlx::Error> {
    sqlx::query_as(
        "select id, account_id, target_id, accepted, uri from follows where target_id = ? and accepted = 0
             and (?2 is null or id < ?2) and (?3 is null or id > ?3) order by id desc limit ?4",
    )
    .bind(target)
    .bind(max)
    .bind(since)
    .bind(limit)
    .fetch_all(c)
    .await
}

/// How two accounts stand to each other, seen from `me`.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub(crate) struct Standing {
    pub(crate) following: bool,
    pub(crate) requested: bool,
    pub(crate) followed_by: bool,
    pub(crate) requested_by: bool,
    pub(crate) blocking: bool,
    pub(crate) blocked_by: bool,
}

pub(crate) async fn standing(
    c: impl SqliteExecutor<'_>,
    me: i64,
    other: i64,
) -> Result<Standing, sqlx::Error> {
    sqlx::query_as(
        "select exists (select 1 from follows where account_id = ?1 and target_id = ?2 and accepted = 1) as following,
                exists (select 1 from follows where account_id = ?1 and target_id = ?2 and accepted = 0) as requested,
                exists (select 1 from follows where account_id = ?2 and target_id = ?1 and accepted = 1) as followed_by,
                exists (select 1 from follows where account_id = ?2 and target_id = ?1 and accepted = 0) as requested_by,
                exists (select 1 from blocks where account_id = ?1 and target_id = ?2) as blocking,
                exists (select 1 from blocks where account_id = ?2 and target_id = ?1) as blocked_by",
    )
    .bind(me)
    .bind(other)
    .fetch_one(c)
    .await
}

/// A block ends the follows in both directions.
pub(crate) async fn block(
    c: &mut SqliteConnection,
    account: i64,
    target: i64,
    uri: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into blocks (account_id, target_id, uri) values (?, ?, ?) on conflict do nothing")
        .bind(account)
        .bind(target)
        .bind(uri)
        .execute(&mut *c)
        .await?;
    remove(c, account, target).await?;
    remove(c, target, account).await?;
    Ok(())
}

/// The id of the Block that is no more.
pub(crate) async fn unblock(
    c: &mut SqliteConnection,
    account: i64,
    target: i64,
) -> Result<Option<String>, sqlx::Error> {
    let gone: Option<Option<String>> =
        sqlx::query_scalar("delete from blocks where account_id = ? and target_id = ? returning uri")
            .bind(account)
            .bind(target)
            .fetch_optional(c)
            .await?;
    Ok(gone.flatten())
}

/// Whether anybody here follows this account.
pub(crate) async fn is_followed_here(c: impl SqliteExecutor<'_>, target: i64) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select 1 from follows f join accounts a on a.id = f.account_id
                        where f.target_id = ? and f.accepted and a.domain is null)",
    )
    .bind(target)
    .fetch_one(c)
    .await
}

/// The local people who follow this account.
pub(crate) async fn local_followers(
    c: impl SqliteExecutor<'_>,
    target: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "select f.account_id from follows f join accounts a on a.id = f.account_id
         where f.target_id = ? and a.domain is null",
    )
    .bind(target)
    .fetch_all(c)
    .await
}

/// The local people who follow the account with this id, by name, and whether it has accepted.
pub(crate) async fn followers_here(
    c: impl SqliteExecutor<'_>,
    uri: &str,
) -> Result<Vec<(String, bool)>, sqlx::Error> {
    sqlx::query_as(
        "select a.username, f.accepted from follows f join accounts a on a.id = f.account_id
         where f.target_id = (select id from accounts where uri = ?) and a.domain is null and not a.deleted",
    )
    .bind(uri)
    .fetch_all(c)
    .await
}

/// Followers of an account, or those whom it follows, after the follow with this number: the number and who.
pub(crate) async fn page(
    c: impl SqliteExecutor<'_>,
    account: i64,
    followers: bool,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, i64)>, sqlx::Error> {
    let sql = if followers {
        "select id, account_id from follows where target_id = ? and accepted and id > ? order by id limit ?"
    } else {
        "select id, target_id from follows where account_id = ? and accepted and id > ? order by id limit ?"
    };
    sqlx::query_as(sql)
        .bind(account)
        .bind(after)
        .bind(limit)
        .fetch_all(c)
        .await
}

/// Whom the Block with this id is about.
pub(crate) async fn block_target(
    c: impl SqliteExecutor<'_>,
    account: i64,
    uri: &str,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar("select target_id from blocks where account_id = ? and uri = ?")
        .bind(account)
        .bind(uri)
        .fetch_optional(c)
        .await
}
