//! From a URL to a picture, a sound or a film.

use super::document::{follow, spend};
use super::{FetchRefusal, FetchRules};
use crate::activitystreams::Iri;
use crate::media::MediaType;
use bytes::Bytes;
use std::sync::Arc;
use url::Url;

/// The fetch of a media file that waits for the answer to a GET.
///
/// At most so many redirects as for documents, none from https to http, none to our own origin, a suspended host or an address that
/// may not be reached; and what comes is a [`MediaType`] by its own bytes, or refused. Nothing is believed of it but that.
#[derive(Debug)]
pub struct MediaFetch {
    rules: Arc<FetchRules>,
    url: Url,
    hops: u8,
}

/// Where the fetch of a media file stands.
#[derive(Debug)]
#[non_exhaustive]
pub enum MediaStep {
    /// Send this GET, and pass the answer on.
    Get(MediaFetch),
    /// A file of this type.
    Found {
        /// What it is.
        kind: MediaType,
        /// The file: at most [`Limits::media`](crate::Limits::media) bytes.
        bytes: Bytes,
    },
    /// It was there once: 410.
    Gone,
    /// Nothing here is to be passed on.
    Refused(FetchRefusal),
}

impl MediaFetch {
    /// Begins at this URL.
    #[must_use]
    pub fn start(url: &Iri, rules: Arc<FetchRules>) -> MediaStep {
        match rules.admit(url) {
            Ok(url) => MediaStep::Get(Self { rules, url, hops: 0 }),
            Err(reason) => MediaStep::Refused(FetchRefusal::NotAdmitted {
                url: url.as_str().to_owned(),
                reason,
            }),
        }
    }

    /// What to GET. Redirects are not to be followed.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The `Accept` to send.
    pub fn accept(&self) -> &'static str {
        "image/*, video/*, audio/*"
    }

    /// Goes on with the answer.
    #[must_use]
    pub fn on_response(self, response: &http::Response<Bytes>) -> MediaStep {
        self.step(response).unwrap_or_else(MediaStep::Refused)
    }

    fn step(self, response: &http::Response<Bytes>) -> Result<MediaStep, FetchRefusal> {
        match response.status().as_u16() {
            200 => self.read(response.body()),
            301 | 302 | 303 | 307 | 308 => {
                let url = follow(&self.url, response, &self.rules)?;
                let hops = spend(self.hops, &self.rules)?;
                Ok(MediaStep::Get(Self { url, hops, ..self }))
            }
            410 => Ok(MediaStep::Gone),
            status => Err(FetchRefusal::Status(status)),
        }
    }

    fn read(self, body: &Bytes) -> Result<MediaStep, FetchRefusal> {
        if body.len() > self.rules.limits.media {
            return Err(FetchRefusal::TooLarge);
        }
        let kind = MediaType::of(body).ok_or(FetchRefusal::NotMedia)?;
        Ok(MediaStep::Found {
            kind,
            bytes: body.clone(),
        })
    }
}
