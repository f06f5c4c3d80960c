//! One file, fetched.

use crate::Fetcher;
use crate::drive::{Journey, unknown};
use crate::error::{FetchError, FetchErrorKind};
use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{MediaFetch, MediaStep};
use federate_protocol::media::MediaType;
use std::time::SystemTime;

impl Fetcher {
    /// A picture, a sound or a film, as it is where it is: nothing is kept. Unsigned, as browsers ask for it.
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn media_file(&self, url: &Iri, now: SystemTime) -> Result<(MediaType, Bytes), FetchError> {
        let rules = self.rules();
        let journey = Journey::for_media(&self.driver, &rules, now);
        let mut step = MediaFetch::start(url, std::sync::Arc::clone(&rules));
        loop {
            step = match step {
                MediaStep::Get(fetch) => {
                    let response = journey.get_media(fetch.url(), fetch.accept()).await?;
                    fetch.on_response(&response)
                }
                MediaStep::Found { kind, bytes } => return Ok((kind, bytes)),
                MediaStep::Gone => return Err(FetchErrorKind::Gone.into()),
                MediaStep::Refused(refusal) => return Err(refusal.into()),
                other => return Err(unknown(&other)),
            };
        }
    }
}
