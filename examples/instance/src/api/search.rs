//! `search` — <https://docs.joinmastodon.org/methods/search/>

use super::{
    auth::{Me, Viewer},
    params::Params,
};
use crate::{
    actions::people::{self, Found},
    db, entities,
    error::ApiError,
    site::Site,
};
use axum::{Json, extract::State};
use serde_json::{Value, json};

/// A handle or an address is looked up, also elsewhere where `resolve` is set and somebody asks; all else is a search here.
pub(crate) async fn search(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let q = params.filled("q").unwrap_or_default();
    let only = params.filled("type");
    let wants = |what: &str| only.is_none_or(|o| o == what);
    let limit = params.limit(20, 40);
    let resolve = params.is("resolve") && viewer.is_some();
    let (mut accounts, mut statuses, mut hashtags) = (Vec::new(), Vec::new(), Vec::new());
    if q.starts_with("https://") || q.starts_with("http://") {
        match people::at(&site, q, resolve).await? {
            Some(Found::Account(id)) if wants("accounts") => accounts.push(id),
            Some(Found::Status(id)) if wants("statuses") => {
                statuses.extend(db::statuses::visible(&site.db, id, viewer).await?);
            }
            _ => {}
        }
    } else if !q.is_empty() {
        if wants("accounts") {
            accounts = named(&site, q, resolve, limit).await?;
        }
        if wants("hashtags") {
            hashtags = db::timelines::tags_like(&site.db, q.trim_start_matches('#'), limit).await?;
        }
    }
    Ok(Json(json!({
        "accounts": entities::accounts(&site, &accounts).await?,
        "statuses": entities::statuses(&site, viewer, statuses).await?,
        "hashtags": hashtags.iter().map(|t| entities::tag(&site.urls, t)).collect::<Vec<_>>(),
    })))
}

pub(crate) async fn accounts(
    State(site): State<Site>,
    Me(_): Me,
    params: Params,
) -> Result<Json<Vec<entities::Account>>, ApiError> {
    let q = params.filled("q").unwrap_or_default();
    let ids = named(&site, q, params.is("resolve"), params.limit(40, 80)).await?;
    Ok(Json(entities::accounts(&site, &ids).await?))
}

async fn named(site: &Site, q: &str, resolve: bool, limit: i64) -> Result<Vec<i64>, ApiError> {
    let mut ids = Vec::new();
    match people::known(site, q).await? {
        Some(exact) => ids.push(exact.id),
        None if resolve => ids.extend(people::resolve(site, q).await?),
        None => {}
    }
    if ids.is_empty() || !q.trim_start_matches('@').contains('@') {
        let text = q.strip_prefix("acct:").unwrap_or(q).trim_start_matches('@');
        for found in db::accounts::search(&site.db, text, limit).await? {
            if !ids.contains(&found.id) {
                ids.push(found.id);
            }
        }
    }
    ids.truncate(usize::try_from(limit).unwrap_or(40));
    Ok(ids)
}
