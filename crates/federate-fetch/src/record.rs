//! What is written into the cache.

use crate::error::{FetchError, FetchErrorKind};
use bytes::Bytes;
use federate_protocol::Limits;
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures::{KeyId, PublicKey};
use federate_protocol::{KeyFailure, ResolvedKey};
use federate_store::{Cache, CacheKind, Entry};
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

    fn lifetime(&self, limits: &Limits) -> Duration {
        match self {
            Self::Gone => limits.gone_lifetime,
            Self::Permanent(_) => limits.failure_lifetime,
            Self::Temporary(_) => limits.failure_lifetime.min(TEMPORARY),
        }
    }

    fn encode(&self) -> Bytes {
        Bytes::from(match self {
            Self::Gone => "G".to_owned(),
            Self::Permanent(reason) => format!("P{reason}"),
            Self::Temporary(reason) => format!("T{reason}"),
        })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (tag, reason) = bytes.split_first()?;
        let reason = String::from_utf8_lossy(reason).into_owned();
        match tag {
            b'G' => Some(Self::Gone),
            b'P' => Some(Self::Permanent(reason)),
            b'T' => Some(Self::Temporary(reason)),
            _ => None,
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

/// A cache that is a help and never a hindrance: where it fails, nothing was known.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    pub(crate) cache: std::sync::Arc<dyn Cache>,
}

impl Records {
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
        if let Err(error) = self.cache.put(kind, key, &entry).await {
            tracing::warn!(kind = kind.as_str(), %error, "cache could not be written");
        }
    }

    pub(crate) async fn remove(&self, kind: CacheKind, key: &str) {
        if let Err(error) = self.cache.remove(kind, key).await {
            tracing::warn!(kind = kind.as_str(), %error, "cache could not be written");
        }
    }

    pub(crate) async fn failure(&self, kind: CacheKind, key: &str, now: SystemTime) -> Option<Failure> {
        let entry = self.get(kind, &failure_key(key)).await?;
        if now < entry.expires {
            Failure::decode(&entry.bytes)
        } else {
            None
        }
    }

    pub(crate) async fn put_failure(
        &self,
        kind: CacheKind,
        key: &str,
        failure: &Failure,
        now: SystemTime,
        limits: &Limits,
    ) {
        self.put(
            kind,
            &failure_key(key),
            failure.encode(),
            now,
            failure.lifetime(limits),
        )
        .await;
    }
}

/// No id and no handle begins like this.
fn failure_key(key: &str) -> String {
    format!("failed {key}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_read_as_it_was_written() {
        for failure in [
            Failure::Gone,
            Failure::Permanent("wrong content type".to_owned()),
            Failure::Temporary(String::new()),
        ] {
            assert_eq!(Failure::decode(&failure.encode()), Some(failure));
        }
        assert_eq!(Failure::decode(b""), None);
        assert_eq!(Failure::decode(b"?"), None);
    }
}
