//! People, here and elsewhere.

use crate::{ids, time, urls::Urls};
use sqlx::{AssertSqlSafe, Encode, FromRow, Sqlite, SqliteConnection, SqliteExecutor, Type};

/// One row, with its counts.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) domain: Option<String>,
    pub(crate) uri: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) inbox: Option<String>,
    pub(crate) shared_inbox: Option<String>,
    pub(crate) followers_uri: Option<String>,
    pub(crate) display_name: String,
    pub(crate) note: String,
    pub(crate) avatar: Option<String>,
    pub(crate) header: Option<String>,
    pub(crate) locked: bool,
    pub(crate) bot: bool,
    pub(crate) created_at: String,
    pub(crate) moved_to: Option<String>,
    pub(crate) deleted: bool,
    pub(crate) followers_count: i64,
    pub(crate) following_count: i64,
    pub(crate) statuses_count: i64,
    pub(crate) last_status_at: Option<String>,
}

impl Account {
    pub(crate) fn is_local(&self) -> bool {
        self.domain.is_none()
    }

    /// The id of the actor.
    pub(crate) fn uri(&self, urls: &Urls) -> String {
        self.uri.clone().unwrap_or_else(|| urls.actor(&self.username))
    }

    /// The page for people.
    pub(crate) fn page(&self, urls: &Urls) -> String {
        match (&self.url, self.is_local()) {
            (Some(url), _) => url.clone(),
            (None, true) => urls.profile(&self.username),
            (None, false) => self.uri(urls),
        }
    }

    /// `alice` for us, `bob@there.example` for the others: Mastodon's `acct`.
    pub(crate) fn acct(&self) -> String {
        match &self.domain {
            None => self.username.clone(),
            Some(domain) => format!("{}@{domain}", self.username),
        }
    }

    /// `alice@here.example`.
    pub(crate) fn handle(&self, urls: &Urls) -> String {
        format!(
            "{}@{}",
            self.username,
            self.domain.as_deref().unwrap_or(urls.domain())
        )
    }

    pub(crate) fn shown_name(&self) -> &str {
        if self.display_name.is_empty() {
            &self.username
        } else {
            &self.display_name
        }
    }
}

/// What a peer says about one of its people.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    pub(crate) uri: String,
    pub(crate) username: String,
    pub(crate) domain: String,
    pub(crate) url: Option<String>,
    pub(crate) inbox: String,
    pub(crate) shared_inbox: Option<String>,
    pub(crate) followers: Option<String>,
    pub(crate) display_name: String,
    pub(crate) note: String,
    pub(crate) avatar: Option<String>,
    pub(crate) header: Option<String>,
    pub(crate) locked: bool,
    pub(crate) bot: bool,
    pub(crate) published: Option<String>,
}

const SELECT: &str = "select a.*,
    (select count(*) from follows f where f.target_id = a.id and f.accepted) as followers_count,
    (select count(*) from follows f where f.account_id = a.id and f.accepted) as following_count,
    (select count(*) from statuses s where s.account_id = a.id and s.deleted_at is null and s.visibility <> 'direct') as statuses_count,
    (select substr(max(s.created_at), 1, 10) from statuses s where s.account_id = a.id and s.deleted_at is null) as last_status_at
    from accounts a where ";

/// The account that `condition` (our own SQL, one parameter `?1`) names.
pub(super) async fn one<T>(
    c: impl SqliteExecutor<'_>,
    condition: &'static str,
    value: T,
) -> Result<Option<Account>, sqlx::Error>
where
    T: for<'e> Encode<'e, Sqlite> + Type<Sqlite> + Send + 'static,
{
    sqlx::query_as(AssertSqlSafe(format!("{SELECT}{condition}")))
        .bind(value)
        .fetch_optional(c)
        .await
}

pub(crate) async fn by_id(c: impl SqliteExecutor<'_>, id: i64) -> Result<Option<Account>, sqlx::Error> {
    one(c, "a.id = ?1", id).await
}

/// Of a remote actor, by its id.
pub(crate) async fn by_uri(c: impl SqliteExecutor<'_>, uri: &str) -> Result<Option<Account>, sqlx::Error> {
    one(c, "a.uri = ?1", uri.to_owned()).await
}

/// Of a remote actor, by its id or its page.
pub(crate) async fn by_address(
    c: impl SqliteExecutor<'_>,
    address: &str,
) -> Result<Option<Account>, sqlx::Error> {
    one(
        c,
        "(a.uri = ?1 or a.url = ?1) and a.deleted = 0 order by a.uri = ?1 desc limit 1",
        address.to_owned(),
    )
    .await
}

/// One of ours. Gone ones are found too: their address answers 410.
pub(crate) async fn local(
    c: impl SqliteExecutor<'_>,
    username: &str,
) -> Result<Option<Account>, sqlx::Error> {
    one(
        c,
        "a.username = ?1 collate nocase and a.domain is null",
        username.to_owned(),
    )
    .await
}

pub(crate) async fn by_handle(
    c: impl SqliteExecutor<'_>,
    username: &str,
    domain: &str,
) -> Result<Option<Account>, sqlx::Error> {
    sqlx::query_as(AssertSqlSafe(format!(
        "{SELECT} a.username = ?1 collate nocase and a.domain = ?2 collate nocase and a.deleted = 0 order by a.id desc limit 1"
    )))
    .bind(username)
    .bind(domain)
    .fetch_optional(c)
    .await
}

