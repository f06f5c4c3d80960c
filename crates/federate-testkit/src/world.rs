//! The hosts, the clock and the network between them.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate_delivery::Clock;
use federate_http::{Budget, HttpClient};
use federate_server::{Builder, Directory, Engine, Federation};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use serde_json::Value;
use tower_service::Service;

use crate::wire::{Answer, lock};
use crate::{Peer, TestKeys, VirtualClock, Weather, Wire, random::Random};

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// How often all engines may find work at one moment before the world is called restless.
const MOST_ROUNDS: usize = 1_000;
/// What any single request in a world may cost.
pub(crate) const BUDGET: Budget = Budget {
    deadline: Duration::from_secs(30),
    max_body: 1 << 20,
};

/// A simulated fediverse. Cheap to clone: every clone is the same world.
#[derive(Clone)]
pub struct World {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    seed: u64,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) keys: Arc<TestKeys>,
    entropy: Arc<Random>,
    engines: Mutex<Vec<Arc<Engine>>>,
    pub(crate) peers: Mutex<Vec<Peer>>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("seed", &self.inner.seed)
            .field("wire", &self.inner.wire)
            .finish_non_exhaustive()
    }
}

impl World {
    /// An empty world. The same seed gives the same ids, the same losses, the same order.
    pub fn new(seed: u64) -> Self {
        let inner = Inner {
            seed,
            clock: Arc::default(),
            wire: Arc::new(Wire::new(seed)),
            keys: Arc::default(),
            entropy: Arc::new(Random::new(seed ^ 0x5eed)),
            engines: Mutex::default(),
            peers: Mutex::default(),
        };
        World {
            inner: Arc::new(inner),
        }
    }

    /// Builds your instance into this world: its client, clock, keys and randomness become the world's. `serve` makes
    /// the service that answers its requests, as `main` would: your router with `federation.layer()` around it.
    ///
    /// # Panics
    ///
    /// Where the builder says no.
    pub async fn host<App, S, B>(
        &self,
        base_url: &str,
        builder: Builder<App>,
        serve: impl FnOnce(Federation<App>) -> S,
    ) -> Host<App>
    where
        App: Directory,
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error = Infallible>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: fmt::Debug,
    {
        let built = builder
            .client(self.inner.wire.clone())
            .clock(self.inner.clock.clone())
            .keygen(self.inner.keys.clone())
            .entropy(self.inner.entropy.clone())
            .build()
            .await;
        let (federation, engine) = match built {
            Ok(built) => built,
            Err(error) => panic!("{base_url} cannot be built: {error}"),
        };
        let service = serve(federation.clone());
        let answer: Answer = Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                if let Err(never) = std::future::poll_fn(|cx| service.poll_ready(cx)).await {
                    match never {}
                }
                let response = match service.call(request.map(Full::new)).await {
                    Ok(response) => response,
                    Err(never) => match never {},
                };
                let (head, body) = response.into_parts();
                match body.collect().await {
                    Ok(body) => Response::from_parts(head, body.to_bytes()),
                    Err(error) => panic!("the service's body broke off: {error:?}"),
                }
            })
        });
        self.inner.wire.connect(authority(base_url), answer);
        let engine = Arc::new(engine);
        lock(&self.inner.engines).push(engine.clone());
        Host {
            base_url: base_url.to_owned(),
            federation,
            engine,
        }
    }

    /// Somebody on an instance that others run: `bob@mastodon.test`.
    pub fn peer(&self, handle: &str) -> Peer {
        Peer::settle_in(self, handle)
    }

    /// What time it is here.
    pub fn now(&self) -> SystemTime {
        self.inner.clock.now()
    }

    /// Moves time forward.
    pub fn advance(&self, by: Duration) {
        self.inner.clock.advance(by);
    }

    /// The clock, to give to something else.
    pub fn clock(&self) -> Arc<VirtualClock> {
        self.inner.clock.clone()
    }

    /// The network, to look at or to give to something else.
    pub fn wire(&self) -> Arc<Wire> {
        self.inner.wire.clone()
    }

    /// Changes what goes wrong on the way to one host (`forum.test`).
    pub fn weather(&self, host: &str, weather: Weather) {
        self.inner.wire.weather(host, weather);
    }

    /// Lets every engine work until none finds anything that is due at this moment.
    ///
    /// # Panics
    ///
    /// Where they never rest: two bots that answer each other, say.
    pub async fn settle(&self) {
        for _ in 0..MOST_ROUNDS {
            let engines = lock(&self.inner.engines).clone();
            let mut idle = true;
            for engine in engines {
                idle &= engine.step().await.is_idle();
            }
            if idle {
                return;
            }
        }
        panic!("the world (seed {}) does not come to rest", self.inner.seed);
    }

    /// Gets a document as a server of the fediverse would, unsigned.
    ///
    /// # Panics
    ///
    /// Where it is not had: another status than 200, or not JSON.
    pub async fn get(&self, url: &str) -> Value {
        match self
            .try_get(
                url,
                "application/activity+json, application/json, application/jrd+json",
            )
            .await
        {
            Ok(value) => value,
            Err(status) => panic!("{url} answered {status}"),
        }
    }

    /// Gets a document, or says with which status it was refused.
    ///
    /// # Errors
    ///
    /// The status; 502 where the host cannot be reached or does not answer in JSON.
    pub async fn try_get(&self, url: &str, accept: &str) -> Result<Value, StatusCode> {
        let request = Request::get(url)
            .header(header::ACCEPT, accept)
            .body(Bytes::new())
            .map_err(|_| StatusCode::BAD_REQUEST)?;
        let response = self
            .inner
            .wire
            .send(request, &BUDGET)
            .await
            .map_err(|_| StatusCode::BAD_GATEWAY)?;
        if response.status() != StatusCode::OK {
            return Err(response.status());
        }
        serde_json::from_slice(response.body()).map_err(|_| StatusCode::BAD_GATEWAY)
    }
}

/// Your instance in a world.
#[derive(Debug)]
pub struct Host<App: Directory> {
    base_url: String,
    /// The instance.
    pub federation: Federation<App>,
    engine: Arc<Engine>,
}

impl<App: Directory> Host<App> {
    /// The URL of a path here; a whole URL stays what it is.
    pub fn url(&self, path: &str) -> String {
        if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base_url)
        }
    }

    /// Lets this host's engine work until nothing is due.
    ///
    /// # Panics
    ///
    /// Where it never rests.
    pub async fn settle(&self) {
        for _ in 0..MOST_ROUNDS {
            if self.engine.step().await.is_idle() {
                return;
            }
        }
        panic!("{} does not come to rest", self.base_url);
    }
}

/// `https://forum.test` -> `forum.test`.
fn authority(base_url: &str) -> &str {
    base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest)
        .trim_end_matches('/')
}
