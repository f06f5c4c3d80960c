//! `accounts` — <https://docs.joinmastodon.org/methods/accounts/>

use super::{
    auth::{Me, Viewer},
    params::Params,
    timelines::feed,
};
use crate::{
    actions::{follows, profiles},
    db::{
        self,
        accounts::Account,
        timelines::{Feed, People},
    },
    entities::{self, Relationship},
    error::ApiError,
    site::Site,
};
use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::Uri;

pub(crate) async fn verify_credentials(
    State(site): State<Site>,
    Me(me): Me,
) -> Result<Json<entities::CredentialAccount>, ApiError> {
    Ok(Json(entities::credential_account(&site, &me).await?))
}

pub(crate) async fn update_credentials(
    State(site): State<Site>,
    Me(me): Me,
    params: Params,
) -> Result<Json<entities::CredentialAccount>, ApiError> {
    let change = profiles::Change {
        display_name: params.text("display_name"),
        note: params.text("note"),
        locked: params.flag("locked"),
        bot: params.flag("bot"),
    };
    profiles::change(&site, &me, &change).await?;
    let me = db::accounts::by_id(&site.db, me.id)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(entities::credential_account(&site, &me).await?))
}

/// Knows whom we know; asks nobody.
pub(crate) async fn lookup(
    State(site): State<Site>,
    params: Params,
) -> Result<Json<entities::Account>, ApiError> {
    let acct = params.filled("acct").ok_or_else(ApiError::not_found)?;
    let found = crate::actions::people::known(&site, acct)
        .await?
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(entities::account(&site, &found)))
}

pub(crate) async fn show(
    State(site): State<Site>,
    Viewer(_): Viewer,
    Path(id): Path<String>,
) -> Result<Json<entities::Account>, ApiError> {
    let who = find(&site, &id).await?;
    Ok(Json(entities::account(&site, &who)))
}

pub(crate) async fn statuses(
    State(site): State<Site>,
    Viewer(viewer): Viewer,
    uri: Uri,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, ApiError> {
    let who = find(&site, &id).await?;
    if params.is("pinned") || params.is("only_media") {
        return Ok(Json(serde_json::json!([])).into_response());
    }
    let which = Feed::Account {
        id: who.id,
        replies: !params.is("exclude_replies"),
        reblogs: !params.is("exclude_reblogs"),
    };
    feed(&site, uri.path(), &params, viewer, &which).await
}

pub(crate) async fn followers(
    State(site): State<Site>,
    Viewer(_): Viewer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Vec<entities::Account>>, ApiError> {
    let who = find(&site, &id).await?;
    people(&site, People::Followers, who.id, &params).await
}

pub(crate) async fn following(
    State(site): State<Site>,
    Viewer(_): Viewer,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Vec<entities::Account>>, ApiError> {
    let who = find(&site, &id).await?;
    people(&site, People::Following, who.id, &params).await
}

pub(super) async fn people(
    site: &Site,
    which: People,
    of: i64,
    params: &Params,
) -> Result<Json<Vec<entities::Account>>, ApiError> {
    let ids = db::timelines::people(&site.db, which, of, params.limit(40, 80)).await?;
    Ok(Json(entities::accounts(site, &ids).await?))
}

pub(crate) async fn relationships(
    State(site): State<Site>,
    Me(me): Me,
    params: Params,
) -> Result<Json<Vec<Relationship>>, ApiError> {
    let mut all = Vec::new();
    for id in params.list("id").iter().take(80) {
        if let Ok(id) = id.parse()
            && db::accounts::by_id(&site.db, id).await?.is_some()
        {
            all.push(entities::relationship(&site, me.id, id).await?);
        }
    }
    Ok(Json(all))
}

pub(crate) async fn follow(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Relationship>, ApiError> {
    let who = find(&site, &id).await?;
    follows::follow(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}

pub(crate) async fn unfollow(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Relationship>, ApiError> {
    let who = find(&site, &id).await?;
    follows::unfollow(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}

pub(crate) async fn remove_from_followers(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Relationship>, ApiError> {
    let who = find(&site, &id).await?;
    follows::drop_follower(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}

pub(crate) async fn block(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Relationship>, ApiError> {
    let who = find(&site, &id).await?;
    follows::block(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}

pub(crate) async fn unblock(
    State(site): State<Site>,
    Me(me): Me,
    Path(id): Path<String>,
) -> Result<Json<Relationship>, ApiError> {
    let who = find(&site, &id).await?;
    follows::unblock(&site, &me, &who).await?;
    Ok(Json(entities::relationship(&site, me.id, who.id).await?))
}

/// A living account by the id in the path.
pub(super) async fn find(site: &Site, id: &str) -> Result<Account, ApiError> {
    let id: i64 = id.parse().map_err(|_| ApiError::not_found())?;
    db::accounts::by_id(&site.db, id)
        .await?
        .filter(|a| !a.deleted)
        .ok_or_else(ApiError::not_found)
}
