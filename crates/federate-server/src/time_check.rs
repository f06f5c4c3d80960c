//! Whether our clock is right: what others say is heard wherever they say it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use federate_delivery::Clock;
use federate_http::{Budget, HttpClient, HttpError};
use federate_protocol::activitystreams::Iri;
use federate_protocol::domain;
use federate_protocol::drift::{Drift, OtherClocks};
use http::{HeaderMap, Request, Response, header};
use url::Url;

use crate::metered;

/// How often the log says that the clock is off.
const SAID: Duration = Duration::from_secs(60 * 60);

/// What others say that the time is.
#[derive(Debug, Default)]
pub(crate) struct TimeCheck(Mutex<Heard>);

#[derive(Debug, Default)]
struct Heard {
    clocks: OtherClocks,
    said: Option<SystemTime>,
}

impl TimeCheck {
    /// The drift of our clock, once it is known of enough others.
    pub(crate) fn drift(&self) -> Option<Drift> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clocks.drift()
    }

    /// An actor that is proven signed at this time.
    pub(crate) fn signed(&self, by: &Iri, theirs: SystemTime, now: SystemTime) {
        self.learn(&domain::of_id(by), theirs, now);
    }

    fn learn(&self, domain: &str, theirs: SystemTime, now: SystemTime) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.clocks.learn(domain, theirs, now);
        let Some(drift) = heard.clocks.drift() else { return };
        metered::clock_drift(drift);
        // A clock that was put right goes back, too.
        let is_new = heard
            .said
            .is_none_or(|last| now.duration_since(last).map_or(true, |passed| passed >= SAID));
        if drift.is_intolerable() && is_new {
            heard.said = Some(now);
            tracing::warn!(
                off_by = ?drift.by,
                ahead = drift.ahead,
                domains = drift.domains,
                "the clock of this machine is off: others refuse what it signs, and it refuses theirs"
            );
        }
    }
}

/// An HTTP client that hears what time it is where it asks.
#[derive(Debug)]
pub(crate) struct Dated {
    pub(crate) client: Arc<dyn HttpClient>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) check: Arc<TimeCheck>,
}

#[async_trait]
impl HttpClient for Dated {
    async fn send(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let server = Url::parse(&request.uri().to_string());
        let response = self.client.send(request, budget).await?;
        if let Ok(server) = server
            && let Some(theirs) = date(response.headers())
        {
            self.check.learn(&domain::of(&server), theirs, self.clock.now());
        }
        Ok(response)
    }
}

/// What time it was there when the answer was sent, also where it was made long before and kept by a cache.
fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let date = httpdate::parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    let Some(age) = headers.get(header::AGE) else {
        return Some(date);
    };
    let age = age.to_str().ok()?.trim().parse().ok()?;
    date.checked_add(Duration::from_secs(age))
}
