use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, HOST, HeaderMap, HeaderValue};
use http::{Request, Response, StatusCode};
use tokio::time::timeout;
use url::Url;

use crate::connect::{Connections, Settings};
use crate::guard::Route;
use crate::limits::{HEAD, HEADERS, LATEST};
use crate::phase::Attempt;
use crate::slots::Slots;
use crate::{
    Budget, BuildError, ClientLimits, Guard, HttpClient, HttpError, HttpErrorKind, Phase, Refused, tls,
};

/// The [`HttpClient`] for the open internet: reqwest behind a [`Guard`].
///
/// * The URL that is judged is the URL that is asked; the addresses that are judged are those that are
///   connected to.
/// * No redirects, no cookies, no proxy but one that [the guard was told of](crate::Dangerous::egress_proxy) (none of the
///   environment), no decompression, no `Referer`. What
///   an application's own features of reqwest turn on is turned off here.
/// * TLS 1.2 and 1.3 by rustls and ring, with the root certificates of the system and those of
///   [`Guard::extra_root_ca`]. Nothing is installed for the whole process.
/// * A request that an HTTP/2 server declined unread is sent once more, within the same deadline.
/// * Requests under way are bounded in number, in all and for each host; the others wait their turn, within their
///   deadline. All bounds stand in [`limits`](crate::limits).
///
/// Clones share their connections and their turns.
///
/// ```
/// use federate_http::{Guard, GuardedClient, user_agent};
///
/// let guard = Guard::new().refuse_host("social.example.org");
/// let agent = user_agent("my-software", "1.0.0", "https://social.example.org/");
/// let client = GuardedClient::new(guard, &agent)?;
/// # Ok::<(), federate_http::BuildError>(())
/// ```
#[derive(Clone)]
pub struct GuardedClient {
    guard: Arc<Guard>,
    slots: Arc<Slots>,
    public: Arc<Connections>,
    loopback: Option<Arc<Connections>>,
}

impl GuardedClient {
    /// A client that says `agent` as its `User-Agent`, with the [default limits](ClientLimits); see [`user_agent`]
    /// for one that names software and instance.
    ///
    /// # Errors
    /// No CA certificates on the machine, an agent that is no header value.
    pub fn new(guard: Guard, agent: &str) -> Result<Self, BuildError> {
        Self::with_limits(guard, agent, ClientLimits::default())
    }

    /// The same with limits of one's own.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    #[expect(
        clippy::needless_pass_by_value,
        reason = "settings are given away, as the guard is"
    )]
    pub fn with_limits(guard: Guard, agent: &str, limits: ClientLimits) -> Result<Self, BuildError> {
        let agent = HeaderValue::from_str(agent).map_err(|_| BuildError::UserAgent)?;
        let guard = Arc::new(guard);
        let tls = tls::config(&guard)?;
        if guard.allows_loopback() {
            tracing::warn!("loopback addresses are allowed: whoever can name a URL reaches this machine");
        }
        if let Some(proxy) = guard.egress() {
            tracing::warn!(
                ?proxy,
                "requests leave through a proxy: it has to check addresses, the guard cannot"
            );
        }
        let settings = |route| Settings {
            guard: Arc::clone(&guard),
            route,
            tls: tls.clone(),
            agent: agent.clone(),
            limits: limits.clone(),
        };
        let connections = |route| Connections::new(settings(route)).map(Arc::new);
        Ok(Self {
            public: connections(Route::Public)?,
            loopback: guard
                .allows_loopback()
                .then(|| connections(Route::Loopback))
                .transpose()?,
            slots: Slots::new(limits.in_flight, limits.in_flight_per_host),
            guard,
        })
    }

    /// The guard.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    async fn exchange(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let (connections, request) = self.prepare(request)?;
        let mut progress = Progress::default();
        // Nothing is left of a logical fetch: then nothing is sent either.
        let in_time = if budget.deadline.is_zero() {
            None
        } else {
            // Pinned here, so that it is not moved once more.
            let work = pin!(self.perform(connections, request, budget.max_body, &mut progress));
            timeout(budget.deadline.min(LATEST), work).await.ok()
        };
        let result = in_time.unwrap_or_else(|| Err(progress.late()));
        result.map_err(|error| match progress.status {
            Some(status) => error.with_status(status),
            None => error,
        })
    }

    async fn perform(
        &self,
        connections: &Connections,
        request: reqwest::Request,
        max_body: usize,
        progress: &mut Progress,
    ) -> Result<Response<Bytes>, HttpError> {
        let slot = self
            .slots
            .enter(request.url().host_str().unwrap_or_default())
            .await;
        let attempt = Attempt::new(slot);
        progress.attempt = Some(Arc::clone(&attempt));
        let failed = |error| HttpError::from_reqwest(error, attempt.phase());

        let client = connections.client();
        let mut response = attempt.run(client.execute(request)).await.map_err(failed)?;
        attempt.set(Phase::Body);
        progress.status = Some(response.status());
        if is_too_large(response.headers()) {
            return Err(HttpError::new(HttpErrorKind::HeadTooLarge));
        }
        let body = read(&mut response, max_body, failed).await?;

        let mut whole = Response::new(body);
        *whole.status_mut() = response.status();
        *whole.version_mut() = response.version();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole)
    }

    /// Judges the URL and turns the request into reqwest's, unchanged: what was signed is what is sent.
    fn prepare(&self, request: Request<Bytes>) -> Result<(&Connections, reqwest::Request), HttpError> {
        let refused = |refused| HttpError::new(HttpErrorKind::Refused(refused));
        let (mut head, body) = request.into_parts();
        let url = Url::parse(&text(&head.uri)).map_err(|_| refused(Refused::NotNormal))?;
        let connections = match self.guard.route(&url).map_err(refused)? {
            Route::Public => &self.public,
            Route::Loopback => self.loopback.as_ref().ok_or_else(|| refused(Refused::Name))?,
        };
        if !is_normal(&head.uri, &url) {
            return Err(refused(Refused::NotNormal));
        }
        if let Some(host) = head.headers.get(HOST) {
            match port_after(
                url.host_str().unwrap_or_default(),
                host.to_str().unwrap_or_default(),
            ) {
                // The connection sets the same; in HTTP/2, beside `:authority`, many servers answer it with 400.
                Some(port) if port == url.port() => {
                    head.headers.remove(HOST);
                }
                // The port of https, written out.
                Some(port) if port == url.port_or_known_default() => {}
                _ => return Err(HttpError::new(HttpErrorKind::Request)),
            }
        }
        head.headers
            .entry(ACCEPT_ENCODING)
            .or_insert(HeaderValue::from_static("identity"));

        let mut request = reqwest::Request::new(head.method, url);
        *request.headers_mut() = head.headers;
        if !body.is_empty() {
            *request.body_mut() = Some(body.into());
        }
        Ok((connections, request))
    }
}

