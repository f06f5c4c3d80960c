//! Who asks: the owner of a bearer token.

use crate::{
    db::{self, accounts::Account},
    error::ApiError,
    site::Site,
};
use axum::extract::FromRequestParts;
use http::{StatusCode, header::AUTHORIZATION, request::Parts};

/// The owner of the token; 401 without one.
pub(crate) struct Me(pub(crate) Account);

/// The owner of the token, or nobody; 401 for a token that is none.
pub(crate) struct Viewer(pub(crate) Option<i64>);

impl FromRequestParts<Site> for Me {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        owner(parts, site)
            .await?
            .map(Me)
            .ok_or_else(ApiError::unauthorized)
    }
}

impl FromRequestParts<Site> for Viewer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, ApiError> {
        Ok(Viewer(owner(parts, site).await?.map(|a| a.id)))
    }
}

/// A token is not enough for what cannot be undone: a client has one too. The person says once more who they are, as on the page
/// where they let a client in; 403 otherwise, as a client that is answered 401 forgets its token.
pub(crate) async fn confirm(site: &Site, me: &Account, password: Option<&str>) -> Result<(), ApiError> {
    let person = db::tokens::login(&site.db, password.unwrap_or_default()).await?;
    match person {
        Some(person) if person.id == me.id => Ok(()),
        _ => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "The password is missing or wrong: it is the token that account create printed",
        )),
    }
}

async fn owner(parts: &Parts, site: &Site) -> Result<Option<Account>, ApiError> {
    let Some(token) = token(parts) else {
        return Ok(None);
    };
    match db::tokens::owner(&site.db, &token).await? {
        Some(account) => Ok(Some(account)),
        None => Err(ApiError::unauthorized()),
    }
}

fn token(parts: &Parts) -> Option<String> {
    if let Some(header) = parts.headers.get(AUTHORIZATION) {
        let header = header.to_str().unwrap_or_default();
        return match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
            _ => Some(String::new()),
        };
    }
    url::form_urlencoded::parse(parts.uri.query()?.as_bytes())
        .find(|(name, _)| name == "access_token")
        .map(|(_, token)| token.into_owned())
}
