//! Lists of statuses, newest first, in pages.

use super::{
    accounts::Account,
    statuses::{Status, VISIBLE},
};
use sqlx::{AssertSqlSafe, SqliteExecutor};

/// Which statuses.
#[derive(Clone, Debug)]
pub(crate) enum Feed {
    Home,
    Public { local: bool, remote: bool },
    Account { id: i64, replies: bool, reblogs: bool },
    Tag(String),
    Favourites,
}

/// Which part of a list: Mastodon's parameters of the same names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) max_id: Option<i64>,
    pub(crate) since_id: Option<i64>,
    pub(crate) min_id: Option<i64>,
    pub(crate) limit: i64,
}

impl Window {
    /// The newest `limit`.
    pub(crate) fn first(limit: i64) -> Window {
        Window {
            max_id: None,
            since_id: None,
            min_id: None,
            limit,
        }
    }
}

/// The part of a feed that `viewer` may read.
pub(crate) async fn list(
    c: impl SqliteExecutor<'_>,
    feed: &Feed,
    viewer: Option<i64>,
    w: Window,
) -> Result<Vec<Status>, sqlx::Error> {
    let (condition, account, tag) = match feed {
        Feed::Home => (HOME.to_owned(), None, None),
        Feed::Public { local, remote } => {
            let mut sql = PUBLIC.to_owned();
            if *local {
                sql.push_str(" and a.domain is null");
            }
            if *remote {
                sql.push_str(" and a.domain is not null");
            }
            (sql, None, None)
        }
        Feed::Account { id, replies, reblogs } => {
            let mut sql = "s.account_id = ?5".to_owned();
            if !replies {
                sql.push_str(" and (s.in_reply_to_uri is null and s.in_reply_to_id is null or s.in_reply_to_account_id = s.account_id)");
            }
            if !reblogs {
                sql.push_str(" and s.reblog_of_id is null");
            }
            (sql, Some(*id), None)
        }
        Feed::Tag(name) => (TAG.to_owned(), None, Some(name.to_lowercase())),
        Feed::Favourites => (FAVOURITES.to_owned(), None, None),
    };
    let order = if w.min_id.is_some() { "asc" } else { "desc" };
    let mut rows: Vec<Status> = sqlx::query_as(AssertSqlSafe(format!(
        "select s.* from statuses s join accounts a on a.id = s.account_id
         where {condition} and {VISIBLE} and (?2 is null or s.id < ?2) and (?3 is null or s.id > ?3)
             and ?5 is ?5 and ?6 is ?6
         order by s.id {order} limit ?4"
    )))
    .bind(viewer)
    .bind(w.max_id)
    .bind(w.min_id.or(w.since_id))
    .bind(w.limit)
    .bind(account)
    .bind(tag)
    .fetch_all(c)
    .await?;
    if w.min_id.is_some() {
        rows.reverse();
    }
    Ok(rows)
}

/// My own, those whom I follow; a reply only where I follow the one who is answered; what names me directly comes as a notification.
const HOME: &str = "(s.account_id = ?1 or exists (select 1 from follows f where f.account_id = ?1 and f.target_id = s.account_id and f.accepted))
    and (s.in_reply_to_account_id is null or s.account_id = ?1 or s.in_reply_to_account_id in (s.account_id, ?1)
         or exists (select 1 from follows f where f.account_id = ?1 and f.target_id = s.in_reply_to_account_id and f.accepted))";

const PUBLIC: &str = "s.visibility = 'public' and s.reblog_of_id is null
    and (s.in_reply_to_id is null and s.in_reply_to_uri is null or s.in_reply_to_account_id = s.account_id)";

const TAG: &str =
    "s.visibility = 'public' and exists (select 1 from tags t where t.status_id = s.id and t.name = ?6)";

const FAVOURITES: &str = "exists (select 1 from favourites v where v.status_id = s.id and v.account_id = ?1)";

/// Who did `what` with a status: favourited or reblogged it.
pub(crate) async fn people(
    c: impl SqliteExecutor<'_>,
    list: People,
    of: i64,
    limit: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    let sql = match list {
        People::Favourited => {
            "select account_id from favourites where status_id = ? order by id desc limit ?"
        }
        People::Reblogged => {
            "select account_id from statuses where reblog_of_id = ? and deleted_at is null order by id desc limit ?"
        }
        People::Followers => {
            "select account_id from follows where target_id = ? and accepted order by id desc limit ?"
        }
        People::Following => {
            "select target_id from follows where account_id = ? and accepted order by id desc limit ?"
        }
    };
    sqlx::query_scalar(sql).bind(of).bind(limit).fetch_all(c).await
}

/// A list of people around a status or an account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum People {
    Favourited,
    Reblogged,
    Followers,
    Following,
}

/// Numbers for `instance` and NodeInfo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Totals {
    pub(crate) users: i64,
    pub(crate) statuses: i64,
    pub(crate) domains: i64,
}

pub(crate) async fn totals(c: impl SqliteExecutor<'_>) -> Result<Totals, sqlx::Error> {
    let (users, statuses, domains) = sqlx::query_as(
        "select (select count(*) from accounts where domain is null and deleted = 0),
                (select count(*) from statuses s join accounts a on a.id = s.account_id
                     where a.domain is null and s.deleted_at is null and s.reblog_of_id is null),
                (select count(distinct domain) from accounts where domain is not null)",
    )
    .fetch_one(c)
    .await?;
    Ok(Totals {
        users,
        statuses,
        domains,
    })
}

/// The people of this instance, the newest first.
pub(crate) async fn locals(c: impl SqliteExecutor<'_>, limit: i64) -> Result<Vec<Account>, sqlx::Error> {
    super::accounts::all_local(c, limit).await
}

/// Hashtags that begin so.
pub(crate) async fn tags_like(
    c: impl SqliteExecutor<'_>,
    text: &str,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "select distinct name from tags where substr(name, 1, length(?1)) = ?1 order by name limit ?2",
    )
    .bind(text.to_lowercase())
    .bind(limit)
    .fetch_all(c)
    .await
}
