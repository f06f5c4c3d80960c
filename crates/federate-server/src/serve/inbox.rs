//! What is posted to us: proven, stored, answered with 202; handled later.

use std::sync::Arc;

use bytes::Bytes;
use federate_fetch::KeyLookup;
use federate_protocol::activitystreams::{Activity, Iri};
use federate_protocol::receive::receive as begin;
use federate_protocol::signatures::Flavour;
use federate_protocol::{Authenticated, Evidence, Forwarded, Refused, Step};
use federate_store::{Accepted, StoreError};
use http::request::Parts;
use http::{Request, Response, StatusCode};

use super::limits;
use super::respond::{refuse, unavailable};
use crate::error::chain;
use crate::forwarded::Kept;
use crate::metered::{self, Answer};
use crate::synchronization::received as synchronization;
use crate::{Directory, Federation, Found};

/// Nothing is fetched before the answer but keys, and nothing is handled before it.
pub(super) async fn receive<App: Directory>(
    federation: &Federation<App>,
    of: Option<&str>,
    head: Parts,
    body: Bytes,
) -> Response<Bytes> {
    let inner = &federation.inner;
    inner.moderation.look().await;
    let config = federation.receiving();
    if let Err(limited) = limits::connection(federation, &head) {
        metered::received(Answer::Limited);
        return limits::too_many(limited);
    }
    let claim = match inner.guards.synchronizes {
        true => synchronization::claim(&head, &body),
        false => None,
    };
    let mut step = begin(Request::from_parts(head, body), &config, federation.now());
    let taken = loop {
        step = match step {
            Step::NeedKey(need) => {
                let lookup = match (need.cached_only(), need.refresh()) {
                    (true, _) => KeyLookup::CachedOnly,
                    (false, true) => KeyLookup::Refresh,
                    (false, false) => KeyLookup::Usual,
                };
                if let Err(limited) = limits::look_up(federation, need.key_id(), lookup).await {
                    metered::received(Answer::Limited);
                    return limits::too_many(limited);
                }
                let key = inner.fetcher.key(&need, federation.now()).await;
                need.resume(key, federation.now())
            }
            Step::Done(activity) => break Taken::Activity(activity),
            Step::Forwarded(forwarded) => break Taken::Forwarded(forwarded),
            Step::Ignored(why) => {
                tracing::debug!(reason = why, "ignored what was posted");
                metered::received(Answer::Ignored);
                return accepted();
            }
            Step::Refused(refused) => {
                // Told to come again: nothing is wrong with it as far as we know.
                metered::received(match refused.status() {
                    500..=599 => Answer::Unavailable,
                    _ => Answer::Refused,
                });
                return refused_with(&refused);
            }
            _ => {
                metered::received(Answer::Refused);
                return refuse(StatusCode::UNAUTHORIZED, "the sender cannot be proven");
            }
        };
    };
    if let Taken::Activity(activity) = &taken
        && let Evidence::RequestSignature { signed_at, .. } = activity.evidence()
    {
        let time_check = &inner.time_check;
        time_check.signed(activity.by(), *signed_at, federation.now());
    }
    if let Err(limited) = limits::activity(federation, taken.sender()) {
        tracing::info!(by = %taken.sender(), again_in = ?limited.0, "a sender has sent too much");
        metered::received(Answer::Limited);
        return limits::too_many(limited);
    }
    if let Some(name) = of
        && let Some(answer) = absent(federation, name).await
    {
        metered::received(match answer.status().is_server_error() {
            true => Answer::Unavailable,
            false => Answer::Absent,
        });
        return answer;
    }
    let activity = match taken {
        Taken::Activity(activity) => Arc::new(*activity),
        Taken::Forwarded(forwarded) => return keep(federation, &forwarded).await,
    };
    match federation.take_in(&activity).await {
        Ok(Accepted::New(id)) => {
            tracing::debug!(activity = %id, r#type = activity.type_name(), "accepted");
            metered::received(Answer::Accepted);
            metered::accepted(activity.evidence());
            if let Some(claim) = claim {
                synchronization::look(federation, &activity, claim);
            }
            inner.arrived.notify_one();
            // A host that talks is up: what waits for it is tried soon.
            if let Some(Talks { host, in_rfc9421 }) = Talks::of(&activity) {
                inner.delivery.heard_from(&host);
                if in_rfc9421 {
                    inner.delivery.takes_rfc9421(&host).await;
                }
            }
            accepted()
        }
        Ok(Accepted::Duplicate) => {
            tracing::debug!(activity = %activity.id(), "known already");
            metered::received(Answer::Duplicate);
            accepted()
        }
        Err(e) => {
            tracing::error!(activity = %activity.id(), reason = %chain(&e), "what was posted could not be stored");
            not_stored(&e)
        }
    }
}

enum Taken {
    Activity(Box<Authenticated<Activity>>),
    Forwarded(Box<Forwarded>),
}

impl Taken {
    /// Whose sending it counts as: whoever signed the request. What a stranger replays is not its author's sending.
    fn sender(&self) -> &Iri {
        match self {
            Taken::Activity(activity) => activity.forwarder().unwrap_or(activity.by()),
            Taken::Forwarded(forwarded) => forwarded.forwarder(),
        }
    }
}

/// Which host sent it here itself, and how it signs.
struct Talks {
    host: String,
    in_rfc9421: bool,
}

impl Talks {
    fn of(activity: &Authenticated<Activity>) -> Option<Self> {
        let evidence = activity.evidence();
        let origin = activity.by().origin().filter(|_| evidence.is_first_hand())?;
        let in_rfc9421 = matches!(
            evidence,
            Evidence::RequestSignature {
                flavour: Flavour::Rfc9421,
                ..
            }
        );
        Some(Self {
            host: origin.authority(),
            in_rfc9421,
        })
    }
}

/// What somebody else passed on is stored as that, to be looked up later.
async fn keep<App: Directory>(federation: &Federation<App>, forwarded: &Forwarded) -> Response<Bytes> {
    match federation.keep_forwarded(forwarded).await {
        Ok(Kept::New) => {
            tracing::debug!(activity = %forwarded.id(), forwarder = %forwarded.forwarder(), "forwarded; to be looked up");
            metered::received(Answer::Accepted);
            accepted()
        }
        Ok(Kept::Known) => {
            metered::received(Answer::Duplicate);
            accepted()
        }
        Ok(Kept::TooMany(refused)) => {
            metered::received(Answer::Refused);
            refused_with(&refused)
        }
        Err(e) => {
            tracing::error!(activity = %forwarded.id(), reason = %chain(&e), "what was forwarded could not be stored");
            not_stored(&e)
        }
    }
}

fn not_stored(e: &StoreError) -> Response<Bytes> {
    metered::received(Answer::Unavailable);
    metered::store_error(e.kind());
    unavailable(60)
}

/// The answer where the owner of a personal inbox is not here.
async fn absent<App: Directory>(federation: &Federation<App>, name: &str) -> Option<Response<Bytes>> {
    match federation.app().actor(&federation.ask(None), name).await {
        Ok(Found::Here(_)) => None,
        Ok(Found::Gone) => Some(refuse(StatusCode::GONE, "this account is gone")),
        Ok(Found::Missing) => Some(refuse(StatusCode::NOT_FOUND, "no such account here")),
        Err(failure) => {
            tracing::warn!(actor = name, reason = %failure.chain(), "the application could not describe an actor");
            Some(unavailable(60))
        }
    }
}

fn accepted() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn refused_with(refused: &Refused) -> Response<Bytes> {
    tracing::info!(status = refused.status(), reason = %refused.reason(), "refused what was posted");
    refused.response()
}
