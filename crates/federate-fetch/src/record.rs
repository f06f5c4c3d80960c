//! What is written into the cache.

use crate::error::{FetchError, FetchErrorKind};
use crate::recent::Recent;
use bytes::Bytes;
use federate_protocol::Limits;
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures::{KeyId, PublicKey};
use federate_protocol::{KeyFailure, ResolvedKey};
use federate_store::{Cache, CacheKind, Entry};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A failure that is remembered. It stands beside what was known before, never in its place: a key that was known is still known while its
/// server is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    Gone,
    Permanent(String),
    Temporary(String),
}

/// A failure that passes is remembered shorter: long enough against a flood, not longer than a peer's restart.
const TEMPORARY: Duration = Duration::from_secs(30);

impl Failure {
    pub(crate) fn of(error: &FetchError) -> Self {
        match error.kind() {
            FetchErrorKind::Gone => Self::Gone,
            _ if error.is_permanent() => Self::Permanent(error.to_string()),
            _ => Self::Temporary(error.to_string()),
        }
    }

    pub(crate) fn lifetime(&self, limits: &Limits) -> Duration {
        match self {
            Self::Gone => limits.gone_lifetime,
            Self::Permanent(_) => limits.failure_lifetime,
            Self::Temporary(_) => limits.failure_lifetime.min(TEMPORARY),
        }
    }
}

impl From<Failure> for FetchError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Gone => FetchErrorKind::Gone,
            Failure::Permanent(reason) => FetchErrorKind::Lately {
                reason,
                permanent: true,
            },
            Failure::Temporary(reason) => FetchErrorKind::Lately {
                reason,
                permanent: false,
            },
        }
        .into()
    }
}

impl From<Failure> for KeyFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Gone => Self::Gone,
            Failure::Permanent(reason) => Self::Refused { reason },
            Failure::Temporary(reason) => Self::Unavailable { reason },
        }
    }
}

/// A cache that is a help and never a hindrance: where it fails, nothing was known. Beside it, what is remembered for minutes.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) cache: Arc<dyn Cache>,
    failures: Recent<Failure>,
    refetched: Recent<()>,
}

impl Records {
    pub(crate) fn new(cache: Arc<dyn Cache>) -> Self {
        Self {
            cache,
            failures: Recent::default(),
            refetched: Recent::default(),
        }
    }

    pub(crate) async fn get(&self, kind: CacheKind, key: &str) -> Option<Entry> {
        match self.cache.get(kind, key).await {
            Ok(entry) => entry,
            Err(error) => {
                tracing::warn!(kind = kind.as_str(), %error, "cache could not be read");
                None
            }
        }
    }

    pub(crate) async fn put(
        &self,
        kind: CacheKind,
        key: &str,
        bytes: Bytes,
        now: SystemTime,
        lifetime: Duration,
    ) {
        let expires = now.checked_add(lifetime).unwrap_or(now);
        let entry = Entry {
            bytes,
            stored: now,
            expires,
        };
        self.write(kind, key, &entry).await;
    }

    async fn write(&self, kind: CacheKind, key: &str, entry: &Entry) {
        if let Err(error) = self.cache.put(kind, key, entry).await {
            tracing::warn!(kind = kind.as_str(), %error, "cache could not be written");
        }
    }

    /// From `now` on it is stale: known, but asked for anew.
    pub(crate) async fn expire(&self, kind: CacheKind, key: &str, now: SystemTime) {
        if let Some(entry) = self.get(kind, key).await
            && now < entry.expires
        {
            self.write(
                kind,
                key,
                &Entry {
                    expires: now,
                    ..entry
                },
            )
            .await;
        }
    }

    pub(crate) async fn remove(&self, kind: CacheKind, key: &str) {
        if let Err(error) = self.cache.remove(kind, key).await {
            tracing::warn!(kind = kind.as_str(), %error, "cache could not be written");
        }
    }

    pub(crate) fn failure(&self, kind: CacheKind, key: &str, now: SystemTime) -> Option<Failure> {
        self.failures.get(&failure_key(kind, key), now)
    }

    /// `now` is when it had failed, which may be long after it was begun. What failed for want of a turn of our own says
    /// nothing of the peer, and is not remembered.
    pub(crate) fn put_failure(
        &self,
        kind: CacheKind,
        key: &str,
        error: &FetchError,
        now: SystemTime,
        limits: &Limits,
    ) {
        if error.is_of_our_own() {
            return;
        }
        let failure = Failure::of(error);
        let lifetime = failure.lifetime(limits);
        self.failures.put(&failure_key(kind, key), failure, now, lifetime);
    }

    /// It worked after all.
    pub(crate) fn end_failure(&self, kind: CacheKind, key: &str) {
        self.failures.end(&failure_key(kind, key));
    }

    pub(crate) fn forget_failures(&self) {
        self.failures.clear();
    }

    /// Whether a key was fetched anew lately.
    pub(crate) fn was_refetched(&self, key_id: &KeyId, now: SystemTime) -> bool {
        self.refetched.get(key_id.as_str(), now).is_some()
    }

    pub(crate) fn put_refetched(&self, key_id: &KeyId, now: SystemTime, interval: Duration) {
        self.refetched.put(key_id.as_str(), (), now, interval);
    }
}

fn failure_key(kind: CacheKind, key: &str) -> String {
    format!("{} {key}", kind.as_str())
}

/// A key as it stands in the cache: owner, line break, PEM.
pub(crate) fn encode_key(key: &ResolvedKey) -> Bytes {
    Bytes::from(format!("{}\n{}", key.owner, key.key.to_pem()))
}

pub(crate) fn decode_key(key_id: &KeyId, bytes: &[u8]) -> Option<ResolvedKey> {
    let (owner, pem) = std::str::from_utf8(bytes).ok()?.split_once('\n')?;
    Some(ResolvedKey {
        key_id: key_id.clone(),
        owner: Iri::parse(owner).ok()?,
        key: PublicKey::from_pem(pem).ok()?,
        fresh: false,
    })
}
