//! `/@name/id`: one post, and what was answered to it in the open.

use super::{
    layout::{frame, nothing, post as show},
    profile::wants_activity,
};
use crate::{
    db::{accounts, statuses},
    error::ApiError,
    site::Site,
};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::HeaderMap;
use maud::html;

pub(super) async fn post(
    State(site): State<Site>,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Ok(id) = id.parse() else {
        return Ok(nothing().into_response());
    };
    let Some(author) = accounts::local(&site.db, &name).await?.filter(|a| !a.deleted) else {
        return Ok(nothing().into_response());
    };
    let address = site.urls.status(&author.username, id);
    if wants_activity(&headers) {
        return Ok(Redirect::to(&address).into_response());
    }
    let row = statuses::visible(&site.db, id, None).await?;
    let Some(row) = row.filter(|r| r.account_id == author.id && r.reblog_of_id.is_none()) else {
        return Ok(nothing().into_response());
    };
    let mut around = Vec::new();
    for (above, rows) in [
        (true, statuses::ancestors(&site.db, id, None).await?),
        (false, statuses::descendants(&site.db, id, None).await?),
    ] {
        for row in rows {
            if let Some(author) = accounts::by_id(&site.db, row.account_id).await? {
                around.push((above, show(&site, &author, &row)));
            }
        }
    }
    let body = html! {
        @for (above, post) in &around { @if *above { (post) } }
        (show(&site, &author, &row))
        @for (above, post) in &around { @if !*above { (post) } }
        p { a href=(author.page(&site.urls)) { "@" (author.handle(&site.urls)) } }
    };
    let title = format!("{} on {}", author.shown_name(), site.urls.domain());
    Ok(frame(&title, Some(&address), &body).into_response())
}
