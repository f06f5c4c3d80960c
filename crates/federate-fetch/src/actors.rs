//! Actors.

use crate::Fetcher;
use crate::documents::{Asked, read};
use crate::error::FetchError;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{Actor, Document};
use federate_protocol::signatures::KeyId;
use federate_store::CacheKind;
use std::sync::Arc;
use std::time::SystemTime;

impl Fetcher {
    /// An actor, by id. One whose server is away for now is given as it was known last.
    ///
    /// One that was asked for within the last minute costs well under a microsecond.
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn actor(&self, id: &Iri, now: SystemTime) -> Result<Arc<Actor>, FetchError> {
        let epoch = self.epoch();
        if let Some(actor) = self.actors.get(id.as_str(), epoch, now) {
            return Ok(actor);
        }
        let rules = self.rules();
        let (document, fresh_until) = self
            .cached_or_fetched(Asked::Id(CacheKind::Actor), id, &rules, now)
            .await?;
        let actor = Arc::new(Actor::new(document, &rules.limits)?);
        if let Some(expires) = fresh_until {
            self.keep(&actor, epoch, now, expires);
        }
        Ok(actor)
    }

    /// An actor, fetched anew whatever is cached: to see what it says today (a `Move`, an `Update`).
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn fresh_actor(&self, id: &Iri, now: SystemTime) -> Result<Arc<Actor>, FetchError> {
        let epoch = self.epoch();
        let rules = self.rules();
        let _turn = self.flights.enter(format!("actor {id}")).await;
        let (document, expires) = self.fetch(Asked::Id(CacheKind::Actor), id, &rules, now).await?;
        let actor = Arc::new(Actor::new(document, &rules.limits)?);
        self.keep(&actor, epoch, now, expires);
        Ok(actor)
    }

    /// What is known of the actor, however old; nothing is fetched.
    pub async fn known_actor(&self, id: &Iri) -> Option<Actor> {
        let rules = self.rules();
        rules.admit(id).ok()?;
        let entry = self.records.get(CacheKind::Actor, id.as_str()).await?;
        let document = Document::from_cache(id, entry.bytes).ok()?;
        Actor::new(document, &rules.limits).ok()
    }

    /// Forgets an actor and its keys, for one that was deleted: a later `Delete` of it is one of an actor never known.
    pub async fn forget_actor(&self, id: &Iri) {
        for key in self.let_go(id).await {
            self.records.remove(CacheKind::Key, key.as_str()).await;
        }
        self.records.remove(CacheKind::Actor, id.as_str()).await;
    }

    /// From now on what is cached of the actor and its keys is what was known last, and no more: its server says that it is gone.
    pub(crate) async fn expire_actor(&self, id: &Iri, now: SystemTime) {
        for key in self.let_go(id).await {
            self.records.expire(CacheKind::Key, key.as_str(), now).await;
        }
        self.records.expire(CacheKind::Actor, id.as_str(), now).await;
    }

    /// Keeps nothing parsed of the actor, nor of the keys that it listed when it was fetched last, whether or not it may be fetched now. Which
    /// keys these are.
    pub(crate) async fn let_go(&self, id: &Iri) -> Vec<KeyId> {
        self.actors.remove(id.as_str());
        let entry = self.records.get(CacheKind::Actor, id.as_str()).await;
        let actor = entry
            .and_then(|entry| read(CacheKind::Actor, id, entry))
            .and_then(|document| Actor::new(document, &self.rules().limits).ok());
        let listed = actor.iter().flat_map(Actor::keys).map(|key| key.id.clone());
        let listed: Vec<KeyId> = listed.collect();
        for key in &listed {
            self.keys.remove(key.as_str());
        }
        listed
    }

    fn keep(&self, actor: &Arc<Actor>, epoch: u64, now: SystemTime, expires: SystemTime) {
        // The bytes, the index of what stands where, and what was read of it.
        let weight = actor.document().bytes().len().saturating_mul(3);
        self.actors
            .put(actor.id().as_str(), actor, weight, epoch, now, expires);
    }
}
