//! 429: who sends or asks too much is told when to come again.

use bytes::Bytes;
use federate_fetch::KeyLookup;
use federate_protocol::KeyFailure;
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures::KeyId;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use super::Route;
use super::respond::{for_one, refuse, without_body};
use crate::rate_limits::{Limited, PeerAddress};
use crate::{Directory, Federation};

/// What is answered to whoever connected and reads too much, before anything is looked at. What is posted is counted where it is taken in.
pub(crate) fn too_many_reads<App: Directory, B>(
    federation: &Federation<App>,
    route: &Route,
    request: &Request<B>,
) -> Option<Response<Bytes>> {
    let limiter = federation.inner.guards.limiter.as_ref()?;
    if route.reads_body() {
        return None;
    }
    let connected = request.extensions().get::<PeerAddress>();
    let connected = connected.map(|address| address.0);
    let limited = limiter
        .read(connected, request.headers(), federation.now())
        .err()?;
    let response = for_one(too_many(limited));
    Some(match *request.method() {
        Method::HEAD => without_body(response),
        _ => response,
    })
}

/// Whether whoever connected may post, to an inbox or an outbox, before anything of what was posted is looked at.
pub(super) fn connection<App: Directory>(federation: &Federation<App>, head: &Parts) -> Result<(), Limited> {
    let Some(limiter) = &federation.inner.guards.limiter else {
        return Ok(());
    };
    let connected = head.extensions.get::<PeerAddress>().map(|address| address.0);
    limiter.address(connected, &head.headers, federation.now())
}

/// Whether this key may be looked up. One that is known costs nothing (R15).
pub(super) async fn look_up<App: Directory>(
    federation: &Federation<App>,
    key_id: &KeyId,
    lookup: KeyLookup,
) -> Result<(), Limited> {
    let Some(limiter) = &federation.inner.guards.limiter else {
        return Ok(());
    };
    let now = federation.now();
    match lookup {
        // Nothing is asked for (R17).
        KeyLookup::CachedOnly => return Ok(()),
        KeyLookup::Usual => {
            let cached = federation
                .inner
                .fetcher
                .key_by_id(key_id, KeyLookup::CachedOnly, now);
            if !matches!(cached.await, Err(KeyFailure::NotCached)) {
                return Ok(());
            }
        }
        _ => {}
    }
    match Iri::parse(key_id.as_str()) {
        Ok(key) => limiter.look_up(&key, now),
        // It is refused for that.
        Err(_) => Ok(()),
    }
}

/// Whether an actor that is proven may send.
pub(super) fn activity<App: Directory>(federation: &Federation<App>, by: &Iri) -> Result<(), Limited> {
    match &federation.inner.guards.limiter {
        Some(limiter) => limiter.activity(by, federation.now()),
        None => Ok(()),
    }
}

pub(super) fn too_many(limited: Limited) -> Response<Bytes> {
    let mut response = refuse(StatusCode::TOO_MANY_REQUESTS, "too many requests, please wait");
    // Not a second too early.
    let seconds = limited.0.as_secs().saturating_add(1);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
