//! What subscribers send, to all the others.

use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_protocol::{Authenticated, receive};
use federate_store::{OrderKey, Outgoing, RelationState as State, lane_of};

use super::outgoing::announcement;
use super::{RelayKind, is_for_relays, subscribers_of};
use crate::error::chain;
use crate::forwarding::{carries_proof, is_first_hand, names_blind_copies};
use crate::groups::Announced;
use crate::proofs::unmarked;
use crate::{Cx, Directory, Error, Failure, RELAY};

/// Behind the id of an activity, for the row by which it is passed on: under its own it may be in the outbox for another reason. A fragment
/// is never sent, and the origin stays that of the author, to whom nothing goes back.
const PASSED_ON: &str = "#federate:relayed";

/// Passes it on where it is of somebody of a subscriber, and for everybody. It leaves together with the mark that the activity is
/// handled.
pub(crate) async fn pass_on<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    // What came by way of another relay is not first-hand: so two that subscribe to each other come to an end (W10).
    if cx.federation.inner.relaying.serves.is_none()
        || !is_first_hand(activity)
        || !is_for_relays(activity, activity.by())
        || !is_of_subscriber(cx, activity.by()).await?
    {
        return Ok(());
    }
    let leaving = leaving(cx, activity)?;
    if leaving.is_empty() {
        return Ok(());
    }
    if let Err(wait) = cx
        .federation
        .inner
        .relayed
        .count(activity.id(), activity.by(), cx.now())
    {
        tracing::info!(activity = %activity.id(), by = %activity.by(), again_in = ?wait, "too much to be relayed");
        return Ok(());
    }
    for outgoing in leaving {
        cx.leaves(outgoing);
    }
    Ok(())
}

/// The activity as it came, where that can be believed and is not too long, and its object's id.
fn leaving<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Vec<Outgoing>, Failure> {
    let mut leaving = Vec::new();
    let body = unmarked(activity.body());
    let fits = body.len() <= cx.federation.inner.managed.limits.relayed_bytes;
    let whole = fits && (carries_proof(activity) || !activity.is("Create")) && !names_blind_copies(activity);
    let mut announced_to = vec![subscribers_of(cx.uris(), RelayKind::LitePub)];
    let everybody_else = subscribers_of(cx.uris(), RelayKind::Mastodon);
    let row = Iri::parse(&format!("{}{PASSED_ON}", activity.id())).ok();
    match row.filter(|_| whole) {
        Some(row) => {
            let order = activity.object().id();
            leaving.push(Outgoing {
                order: order.as_ref().map(OrderKey::of),
                ..Outgoing::new(row, RELAY, body, vec![everybody_else])
            });
        }
        None => announced_to.push(everybody_else),
    }
    let object = activity.object().id().filter(|_| activity.is("Create"));
    if let Some(object) = object.filter(|object| object.same_origin(activity.by())) {
        leaving.push(announcement(cx.uris(), &object, announced_to)?);
    }
    Ok(leaving)
}

/// What a subscriber of the LitePub kind announces of its own server, where it is public there.
pub(crate) async fn pass_on_announced<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Announced, Failure> {
    let federation = &cx.federation;
    if federation.inner.relaying.serves.is_none() || !activity.is("Announce") {
        return Ok(Announced::Nothing);
    }
    let subscriber = federation.subscriber(RelayKind::LitePub, activity.by()).await?;
    if subscriber.is_none_or(|subscriber| subscriber.state != State::Accepted) {
        return Ok(Announced::Nothing);
    }
    let object = activity.object().id().filter(|_| activity.object().len() == 1);
    let Some(object) = object.filter(|object| object.same_origin(activity.by())) else {
        return Ok(Announced::Taken);
    };
    let everybody = RelayKind::ALL
        .map(|kind| subscribers_of(cx.uris(), kind))
        .to_vec();
    let announce = announcement(cx.uris(), &object, everybody)?;
    if federation.stores().outbox.body(&announce.id).await?.is_some() {
        return Ok(Announced::Taken);
    }
    let dropped = |reason: &str| tracing::info!(%object, by = %activity.by(), %reason, "not relayed");
    // What waited would pile up behind a subscriber that goes on like that.
    let relayed = &federation.inner.relayed;
    if !relayed.knows(activity.id())
        && let Err(refused) = federation.count_look_up(activity.by())
    {
        dropped(&refused.reason());
        return Ok(Announced::Taken);
    }
    match federation.inner.fetcher.object(&object, federation.now()).await {
        Ok(document) => match receive::created(&document, &federation.receiving()) {
            // Neither what is at home elsewhere, nor the same under another name.
            Ok(genuine) if *document.id() != object || !genuine.by().same_origin(activity.by()) => {
                dropped("not of the subscriber's server");
            }
            Ok(genuine) if genuine.is("Create") && is_for_relays(&genuine, genuine.by()) => {
                match relayed.count(activity.id(), activity.by(), cx.now()) {
                    Ok(()) => cx.leaves(announce),
                    Err(_) => dropped("too much to be relayed"),
                }
            }
            Ok(_) => dropped("not for everybody"),
            Err(refused) => dropped(&refused.reason()),
        },
        Err(e) if e.is_permanent() || e.is_gone() => dropped(&chain(&e)),
        Err(e) => return Err(Error::passing(e).into()),
    }
    Ok(Announced::Taken)
}

async fn is_of_subscriber<App: Directory>(cx: &Cx<App>, who: &Iri) -> Result<bool, Failure> {
    let inner = &cx.federation.inner;
    let host = lane_of(who);
    let relations = &*inner.stores.relations;
    Ok(inner.subscribed.contains(&host, relations, cx.now()).await?)
}

/// The server where it was made that we relay: nothing goes back there.
pub(crate) fn home_of(outgoing: &Outgoing) -> Option<String> {
    let relayed = Object::parse(&outgoing.body)
        .ok()
        .filter(|_| outgoing.sender == RELAY)?;
    let announced = relayed.object().id().filter(|_| relayed.is("Announce"))?;
    Some(lane_of(&announced))
}
