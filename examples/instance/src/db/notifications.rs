//! What a person is told about.

use super::timelines::Window;
use crate::{ids, time};
use sqlx::{AssertSqlSafe, FromRow, SqliteConnection, SqliteExecutor};

#[derive(Clone, Debug, FromRow)]
pub(crate) struct Notification {
    pub(crate) id: i64,
    pub(crate) kind: String,
    pub(crate) from_id: i64,
    pub(crate) status_id: Option<i64>,
    pub(crate) created_at: String,
}

/// Tells one of ours; once, and nothing to people elsewhere or about oneself.
pub(crate) async fn tell(
    c: &mut SqliteConnection,
    account: i64,
    kind: &'static str,
    from: i64,
    status: Option<i64>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into notifications (id, account_id, kind, from_id, status_id, created_at)
         select ?1, ?2, ?3, ?4, ?5, ?6 from accounts a where a.id = ?2 and a.domain is null and ?2 <> ?4
             and not exists (select 1 from blocks b where b.account_id = ?2 and b.target_id = ?4)
         on conflict do nothing",
    )
    .bind(ids::next())
    .bind(account)
    .bind(kind)
    .bind(from)
    .bind(status)
    .bind(time::now())
    .execute(c)
    .await?;
    Ok(())
}

/// Takes back what was told.
pub(crate) async fn untell(
    c: &mut SqliteConnection,
    kind: &'static str,
    from: i64,
    status: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from notifications where kind = ? and from_id = ? and status_id = ?")
        .bind(kind)
        .bind(from)
        .bind(status)
        .execute(c)
        .await?;
    Ok(())
}

/// Newest first; only these kinds, where any are named; never those.
pub(crate) async fn list(
    c: impl SqliteExecutor<'_>,
    account: i64,
    only: &[String],
    never: &[String],
    from: Option<i64>,
    w: Window,
) -> Result<Vec<Notification>, sqlx::Error> {
    let order = if w.min_id.is_some() { "asc" } else { "desc" };
    let mut rows: Vec<Notification> = sqlx::query_as(AssertSqlSafe(format!(
        "select id, kind, from_id, status_id, created_at from notifications n where account_id = ?1
             and (?2 is null or id < ?2) and (?3 is null or id > ?3)
             and (?5 = '' or instr(?5, ',' || kind || ',') > 0) and instr(?6, ',' || kind || ',') = 0
             and (?7 is null or from_id = ?7)
         order by id {order} limit ?4"
    )))
    .bind(account)
    .bind(w.max_id)
    .bind(w.min_id.or(w.since_id))
    .bind(w.limit)
    .bind(joined(only))
    .bind(joined(never))
    .bind(from)
    .fetch_all(c)
    .await?;
    if w.min_id.is_some() {
        rows.reverse();
    }
    Ok(rows)
}

pub(crate) async fn one(
    c: impl SqliteExecutor<'_>,
    account: i64,
    id: i64,
) -> Result<Option<Notification>, sqlx::Error> {
    sqlx::query_as(
        "select id, kind, from_id, status_id, created_at from notifications where account_id = ? and id = ?",
    )
    .bind(account)
    .bind(id)
    .fetch_optional(c)
    .await
}

/// Takes one away, or all.
pub(crate) async fn dismiss(
    c: impl SqliteExecutor<'_>,
    account: i64,
    id: Option<i64>,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from notifications where account_id = ?1 and (?2 is null or id = ?2)")
        .bind(account)
        .bind(id)
        .execute(c)
        .await?;
    Ok(())
}

fn joined(kinds: &[String]) -> String {
    if kinds.is_empty() {
        String::new()
    } else {
        format!(",{},", kinds.join(","))
    }
}

/// A request to follow became a follow.
pub(crate) async fn settle_request(
    c: &mut SqliteConnection,
    account: i64,
    from: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from notifications where account_id = ? and from_id = ? and kind = 'follow_request'")
        .bind(account)
        .bind(from)
        .execute(&mut *c)
        .await?;
    tell(c, account, "follow", from, None).await
}
