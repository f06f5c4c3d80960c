//! FEP-8fcf: those followers of an actor that are of the server that asks.

use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use http::{Response, StatusCode};
use serde_json::json;

use super::limits::too_many;
use super::respond::{self, Vary, unavailable};
use crate::rate_limits::Limited;
use crate::synchronization::lists::{AGAIN, NotNow};
use crate::{Directory, Federation, Found};

/// For a server that proves who it is, and with it which followers are its own.
pub(super) async fn partial<App: Directory>(
    federation: &Federation<App>,
    viewer: Option<&Iri>,
    name: &str,
) -> Option<Response<Bytes>> {
    if !federation.inner.guards.synchronizes {
        return None;
    }
    let Some((viewer, server)) = viewer.and_then(|viewer| Some((viewer, viewer.origin()?))) else {
        return Some(respond::unproven("a signed request is needed here"));
    };
    match federation.app().actor(&federation.ask(Some(viewer)), name).await {
        Ok(Found::Here(_)) => {}
        Ok(Found::Gone | Found::Missing) => return None,
        Err(failure) => return Some(failed(name, &failure)),
    }
    let recipients = &federation.inner.recipients;
    // Each reads all followers: who comes while others are read waits outside.
    let _walk = match recipients.digests.lists.begin(viewer, federation.now()) {
        Ok(walk) => walk,
        Err(NotNow::TooMany(wait)) => return Some(too_many(Limited(wait))),
        Err(NotNow::Full) => return Some(unavailable(AGAIN.as_secs())),
    };
    match recipients.followers_of(name, &server).await {
        Ok(Some(followers)) => {
            let items: Vec<&str> = followers.iter().map(Iri::as_str).collect();
            let list = json!({
                "@context": "https://www.w3.org/ns/activitystreams",
                "id": federation.uris().synchronization(name).as_str(),
                "type": "OrderedCollection",
                "orderedItems": items,
            });
            Some(respond::document(StatusCode::OK, &list, Vary::AcceptAndSignature))
        }
        Ok(None) => None,
        Err(failure) => Some(failed(name, &failure)),
    }
}

fn failed(name: &str, failure: &crate::Failure) -> Response<Bytes> {
    tracing::warn!(actor = name, reason = %failure.chain(), "followers could not be listed");
    unavailable(60)
}
