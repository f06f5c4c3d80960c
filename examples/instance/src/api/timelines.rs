//! `timelines` — <https://docs.joinmastodon.org/methods/timelines/>

use super::{
    auth::{Me, Viewer},
    paged::page,
    params::Params,
};
use crate::{
    db::timelines::{Feed, list},
    entities,
    error::ApiError,
    site::Site,
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::Uri;

pub(crate) async fn home(
    State(site): State<Site>,
    Me(me): Me,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    feed(&site, uri.path(), &params, Some(me.id), &Feed::Home).await
}

pub(crate) async fn public(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let which = Feed::Public {
        local: params.is("local"),
        remote: params.is("remote"),
    };
    feed(&site, uri.path(), &params, viewer, &which).await
}

pub(crate) async fn tag(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    uri: Uri,
    Path(name): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    feed(&site, uri.path(), &params, viewer, &Feed::Tag(name)).await
}

pub(crate) async fn favourites(
    State(site): State<Site>,
    Me(me): Me,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    feed(&site, uri.path(), &params, Some(me.id), &Feed::Favourites).await
}

/// One page of a feed.
pub(super) async fn feed(
    site: &Site,
    path: &str,
    params: &Params,
    viewer: Option<i64>,
    which: &Feed,
) -> Result<Response, ApiError> {
    let window = params.window(20, 40);
    let rows = list(&site.db, which, viewer, window).await?;
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let full = i64::try_from(ids.len()).is_ok_and(|n| n >= window.limit);
    let body = entities::statuses(site, viewer, rows).await?;
    Ok(page(site, path, params, &ids, full, &body))
}
