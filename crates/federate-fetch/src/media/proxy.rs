//! Fetched once, given to many.

use super::{MediaCache, MediaPurge};
use crate::Fetcher;
use crate::error::{FetchError, FetchErrorKind};
use crate::fetcher::after;
use crate::flight::Flights;
use crate::recent::Recent;
use crate::record::Failure;
use bytes::Bytes;
use federate_http::Phase;
use federate_protocol::activitystreams::Iri;
use federate_protocol::media::MediaType;
use federate_protocol::{FetchRefusal, FetchRules};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// A media file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// What it is, by its own bytes.
    pub kind: MediaType,
    /// The whole file.
    pub bytes: Bytes,
}

/// Gives the media files of other servers out. See [`MediaFolder`](super::MediaFolder) for where they may be kept.
///
/// A thousand that ask for one file at once cost one request. A suspended host's files are not given out, also those that
/// are kept. A file that failed is not asked for again for some minutes.
#[derive(Debug)]
pub struct MediaProxy {
    fetcher: Arc<Fetcher>,
    cache: Option<Arc<dyn MediaCache>>,
    flights: Flights,
    slots: Semaphore,
    failures: Recent<Failure>,
}

impl MediaProxy {
    /// A proxy that keeps files in `cache`, or keeps none.
    #[must_use]
    pub fn new(fetcher: Arc<Fetcher>, cache: Option<Arc<dyn MediaCache>>) -> Self {
        let at_once = fetcher
            .rules()
            .limits
            .media_at_once
            .clamp(1, Semaphore::MAX_PERMITS);
        Self {
            fetcher,
            cache,
            flights: Flights::default(),
            slots: Semaphore::new(at_once),
            failures: Recent::default(),
        }
    }

    /// Whether files are kept.
    #[must_use]
    pub fn is_cached(&self) -> bool {
        self.cache.is_some()
    }

    /// The file at this URL, kept or fetched.
    ///
    /// # Errors
    /// [`FetchError`] says why there is none.
    pub async fn get(&self, url: &Iri, now: SystemTime) -> Result<Media, FetchError> {
        let rules = self.fetcher.rules();
        // Today's rules hold for what is kept, too.
        rules.admit(url).map_err(|reason| FetchRefusal::NotAdmitted {
            url: url.to_string(),
            reason,
        })?;
        if let Some(media) = self.kept(url, &rules, now).await {
            return Ok(media);
        }
        let patience = rules.limits.media_deadline;
        let turn = timeout(patience, self.flights.enter(url.to_string())).await;
        let _turn = turn.map_err(|_| queued())?;
        if let Some(media) = self.kept(url, &rules, now).await {
            return Ok(media);
        }
        if let Some(failure) = self.failures.get(url.as_str(), now) {
            return Err(failure.into());
        }
        let slot = timeout(patience, self.slots.acquire()).await;
        let _slot = slot.map_err(|_| queued())?;
        let begin = Instant::now();
        match self.fetcher.media_file(url, now).await {
            Ok((kind, bytes)) => {
                self.keep(url, &bytes, after(now, begin)).await;
                Ok(Media { kind, bytes })
            }
            Err(error) => {
                self.fails(url, &error, &rules, after(now, begin));
                Err(error)
            }
        }
    }

    /// Removes what is kept. How many files.
    ///
    /// # Errors
    /// The cache's.
    pub async fn purge(&self, which: &MediaPurge) -> io::Result<u64> {
        match &self.cache {
            Some(cache) => cache.purge(which).await,
            None => Ok(0),
        }
    }

    async fn kept(&self, url: &Iri, rules: &FetchRules, now: SystemTime) -> Option<Media> {
        let (bytes, stored) = match self.cache.as_ref()?.get(url).await {
            Ok(found) => found?,
            Err(error) => {
                tracing::warn!(%url, %error, "a kept media file cannot be read");
                return None;
            }
        };
        // A clock that went back makes nothing older.
        let age = now.duration_since(stored).unwrap_or_default();
        if age >= rules.limits.media_lifetime {
            return None;
        }
        let kind = MediaType::of(&bytes)?;
        Some(Media { kind, bytes })
    }

    async fn keep(&self, url: &Iri, bytes: &Bytes, now: SystemTime) {
        if let Some(cache) = &self.cache
            && let Err(error) = cache.put(url, bytes, now).await
        {
            tracing::warn!(%url, %error, "a media file cannot be kept");
        }
    }

    fn fails(&self, url: &Iri, error: &FetchError, rules: &FetchRules, now: SystemTime) {
        if error.is_of_our_own() {
            return;
        }
        let failure = Failure::of(error);
        let lifetime = failure.lifetime(&rules.limits);
        self.failures.put(url.as_str(), failure, now, lifetime);
    }
}

fn queued() -> FetchError {
    FetchErrorKind::Deadline {
        request: 1,
        phase: Phase::Queue,
    }
    .into()
}