#[async_trait]
impl HttpClient for GuardedClient {
    async fn send(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let host = tracing::enabled!(tracing::Level::DEBUG)
            .then(|| request.uri().host().unwrap_or_default().to_owned());
        let result = self.exchange(request, budget).await;
        if let Err(error) = &result {
            let cause = std::error::Error::source(error).map(tracing::field::display);
            tracing::debug!(host, cause, "no response: {error}");
        }
        result
    }
}

impl fmt::Debug for GuardedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedClient")
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

/// How far a request came: what is known of it when its time is up.
#[derive(Default)]
struct Progress {
    attempt: Option<Arc<Attempt>>,
    status: Option<StatusCode>,
}

impl Progress {
    fn late(&self) -> HttpError {
        let phase = self
            .attempt
            .as_ref()
            .map_or(Phase::Queue, |attempt| attempt.phase());
        HttpError::new(HttpErrorKind::Timeout(phase))
    }
}

/// A `User-Agent` that names the software and the instance: `my-software/1.0.0 (+https://example.org/)`.
///
/// Administrators of other servers read it in their logs and look there before they block.
#[must_use]
pub fn user_agent(software: &str, version: &str, instance: &str) -> String {
    format!("{software}/{version} (+{instance})")
}

/// Whether host, port and target of the URL are as the URI has them. The parser of URLs repairs what it reads
/// (`/a/../b`, `127.1`, `@host`, `host:`, `host:0443`); a target that it repairs is not the target that was signed.
fn is_normal(uri: &http::Uri, url: &Url) -> bool {
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    uri.authority()
        .is_some_and(|authority| is_normal_authority(authority, url))
        && url.path() == path
        && url.query() == query
}

fn is_normal_authority(authority: &http::uri::Authority, url: &Url) -> bool {
    let host = authority.host();
    let is_host = |normal: &str| normal.eq_ignore_ascii_case(host);
    url.host_str().is_some_and(is_host)
        && match port_after(host, authority.as_str()) {
            Some(None) => url.port().is_none(),
            Some(port) => port == url.port_or_known_default(),
            // A user before it, or a port that is none.
            None => false,
        }
}

/// The port that stands behind `host` in `authority`, if any; `None` where that begins otherwise, or where the port is
/// not written as a number is.
fn port_after(host: &str, authority: &str) -> Option<Option<u16>> {
    let rest = authority.strip_prefix(host)?;
    if rest.is_empty() {
        return Some(None);
    }
    let digits = rest.strip_prefix(':')?;
    let is_plain = digits.bytes().next().is_some_and(|b| matches!(b, b'1'..=b'9'));
    digits.parse().ok().filter(|_| is_plain).map(Some)
}

/// A URI as text, without a detour by `Display`: this is done for every request.
fn text(uri: &http::Uri) -> String {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    [uri.scheme_str().unwrap_or_default(), "://", authority, target].concat()
}

/// Whether a head is over its limits. As it reads, hyper holds HTTP/1 to the same number and HTTP/2 to twice the size.
fn is_too_large(headers: &HeaderMap) -> bool {
    let size = |(name, value): (&http::HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 32;
    headers.len() > HEADERS || headers.iter().map(size).sum::<usize>() > HEAD
}

async fn read(
    response: &mut reqwest::Response,
    max_body: usize,
    failed: impl Fn(reqwest::Error) -> HttpError,
) -> Result<Bytes, HttpError> {
    let too_large = || HttpError::new(HttpErrorKind::TooLarge);
    let announced = response.content_length().unwrap_or_default();
    if announced > u64::try_from(max_body).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(&failed)? {
        if chunk.len() > max_body - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}
