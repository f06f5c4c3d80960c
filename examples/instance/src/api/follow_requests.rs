//! `follow_requests` — <https://docs.joinmastodon.org/methods/follow_requests/>

use super::{auth::Me, paged::page, params::Params};
use crate::{actions::follows, db::follows::waiting, entities, error::ApiError, site::Site};
use axum::{
    Json,
    extract::{Path, State},
    response::Response,
};
use http::Uri;

pub(crate) async fn list(
    State(site): State<Site>,
    Me(me): Me,
    uri: Uri,
    params: Params,
) -> Result<Response, ApiError> {
    let limit = params.limit(40, 80);
    let rows = waiting(&site.db, me.id, params.id("max_id"), params.id("since_id"), limit).await?;
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let people: Vec<i64> = rows.iter().map(|r| r.account_id).collect();
    let full = i64::try_from(ids.len()).is_ok_and(|n| n >= limit);
    let body = entities::accounts(&site, &people).await?;
    Ok(page(&site, uri.path(), &params, &ids, full, &body))
}

pub(crate) async fn authorize(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<entities::Relationship>, ApiError> {
    let who = super::accounts::find(&site, &id).await?;
    follows::authorize(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}

pub(crate) async fn reject(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<entities::Relationship>, ApiError> {
    let who = super::accounts::find(&site, &id).await?;
    follows::reject(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}
