//! Keys.

use crate::Fetcher;
use crate::error::FetchError;
use crate::fetcher::after;
use crate::memo::Seen;
use crate::record::{Failure, decode_key, encode_key};
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::KeyFetch;
use federate_protocol::signatures::KeyId;
use federate_protocol::{FetchRefusal, FetchRules, KeyFailure, NeedKey, ResolvedKey};
use federate_store::{CacheKind, Entry};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Where a key may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum KeyLookup {
    /// The cache while it is fresh, else its server.
    #[default]
    Usual,
    /// The cache alone, however old (R17).
    CachedOnly,
    /// Its server, unless it was asked for that reason within the interval: then the cache (S28).
    Refresh,
}

impl Fetcher {
    /// The key that a received request needs, looked up as the request says.
    ///
    /// # Errors
    /// [`KeyFailure`], for [`NeedKey::resume`].
    pub async fn key(&self, need: &NeedKey, now: SystemTime) -> Result<ResolvedKey, KeyFailure> {
        let lookup = match (need.cached_only(), need.refresh()) {
            (true, _) => KeyLookup::CachedOnly,
            (false, true) => KeyLookup::Refresh,
            (false, false) => KeyLookup::Usual,
        };
        self.key_by_id(need.key_id(), lookup, now).await
    }

    /// A key, by its id.
    ///
    /// # Errors
    /// [`KeyFailure`] says why not.
    pub async fn key_by_id(
        &self,
        key_id: &KeyId,
        lookup: KeyLookup,
        now: SystemTime,
    ) -> Result<ResolvedKey, KeyFailure> {
        let epoch = self.epoch();
        if lookup != KeyLookup::Refresh
            && let Some(key) = self.keys.get(key_id.as_str(), epoch, now)
        {
            return Ok((*key).clone());
        }
        let rules = self.rules();
        let id = Iri::parse(key_id.as_str()).map_err(|_| refused("the key id is not a URL"))?;
        // Blocks and origins of today hold for what is cached too.
        rules.admit(&id).map_err(|reason| refused(&reason.to_string()))?;
        let seen = self.keys.seen(key_id.as_str());
        let key = match lookup {
            // However old: not kept for those who want a fresh one.
            KeyLookup::CachedOnly => {
                let key = self.cached_key(key_id, None).await;
                return key
                    .ok_or(KeyFailure::NotCached)
                    .and_then(|key| self.to_verify(key));
            }
            // Each in a box, as `fetch` is.
            KeyLookup::Usual => Box::pin(self.usual_key(key_id, &rules, now)).await,
            KeyLookup::Refresh => Box::pin(self.refreshed_key(key_id, &rules, now)).await,
        }?;
        let was_kept = !key.fresh;
        let key = match self.to_verify(key) {
            // It may have been replaced since.
            Err(_) if was_kept && lookup == KeyLookup::Usual => {
                let key = Box::pin(self.refreshed_key(key_id, &rules, now)).await?;
                self.to_verify(key)
            }
            taken => taken,
        };
        let key = key.inspect_err(|_| self.keys.remove(key_id.as_str()))?;
        self.keep_key(&key, &rules, epoch, seen, now);
        Ok(key)
    }

    /// With whoever verifies with it.
    fn to_verify(&self, mut key: ResolvedKey) -> Result<ResolvedKey, KeyFailure> {
        if let Some(verifiers) = &self.verifiers {
            let taken = key.key.verified_by(&**verifiers);
            key.key =
                taken.map_err(|e| refused(&format!("the provider of signatures does not take it: {e}")))?;
        }
        Ok(key)
    }

    fn keep_key(&self, key: &ResolvedKey, rules: &FetchRules, epoch: u64, seen: Seen, now: SystemTime) {
        let kept = ResolvedKey {
            fresh: false,
            ..key.clone()
        };
        // The numbers of an RSA key of 8,192 bits, and then some; and what a provider keeps: the numbers three times, and the key as DER.
        let derived = self.verifiers.as_ref().map_or(0, |_| 1_024 + key.key.bits() / 2);
        let weight = 1_536 + derived + key.owner.as_str().len() + key.key_id.as_str().len();
        let expires = now.checked_add(rules.limits.actor_lifetime).unwrap_or(now);
        self.keys.put(
            key.key_id.as_str(),
            &Arc::new(kept),
            weight,
            epoch,
            seen,
            now,
            expires,
        );
    }

