//! `/@name`: somebody, what they said, and the handle by which they are followed.

use super::layout::{frame, nothing, post};
use crate::{
    db::{
        accounts,
        timelines::{Feed, Window, list},
    },
    entities,
    error::ApiError,
    site::Site,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use maud::{PreEscaped, html};

pub(super) async fn profile(
    State(site): State<Site>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // `/@name@host` is how web clients write the profile of somebody from elsewhere.
    let Some(who) = accounts::local(&site.db, &name).await?.filter(|a| !a.deleted) else {
        return Ok(nothing().into_response());
    };
    let actor = who.uri(&site.urls);
    if wants_activity(&headers) {
        return Ok(Redirect::to(&actor).into_response());
    }
    let rows = list(
        &site.db,
        &Feed::Account {
            id: who.id,
            replies: true,
            reblogs: false,
        },
        None,
        Window::first(40),
    )
    .await?;
    let handle = format!("@{}", who.handle(&site.urls));
    let body = html! {
        header {
            h1 { (who.shown_name()) }
            p { code { (handle) } @if who.bot { " · bot" } @if who.locked { " · approves followers" } }
            (PreEscaped(entities::note_html(&site.urls, &who)))
            p.how {
                (who.statuses_count) " posts · " (who.following_count) " following · " (who.followers_count) " followers"
            }
            p { "To follow, search for " code { (handle) } " on your own server." }
        }
        @for row in &rows { (post(&site, &who, row)) }
        @if rows.is_empty() { p { "Nothing to see yet." } }
        p { a href="/" { (site.urls.domain()) } }
    };
    Ok(frame(&format!("{} ({handle})", who.shown_name()), Some(&actor), &body).into_response())
}

/// Whether a document rather than a page is asked for.
pub(super) fn wants_activity(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(http::header::ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    !accept.contains("text/html")
        && (accept.contains("application/activity+json") || accept.contains("application/ld+json"))
}
