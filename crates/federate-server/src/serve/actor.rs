//! Actor documents.

use bytes::Bytes;
use http::{Response, StatusCode};

use super::respond::{self, Vary, unavailable};
use crate::document::instance_document;
use crate::{Directory, Error, Federation, Found, INSTANCE};

/// Served to everybody, signed or not: who would verify a signature has to read this first.
pub(super) async fn actor<App: Directory>(
    federation: &Federation<App>,
    name: &str,
) -> Option<Response<Bytes>> {
    let uris = &federation.inner.uris;
    match federation.app().actor(&federation.ask(None), name).await {
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

fn no_key(name: &str, error: &Error) -> Response<Bytes> {
    tracing::error!(actor = name, reason = %crate::error::chain(error), "an actor has no key");
    unavailable(60)
}
