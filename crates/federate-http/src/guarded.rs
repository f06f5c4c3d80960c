use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, HOST, HeaderValue};
use http::{Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::error::{NoneAdmitted, Unresolved};
use crate::guard::Route;
use crate::{Budget, BuildError, Guard, HttpClient, HttpError, HttpErrorKind, Refused, Resolver};

/// Connecting to one host, all its addresses together. A dead host should not eat the whole deadline.
const CONNECT: Duration = Duration::from_secs(10);
/// How long an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// How many unused connections are kept for a host.
const IDLE_PER_HOST: usize = 8;
/// The addresses of one name that are tried. A name with a thousand addresses is an attack.
const ADDRESSES: usize = 4;
/// The header section of an HTTP/2 response. HTTP/1 is held to 100 headers and 400 KiB by hyper.
const HEADERS: u32 = 64 * 1024;
/// No deadline is later than this.
const LATEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The [`HttpClient`] for the open internet: reqwest behind a [`Guard`].
///
/// * The URL that is judged is the URL that is asked; the addresses that are judged are those that are
///   connected to.
/// * No redirects, no cookies, no proxy (not by the environment either), no decompression, no `Referer`. What
///   an application's own features of reqwest turn on is turned off here.
/// * TLS 1.2 and 1.3 by rustls and ring, with the root certificates of the system and those of
///   [`Guard::extra_root_ca`]. Nothing is installed for the whole process.
/// * A request that an HTTP/2 server declined unread is sent once more, within the same deadline.
///
/// Clones share their connections.
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
    public: reqwest::Client,
    loopback: Option<reqwest::Client>,
}

impl GuardedClient {
    /// A client that says `agent` as its `User-Agent`; see [`user_agent`] for one that names software and
    /// instance.
    ///
    /// # Errors
    /// No CA certificates on the machine, an agent that is no header value.
    pub fn new(guard: Guard, agent: &str) -> Result<Self, BuildError> {
        let agent = HeaderValue::from_str(agent).map_err(|_| BuildError::UserAgent)?;
        let guard = Arc::new(guard);
        let tls = tls(&guard)?;
        if guard.allows_loopback() {
            tracing::warn!("loopback addresses are allowed: whoever can name a URL reaches this machine");
        }
        let loopback = guard
            .allows_loopback()
            .then(|| client(&guard, Route::Loopback, tls.clone(), &agent))
            .transpose()?;
        Ok(Self {
            public: client(&guard, Route::Public, tls, &agent)?,
            loopback,
            guard,
        })
    }

    /// The guard.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    async fn exchange(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let (client, request) = self.prepare(request)?;
        let deadline = Instant::now() + budget.deadline.min(LATEST);
        let late = |_| HttpError::new(HttpErrorKind::Timeout);
        // Nothing is left of a logical fetch: then nothing is sent either.
        if budget.deadline.is_zero() {
            return Err(HttpError::new(HttpErrorKind::Timeout));
        }
        let mut response = timeout_at(deadline, client.execute(request))
            .await
            .map_err(late)?
            .map_err(HttpError::from_reqwest)?;
        let status = response.status();
        let body = timeout_at(deadline, read(&mut response, budget.max_body))
            .await
            .map_err(late)
            .flatten();
        let body = body.map_err(|error| error.with_status(status))?;

