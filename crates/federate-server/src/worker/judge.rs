//! Whether an activity may do what it says: what the application knows, and today's blocks.

use bytes::Bytes;
use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_protocol::authorise::{authorise, questions};
use federate_protocol::{Authenticated, Facts, Known};
use federate_store::{CacheKind, Entry, StoreErrorKind};
use std::time::Duration;

use super::Worker;
use crate::error::chain;
use crate::{Directory, Error, Failure, Local, behaviour};

impl<App: Directory> Worker<App> {
    /// How long ago this actor moved, where that is still remembered.
    async fn last_move(&self, who: &Iri) -> Option<Duration> {
        let cache = &self.federation.inner.stores.cache;
        let entry = cache.get(CacheKind::Move, who.as_str()).await.ok().flatten()?;
        // A clock that went back in the meantime says: just now.
        Some(
            self.federation
                .now()
                .duration_since(entry.stored)
                .unwrap_or_default(),
        )
    }

    /// Remembers that this actor moved. Forgetting it costs a second round of follows, and nothing else.
    pub(super) async fn moved(&self, who: &Iri) {
        let stored = self.federation.now();
        let entry = Entry {
            bytes: Bytes::from_static(b"moved"),
            stored,
            expires: stored + self.federation.inner.limits.move_cooldown,
        };
        let cache = &self.federation.inner.stores.cache;
        if let Err(e) = cache.put(CacheKind::Move, who.as_str(), &entry).await {
            tracing::warn!(actor = %who, reason = %chain(&e), "a move could not be remembered");
        }
    }

    /// May they? What the application knows decides, and today's blocks.
    pub(super) async fn judge(
        &self,
        activity: Authenticated<Activity>,
    ) -> Result<Authenticated<Activity>, Stop> {
        let federation = &self.federation;
        federation.inner.moderation.look().await;
        let config = federation.receiving();
        let asked = questions(&activity);
        let mut facts = Facts::new(&config.own_origins, &config.blocks)
            .ownership(federation.inner.ownership)
            .limits(config.limits.clone());
        if let Some(id) = &asked.object {
            facts = facts.object(self.known(&activity, id).await?);
        }
        if let Some(id) = &asked.target {
            facts = facts.target(self.known(&activity, id).await?);
        }
        let mut request = None;
        if let Some(id) = &asked.request {
            request = self.our_request(id).await?;
            let whom = match (
                crate::relay::asked(federation, activity.by(), id).await?,
                &request,
            ) {
                (Some(relay), _) => Some(relay),
                (None, Some(request)) => request.object().id(),
                (None, None) => federation.app().asked(id).await?,
            };
            if let Some(whom) = whom {
                facts = facts.asked(whom);
            }
        }
        if let Some(id) = &asked.moved_to {
            let last = self.last_move(activity.by()).await;
            // One that moves too often is refused for that, and costs whom it names no request.
            if last.is_none_or(|ago| ago >= federation.limits().move_cooldown) {
                let target = federation
                    .inner
                    .fetcher
                    .fresh_actor(id, federation.now())
                    .await
                    .map_err(Failure::from)?;
                facts = facts.target_also_known_as(target.also_known_as().to_vec());
            }
            if let Some(ago) = last {
                facts = facts.last_move(ago);
            }
        }
        authorise(&activity, &facts).map_err(|refused| Stop::Refused(refused.reason()))?;
        Ok(match request {
            // Theirs embeds ours, or names it; what a handler reads of it is what we sent.
            Some(request) => activity.with_object(&request),
            None => activity,
        })
    }

    async fn known(&self, activity: &Authenticated<Activity>, id: &Iri) -> Result<Known, Failure> {
        let federation = &self.federation;
        if let Some(Local::Actor(_)) = federation.uris().parse(id) {
            return Ok(Known::Nothing);
        }
        Ok(match federation.app().known(id).await? {
            Known::Nothing if behaviour::was_deleted(federation, activity, id).await? => Known::Gone,
            known => known,
        })
    }

    /// The activity of ours that an `Accept` or a `Reject` answers, as we sent it.
    async fn our_request(&self, id: &Iri) -> Result<Option<Object>, Failure> {
        if !self.federation.uris().is_local(id) {
            return Ok(None);
        }
        match self.federation.stores().outbox.body(id).await? {
            Some(body) => Ok(Some(Object::parse(&body)?)),
            None => behaviour::our_follow(&self.federation, id).await,
        }
    }
}

/// Why a run stopped early.
pub(super) enum Stop {
    /// Another worker, or a former life, handled it.
    Handled,
    /// They may not.
    Refused(String),
    /// It is not done with yet, and nothing failed.
    Goes(Duration),
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        match failure.store_error() {
            Some(StoreErrorKind::Fenced) => Stop::Handled,
            _ => Stop::Failed(failure),
        }
    }
}

impl From<Error> for Stop {
    fn from(e: Error) -> Self {
        Failure::from(e).into()
    }
}
