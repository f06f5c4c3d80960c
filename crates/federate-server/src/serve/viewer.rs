//! Who asks, and whether that one gets an answer.

use bytes::Bytes;
use federate_fetch::KeyLookup;
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures::{self, Parsed};
use federate_protocol::{Blocks, KeyFailure};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode, header};

use super::{limits, respond};
use crate::rate_limits::Limited;
use crate::uris::{Part, Place};
use crate::{Directory, Federation};

/// Who may be answered.
pub(super) struct Asker {
    viewer: Option<Iri>,
    /// The answer is for those who sign.
    demanded: bool,
}

impl Asker {
    /// The actor whose key signed the request.
    pub(super) fn viewer(&self) -> Option<&Iri> {
        self.viewer.as_ref()
    }

    /// No cache gives to another what was answered to this one (S32).
    pub(super) fn mark(&self, response: Response<Bytes>) -> Response<Bytes> {
        if self.demanded || self.viewer.is_some() {
            respond::for_one(response)
        } else {
            response
        }
    }
}

/// Whether somebody signed, as far as the headers say.
pub(super) fn is_signed(headers: &HeaderMap) -> bool {
    headers.contains_key("signature")
        || headers.contains_key("signature-input")
        || headers.get_all(header::AUTHORIZATION).iter().any(|value| {
            let scheme = value.as_bytes().get(.."Signature ".len());
            scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"Signature "))
        })
}

/// Who asks for this place; or what is answered in place of it.
///
/// A signature that does not hold is none, unless one is demanded. To verify one an actor document is fetched, and its server may sign that
/// request in turn: so it is done only where the answer depends on it, and never for the instance's own actor (S31).
pub(super) async fn admit<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    place: &Place,
) -> Result<Asker, Response<Bytes>> {
    let demanded = federation.inner.guards.authorized_fetch;
    let anybody = Asker {
        viewer: None,
        demanded,
    };
    if !is_signed(&head.headers) {
        return match demanded {
            true => Err(respond::unproven("a signed request is needed here")),
            false => Ok(anybody),
        };
    }
    let needs_proof = demanded || !matches!(place, Place::Actor(_, Part::Itself));
    match prove(federation, head, needs_proof).await {
        Ok(viewer) => Ok(Asker { viewer, ..anybody }),
        Err(Unproven::Suspended) => {
            tracing::info!(path = head.uri.path(), "refused what a suspended host asked for");
            let refusal = respond::refuse(StatusCode::FORBIDDEN, "not accepted here");
            Err(respond::for_one(refusal))
        }
        Err(Unproven::TooMany(limited)) => Err(respond::for_one(limits::too_many(limited))),
        Err(Unproven::Because { reason, shown, later }) if demanded => {
            tracing::info!(path = head.uri.path(), %reason, "refused a request that is not proven");
            Err(match later {
                true => respond::for_one(respond::unavailable(federation.limits().retry_after.as_secs())),
                false => respond::unproven(&shown),
            })
        }
        Err(Unproven::Because { reason, .. }) => {
            tracing::info!(path = head.uri.path(), %reason, "a signed request is answered as if it were not");
            Ok(anybody)
        }
    }
}

/// Why it is not known who asks.
enum Unproven {
    /// The host in whose name it is signed is suspended.
    Suspended,
    /// To find out is too much for now.
    TooMany(Limited),
    Because {
        /// The whole reason, for the log.
        reason: String,
        /// What the asker may read.
        shown: String,
        /// The key cannot be had for now.
        later: bool,
    },
}

impl From<signatures::Refusal> for Unproven {
    fn from(refusal: signatures::Refusal) -> Self {
        Self::Because {
            reason: refusal.to_string(),
            shown: refusal.peer_message(),
            later: false,
        }
    }
}

impl From<Limited> for Unproven {
    fn from(limited: Limited) -> Self {
        Self::TooMany(limited)
    }
}

impl From<KeyFailure> for Unproven {
    fn from(failure: KeyFailure) -> Self {
        Self::Because {
            reason: failure.to_string(),
            shown: "the key that signed could not be believed".to_owned(),
            later: matches!(failure, KeyFailure::Unavailable { .. }),
        }
    }
}

/// The actor whose key signed; without proof asked for, only whether it may ask.
async fn prove<App: Directory>(
    federation: &Federation<App>,
    head: &Parts,
    needs_proof: bool,
) -> Result<Option<Iri>, Unproven> {
    federation.inner.moderation.look().await;
    let config = federation.receiving();
    let parsed = signatures::parse(head, b"")?;
    let from = Iri::parse(parsed.key_id().as_str()).map_err(|e| unbelievable(e.to_string()))?;
    let suspended = |id: &Iri, blocks: &Blocks| blocks.covering(id).is_some();
    if suspended(&from, &config.blocks) {
        return Err(Unproven::Suspended);
    }
    if !needs_proof {
        return Ok(None);
    }
    // What is stale, or lacks a signed header, costs no look-up of a key (R15).
    parsed.check(&config.policy, federation.now())?;
    let owner = owner_of_key(federation, &parsed, &config.policy).await?;
    if suspended(&owner, &config.blocks) {
        return Err(Unproven::Suspended);
    }
    if !from.same_origin(&owner) {
        return Err(unbelievable(format!("the key is {owner}'s, of another origin")));
    }
    Ok(Some(owner))
}

async fn owner_of_key<App: Directory>(
    federation: &Federation<App>,
    parsed: &Parsed,
    policy: &signatures::Policy,
) -> Result<Iri, Unproven> {
    let fetcher = &federation.inner.fetcher;
    let now = federation.now();
    limits::look_up(federation, parsed.key_id(), KeyLookup::Usual).await?;
    let key = fetcher.key_by_id(parsed.key_id(), KeyLookup::Usual, now).await?;
    match parsed.verify(&key.key, policy, now) {
        Ok(_) => return Ok(key.owner),
        Err(refusal) if key.fresh => return Err(refusal.into()),
        // The cached key may have been replaced.
        Err(_) => {}
    }
    limits::look_up(federation, parsed.key_id(), KeyLookup::Refresh).await?;
    let key = fetcher
        .key_by_id(parsed.key_id(), KeyLookup::Refresh, now)
        .await?;
    parsed.verify(&key.key, policy, now)?;
    Ok(key.owner)
}

fn unbelievable(reason: String) -> Unproven {
    Unproven::Because {
        reason,
        shown: "the key that signed could not be believed".to_owned(),
        later: false,
    }
}
