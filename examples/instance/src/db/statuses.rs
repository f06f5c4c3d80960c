//! Posts and reblogs, ours and others'.

use crate::{ids, time};
use sqlx::{AssertSqlSafe, FromRow, SqliteConnection, SqliteExecutor};

/// One row. A reblog has `reblog_of_id` and no words of its own.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Status {
    pub(crate) id: i64,
    pub(crate) account_id: i64,
    pub(crate) uri: Option<String>,
    pub(crate) url: Option<String>,
    /// What the author typed; of our own posts only.
    pub(crate) text: String,
    /// HTML that is safe to show: ours was made here, that of others was sanitised on arrival.
    pub(crate) content: String,
    pub(crate) spoiler_text: String,
    pub(crate) sensitive: bool,
    pub(crate) visibility: String,
    pub(crate) language: Option<String>,
    pub(crate) in_reply_to_id: Option<i64>,
    pub(crate) in_reply_to_account_id: Option<i64>,
    pub(crate) in_reply_to_uri: Option<String>,
    pub(crate) reblog_of_id: Option<i64>,
    pub(crate) attachments: String,
    pub(crate) created_at: String,
    pub(crate) edited_at: Option<String>,
    pub(crate) deleted_at: Option<String>,
}

/// A post that is about to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct New {
    pub(crate) id: i64,
    pub(crate) account_id: i64,
    pub(crate) uri: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) text: String,
    pub(crate) content: String,
    pub(crate) spoiler_text: String,
    pub(crate) sensitive: bool,
    pub(crate) visibility: String,
    pub(crate) language: Option<String>,
    pub(crate) in_reply_to_id: Option<i64>,
    pub(crate) in_reply_to_account_id: Option<i64>,
    pub(crate) in_reply_to_uri: Option<String>,
    pub(crate) attachments: Option<String>,
    pub(crate) created_at: String,
    pub(crate) mentions: Vec<i64>,
    pub(crate) tags: Vec<String>,
}

/// The one rule about who may read what. `?1` is the reader's account id, null for the public; `s` the status.
pub(super) const VISIBLE: &str = "s.deleted_at is null
    and (s.visibility in ('public', 'unlisted') or s.account_id = ?1
         or exists (select 1 from mentions m where m.status_id = s.id and m.account_id = ?1)
         or (s.visibility = 'private'
             and exists (select 1 from follows f where f.account_id = ?1 and f.target_id = s.account_id and f.accepted)))
    and not exists (select 1 from blocks b where b.account_id = s.account_id and b.target_id = ?1)
    and (s.reblog_of_id is null or exists (select 1 from statuses o where o.id = s.reblog_of_id and o.deleted_at is null
         and (o.visibility in ('public', 'unlisted') or o.account_id = ?1
              or (o.visibility = 'private'
                  and exists (select 1 from follows f where f.account_id = ?1 and f.target_id = o.account_id and f.accepted)))))";

/// The row, whoever asks; deleted ones too.
pub(crate) async fn any(c: impl SqliteExecutor<'_>, id: i64) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as("select * from statuses where id = ?")
        .bind(id)
        .fetch_optional(c)
        .await
}

/// The status, if `viewer` may read it.
pub(crate) async fn visible(
    c: impl SqliteExecutor<'_>,
    id: i64,
    viewer: Option<i64>,
) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as(AssertSqlSafe(format!(
        "select s.* from statuses s where s.id = ?2 and {VISIBLE}"
    )))
    .bind(viewer)
    .bind(id)
    .fetch_optional(c)
    .await
}

pub(crate) async fn by_uri(c: impl SqliteExecutor<'_>, uri: &str) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as("select * from statuses where uri = ?")
        .bind(uri)
        .fetch_optional(c)
        .await
}

/// A remote status by its id or its page.
pub(crate) async fn by_address(
    c: impl SqliteExecutor<'_>,
    address: &str,
) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as(
        "select * from statuses where (uri = ?1 or url = ?1) and deleted_at is null and reblog_of_id is null
         order by uri = ?1 desc limit 1",
    )
    .bind(address)
    .fetch_optional(c)
    .await
}

