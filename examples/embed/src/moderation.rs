//! The page on which the forum's moderators see how its federation does, and decide about hosts.
use crate::{Oops, Site, escape};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Form, Router};
use sqlx::SqlitePool;
use std::error::Error as _;
use std::fmt::Write;

/// Who may come here: the name and the bearer token of each moderator.
pub const TABLES: &str =
    "create table if not exists moderators (token text primary key, name text not null);";

/// The page, and what is posted to it.
pub fn routes() -> Router<Site> {
    Router::new().route("/mod", get(page).post(decide))
}

async fn page(State(site): State<Site>, head: HeaderMap) -> Result<Response, Oops> {
    if moderator(&site.db, &head).await?.is_none() {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    }
    let admin = site.federation.admin();
    let counts = admin.counts().await?;
    let mut out = format!(
        "<h1>Federation</h1><p>{} deliveries wait, {} were given up on</p><ul>",
        counts.pending, counts.dead
    );
    for dead in admin.dead_deliveries(50).await? {
        let (inbox, reason) = (dead.delivery.inbox.as_str(), &dead.reason);
        write!(out, "<li>{}: {}", escape(inbox), escape(reason))?;
    }
    out.push_str("</ul><h2>Blocked</h2><ul>");
    for rule in admin.blocked().await? {
        let (host, reason, by) = (escape(&rule.host), escape(&rule.reason), escape(&rule.by));
        write!(out, "<li>{host} by {by}: {reason}")?;
    }
    out.push_str("</ul>");
    Ok(Html(out).into_response())
}

#[derive(serde::Deserialize)]
struct Decision {
    host: String,
    reason: String,
    /// Takes a block back.
    #[serde(default)]
    lift: bool,
}

async fn decide(
    State(site): State<Site>,
    head: HeaderMap,
    Form(form): Form<Decision>,
) -> Result<Response, Oops> {
    let Some(name) = moderator(&site.db, &head).await? else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    let admin = site.federation.admin();
    let decision = if form.lift {
        admin.unblock(&form.host)
    } else {
        admin.block(&form.host)
    };
    match decision.because(&form.reason).by(&name).apply().await {
        Err(e) if e.is_permanent() => {
            let why = e.source().map_or_else(|| e.to_string(), ToString::to_string);
            Ok((StatusCode::BAD_REQUEST, why).into_response())
        }
        Err(e) => Err(e.into()),
        Ok(_) => Ok(Redirect::to("/mod").into_response()),
    }
}

/// The moderator whose token the request carries.
async fn moderator(db: &SqlitePool, head: &HeaderMap) -> Result<Option<String>, Oops> {
    let given = head
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let Some(token) = given.and_then(|value| value.strip_prefix("Bearer ")) else {
        return Ok(None);
    };
    let name = sqlx::query_scalar("select name from moderators where token = ?");
    Ok(name.bind(token).fetch_optional(db).await?)
}
