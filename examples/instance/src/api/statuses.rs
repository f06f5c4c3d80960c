//! `statuses` — <https://docs.joinmastodon.org/methods/statuses/>

use super::{
    accounts::people,
    auth::{Me, Viewer},
    params::Params,
};
use crate::{
    actions::{
        posts::{self, Words},
        reactions,
    },
    db::{self, statuses::Status, timelines::People},
    entities,
    error::ApiError,
    site::Site,
};
use axum::{
    Json,
    extract::{Path, State},
};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

pub(crate) async fn create(
    State(site): State<Site>,
    Me(me): Me,
    headers: HeaderMap,
    params: Params,
) -> Result<Json<entities::Status>, ApiError> {
    let words = words(&params)?;
    let visibility = match params.filled("visibility").unwrap_or("public") {
        known @ ("public" | "unlisted" | "private" | "direct") => known,
        _ => return Err(ApiError::invalid("Visibility is not included in the list")),
    };
    if params.filled("scheduled_at").is_some() {
        return Err(ApiError::invalid("Scheduled posts are not supported"));
    }
    let parent = match params.filled("in_reply_to_id") {
        None => None,
        Some(id) => {
            let missing = || {
                ApiError::new(
                    StatusCode::NOT_FOUND,
                    "The post you are trying to reply to does not appear to exist.",
                )
            };
            let id = id.parse().map_err(|_| missing())?;
            let parent = db::statuses::visible(&site.db, id, Some(me.id))
                .await?
                .ok_or_else(missing)?;
            Some(original(&site, parent).await?)
        }
    };
    let key = headers
        .get("idempotency-key")
        .and_then(|k| k.to_str().ok())
        .filter(|k| !k.is_empty());
    let row = posts::post(&site, &me, &words, visibility, parent, key).await?;
    show_to(&site, me.id, row).await
}

pub(crate) async fn edit(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<entities::Status>, ApiError> {
    let row = own(&site, me.id, &id).await?;
    let mut words = words(&params)?;
    if words.language.is_none() {
        words.language = row.language.clone();
    }
    let row = posts::edit(&site, &me, row, &words).await?;
    show_to(&site, me.id, row).await
}

pub(crate) async fn delete(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<entities::Status>, ApiError> {
    let row = own(&site, me.id, &id).await?;
    let text = row.text.clone();
    let mut entity = entities::status(&site, Some(me.id), row.clone())
        .await?
        .ok_or_else(ApiError::not_found)?;
    entity.text = Some(text);
    posts::delete(&site, &me, row).await?;
    Ok(Json(entity))
}

pub(crate) async fn show(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    Path(id): Path<String>,
) -> Result<Json<entities::Status>, ApiError> {
    let row = find(&site, viewer, &id).await?;
    entities::status(&site, viewer, row)
        .await?
        .map(Json)
        .ok_or_else(ApiError::not_found)
}

pub(crate) async fn context(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let row = find(&site, viewer, &id).await?;
    let above = db::statuses::ancestors(&site.db, row.id, viewer).await?;
    let below = db::statuses::descendants(&site.db, row.id, viewer).await?;
    Ok(Json(json!({
        "ancestors": entities::statuses(&site, viewer, above).await?,
        "descendants": entities::statuses(&site, viewer, below).await?,
    })))
}

pub(crate) async fn source(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(entities::source(&own(&site, me.id, &id).await?)))
}

pub(crate) async fn favourite(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<entities::Status>, ApiError> {
    let row = original(&site, find(&site, Some(me.id), &id).await?).await?;
    reactions::favourite(&site, &me, &row).await?;
    show_to(&site, me.id, row).await
}

pub(crate) async fn unfavourite(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<entities::Status>, ApiError> {
    let row = original(&site, find(&site, Some(me.id), &id).await?).await?;
    reactions::unfavourite(&site, &me, &row).await?;
    show_to(&site, me.id, row).await
}

pub(crate) async fn reblog(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<entities::Status>, ApiError> {
    let row = original(&site, find(&site, Some(me.id), &id).await?).await?;
    let reblog = reactions::reblog(&site, &me, &row, params.filled("visibility")).await?;
    show_to(&site, me.id, reblog).await
}

pub(crate) async fn unreblog(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<entities::Status>, ApiError> {
    let row = original(&site, find(&site, Some(me.id), &id).await?).await?;
    reactions::unreblog(&site, &me, &row).await?;
    show_to(&site, me.id, row).await
}

pub(crate) async fn favourited_by(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Vec<entities::Account>>, ApiError> {
    let row = find(&site, viewer, &id).await?;
    people(&site, People::Favourited, row.id, &params).await
}

pub(crate) async fn reblogged_by(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Vec<entities::Account>>, ApiError> {
    let row = find(&site, viewer, &id).await?;
    people(&site, People::Reblogged, row.id, &params).await
}

fn words(params: &Params) -> Result<Words, ApiError> {
    if !params.list("media_ids").is_empty() {
        return Err(ApiError::invalid("Media attachments are not supported"));
    }
    let spoiler = params.filled("spoiler_text").unwrap_or_default();
    Words::new(
        params.text("status").unwrap_or_default(),
        spoiler,
        params.flag("sensitive").unwrap_or(!spoiler.is_empty()),
        params.filled("language"),
    )
}

/// What this reader may read.
async fn find(site: &Site, viewer: Option<i64>, id: &str) -> Result<Status, ApiError> {
    let id: i64 = id.parse().map_err(|_| ApiError::not_found())?;
    db::statuses::visible(&site.db, id, viewer)
        .await?
        .ok_or_else(ApiError::not_found)
}

/// What this person wrote.
async fn own(site: &Site, me: i64, id: &str) -> Result<Status, ApiError> {
    let row = find(site, Some(me), id).await?;
    if row.account_id == me {
        Ok(row)
    } else {
        Err(ApiError::not_found())
    }
}

/// What a reblog is about; everything else is what it is.
async fn original(site: &Site, row: Status) -> Result<Status, ApiError> {
    match row.reblog_of_id {
        None => Ok(row),
        Some(id) => db::statuses::any(&site.db, id)
            .await?
            .filter(|o| o.deleted_at.is_none())
            .ok_or_else(ApiError::not_found),
    }
}

async fn show_to(site: &Site, me: i64, row: Status) -> Result<Json<entities::Status>, ApiError> {
    entities::status(site, Some(me), row)
        .await?
        .map(Json)
        .ok_or_else(ApiError::not_found)
}