/// Writes a post with its mentions and tags. `None` where its uri is known already.
pub(crate) async fn insert(c: &mut SqliteConnection, new: &New) -> Result<Option<Status>, sqlx::Error> {
    let row: Option<Status> = sqlx::query_as(
        "insert into statuses (id, account_id, uri, url, text, content, spoiler_text, sensitive, visibility, language,
             in_reply_to_id, in_reply_to_account_id, in_reply_to_uri, attachments, created_at)
         values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (uri) do nothing returning *",
    )
    .bind(new.id)
    .bind(new.account_id)
    .bind(&new.uri)
    .bind(&new.url)
    .bind(&new.text)
    .bind(&new.content)
    .bind(&new.spoiler_text)
    .bind(new.sensitive)
    .bind(&new.visibility)
    .bind(&new.language)
    .bind(new.in_reply_to_id)
    .bind(new.in_reply_to_account_id)
    .bind(&new.in_reply_to_uri)
    .bind(new.attachments.as_deref().unwrap_or("[]"))
    .bind(&new.created_at)
    .fetch_optional(&mut *c)
    .await?;
    let Some(row) = row else { return Ok(None) };
    set_mentions(c, row.id, &new.mentions).await?;
    set_tags(c, row.id, &new.tags).await?;
    if let Some(uri) = &row.uri {
        // Replies that came before this one.
        sqlx::query(
            "update statuses set in_reply_to_id = ?1, in_reply_to_account_id = ?2
             where in_reply_to_uri = ?3 and in_reply_to_id is null",
        )
        .bind(row.id)
        .bind(row.account_id)
        .bind(uri)
        .execute(c)
        .await?;
    }
    Ok(Some(row))
}

/// The new words of an edited post.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) text: String,
    pub(crate) content: String,
    pub(crate) spoiler_text: String,
    pub(crate) sensitive: bool,
    pub(crate) language: Option<String>,
    pub(crate) attachments: Option<String>,
    pub(crate) edited_at: Option<String>,
    pub(crate) mentions: Vec<i64>,
    pub(crate) tags: Vec<String>,
}

pub(crate) async fn edit(c: &mut SqliteConnection, id: i64, e: &Edit) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update statuses set text = ?2, content = ?3, spoiler_text = ?4, sensitive = ?5,
             language = coalesce(?6, language), attachments = coalesce(?7, attachments), edited_at = ?8 where id = ?1",
    )
    .bind(id)
    .bind(&e.text)
    .bind(&e.content)
    .bind(&e.spoiler_text)
    .bind(e.sensitive)
    .bind(&e.language)
    .bind(&e.attachments)
    .bind(&e.edited_at)
    .execute(&mut *c)
    .await?;
    set_mentions(c, id, &e.mentions).await?;
    set_tags(c, id, &e.tags).await
}

/// Takes a status away, with its reblogs and what was said about it. The row stays: its address answers "gone".
pub(crate) async fn bury(c: &mut SqliteConnection, id: i64) -> Result<(), sqlx::Error> {
    let now = time::now();
    sqlx::query(
        "update statuses set deleted_at = ?2, text = '', content = '', spoiler_text = '', attachments = '[]'
         where (id = ?1 or reblog_of_id = ?1) and deleted_at is null",
    )
    .bind(id)
    .bind(&now)
    .execute(&mut *c)
    .await?;
    for sql in [
        "delete from notifications where status_id = ?1 or status_id in (select id from statuses where reblog_of_id = ?1)",
        "delete from favourites where status_id = ?1",
        "delete from tags where status_id = ?1",
    ] {
        sqlx::query(sql).bind(id).execute(&mut *c).await?;
    }
    Ok(())
}

async fn set_mentions(c: &mut SqliteConnection, id: i64, accounts: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query("delete from mentions where status_id = ?")
        .bind(id)
        .execute(&mut *c)
        .await?;
    for account in accounts {
        sqlx::query("insert into mentions (status_id, account_id) values (?, ?) on conflict do nothing")
            .bind(id)
            .bind(account)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

async fn set_tags(c: &mut SqliteConnection, id: i64, tags: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("delete from tags where status_id = ?")
        .bind(id)
        .execute(&mut *c)
        .await?;
    for tag in tags {
        sqlx::query("insert into tags (status_id, name) values (?, ?) on conflict do nothing")
            .bind(id)
            .bind(tag)
            .execute(&mut *c)
            .await?;
    }
    Ok(())
}

pub(crate) async fn mentions(c: impl SqliteExecutor<'_>, id: i64) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar("select account_id from mentions where status_id = ? order by rowid")
        .bind(id)
        .fetch_all(c)
        .await
}

pub(crate) async fn tags(c: impl SqliteExecutor<'_>, id: i64) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select name from tags where status_id = ? order by rowid")
        .bind(id)
        .fetch_all(c)
        .await
}

/// What is above a status, the oldest first; cut at what `viewer` may not read.
pub(crate) async fn ancestors(
    c: impl SqliteExecutor<'_>,
    id: i64,
    viewer: Option<i64>,
) -> Result<Vec<Status>, sqlx::Error> {
    sqlx::query_as(AssertSqlSafe(format!(
        "with recursive up (id, depth) as (
             select in_reply_to_id, 1 from statuses where id = ?2 and in_reply_to_id is not null
             union select p.in_reply_to_id, up.depth + 1 from up join statuses p on p.id = up.id
                 where p.in_reply_to_id is not null and up.depth < 100)
         select s.* from up join statuses s on s.id = up.id where {VISIBLE} order by up.depth desc"
    )))
    .bind(viewer)
    .bind(id)
    .fetch_all(c)
    .await
}

/// What is below a status, in the order of time.
pub(crate) async fn descendants(
    c: impl SqliteExecutor<'_>,
    id: i64,
    viewer: Option<i64>,
) -> Result<Vec<Status>, sqlx::Error> {
    sqlx::query_as(AssertSqlSafe(format!(
        "with recursive down (id, depth) as (
             select id, 1 from statuses where in_reply_to_id = ?2
             union select r.id, down.depth + 1 from down join statuses r on r.in_reply_to_id = down.id
                 where down.depth < 100 limit 4096)
         select s.* from down join statuses s on s.id = down.id where {VISIBLE} order by s.id"
    )))
    .bind(viewer)
    .bind(id)
    .fetch_all(c)
    .await
}

