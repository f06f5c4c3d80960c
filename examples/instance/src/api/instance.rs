//! `instance` — <https://docs.joinmastodon.org/methods/instance/>

use crate::{db::timelines::totals, entities, error::ApiError, site::Site};
use axum::{Json, extract::State};
use serde_json::Value;

pub(crate) async fn v1(State(site): State<Site>) -> Result<Json<Value>, ApiError> {
    Ok(Json(entities::v1(&site, totals(&site.db).await?)))
}

pub(crate) async fn v2(State(site): State<Site>) -> Result<Json<Value>, ApiError> {
    Ok(Json(entities::v2(&site, totals(&site.db).await?)))
}

pub(crate) async fn peers(State(site): State<Site>) -> Result<Json<Vec<String>>, ApiError> {
    Ok(Json(crate::db::accounts::domains(&site.db).await?))
}
