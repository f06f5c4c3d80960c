//! Actor documents.

use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use http::{Response, StatusCode};

use super::respond::{self, Vary, unavailable};
use crate::document::{instance_document, key_document, relay_document};
use crate::{Directory, Error, Federation, Found, INSTANCE, RELAY};

/// Served to everybody, signed or not, unless [authorised fetch](crate::Builder::authorized_fetch) was asked for.
pub(super) async fn actor<App: Directory>(
    federation: &Federation<App>,
    viewer: Option<&Iri>,
    name: &str,
) -> Option<Response<Bytes>> {
    let uris = &federation.inner.uris;
    match federation.app().actor(&federation.ask(viewer), name).await {
        Ok(Found::Here(profile)) => Some(match federation.inner.keys.public(profile.identifier()).await {
            Ok(keys) => respond::bytes(StatusCode::OK, profile.document(uris, &keys), Vary::Accept),
            Err(e) => no_key(name, &e),
        }),
        Ok(Found::Gone) => Some(respond::gone(&uris.actor(name), Vary::Accept)),
        Ok(Found::Missing) => None,
        Err(failure) => {
            tracing::warn!(actor = name, reason = %failure.chain(), "the application could not describe an actor");
            Some(unavailable(60))
        }
    }
}

pub(super) async fn instance<App: Directory>(federation: &Federation<App>) -> Response<Bytes> {
    match federation.inner.keys.public(INSTANCE).await {
        Ok(keys) => respond::document(
            StatusCode::OK,
            &instance_document(federation.uris(), &keys),
            Vary::Accept,
        ),
        Err(e) => no_key(INSTANCE, &e),
    }
}

pub(super) async fn relay<App: Directory>(federation: &Federation<App>) -> Response<Bytes> {
    match federation.inner.keys.public(RELAY).await {
        Ok(keys) => respond::document(
            StatusCode::OK,
            &relay_document(federation.uris(), &keys),
            Vary::Accept,
        ),
        Err(e) => no_key(RELAY, &e),
    }
}

/// The key of an actor at the key's own id, where that is not a part of the actor's document.
pub(super) async fn key<App: Directory>(federation: &Federation<App>, name: &str) -> Option<Response<Bytes>> {
    let uris = federation.uris();
    let (name, owner) = match name {
        INSTANCE | RELAY => (name.to_owned(), uris.owner(name)),
        name => match federation.app().actor(&federation.ask(None), name).await {
            Ok(Found::Here(profile)) => (profile.identifier().to_owned(), uris.actor(name)),
            Ok(Found::Gone) => return Some(respond::gone(&uris.actor(name), Vary::Accept)),
            Ok(Found::Missing) => return None,
            Err(failure) => {
                tracing::warn!(actor = name, reason = %failure.chain(), "the application could not describe an actor");
                return Some(unavailable(60));
            }
        },
    };
    Some(match federation.inner.keys.public(&name).await {
        Ok(keys) => respond::document(StatusCode::OK, &key_document(&owner, &keys), Vary::Accept),
        Err(e) => no_key(&name, &e),
    })
}

fn no_key(name: &str, error: &Error) -> Response<Bytes> {
    tracing::error!(actor = name, reason = %crate::error::chain(error), "an actor has no key");
    unavailable(60)
}
