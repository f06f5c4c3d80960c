//! `notifications` — <https://docs.joinmastodon.org/methods/notifications/>

use super::{auth::Me, paged::page, params::Params};
use crate::{
    db::notifications::{dismiss as take_away, list as rows, one as row},
    entities,
    error::ApiError,
    site::Site,
};
use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use http::Uri;
use serde_json::{Value, json};

pub(crate) async fn list(
    State(site): State<Site>,
    Me(me): Me,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let window = params.window(40, 80);
    let from = params.id("account_id");
    let rows = rows(
        &site.db,
        me.id,
        params.list("types"),
        params.list("exclude_types"),
        from,
        window,
    )
    .await?;
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let full = i64::try_from(ids.len()).is_ok_and(|n| n >= window.limit);
    let body = entities::notifications(&site, me.id, &rows).await?;
    Ok(page(&site, uri.path(), &params, &ids, full, &body))
}

pub(crate) async fn one(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id = id.parse().map_err(|_| ApiError::not_found())?;
    let row = row(&site.db, me.id, id).await?.ok_or_else(ApiError::not_found)?;
    let mut all = entities::notifications(&site, me.id, &[row]).await?;
    all.pop().map(Json).ok_or_else(ApiError::not_found)
}

pub(crate) async fn clear(State(site): State<Site>, Me(me): Me) -> Result<Json<Value>, ApiError> {
    take_away(&site.db, me.id, None).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn dismiss(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id: i64 = id.parse().map_err(|_| ApiError::not_found())?;
    take_away(&site.db, me.id, Some(id)).await?;
    Ok(Json(json!({})))
}
