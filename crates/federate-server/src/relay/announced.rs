//! What a relay announces: an id, and what is there is taken in as if its author had sent it.

use federate_protocol::activitystreams::{Activity, Iri};
use federate_protocol::{Authenticated, Known, receive};
use federate_store::{RelationKey, RelationKind as Kind, RelationState as State, Which};

use super::RelayKind;
use super::subscription::MOST;
use crate::error::chain;
use crate::groups::Announced;
use crate::{Cx, Directory, Error, Failure, Federation};

/// Takes in what a relay announces to which we subscribe. From anybody else it is an `Announce` as any other.
pub(crate) async fn announced<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<Announced, Failure> {
    let federation = &cx.federation;
    if !federation.inner.relaying.subscribes
        || !activity.is("Announce")
        || !is_subscribed(federation, activity.by()).await?
    {
        return Ok(Announced::Nothing);
    }
    let object = activity.object().id().filter(|_| activity.object().len() == 1);
    // What our own people wrote comes back, and what came another way is here.
    let Some(object) = object.filter(|id| !federation.uris().is_local(id)) else {
        return Ok(Announced::Taken);
    };
    if cx.app().known(&object).await? != Known::Nothing {
        return Ok(Announced::Taken);
    }
    if let Err(refused) = federation.count_look_up(activity.by()) {
        // What waited would pile up behind a relay that goes on like that, and a relay tells of what is to be had elsewhere.
        tracing::info!(%object, relay = %activity.by(), reason = %refused.reason(), "dropped what a relay announced");
        return Ok(Announced::Taken);
    }
    take_in(federation, activity.by(), &object).await?;
    Ok(Announced::Taken)
}

/// Looks at the place of the object. What is not to be had or not to be believed there is dropped: a relay tells of much, and answers for nothing.
async fn take_in<App: Directory>(
    federation: &Federation<App>,
    relay: &Iri,
    object: &Iri,
) -> Result<(), Failure> {
    let dropped = |reason: &str| tracing::info!(%object, %relay, %reason, "dropped what a relay announced");
    let document = match federation.inner.fetcher.object(object, federation.now()).await {
        Ok(document) => document,
        Err(e) if e.is_permanent() || e.is_gone() => {
            dropped(&chain(&e));
            return Ok(());
        }
        Err(e) => return Err(Error::passing(e).into()),
    };
    match receive::created(&document, &federation.receiving()) {
        Err(refused) => dropped(&refused.reason()),
        Ok(genuine) => federation.take_in_from_its_place(genuine).await?,
    }
    Ok(())
}

/// Whether an actor is a relay that has accepted us. Of one of the Mastodon kind only the inbox is known: it is the actor whose own that is.
async fn is_subscribed<App: Directory>(federation: &Federation<App>, who: &Iri) -> Result<bool, Failure> {
    let relations = &federation.stores().relations;
    let key = RelationKey::new(Kind::Relay, RelayKind::LitePub.as_str(), who);
    if let Some(relay) = relations.get(&key).await? {
        return Ok(relay.state == State::Accepted);
    }
    let which = Which::of(Kind::Relay)
        .about(RelayKind::Mastodon.as_str())
        .in_state(State::Accepted);
    let mut inboxes = relations.page(&which, None, MOST).await?;
    inboxes.retain(|(_, relay)| relay.key.actor.same_origin(who));
    if inboxes.is_empty() {
        return Ok(false);
    }
    let actor = federation.inner.fetcher.actor(who, federation.now()).await?;
    Ok(inboxes.iter().any(|(_, relay)| relay.key.actor == *actor.inbox()))
}
