//! The machines, driven: a request, an answer, the next request, until the end or the deadline.

use crate::error::{FetchError, FetchErrorKind};
use crate::flight::Flights;
use crate::signers::Signers;
use bytes::Bytes;
use federate_http::{Budget, HttpClient, HttpError, HttpErrorKind, Phase};
use federate_protocol::FetchRefusal;
use federate_protocol::activitystreams::Iri;
use federate_protocol::domain;
use federate_protocol::fetch::{
    Actor, Document, DocumentFetch, FetchRules, FetchStep, Found, HandleLookup, HandleStep, KeyFetch,
    KeyStep, LoopbackScheme,
};
use federate_protocol::receive::ResolvedKey;
use federate_protocol::signatures::{self, KeyId, Signer};
use federate_protocol::webfinger::Handle;
use http::StatusCode;
use http::header::ACCEPT;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use tokio::time::{Instant, timeout_at};
use url::Url;

/// What is needed to send a GET.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) client: Arc<dyn HttpClient>,
    pub(crate) signers: Option<Arc<dyn Signers>>,
    /// Requests under way, by domain.
    pub(crate) domains: Flights,
}

/// One logical fetch: its deadline and its budget of bytes hold for all requests in it.
pub(crate) struct Journey<'a> {
    driver: &'a Driver,
    rules: &'a FetchRules,
    now: SystemTime,
    deadline: Instant,
    requests: AtomicUsize,
    bytes_left: AtomicUsize,
}

