//! Objects and the activities that published them.

use bytes::Bytes;
use federate_protocol::activitystreams::{Create, Iri, Object};
use federate_protocol::audience::without_blind_copies;
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::respond::{self, Vary, unavailable};
use super::viewer::viewer;
use crate::{Directory, Failure, Federation, Found, ObjectRef};

pub(super) async fn object<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    at: &ObjectRef,
) -> Option<Response<Bytes>> {
    let id = federation.uris().object(at.kind(), at.as_str());
    respond_with(&id, find(federation, head, at, &id).await)
}

/// The `Create` of an object, at `{object}/activity`.
pub(super) async fn activity<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    at: &ObjectRef,
) -> Option<Response<Bytes>> {
    let id = federation.uris().object(at.kind(), at.as_str());
    let found = match find(federation, head, at, &id).await {
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

/// What the application has; else what was sent from here, so that a bot needs no table.
async fn find<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    at: &ObjectRef,
    id: &Iri,
) -> Result<Found<Object>, Failure> {
    let viewer = viewer(federation, head).await;
    let found = match federation
        .app()
        .object(&federation.ask(viewer.as_ref()), at)
        .await?
    {
        Found::Missing => sent(federation, id).await?,
        found => found,
    };
    Ok(match found {
        Found::Here(object) if may_see(&object, viewer.as_ref()) => Found::Here(object),
        Found::Here(_) => Found::Missing,
        found => found,
    })
}

async fn sent<App: Directory>(federation: &Federation<App>, id: &Iri) -> Result<Found<Object>, Failure> {
    let outbox = &federation.stores().outbox;
    if outbox.body(&crate::draft::delete_id(id)?).await?.is_some() {
        return Ok(Found::Gone);
    }
    let Some(body) = outbox.body(&crate::draft::create_id(id)?).await? else {
        return Ok(Found::Missing);
    };
    let object = Object::parse(&body)?.object().object();
    // What was sent to some is shown to nobody from here: only the application knows who may see it.
    Ok(object.filter(Object::is_public).into())
}

/// What is not public is never shown to somebody who does not say who it is, whatever the application answers.
pub(super) fn may_see(object: &Object, viewer: Option<&Iri>) -> bool {
    viewer.is_some() || object.is_public() || object.addressed().is_empty()
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
