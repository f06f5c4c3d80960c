//! Fetched once, given to many.

use super::room::{Place, Room};
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
    /// The whole file. It takes [room](federate_protocol::Limits::media_held) until the last of its clones and parts is dropped.
    pub bytes: Bytes,
}

/// Gives the media files of other servers out. See [`MediaFolder`](super::MediaFolder) for where they may be kept.
///
/// A thousand that ask for one file at once cost one request. A suspended host's files are not given out, also those that
/// are kept. A file that failed is not asked for again for some minutes. What is given out and not dropped yet is bounded in
/// bytes: whoever writes it to somebody who reads slowly holds it.
#[derive(Debug)]
pub struct MediaProxy {
    fetcher: Arc<Fetcher>,
    cache: Option<Arc<dyn MediaCache>>,
    flights: Flights,
    slots: Semaphore,
    room: Room,
    failures: Recent<Failure>,
}

impl MediaProxy {
    /// A proxy that keeps files in `cache`, or keeps none.
    #[must_use]
    pub fn new(fetcher: Arc<Fetcher>, cache: Option<Arc<dyn MediaCache>>) -> Self {
        let limits = &fetcher.rules().limits;
        let at_once = limits.media_at_once.clamp(1, Semaphore::MAX_PERMITS);
        let room = Room::of(limits);
        Self {
            fetcher,
            cache,
            flights: Flights::default(),
            slots: Semaphore::new(at_once),
            room,
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
    /// [`FetchError`] says why there is none; [`Busy`](FetchErrorKind::Busy) where too much is held for others.
    pub async fn get(&self, url: &Iri, now: SystemTime) -> Result<Media, FetchError> {
        let rules = self.fetcher.rules();
        // Today's rules hold for what is kept, too.
        rules.admit(url).map_err(|reason| FetchRefusal::NotAdmitted {
            url: url.to_string(),
            reason,
        })?;
        if let Some(media) = self.kept(url, &rules, now).await? {
            return Ok(media);
        }
        let patience = rules.limits.media_deadline;
        let turn = timeout(patience, self.flights.enter(url.to_string())).await;
        let _turn = turn.map_err(|_| queued())?;
        if let Some(media) = self.kept(url, &rules, now).await? {
            return Ok(media);
        }
        if let Some(failure) = self.failures.get(url.as_str(), now) {
            return Err(failure.into());
        }
        let slot = timeout(patience, self.slots.acquire()).await;
        let _slot = slot.map_err(|_| queued())?;
        let place = self.room.place().await?;
        let begin = Instant::now();
        match self.fetcher.media_file(url, now).await {
            Ok((kind, bytes)) => {
                self.keep(url, &bytes, after(now, begin)).await;
                Ok(media(kind, bytes, place))
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

    async fn kept(
        &self,
        url: &Iri,
        rules: &FetchRules,
        now: SystemTime,
    ) -> Result<Option<Media>, FetchErrorKind> {
        let Some(cache) = &self.cache else {
            return Ok(None);
        };
        let place = self.room.place().await?;
        let found = cache.get(url).await.unwrap_or_else(|error| {
            tracing::warn!(%url, %error, "a kept media file cannot be read");
            None
        });
        let is_taken = |(bytes, stored): &(Bytes, SystemTime)| {
            // A clock that went back makes nothing older.
            let age = now.duration_since(*stored).unwrap_or_default();
            age < rules.limits.media_lifetime && bytes.len() <= rules.limits.media
        };
        Ok(found.filter(is_taken).and_then(|(bytes, _)| {
            let kind = MediaType::of(&bytes)?;
            Some(media(kind, bytes, place))
        }))
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

fn media(kind: MediaType, bytes: Bytes, place: Place) -> Media {
    Media {
        kind,
        bytes: place.keep(bytes),
    }
}

fn queued() -> FetchError {
    FetchErrorKind::Deadline {
        request: 1,
        phase: Phase::Queue,
    }
    .into()
}
