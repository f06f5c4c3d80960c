use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use http::header::HeaderValue;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::ClientConfig;
use tower_layer::Layer;
use tower_service::Service;

use crate::error::{NoneAdmitted, Unresolved};
use crate::guard::Route;
use crate::limits::{ADDRESSES, HEAD};
use crate::phase::Attempt;
use crate::{BuildError, ClientLimits, Guard, Phase, Resolver};

/// What h2 reads of a head. What it stops at it calls a violation of the protocol; what is just over our limit gets here
/// and is told apart.
#[expect(clippy::cast_possible_truncation, reason = "128 KiB fit")]
const HEAD_HTTP2: u32 = 2 * HEAD as u32;

/// The connections of one route: a client of reqwest, made anew after so many connections.
///
/// The pool of hyper bounds what it keeps for a host, and has no bound for the number of hosts. A client that is dropped
/// closes what is unused; requests under way end as they would have.
#[derive(Debug)]
pub(crate) struct Connections {
    settings: Settings,
    most: usize,
    current: RwLock<Generation>,
}

#[derive(Debug)]
struct Generation {
    client: reqwest::Client,
    made: Arc<AtomicUsize>,
}

impl Connections {
    pub(crate) fn new(settings: Settings) -> Result<Self, BuildError> {
        Ok(Self {
            most: settings.limits.connections.max(1),
            current: RwLock::new(settings.generation()?),
            settings,
        })
    }

    /// The client for the next request.
    pub(crate) fn client(&self) -> reqwest::Client {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if !current.is_over(self.most) {
            return current.client.clone();
        }
        drop(current);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.is_over(self.most) {
            match self.settings.generation() {
                Ok(next) => *current = next,
                Err(error) => tracing::error!(%error, "old connections are kept: there is no new client"),
            }
        }
        current.client.clone()
    }
}

impl Generation {
    fn is_over(&self, most: usize) -> bool {
        self.made.load(Ordering::Relaxed) >= most
    }
}

/// What the client of a route is made of.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) guard: Arc<Guard>,
    pub(crate) route: Route,
    pub(crate) tls: ClientConfig,
    pub(crate) agent: HeaderValue,
    pub(crate) limits: ClientLimits,
}

impl Settings {
    fn generation(&self) -> Result<Generation, BuildError> {
        let made = Arc::new(AtomicUsize::new(0));
        let client = self.client(Watch(Arc::clone(&made)))?;
        Ok(Generation { client, made })
    }

    fn client(&self, watch: Watch) -> Result<reqwest::Client, BuildError> {
        let build = |error: reqwest::Error| BuildError::Client(Box::new(error.without_url()));
        let resolver = GuardedResolver {
            guard: Arc::clone(&self.guard),
            route: self.route,
            names: self.guard.name_resolver(),
        };
        let builder = reqwest::Client::builder()
            // Not the environment's, and none but the one that the guard was told of.
            .no_proxy();
        let builder = match self.guard.egress() {
            Some(proxy) if self.route == Route::Public => {
                builder.proxy(reqwest::Proxy::all(proxy.url().clone()).map_err(build)?)
            }
            _ => builder,
        };
        builder
            .user_agent(&self.agent)
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::new(resolver))
            .connector_layer(watch)
            .redirect(reqwest::redirect::Policy::none())
            .https_only(self.route == Route::Public)
            .referer(false)
            // Without effect unless an application turns these features of reqwest on: then they would be defaults.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(self.limits.connect)
            .pool_idle_timeout(self.limits.idle)
            .pool_max_idle_per_host(self.limits.idle_per_host)
            .http2_max_header_list_size(HEAD_HTTP2)
            .build()
            .map_err(build)
    }
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
            Attempt::enter(Phase::Name);
            let proxy = guard.egress().filter(|_| route == Route::Public);
            // With a proxy no other name is ever looked up.
            if proxy.is_some_and(|proxy| !proxy.is_called(name.as_str())) {
                return Err(NoneAdmitted(0).into());
            }
            let found = names.resolve(name.as_str()).await.map_err(Unresolved)?;
            let admitted = |address: &IpAddr| proxy.is_some() || guard.admits_on(route, *address);
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
            Attempt::enter(Phase::Connect);
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Notes when a connection is begun and when it is made, and counts those that are made.
#[derive(Debug, Clone)]
struct Watch(Arc<AtomicUsize>);

impl<S> Layer<S> for Watch {
    type Service = Watched<S>;

    fn layer(&self, connector: S) -> Watched<S> {
        Watched {
            connector: Arc::new(connector),
            made: Arc::clone(&self.0),
        }
    }
}

/// hyper clones its connector several times for each request, and connects for few: what is within is cloned for those.
#[derive(Debug)]
struct Watched<S> {
    connector: Arc<S>,
    made: Arc<AtomicUsize>,
}

impl<S> Clone for Watched<S> {
    fn clone(&self) -> Self {
        Self {
            connector: Arc::clone(&self.connector),
            made: Arc::clone(&self.made),
        }
    }
}

impl<S, R> Service<R> for Watched<S>
where
    S: Service<R, Future: Send + 'static> + Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: R) -> Self::Future {
        let attempt = Attempt::current();
        // The phase of who has an address already and asks no resolver.
        Attempt::enter(Phase::Connect);
        let mut connector = S::clone(&self.connector);
        let mut connecting = Box::pin(async move {
            std::future::poll_fn(|cx| connector.poll_ready(cx)).await?;
            connector.call(target).await
        });
        let made = Arc::clone(&self.made);
        Box::pin(std::future::poll_fn(move |cx| {
            let result = connecting.as_mut().poll(cx);
            let is_made = matches!(result, Poll::Ready(Ok(_)));
            if is_made {
                made.fetch_add(1, Ordering::Relaxed);
            }
            // Made, or made for nobody: the request got another connection, and hyper finishes this one in the
            // background. It keeps the turn of that request until then, so that connections are bounded as well.
            if let Some(attempt) = &attempt
                && (is_made || !attempt.is_current())
            {
                attempt.set(Phase::Head);
            }
            result
        }))
    }
}
