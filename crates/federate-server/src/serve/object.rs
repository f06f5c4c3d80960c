//! Objects and the activities that published them.

use bytes::Bytes;
use federate_protocol::activitystreams::{Create, Iri, Object};
use federate_protocol::audience::without_blind_copies;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::respond::{self, Vary, unavailable};
use super::visible;
use crate::{Ask, Directory, Failure, Federation, Found, ObjectRef};

pub(super) async fn object<App: Directory>(
    federation: &Federation<App>,
    viewer: Option<&Iri>,
    at: &ObjectRef,
) -> Option<Response<Bytes>> {
    let id = federation.uris().object(at.kind(), at.as_str());
    respond_with(&id, find(federation, &federation.ask(viewer), at).await)
}

/// The `Create` of an object, at `{object}/activity`.
pub(super) async fn activity<App: Directory>(
    federation: &Federation<App>,
    viewer: Option<&Iri>,
    at: &ObjectRef,
) -> Option<Response<Bytes>> {
    let id = federation.uris().object(at.kind(), at.as_str());
    let found = match find(federation, &federation.ask(viewer), at).await {
        Ok(Found::Here(object)) => federation
            .as_delivered(&id, create(&id, &object))
            .await
            .map(Found::Here)
            .map_err(Failure::from),
        Ok(Found::Gone) => Ok(Found::Gone),
        Ok(Found::Missing) => Ok(Found::Missing),
        Err(failure) => Err(failure),
    };
    respond_with(&id, found)
}

fn respond_with(id: &Iri, found: Result<Found<Object>, Failure>) -> Option<Response<Bytes>> {
    match found {
        Ok(Found::Here(object)) => {
            let mut value = presentable(&object);
            if let Value::Object(map) = &mut value {
                let context = object.to_value().get("@context").cloned();
                map.insert(
                    "@context".into(),
                    context.unwrap_or_else(|| json!("https://www.w3.org/ns/activitystreams")),
                );
            }
            let response = respond::document(StatusCode::OK, &value, Vary::AcceptAndSignature);
            Some(if object.is_public() {
                response
            } else {
                respond::private(response)
            })
        }
        Ok(Found::Gone) => Some(respond::gone(id, Vary::AcceptAndSignature)),
        Ok(Found::Missing) => None,
        Err(failure) => {
            tracing::warn!(object = %id, reason = %failure.chain(), "the application could not show an object");
            Some(unavailable(60))
        }
    }
}

/// What the application has; else what was sent from here, so that a bot needs no table. Whatever the asker may not see is `Missing`, and so
/// looks like what never was (GHSA-gwhw).
pub(crate) async fn find<App: Directory>(
    federation: &Federation<App>,
    ask: &Ask<'_>,
    at: &ObjectRef,
) -> Result<Found<Object>, Failure> {
    Ok(match federation.app().object(ask, at).await? {
        Found::Missing => match crate::behaviour::stamp(federation, at).await? {
            Found::Missing => sent(federation, ask, at).await?,
            found => found,
        },
        Found::Here(object) if visible::may_see(federation, ask, &object).await? => Found::Here(object),
        Found::Here(_) => Found::Missing,
        Found::Gone => Found::Gone,
    })
}

/// The application has not answered for this, so only its addresses say who may see it.
async fn sent<App: Directory>(
    federation: &Federation<App>,
    ask: &Ask<'_>,
    at: &ObjectRef,
) -> Result<Found<Object>, Failure> {
    let id = federation.uris().object(at.kind(), at.as_str());
    let outbox = &federation.stores().outbox;
    let is_deleted = outbox.body(&crate::draft::delete_id(&id)?).await?.is_some();
    let create = match outbox.body(&crate::draft::create_id(&id)?).await? {
        Some(body) => Object::parse(&body)?,
        None if is_deleted => return Ok(Found::Gone),
        None => return Ok(Found::Missing),
    };
    let Some(object) = create.object().object() else {
        return Ok(Found::Missing);
    };
    let audience = match object.addressed().is_empty() {
        true => create,
        false => object.clone(),
    };
    // What was sent to blind copies only has no address left, and is for nobody else.
    let is_for_some = !audience.addressed().is_empty();
    Ok(
        match is_for_some && visible::is_addressed(federation, ask.viewer(), &audience).await? {
            true if is_deleted => Found::Gone,
            true => Found::Here(object),
            // That there was something for a few is nothing that everybody may know.
            false => Found::Missing,
        },
    )
}

fn create(id: &Iri, object: &Object) -> Object {
    let create = Create::new(object);
    match crate::draft::create_id(id) {
        Ok(id) => create.with_id(&id).into(),
        Err(_) => create.into(),
    }
}

/// An object within another document: without a context of its own, and without hidden recipients.
pub(super) fn presentable(object: &Object) -> Value {
    let mut value = without_blind_copies(object).to_value();
    if let Value::Object(map) = &mut value {
        map.remove("@context");
    }
    value
}
