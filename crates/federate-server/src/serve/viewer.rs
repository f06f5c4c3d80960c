//! Who asks.

use federate_fetch::KeyLookup;
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures;
use http::request::Parts;

use crate::{Directory, Federation};

/// The actor whose key signed a GET; `None` where nobody signed, or the signature does not hold.
///
/// Asked only where the answer depends on it: to verify a signature an actor document is fetched, and its server may sign
/// that request in turn.
pub(super) async fn viewer<App: Directory>(federation: &Federation<App>, head: &Parts) -> Option<Iri> {
    if !head.headers.contains_key("signature") {
        return None;
    }
    match prove(federation, head).await {
        Ok(viewer) => viewer,
        Err(reason) => {
            tracing::info!(path = head.uri.path(), %reason, "a signed request is answered as if it were not");
            None
        }
    }
}

async fn prove<App: Directory>(federation: &Federation<App>, head: &Parts) -> Result<Option<Iri>, String> {
    let config = federation.receiving();
    let parsed = signatures::parse(head, b"").map_err(|refusal| refusal.to_string())?;
    // What is stale, or lacks a signed header, costs no look-up of a key (R15).
    parsed
        .check(&config.policy, federation.now())
        .map_err(|refusal| refusal.to_string())?;
    let key_id = parsed.key_id().clone();
    let from = Iri::parse(key_id.as_str()).map_err(|e| e.to_string())?;
    if config.blocks.covering(&from).is_some() {
        return Err("the signer's host is suspended".to_owned());
    }
    let fetcher = &federation.inner.fetcher;
    let now = federation.now();
    let key = fetcher
        .key_by_id(&key_id, KeyLookup::Usual, now)
        .await
        .map_err(|e| e.to_string())?;
    let key = match parsed.verify(&key.key, &config.policy, now) {
        Ok(_) => key,
        Err(refusal) if key.fresh => return Err(refusal.to_string()),
        // The cached key may have been replaced.
        Err(_) => {
            let key = fetcher
                .key_by_id(&key_id, KeyLookup::Refresh, now)
                .await
                .map_err(|e| e.to_string())?;
            match parsed.verify(&key.key, &config.policy, now) {
                Ok(_) => key,
                Err(refusal) => return Err(refusal.to_string()),
            }
        }
    };
    if !from.same_origin(&key.owner) || config.blocks.covering(&key.owner).is_some() {
        return Err("the key is not one that its owner may use here".to_owned());
    }
    Ok(Some(key.owner))
}