/// Numbers beneath a status, and what `viewer` did with it.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub(crate) struct Tally {
    pub(crate) replies: i64,
    pub(crate) reblogs: i64,
    pub(crate) favourites: i64,
    pub(crate) favourited: bool,
    pub(crate) reblogged: bool,
}

pub(crate) async fn tally(
    c: impl SqliteExecutor<'_>,
    id: i64,
    viewer: Option<i64>,
) -> Result<Tally, sqlx::Error> {
    sqlx::query_as(
        "select
         (select count(*) from statuses where in_reply_to_id = ?2 and deleted_at is null and visibility in ('public', 'unlisted')) as replies,
         (select count(*) from statuses where reblog_of_id = ?2 and deleted_at is null) as reblogs,
         (select count(*) from favourites where status_id = ?2) as favourites,
         exists (select 1 from favourites where status_id = ?2 and account_id = ?1) as favourited,
         exists (select 1 from statuses where reblog_of_id = ?2 and account_id = ?1 and deleted_at is null) as reblogged",
    )
    .bind(viewer)
    .bind(id)
    .fetch_one(c)
    .await
}

/// Remembers an object that was deleted before it came.
pub(crate) async fn remember_deleted(
    c: &mut SqliteConnection,
    uri: &str,
    owner: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into tombstones (uri, owner, deleted_at) values (?, ?, ?) on conflict do nothing")
        .bind(uri)
        .bind(owner)
        .bind(time::now())
        .execute(c)
        .await?;
    Ok(())
}

/// Whether its owner deleted this object before it came.
pub(crate) async fn was_deleted(
    c: impl SqliteExecutor<'_>,
    uri: &str,
    owner: &str,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists (select 1 from tombstones where uri = ? and owner = ?)")
        .bind(uri)
        .bind(owner)
        .fetch_one(c)
        .await
}

/// A reblog; `None` where this account reblogged this status already.
pub(crate) async fn insert_reblog(
    c: &mut SqliteConnection,
    account: i64,
    of: &Status,
    visibility: &str,
    uri: Option<&str>,
    created_at: &str,
) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as(
        "insert into statuses (id, account_id, uri, visibility, reblog_of_id, created_at)
         values (?, ?, ?, ?, ?, ?) on conflict do nothing returning *",
    )
    .bind(ids::next())
    .bind(account)
    .bind(uri)
    .bind(visibility)
    .bind(of.id)
    .bind(created_at)
    .fetch_optional(c)
    .await
}

/// The living reblog of `of` by `account`.
pub(crate) async fn reblog_by(
    c: impl SqliteExecutor<'_>,
    of: i64,
    account: i64,
) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as("select * from statuses where reblog_of_id = ? and account_id = ? and deleted_at is null")
        .bind(of)
        .bind(account)
        .fetch_optional(c)
        .await
}

/// The post that this account made under this key before, if any.
pub(crate) async fn by_key(
    c: impl SqliteExecutor<'_>,
    account: i64,
    key: &str,
) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_as(
        "select s.* from statuses s join idempotency i on i.status_id = s.id
         where i.account_id = ? and i.key = ? and s.deleted_at is null",
    )
    .bind(account)
    .bind(key)
    .fetch_optional(c)
    .await
}

pub(crate) async fn remember_key(
    c: &mut SqliteConnection,
    account: i64,
    key: &str,
    id: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert or replace into idempotency (account_id, key, status_id, created_at) values (?, ?, ?, ?)",
    )
    .bind(account)
    .bind(key)
    .bind(id)
    .bind(time::now())
    .execute(c)
    .await?;
    Ok(())
}

/// What was answered to a status in the open, the oldest first.
pub(crate) async fn public_replies(
    c: impl SqliteExecutor<'_>,
    id: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Status>, sqlx::Error> {
    sqlx::query_as(
        "select * from statuses where in_reply_to_id = ? and id > ? and deleted_at is null
             and visibility in ('public', 'unlisted') order by id limit ?",
    )
    .bind(id)
    .bind(after)
    .bind(limit)
    .fetch_all(c)
    .await
}