        let mut whole = Response::new(body);
        *whole.status_mut() = status;
        *whole.version_mut() = response.version();
        *whole.headers_mut() = std::mem::take(response.headers_mut());
        Ok(whole)
    }

    /// Judges the URL and turns the request into reqwest's, unchanged: what was signed is what is sent.
    fn prepare(&self, request: Request<Bytes>) -> Result<(&reqwest::Client, reqwest::Request), HttpError> {
        let refused = |refused| HttpError::new(HttpErrorKind::Refused(refused));
        let (mut head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|_| refused(Refused::NotNormal))?;
        let client = match self.guard.route(&url).map_err(refused)? {
            Route::Public => &self.public,
            Route::Loopback => self.loopback.as_ref().ok_or_else(|| refused(Refused::Name))?,
        };
        if !is_normal(&head.uri, &url) {
            return Err(refused(Refused::NotNormal));
        }
        if let Some(host) = head.headers.get(HOST) {
            let host = host.as_bytes();
            let authority = authority(&url);
            if host == authority.as_bytes() {
                // The connection sets the same; in HTTP/2, beside `:authority`, many servers answer it with 400.
                head.headers.remove(HOST);
            } else if host != with_default_port(&url, &authority).as_bytes() {
                return Err(HttpError::new(HttpErrorKind::Request));
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
        Ok((client, request))
    }
}

#[async_trait]
impl HttpClient for GuardedClient {
    async fn send(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
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

/// A `User-Agent` that names the software and the instance: `my-software/1.0.0 (+https://example.org/)`.
///
/// Administrators of other servers read it in their logs and look there before they block.
#[must_use]
pub fn user_agent(software: &str, version: &str, instance: &str) -> String {
    format!("{software}/{version} (+{instance})")
}

/// Whether host and target of the URL are as the URI has them. The parser of URLs repairs what it reads (`/a/../b`,
/// `127.1`); a target that it repairs is not the target that was signed.
fn is_normal(uri: &http::Uri, url: &Url) -> bool {
    let host = uri.host().unwrap_or_default();
    let target = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(path, query)| (path, Some(query)));
    url.host_str()
        .is_some_and(|normal| normal.eq_ignore_ascii_case(host))
        && url.path() == path
        && url.query() == query
}

/// Host and port as a `Host` header has them.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn with_default_port(url: &Url, authority: &str) -> String {
    format!("{authority}:{}", url.port_or_known_default().unwrap_or_default())
}

async fn read(response: &mut reqwest::Response, max_body: usize) -> Result<Bytes, HttpError> {
    let too_large = || HttpError::new(HttpErrorKind::TooLarge);
    let announced = response.content_length().unwrap_or_default();
    if announced > u64::try_from(max_body).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(HttpError::from_reqwest)? {
        if chunk.len() > max_body - body.len() {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn client(
    guard: &Arc<Guard>,
    route: Route,
    tls: ClientConfig,
    agent: &HeaderValue,
) -> Result<reqwest::Client, BuildError> {
    let resolver = GuardedResolver {
        guard: Arc::clone(guard),
        route,
        names: guard.name_resolver(),
    };
    reqwest::Client::builder()
        .user_agent(agent)
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(resolver))
        .redirect(reqwest::redirect::Policy::none())
        .https_only(route == Route::Public)
        .no_proxy()
        .referer(false)
        // Without effect unless an application turns these features of reqwest on: then they would be defaults.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .connect_timeout(CONNECT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http2_max_header_list_size(HEADERS)
        .build()
        .map_err(|error| BuildError::Client(Box::new(error)))
}

fn tls(guard: &Guard) -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(BuildError::Tls)?;
    let mut config = match Verifier::new_with_extra_roots(guard.extra_roots().iter().cloned(), provider) {
        Ok(verifier) => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth(),
        // For tests and demonstrations on a bare machine: every certificate is refused then.
        Err(_) if guard.allows_loopback() => builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth(),
        Err(error) => return Err(BuildError::Roots(error)),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Gives the connector admitted addresses and no others.
struct GuardedResolver {
    guard: Arc<Guard>,
    route: Route,
    names: Arc<dyn Resolver>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (guard, route, names) = (Arc::clone(&self.guard), self.route, Arc::clone(&self.names));
        Box::pin(async move {
            let found = names.resolve(name.as_str()).await.map_err(Unresolved)?;
            let admitted = |address: &IpAddr| guard.admits_on(route, *address);
            // Port 0: the port of the URL.
            let addresses: Vec<_> = found
                .iter()
                .copied()
                .filter(admitted)
                .take(ADDRESSES)
                .map(|address| SocketAddr::new(address, 0))
                .collect();
            if addresses.is_empty() {
                return Err(NoneAdmitted(found.len()).into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
