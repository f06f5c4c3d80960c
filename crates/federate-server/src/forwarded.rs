//! What others pass on: kept as a hint, looked up at its own place, and taken in from there.

use std::sync::PoisonError;

use federate_protocol::activitystreams::Activity;
use federate_protocol::receive::Answer;
use federate_protocol::{Authenticated, Forwarded, Refused};
use federate_store::{Accepted, ReceivedId, StoreError, origin_of};

use crate::error::chain;
use crate::metered;
use crate::worker::Ended;
use crate::{Directory, Federation};

/// What became of something that was passed on.
pub(crate) enum Kept {
    /// It is stored, and will be looked up.
    New,
    /// The genuine one was handled already, or this copy is stored.
    Known,
    /// Its forwarder passes on too much.
    TooMany(Refused),
}

impl<App: Directory> Federation<App> {
    /// Stores an activity whose sender is known, under the origin of its actor.
    pub(crate) async fn take_in(&self, activity: &Authenticated<Activity>) -> Result<Accepted, StoreError> {
        let now = self.now();
        let sealed = activity.seal(&self.inner.secret, now);
        let inbox = &self.inner.stores.inbox;
        inbox
            .accept_from(activity.by(), activity.id(), &sealed, now)
            .await
    }

    /// Stores what was passed on under its forwarder.
    pub(crate) async fn keep_forwarded(&self, forwarded: &Forwarded) -> Result<Kept, StoreError> {
        if self.is_handled(forwarded).await? {
            return Ok(Kept::Known);
        }
        let now = self.now();
        let counted = {
            let mut forwarders = self
                .inner
                .forwarders
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            forwarders.count(forwarded.forwarder(), self.limits(), now)
        };
        if let Err(refused) = counted {
            return Ok(Kept::TooMany(refused));
        }
        let sealed = forwarded.seal(&self.inner.secret, now);
        let (forwarder, key) = (forwarded.forwarder(), forwarded.key());
        let inbox = &self.inner.stores.inbox;
        match inbox.accept_from(forwarder, &key, &sealed, now).await? {
            Accepted::New(_) => {
                self.inner.arrived.notify_one();
                Ok(Kept::New)
            }
            Accepted::Duplicate => Ok(Kept::Known),
        }
    }

    /// Looks at its own place for what was passed on, and takes in what is there. What is not there, or not to be believed, is
    /// dropped: to whomever sent the copy nothing was promised.
    pub(crate) async fn look_up(&self, forwarded: &Forwarded) -> Result<Ended, StoreError> {
        self.inner.moderation.look().await;
        let config = self.receiving();
        // Between receiving and now, blocks may have changed.
        for who in [forwarded.forwarder(), forwarded.actor()] {
            if config.blocks.covering(who).is_some() {
                return Ok(dropped(forwarded, "it is of a suspended host"));
            }
        }
        if self.is_handled(forwarded).await? {
            return Ok(Ended::Done);
        }
        let (fetcher, wanted) = (&self.inner.fetcher, forwarded.wanted());
        // What is said to be deleted may be in the cache; whether it is there now is the question.
        let answer = match wanted == forwarded.id() {
            true => fetcher.object(wanted, self.now()).await,
            false => fetcher.fresh_object(wanted, self.now()).await,
        };
        let genuine = match &answer {
            Ok(document) => forwarded.answered(Answer::Found(document), &config),
            Err(e) if e.is_gone() => forwarded.answered(Answer::Gone, &config),
            Err(e) if e.is_permanent() => return Ok(dropped(forwarded, &chain(e))),
            Err(e) => return Ok(Ended::Again(chain(e))),
        };
        match genuine {
            Err(refused) => Ok(dropped(forwarded, &refused.reason())),
            Ok(activity) => {
                if let Accepted::New(id) = self.take_in(&activity).await? {
                    tracing::debug!(activity = %id, r#type = activity.type_name(), "taken in from its own place");
                    metered::accepted(activity.evidence());
                    self.inner.arrived.notify_one();
                }
                Ok(Ended::Done)
            }
        }
    }

    /// Whether the activity that the copy claims to be was handled already, from wherever it came.
    pub(crate) async fn is_handled(&self, forwarded: &Forwarded) -> Result<bool, StoreError> {
        let id = ReceivedId::new(&origin_of(forwarded.actor()), forwarded.id());
        self.inner.stores.inbox.handled(&id).await
    }
}

fn dropped(forwarded: &Forwarded, reason: &str) -> Ended {
    tracing::info!(activity = %forwarded.id(), forwarder = %forwarded.forwarder(), %reason, "dropped what was forwarded");
    Ended::Done
}
