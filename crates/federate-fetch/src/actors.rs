//! Actors.

use crate::Fetcher;
use crate::documents::{Asked, Fresh, read};
use crate::error::FetchError;
use crate::fetcher::after;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{Actor, Document};
use federate_protocol::signatures::KeyId;
use federate_store::{CacheKind, StoreError};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

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
        let (document, fresh) = self
            .cached_or_fetched(Asked::Id(CacheKind::Actor), id, &rules, now)
            .await?;
        let actor = Arc::new(Actor::new(document, &rules.limits)?);
        if let Some(fresh) = fresh {
            self.keep(&actor, epoch, now, fresh);
        }
        Ok(actor)
    }

    /// An actor, fetched anew whatever is cached: to see what it says today (a `Move`, an `Update`).
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn fresh_actor(&self, id: &Iri, now: SystemTime) -> Result<Arc<Actor>, FetchError> {
        let id = &id.without_fragment();
        let epoch = self.epoch();
        let rules = self.rules();
        let begin = Instant::now();
        let _turn = self.turn(format!("actor {id}"), &rules).await?;
        // What is learnt after a wait is newer than what was learnt within it.
        let now = after(now, begin);
        let fetching = Box::pin(self.fetch(Asked::Id(CacheKind::Actor), id, &rules, now));
        let (document, fresh) = fetching.await?;
        let actor = Arc::new(Actor::new(document, &rules.limits)?);
        self.keep(&actor, epoch, now, fresh);
        Ok(actor)
    }

    /// What is known of the actor, however old; nothing is fetched.
    pub async fn known_actor(&self, id: &Iri) -> Option<Actor> {
        let id = &id.without_fragment();
        let rules = self.rules();
        rules.admit(id).ok()?;
        let entry = self.records.get(CacheKind::Actor, id.as_str()).await?;
        let document = Document::from_cache(id, entry.bytes).ok()?;
        Actor::new(document, &rules.limits).ok()
    }

    /// Forgets an actor and its keys, for one that was deleted: a later `Delete` of it is one of an actor never known.
    pub async fn forget_actor(&self, id: &Iri) {
        let id = &id.without_fragment();
        let keys = self.listed_keys(id).await;
        for key in &keys {
            self.records.remove(CacheKind::Key, key.as_str()).await;
        }
        for kind in [CacheKind::Actor, CacheKind::Document] {
            self.records.remove(kind, id.as_str()).await;
        }
        self.let_go(id, &keys);
    }

    /// Forgets all that is cached and names this actor: its documents, its keys, its handle, what others' documents say of it. How many
    /// entries there were.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget_all_of(&self, id: &Iri) -> Result<u64, StoreError> {
        let id = &id.without_fragment();
        let keys = self.listed_keys(id).await;
        let mut forgotten = 0;
        for kind in NAMING {
            let mut after: Option<String> = None;
            loop {
                let page = self.records.cache.page(*kind, after.as_deref(), AT_ONCE).await?;
                let Some((last, _)) = page.last() else { break };
                after = Some(last.clone());
                for (key, entry) in &page {
                    if key.contains(id.as_str()) || names(&entry.bytes, id.as_str()) {
                        self.records.cache.remove(*kind, key).await?;
                        forgotten += 1;
                        if *kind == CacheKind::Key {
                            self.keys.remove(key);
                        }
                    }
                }
            }
        }
        self.let_go(id, &keys);
        Ok(forgotten)
    }

    /// From now on what is cached of the actor and its keys is what was known last, and no more: its server says that it is gone.
    pub(crate) async fn expire_actor(&self, id: &Iri, now: SystemTime) {
        let keys = self.listed_keys(id).await;
        for key in &keys {
            self.records.expire(CacheKind::Key, key.as_str(), now).await;
        }
        for kind in [CacheKind::Actor, CacheKind::Document] {
            self.records.expire(kind, id.as_str(), now).await;
        }
        self.let_go(id, &keys);
    }

    /// Keeps nothing parsed of the actor nor of these keys. To be called when the cache has changed: who reads it meanwhile keeps nothing either.
    pub(crate) fn let_go(&self, id: &Iri, keys: &[KeyId]) {
        self.actors.remove(id.as_str());
        for key in keys {
            self.keys.remove(key.as_str());
        }
    }

    /// The keys that the actor listed when it was fetched last, whether or not it may be fetched now.
    pub(crate) async fn listed_keys(&self, id: &Iri) -> Vec<KeyId> {
        let entry = self.records.get(CacheKind::Actor, id.as_str()).await;
        let actor = entry
            .and_then(|entry| read(CacheKind::Actor, id, entry))
            .and_then(|document| Actor::new(document, &self.rules().limits).ok());
        let listed = actor.iter().flat_map(Actor::keys).map(|key| key.id.clone());
        listed.collect()
    }

    fn keep(&self, actor: &Arc<Actor>, epoch: u64, now: SystemTime, fresh: Fresh) {
        // The bytes, the index of what stands where, and what was read of it.
        let weight = actor.document().bytes().len().saturating_mul(3);
        self.actors.put(
            actor.id().as_str(),
            actor,
            weight,
            epoch,
            fresh.seen,
            now,
            fresh.until,
        );
    }
}

/// What is kept of people.
const NAMING: &[CacheKind] = &[
    CacheKind::Actor,
    CacheKind::Key,
    CacheKind::Document,
    CacheKind::Handle,
    CacheKind::Move,
];

/// Entries that are looked at in one go.
const AT_ONCE: usize = 256;

/// Whether bytes that were received hold this id, also where slashes are escaped in it. A longer id that begins with it counts: what is
/// cached can be had again.
fn names(bytes: &[u8], id: &str) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains(id) || (text.contains("\\/") && text.replace("\\/", "/").contains(id))
}
