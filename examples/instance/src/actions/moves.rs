//! People come from elsewhere, and leave.

use crate::{
    db::{self, accounts::Account, begin},
    error::ApiError,
    federation::{follow_on, outgoing},
    site::Site,
};
use federate::{Error, Failure, activitystreams::Iri, server::MoveRefused};
use http::StatusCode;
use serde_json::json;
use std::error::Error as _;

/// How many other accounts somebody may name. A profile is not a list.
const MOST: usize = 20;

/// Names the other accounts of somebody, which may then move here, and tells the followers.
pub(crate) async fn name_others(site: &Site, me: &Account, others: &[String]) -> Result<(), ApiError> {
    if others.len() > MOST {
        return Err(ApiError::invalid(
            "There are too many other accounts (maximum is 20)",
        ));
    }
    let own = me.uri(&site.urls);
    for other in others {
        if Iri::parse(other).is_err() || *other == own {
            return Err(ApiError::invalid(
                "An account is named by its id, and by none of its own",
            ));
        }
    }
    let document = site.network.actor_document(me).await;
    let mut tx = begin(&site.db).await?;
    db::aliases::set(&mut tx, me.id, others).await?;
    // Who comes back from there has not moved any more.
    let is_back = db::accounts::clear_moved(&mut tx, me.id, others).await?;
    if let Some(mut document) = document {
        if let Some(map) = document.as_object_mut() {
            map.insert("alsoKnownAs".into(), json!(others));
            if is_back {
                map.remove("movedTo");
            }
        }
        site.network
            .send(&mut tx, me, outgoing::profile(&site.urls, me, document))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

/// Somebody leaves for another account, which must name this one. Whoever follows, here or elsewhere, follows on. What was
/// interrupted is finished by doing it again.
pub(crate) async fn leave(site: &Site, me: &Account, target: &str) -> Result<(), ApiError> {
    let target = Iri::parse(target).map_err(|_| ApiError::invalid("An account is named by its id"))?;
    if let Err(e) = site.network.move_away(me, &target).await {
        // Those elsewhere were told. Those here may have been left behind.
        let is_again = is_lately(&e) && moved_to(site, me).await?.as_deref() == Some(target.as_str());
        if !is_again {
            return Err(refused(&e));
        }
    }
    let new = site.network.account(&target).await.map_err(|e| unknown(&e))?;
    let new = new.ok_or_else(ApiError::not_found)?;
    let document = site.network.actor_document(me).await;
    let mut tx = begin(&site.db).await?;
    follow_on::<ApiError>(&mut tx, &site.network, &site.urls, me, &new).await?;
    if let Some(document) = document {
        site.network
            .send(&mut tx, me, outgoing::profile(&site.urls, me, document))
            .await?;
    }
    site.commit(tx).await?;
    Ok(())
}

/// Read anew: another request may have moved it since this one began.
async fn moved_to(site: &Site, me: &Account) -> Result<Option<String>, ApiError> {
    let now = db::accounts::by_id(&site.db, me.id).await?;
    Ok(now.and_then(|now| now.moved_to))
}

fn is_lately(e: &Error) -> bool {
    let why = e.source().and_then(|cause| cause.downcast_ref());
    matches!(why, Some(MoveRefused::Lately))
}

/// What the person can mend is said; what may be gone in a while is only said to be.
fn refused(e: &Error) -> ApiError {
    let why = e.source().map(ToString::to_string).unwrap_or_default();
    match e.is_permanent() {
        true => ApiError::invalid(&why),
        false => {
            tracing::warn!(reason = %why, "somebody cannot move for now");
            not_now()
        }
    }
}

/// The followers elsewhere are told; whom the others should follow cannot be had.
fn unknown(failure: &Failure) -> ApiError {
    tracing::warn!(reason = %failure.chain(), "whither somebody moved is not known");
    match failure.is_permanent() {
        true => ApiError::not_found(),
        false => not_now(),
    }
}

fn not_now() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "The other account cannot be asked for now",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;

    #[test]
    fn what_passes_is_no_404() {
        let status = |failure: Failure| unknown(&failure).into_response().status();
        assert_eq!(status("no connection".into()), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status(Failure::permanent("it is gone")), StatusCode::NOT_FOUND);
        // Nor when it went through the library.
        let silent = Error::passing("no connection");
        assert_eq!(status(silent.into()), StatusCode::SERVICE_UNAVAILABLE);
        let gone = Error::permanent("it is gone");
        assert_eq!(status(gone.into()), StatusCode::NOT_FOUND);
    }
}