impl Driver {
    pub(crate) async fn document(
        &self,
        url: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Document, FetchError> {
        self.follow(DocumentFetch::start(url, Arc::clone(rules)), rules, now)
            .await
    }

    /// The same, where a page may lead to the document.
    pub(crate) async fn document_at_page(
        &self,
        url: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Document, FetchError> {
        self.follow(DocumentFetch::start_at_page(url, Arc::clone(rules)), rules, now)
            .await
    }

    async fn follow(
        &self,
        mut step: FetchStep,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Document, FetchError> {
        let journey = Journey::begin(self, rules, now);
        loop {
            step = match step {
                FetchStep::Get(fetch) => {
                    let response = journey.get(fetch.url(), fetch.accept(), false).await?;
                    fetch.on_response(&response)
                }
                FetchStep::Believed(document) => return Ok(*document),
                FetchStep::Gone => return Err(FetchErrorKind::Gone.into()),
                FetchStep::Refused(refusal) => return Err(refusal.into()),
                other => return Err(unknown(&other)),
            };
        }
    }

    /// The actor that a key leads to, and the key, or why it is none of the actor's.
    pub(crate) async fn key(
        &self,
        key_id: &KeyId,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<(Result<ResolvedKey, FetchRefusal>, Actor), FetchError> {
        let journey = Journey::begin(self, rules, now);
        let mut step = KeyFetch::start(key_id, Arc::clone(rules));
        loop {
            step = match step {
                KeyStep::Get(fetch) => {
                    let response = journey.get(fetch.url(), fetch.accept(), false).await?;
                    fetch.on_response(&response)
                }
                KeyStep::Resolved(found) => return Ok((Ok(found.0), found.1)),
                KeyStep::Unlisted(found) => return Ok((Err(found.0), found.1)),
                KeyStep::Gone => return Err(FetchErrorKind::Gone.into()),
                KeyStep::Refused(refusal) => return Err(refusal.into()),
                other => return Err(unknown(&other)),
            };
        }
    }

    /// Where loopback is allowed, a peer there may speak either scheme, and its handle does not say which: http is tried first.
    pub(crate) async fn handle(
        &self,
        handle: &Handle,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Found, FetchError> {
        let journey = Journey::begin(self, rules, now);
        let plain = journey.handle(handle, LoopbackScheme::Http, rules).await;
        match plain {
            Err(error) if rules.allow_http_loopback && spoke_another_scheme(&error) => {
                journey.handle(handle, LoopbackScheme::Https, rules).await
            }
            answer => answer,
        }
    }
}

impl<'a> Journey<'a> {
    pub(crate) fn begin(driver: &'a Driver, rules: &'a FetchRules, now: SystemTime) -> Self {
        Self::within(rules.limits.deadline, driver, rules, now)
    }

    /// One that takes no longer than this.
    pub(crate) fn within(time: Duration, driver: &'a Driver, rules: &'a FetchRules, now: SystemTime) -> Self {
        let start = Instant::now();
        let deadline = start.checked_add(time).unwrap_or(start);
        Self {
            driver,
            rules,
            now,
            deadline,
            requests: AtomicUsize::new(0),
            bytes_left: AtomicUsize::new(rules.limits.fetch),
        }
    }

    /// One for a media file, which may be longer and take longer than a document.
    pub(crate) fn for_media(driver: &'a Driver, rules: &'a FetchRules, now: SystemTime) -> Self {
        let limits = &rules.limits;
        Self {
            bytes_left: AtomicUsize::new(limits.media),
            ..Self::within(limits.media_deadline, driver, rules, now)
        }
    }

    async fn handle(
        &self,
        handle: &Handle,
        loopback: LoopbackScheme,
        rules: &Arc<FetchRules>,
    ) -> Result<Found, FetchError> {
        let mut step = HandleLookup::start_with(handle, Arc::clone(rules), loopback);
        loop {
            step = match step {
                HandleStep::Get(lookup) => {
                    let response = self
                        .get(lookup.url(), lookup.accept(), lookup.is_webfinger())
                        .await?;
                    lookup.on_response(&response)
                }
                HandleStep::Found(found) => return Ok(*found),
                HandleStep::Gone => return Err(FetchErrorKind::Gone.into()),
                HandleStep::Refused(refusal) => return Err(refusal.into()),
                other => return Err(unknown(&other)),
            };
        }
    }

    pub(crate) async fn get(
        &self,
        url: &Url,
        accept: &'static str,
        webfinger: bool,
    ) -> Result<http::Response<Bytes>, FetchError> {
        let limits = &self.rules.limits;
        let max_body = if webfinger {
            limits.webfinger
        } else {
            limits.document
        };
        match &self.driver.signers {
            Some(signers) if !webfinger => self.get_signed(url, accept, signers.as_ref(), max_body).await,
            _ => self.send(url, accept, None, max_body).await,
        }
    }

    pub(crate) async fn get_media(
        &self,
        url: &Url,
        accept: &'static str,
    ) -> Result<http::Response<Bytes>, FetchError> {
        self.send(url, accept, None, self.rules.limits.media).await
    }

    /// Signed where we can: GoToSocial and Mastodon's secure mode answer nothing else, and the others do not mind.
    ///
    /// A peer that has heard of a new key already refuses what another process signs with the old one: once more with the new one,
    /// then, if that is why.
    async fn get_signed(
        &self,
        url: &Url,
        accept: &'static str,
        signers: &dyn Signers,
        max_body: usize,
    ) -> Result<http::Response<Bytes>, FetchError> {
        let number = self.requests.load(Ordering::Relaxed).saturating_add(1);
        let signer = match timeout_at(self.deadline, signers.signer()).await {
            Ok(signer) => signer.map_err(FetchErrorKind::Signer)?,
            Err(_) => return Err(late(number, Phase::Queue).into()),
        };
        let response = self.send(url, accept, Some(signer.as_ref()), max_body).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        match timeout_at(self.deadline, signers.look_again()).await {
            Ok(Ok(other)) if !Arc::ptr_eq(&other, &signer) => {
                self.send(url, accept, Some(other.as_ref()), max_body).await
            }
            _ => Ok(response),
        }
    }

    async fn send(
        &self,
        url: &Url,
        accept: &'static str,
        signer: Option<&dyn Signer>,
        max_body: usize,
    ) -> Result<http::Response<Bytes>, FetchError> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let late = |phase| late(number, phase);
        let turn = timeout_at(self.deadline, self.driver.domains.enter(domain::of(url))).await;
        let _turn = turn.map_err(|_| late(Phase::Queue))?;
        let request = http::Request::get(url.as_str())
            .header(ACCEPT, accept)
            .body(Bytes::new())
            .map_err(|_| HttpError::new(HttpErrorKind::Request))
            .map_err(FetchErrorKind::Http)?;
        let request = match signer {
            Some(signer) => signatures::cavage(request, self.now)
                .sign(signer)
                .map_err(FetchErrorKind::Sign)?,
            None => request,
        };
        let left = self.deadline.saturating_duration_since(Instant::now());
        let budget = Budget {
            deadline: left,
            max_body,
        }
        .at_most(self.bytes_left.load(Ordering::Relaxed));
        let sent = self.driver.client.send(request, &budget);
        match timeout_at(self.deadline, sent).await {
            Ok(answer) => {
                if let Ok(response) = &answer {
                    let left = self.bytes_left.load(Ordering::Relaxed);
                    self.bytes_left
                        .store(left.saturating_sub(response.body().len()), Ordering::Relaxed);
                    tracing::debug!(%url, status = response.status().as_u16(), "fetched");
                }
                Ok(answer.map_err(|error| match error.kind() {
                    // Not the time that a connection may take, but that of the whole.
                    HttpErrorKind::Timeout(phase) if Instant::now() >= self.deadline => late(phase),
                    _ => FetchErrorKind::Http(error),
                })?)
            }
            // A client that does not hold its budget.
            Err(_) => Err(late(Phase::Head).into()),
        }
    }
}

fn late(request: usize, phase: Phase) -> FetchErrorKind {
    FetchErrorKind::Deadline { request, phase }
}

/// What a TLS server answers to plain http: nothing, garbage or 400.
fn spoke_another_scheme(error: &FetchError) -> bool {
    match error.kind() {
        // What had a status was HTTP.
        FetchErrorKind::Http(error) => error.status().is_none(),
        FetchErrorKind::Refused(FetchRefusal::Status(400)) => true,
        _ => false,
    }
}

/// A step that this release does not know ends the fetch.
pub(crate) fn unknown(step: &dyn std::fmt::Debug) -> FetchError {
    tracing::error!(?step, "unknown step of a fetch");
    FetchErrorKind::Unknown.into()
}
