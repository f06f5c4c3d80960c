//! Clients that registered, and the codes for which they get tokens.

use super::tokens;
use crate::time;
use sqlx::{FromRow, SqliteConnection, SqliteExecutor};

/// A client. `redirect_uris` are separated by line ends.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) name: String,
    pub(crate) website: Option<String>,
    pub(crate) redirect_uris: String,
    pub(crate) scopes: String,
}

/// How long a code may be exchanged.
const MINUTES: i64 = 10;

pub(crate) async fn register(c: &mut SqliteConnection, app: &App, secret: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into apps (client_id, secret_hash, name, website, redirect_uris, scopes, created_at)
         values (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(&app.client_id)
    .bind(tokens::hash(secret))
    .bind(&app.name)
    .bind(&app.website)
    .bind(&app.redirect_uris)
    .bind(&app.scopes)
    .bind(time::now())
    .execute(c)
    .await?;
    Ok(())
}

pub(crate) async fn find(c: impl SqliteExecutor<'_>, client_id: &str) -> Result<Option<App>, sqlx::Error> {
    sqlx::query_as("select client_id, name, website, redirect_uris, scopes from apps where client_id = ?")
        .bind(client_id)
        .fetch_optional(c)
        .await
}

pub(crate) async fn allow(
    c: &mut SqliteConnection,
    code: &str,
    app: &App,
    account: i64,
    redirect_uri: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into codes (hash, client_id, account_id, redirect_uri, created_at) values (?, ?, ?, ?, ?)",
    )
    .bind(tokens::hash(code))
    .bind(&app.client_id)
    .bind(account)
    .bind(redirect_uri)
    .bind(time::now())
    .execute(c)
    .await?;
    Ok(())
}

/// Whose account a code opens. It works once, for the client with this secret, for a short while.
pub(crate) async fn redeem(
    c: &mut SqliteConnection,
    code: &str,
    client_id: &str,
    secret: &str,
    redirect_uri: &str,
) -> Result<Option<i64>, sqlx::Error> {
    let oldest = time::text(jiff::Timestamp::now() - jiff::Span::new().minutes(MINUTES));
    sqlx::query("delete from codes where created_at < ?")
        .bind(oldest)
        .execute(&mut *c)
        .await?;
    sqlx::query_scalar(
        "delete from codes where hash = ?1 and client_id = ?2 and redirect_uri = ?4
             and exists (select 1 from apps a where a.client_id = ?2 and a.secret_hash = ?3)
         returning account_id",
    )
    .bind(tokens::hash(code))
    .bind(client_id)
    .bind(tokens::hash(secret))
    .bind(redirect_uri)
    .fetch_optional(c)
    .await
}
