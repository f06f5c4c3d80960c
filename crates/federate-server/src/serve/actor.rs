//! Actor documents.

use std::sync::Arc;

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
        Ok(Found::Here(profile)) => Some(match public_key(federation, profile.identifier()).await {
            Ok(pem) => respond::bytes(StatusCode::OK, profile.document(uris, &pem), Vary::Accept),
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
    match public_key(federation, INSTANCE).await {
        Ok(pem) => respond::document(
            StatusCode::OK,
            &instance_document(federation.uris(), &pem),
            Vary::Accept,
        ),
        Err(e) => no_key(INSTANCE, &e),
    }
}

async fn public_key<App: Directory>(federation: &Federation<App>, name: &str) -> Result<Arc<str>, Error> {
    federation.inner.keys.public_pem(name).await
}

fn no_key(name: &str, error: &Error) -> Response<Bytes> {
    tracing::error!(actor = name, reason = %crate::error::chain(error), "an actor has no key");
    unavailable(60)
}
