//! Other accounts, and moving to one of them, as GoToSocial's clients do it: Mastodon has it on its pages alone —
//! <https://docs.gotosocial.org/en/latest/api/swagger/>

use super::{
    auth::{self, Me},
    params::Params,
};
use crate::{actions::moves, entities, error::ApiError, site::Site};
use axum::{Json, extract::State};
use http::StatusCode;

pub(crate) async fn alias(
    State(site): State<Site>,
    Me(me): Me,
    params: Params,
) -> Result<Json<entities::CredentialAccount>, ApiError> {
    moves::name_others(&site, &me, params.list("also_known_as_uris")).await?;
    Ok(Json(entities::credential_account(&site, &me).await?))
}

/// 202: the followers are told in the background. `password` is what the person logs in with.
pub(crate) async fn leave(
    State(site): State<Site>,
    Me(me): Me,
    params: Params,
) -> Result<StatusCode, ApiError> {
    auth::confirm(&site, &me, params.filled("password")).await?;
    let target = params
        .filled("moved_to_uri")
        .ok_or_else(|| ApiError::invalid("moved_to_uri is missing"))?;
    moves::leave(&site, &me, target).await?;
    Ok(StatusCode::ACCEPTED)
}