    async fn usual_key(
        &self,
        key_id: &KeyId,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<ResolvedKey, KeyFailure> {
        if let Some(key) = self.cached_key(key_id, Some(now)).await {
            return Ok(key);
        }
        let turn = self.turn(format!("key {key_id}"), rules).await;
        if let Some(key) = self.cached_key(key_id, Some(now)).await {
            return Ok(key);
        }
        let _turn = match turn {
            Ok(turn) => turn,
            Err(late) => return self.stale_or(key_id, Failure::of(&late)).await,
        };
        if let Some(failure) = self.records.failure(CacheKind::Key, key_id.as_str(), now) {
            return self.stale_or(key_id, failure).await;
        }
        match self.fetch_key(key_id, rules, now).await {
            Ok(key) => Ok(key),
            Err(failure) => self.stale_or(key_id, failure).await,
        }
    }

    /// A key that was known holds while its server is away.
    async fn stale_or(&self, key_id: &KeyId, failure: Failure) -> Result<ResolvedKey, KeyFailure> {
        if let Failure::Temporary(_) = failure
            && let Some(key) = self.cached_key(key_id, None).await
        {
            return Ok(ResolvedKey { fresh: true, ..key });
        }
        Err(failure.into())
    }

    async fn refreshed_key(
        &self,
        key_id: &KeyId,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<ResolvedKey, KeyFailure> {
        let turn = self.turn(format!("key {key_id}"), rules).await;
        let _turn = turn.map_err(|late| KeyFailure::from(Failure::of(&late)))?;
        let failure = self.records.failure(CacheKind::Key, key_id.as_str(), now);
        if let Some(failure @ Failure::Temporary(_)) = failure {
            return Err(failure.into());
        }
        if self.records.was_refetched(key_id, now) {
            // Asked a short while ago: what came then is all there is. It may be newer than what the caller tried. Where nothing came, what
            // was known before is no answer, unless it is still fresh for all that.
            let since = failure.as_ref().map(|_| now);
            let lately = || refused("fetched anew a short while ago");
            let known = self.cached_key(key_id, since).await;
            return known.ok_or_else(|| failure.map_or_else(lately, KeyFailure::from));
        }
        // Before it is sent: who gives up while it is on its way has asked all the same.
        self.records
            .put_refetched(key_id, now, rules.limits.key_refetch_interval);
        let answer = self.fetch_key(key_id, rules, now).await;
        if let Err(Failure::Temporary(_)) = answer {
            // Its server was away: it may be asked again as soon as that failure is forgotten.
            self.records.put_refetched(key_id, now, Duration::ZERO);
        }
        answer.map_err(KeyFailure::from)
    }

    async fn fetch_key(
        &self,
        key_id: &KeyId,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<ResolvedKey, Failure> {
        let begin = Instant::now();
        // Its actor's turn as well: what was asked for first does not come last, in place of what the actor has said since.
        let place = key_id.as_str().split('#').next().unwrap_or_default();
        let turn = self.turn(format!("actor {place}"), rules).await;
        let _turn = turn.map_err(|late| Failure::of(&late))?;
        let answer = self.driver.key(key_id, rules, now).await;
        let now = after(now, begin);
        match answer {
            Ok((key, actor)) => {
                self.remember_document(CacheKind::Actor, actor.document(), rules, now)
                    .await;
                let key = match key {
                    Ok(key) => key,
                    Err(refusal) => {
                        // Its actor says so: whoever has the key has no use for it any more.
                        self.records.remove(CacheKind::Key, key_id.as_str()).await;
                        self.keys.remove(key_id.as_str());
                        return Err(self.key_failed(key_id, &refusal.into(), rules, now));
                    }
                };
                self.records.end_failure(CacheKind::Key, key_id.as_str());
                if actor.document().bytes().len() <= rules.limits.cached_document {
                    let lifetime = rules.limits.actor_lifetime;
                    self.records
                        .put(CacheKind::Key, key_id.as_str(), encode_key(&key), now, lifetime)
                        .await;
                } else {
                    // Nothing would tell that an actor that is not cached has taken it back.
                    self.records.remove(CacheKind::Key, key_id.as_str()).await;
                }
                Ok(key)
            }
            Err(error) => {
                if error.is_gone() {
                    // The key, or its owner: either is asked for before it is believed again.
                    if let Ok(id) = Iri::parse(key_id.as_str()) {
                        self.expire_actor(&id.without_fragment(), now).await;
                    }
                    self.records.expire(CacheKind::Key, key_id.as_str(), now).await;
                    self.keys.remove(key_id.as_str());
                }
                Err(self.key_failed(key_id, &error, rules, now))
            }
        }
    }

    fn key_failed(&self, key_id: &KeyId, error: &FetchError, rules: &FetchRules, now: SystemTime) -> Failure {
        let failure = Failure::of(error);
        self.records
            .put_failure(CacheKind::Key, key_id.as_str(), error, now, &rules.limits);
        failure
    }

    /// What the cache has, fresh at `now` or however old: the key itself, or an actor that was looked up and lists it. Of both,
    /// what was learnt last: an actor that was fetched after its key may have replaced it, or taken it back.
    async fn cached_key(&self, key_id: &KeyId, now: Option<SystemTime>) -> Option<ResolvedKey> {
        let fresh = |entry: &Entry| now.is_none_or(|now| now < entry.expires);
        let place = Iri::parse(key_id.as_str()).ok()?.without_fragment();
        let entry = self.records.get(CacheKind::Key, key_id.as_str()).await;
        let known = entry
            .filter(fresh)
            .and_then(|entry| Some((decode_key(key_id, &entry.bytes)?, entry.stored)));
        let owner = known.as_ref().map_or(&place, |(key, _)| &key.owner).clone();
        let entry = self.records.get(CacheKind::Actor, owner.as_str()).await;
        let Some((key, learnt)) = known else {
            return self.listed(key_id, &owner, entry.filter(fresh)?)?.ok();
        };
        match entry.filter(|entry| learnt < entry.stored) {
            None => Some(key),
            Some(entry) => match self.listed(key_id, &owner, entry)? {
                // It stands in a document of its own, and the actor still lists it.
                Err(FetchRefusal::BadKey) if owner != place => Some(key),
                listed => listed.ok(),
            },
        }
    }

    /// The key as a cached actor lists it; `None` where that is no actor.
    fn listed(&self, key_id: &KeyId, owner: &Iri, entry: Entry) -> Option<Result<ResolvedKey, FetchRefusal>> {
        let document = federate_protocol::Document::from_cache(owner, entry.bytes).ok()?;
        let actor = federate_protocol::Actor::new(document, &self.rules().limits).ok()?;
        Some(KeyFetch::of_actor(key_id, &actor, false))
    }
}

fn refused(reason: &str) -> KeyFailure {
    KeyFailure::Refused {
        reason: reason.to_owned(),
    }
}
