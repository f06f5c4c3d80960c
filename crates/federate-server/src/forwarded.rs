//! What others pass on: kept as a hint, looked up at its own place, and taken in from there.

use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use federate_fetch::{FetchError, FetchErrorKind};
use federate_protocol::activitystreams::{Activity, Iri};
use federate_protocol::receive::{Answer, Instead, NotRefetched};
use federate_protocol::{
    Authenticated, FetchRefusal, Forwarded, Known, Receiving, Refused, RefusedKind, Sealed,
};
use federate_store::{Accepted, ReceivedId, StoreError, origin_of};

use crate::error::chain;
use crate::metered;
use crate::worker::Ended;
use crate::{Directory, Federation};

pub(crate) const A_MINUTE: Duration = Duration::from_secs(60);

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
    pub(crate) async fn take_in(
        &self,
        activity: &Arc<Authenticated<Activity>>,
    ) -> Result<Accepted, StoreError> {
        let now = self.now();
        let sealed = activity.seal(&self.inner.secret, now);
        // Before it is stored: the worker may have it in hand before the store has said so here.
        let kept = self.inner.fresh.keep(&sealed, activity, activity.body().len());
        let inbox = &self.inner.stores.inbox;
        let accepted = inbox
            .accept_from(activity.by(), activity.id(), &sealed, now)
            .await?;
        if matches!(accepted, Accepted::New(_)) {
            kept.stays();
        }
        Ok(accepted)
    }

    /// Stores what was passed on under its forwarder.
    pub(crate) async fn keep_forwarded(&self, forwarded: &Forwarded) -> Result<Kept, StoreError> {
        if self.is_handled(forwarded).await? {
            return Ok(Kept::Known);
        }
        if let Err(refused) = self.count_look_up(forwarded.forwarder()) {
            return Ok(Kept::TooMany(refused));
        }
        let now = self.now();
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

    /// Whether somebody who passes on may make us look something up, once more.
    pub(crate) fn count_look_up(&self, forwarder: &Iri) -> Result<(), Refused> {
        let forwarders = self.inner.forwarders.lock();
        let mut forwarders = forwarders.unwrap_or_else(PoisonError::into_inner);
        forwarders.count(forwarder, self.limits(), self.now())
    }

    /// Looks up what is stored, as [`look_up`](Self::look_up) does. What waits too long for its turn is dropped: it would be put off without
    /// an end where more is passed on than is looked up.
    pub(crate) async fn look_up_stored(
        &self,
        forwarded: &Forwarded,
        stored: &Sealed,
    ) -> Result<Ended, StoreError> {
        match self.look_up(forwarded).await? {
            Ended::Goes(_) if self.has_waited(stored) => Ok(dropped(
                forwarded,
                "it was not its turn within the time that it may wait",
            )),
            ended => Ok(ended),
        }
    }

    fn has_waited(&self, stored: &Sealed) -> bool {
        let opened = stored.open_envelope(&self.inner.secret);
        opened.is_ok_and(|(_, at)| self.is_over(at))
    }

    /// Whether what came at that time has waited for its turn as long as it may.
    pub(crate) fn is_over(&self, since: SystemTime) -> bool {
        let most = self.limits().forwarded_wait;
        self.now().duration_since(since).is_ok_and(|ago| ago > most)
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
            Err(e) if !e.is_permanent() => return Ok(Ended::Again(chain(e))),
            Err(e) => {
                let elsewhere = forwarded.instead().filter(|_| is_not_there(e));
                return match elsewhere {
                    Some(elsewhere) => self.look_instead(forwarded, &elsewhere, &config).await,
                    None => Ok(dropped(forwarded, &chain(e))),
                };
            }
        };
        match genuine {
            Ok(activity) => self.take_in_from_its_place(activity).await.map(|()| Ended::Done),
            Err(refused) => match forwarded.instead().filter(|_| has_something_else(&refused)) {
                Some(elsewhere) => self.look_instead(forwarded, &elsewhere, &config).await,
                None => Ok(dropped(forwarded, &refused.reason())),
            },
        }
    }

    /// Looks for the post where the activity is not to be had. That is one more look-up of its forwarder's.
    async fn look_instead(
        &self,
        forwarded: &Forwarded,
        elsewhere: &Instead,
        config: &Receiving,
    ) -> Result<Ended, StoreError> {
        let object = elsewhere.object();
        if elsewhere.is_new() {
            match self.app().known(object).await {
                Ok(Known::Nothing) => {}
                Ok(_) => return Ok(Ended::Done),
                Err(failure) => return Ok(Ended::Again(failure.chain())),
            }
        }
        if let Err(refused) = self.count_look_up(forwarded.forwarder()) {
            return Ok(Ended::Goes(refused.retry_after().unwrap_or(A_MINUTE)));
        }
        // What is said to have changed is not what is in the cache.
        let answer = match elsewhere.is_new() {
            true => self.inner.fetcher.object(object, self.now()).await,
            false => self.inner.fetcher.fresh_object(object, self.now()).await,
        };
        match answer {
            Ok(document) => match elsewhere.found(&document, config) {
                Ok(activity) => self.take_in_from_its_place(activity).await.map(|()| Ended::Done),
                Err(refused) => Ok(dropped(forwarded, &refused.reason())),
            },
            Err(e) if e.is_permanent() => Ok(dropped(forwarded, &chain(&e))),
            Err(e) => Ok(Ended::Again(chain(&e))),
        }
    }

    /// Takes in what was found there.
    pub(crate) async fn take_in_from_its_place(
        &self,
        activity: Authenticated<Activity>,
    ) -> Result<(), StoreError> {
        let activity = Arc::new(activity);
        if let Accepted::New(id) = self.take_in(&activity).await? {
            tracing::debug!(activity = %id, r#type = activity.type_name(), "taken in from its own place");
            metered::accepted(activity.evidence());
            self.inner.arrived.notify_one();
        }
        Ok(())
    }

    /// Whether the activity that the copy claims to be was handled already, from wherever it came.
    pub(crate) async fn is_handled(&self, forwarded: &Forwarded) -> Result<bool, StoreError> {
        let id = ReceivedId::new(&origin_of(forwarded.actor()), forwarded.id());
        self.inner.stores.inbox.handled(&id).await
    }
}

/// Whether the place was asked, and has no document there.
fn is_not_there(error: &FetchError) -> bool {
    !matches!(
        error.kind(),
        FetchErrorKind::Refused(FetchRefusal::NotAdmitted { .. })
    )
}

/// Whether the place has none, or leads to another: activities often have no page of their own.
fn has_something_else(refused: &Refused) -> bool {
    matches!(
        refused.kind(),
        RefusedKind::NotRefetched(NotRefetched::Gone | NotRefetched::SomethingElse)
    )
}

fn dropped(forwarded: &Forwarded, reason: &str) -> Ended {
    tracing::info!(activity = %forwarded.id(), forwarder = %forwarded.forwarder(), %reason, "dropped what was forwarded");
    Ended::Done
}