/// Those whose name or handle begins with `text`, ours first.
pub(crate) async fn search(
    c: impl SqliteExecutor<'_>,
    text: &str,
    limit: i64,
) -> Result<Vec<Account>, sqlx::Error> {
    let text = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    sqlx::query_as(AssertSqlSafe(format!(
        "{SELECT} a.deleted = 0 and (a.username like ?1 escape '\\' or a.display_name like ?1 escape '\\'
            or a.username || '@' || coalesce(a.domain, '') like ?1 escape '\\')
            order by a.domain is not null, a.username limit ?2"
    )))
    .bind(format!("{text}%"))
    .bind(limit)
    .fetch_all(c)
    .await
}

/// A new person of ours. `None` where the name is taken.
pub(crate) async fn create(
    c: &mut SqliteConnection,
    username: &str,
    display_name: &str,
    locked: bool,
    bot: bool,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "insert into accounts (id, username, display_name, locked, bot, created_at) values (?, ?, ?, ?, ?, ?)
         on conflict do nothing returning id",
    )
    .bind(ids::next())
    .bind(username)
    .bind(display_name)
    .bind(locked)
    .bind(bot)
    .bind(time::now())
    .fetch_optional(c)
    .await
}

/// Writes what a peer says about one of its people, new or known.
pub(crate) async fn upsert(c: &mut SqliteConnection, r: &Remote) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "insert into accounts (id, username, domain, uri, url, inbox, shared_inbox, followers_uri, display_name, note,
                               avatar, header, locked, bot, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
         on conflict (uri) do update set username = ?2, domain = ?3, url = ?5, inbox = ?6, shared_inbox = ?7,
             followers_uri = ?8, display_name = ?9, note = ?10, avatar = ?11, header = ?12, locked = ?13, bot = ?14,
             deleted = 0
         returning id",
    )
    .bind(ids::next())
    .bind(&r.username)
    .bind(&r.domain)
    .bind(&r.uri)
    .bind(&r.url)
    .bind(&r.inbox)
    .bind(&r.shared_inbox)
    .bind(&r.followers)
    .bind(&r.display_name)
    .bind(&r.note)
    .bind(&r.avatar)
    .bind(&r.header)
    .bind(r.locked)
    .bind(r.bot)
    .bind(r.published.clone().unwrap_or_else(time::now))
    .fetch_one(c)
    .await
}

/// Changes what a person of ours says about themselves; `None` leaves as it is.
pub(crate) async fn update(
    c: &mut SqliteConnection,
    id: i64,
    display_name: Option<&str>,
    note: Option<&str>,
    locked: Option<bool>,
    bot: Option<bool>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update accounts set display_name = coalesce(?2, display_name), note = coalesce(?3, note),
             locked = coalesce(?4, locked), bot = coalesce(?5, bot) where id = ?1",
    )
    .bind(id)
    .bind(display_name)
    .bind(note)
    .bind(locked)
    .bind(bot)
    .execute(c)
    .await?;
    Ok(())
}

/// A peer deleted one of its people: nothing of theirs stays but the fact.
pub(crate) async fn bury(c: &mut SqliteConnection, id: i64) -> Result<(), sqlx::Error> {
    for sql in [
        "delete from follows where ?1 in (account_id, target_id)",
        "delete from favourites where account_id = ?1",
        "delete from notifications where ?1 in (from_id, account_id)",
        "delete from blocks where ?1 in (account_id, target_id)",
        "delete from mentions where account_id = ?1 or status_id in (select id from statuses where account_id = ?1)",
        "delete from tags where status_id in (select id from statuses where account_id = ?1)",
        "delete from notifications where status_id in (select id from statuses where account_id = ?1)",
        "update statuses set deleted_at = coalesce(deleted_at, created_at), text = '', content = '', spoiler_text = '',
             attachments = '[]' where account_id = ?1 or reblog_of_id in (select id from statuses where account_id = ?1)",
        "update accounts set deleted = 1, display_name = '', note = '', avatar = null, header = null where id = ?1",
    ] {
        sqlx::query(sql).bind(id).execute(&mut *c).await?;
    }
    Ok(())
}

/// The people of this instance, the newest first.
pub(super) async fn all_local(c: impl SqliteExecutor<'_>, limit: i64) -> Result<Vec<Account>, sqlx::Error> {
    sqlx::query_as(AssertSqlSafe(format!(
        "{SELECT} a.domain is null and a.deleted = 0 order by a.id desc limit ?1"
    )))
    .bind(limit)
    .fetch_all(c)
    .await
}

/// The domains of those whom we know.
pub(crate) async fn domains(c: impl SqliteExecutor<'_>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("select distinct domain from accounts where domain is not null order by domain")
        .fetch_all(c)
        .await
}

/// Remembers where somebody went.
pub(crate) async fn set_moved(c: &mut SqliteConnection, id: i64, to: &str) -> Result<(), sqlx::Error> {
    sqlx::query("update accounts set moved_to = ? where id = ?")
        .bind(to)
        .bind(id)
        .execute(c)
        .await?;
    Ok(())
}

/// Forgets where somebody went, if that is one of these; whether it was.
pub(crate) async fn clear_moved(
    c: &mut SqliteConnection,
    id: i64,
    places: &[String],
) -> Result<bool, sqlx::Error> {
    let mut is_back = false;
    for place in places {
        let done = sqlx::query("update accounts set moved_to = null where id = ? and moved_to = ?")
            .bind(id)
            .bind(place)
            .execute(&mut *c)
            .await?;
        is_back |= done.rows_affected() > 0;
    }
    Ok(is_back)
}
