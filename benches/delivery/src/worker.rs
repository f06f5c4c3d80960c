//! A worker as an application runs it: the engine over a store, until it is told to stop.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use federate_delivery::{Engine, SystemClock};
use federate_http::{Budget, Guard, GuardedClient, HttpClient, HttpError, Resolver};
use federate_store::{Delivery, Iri, Outgoing, Stores};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::app::App;
use crate::candidates::AGENT;
use crate::parent::Parent;
use crate::store::Store;
use crate::town::Town;
use crate::{alice, clock};

/// How a worker is put together.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Options {
    pub store: String,
    pub provider: String,
    pub town: Town,
    /// As the engine has it where nothing is said.
    pub in_flight: Option<usize>,
    pub lanes: Option<usize>,
    /// Activities that it posts itself, and the time between two of them.
    pub posts: usize,
    pub every: Duration,
}

/// What it has seen.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Seen {
    /// When it posted each activity, by [`clock::now`].
    pub posted: Vec<u64>,
    /// Ten times a second: requests under way to dead hosts, and to all.
    pub slots: Vec<(usize, usize)>,
}

/// Says `ready` with the store open, works when it hears `go`, and at `stop` ends its work and prints a [`Seen`].
pub fn run(options: Options) {
    block_on(async {
        let mut parent = Parent::listen();
        let store = Store::open(&options.store).await;
        let stores = store.stores();
        let client = Arc::new(Watched::new(&options.town));
        let engine = engine(&options, &stores, Arc::clone(&client));
        let _listening = store.listen({
            let engine = Arc::clone(&engine);
            move || engine.wake()
        });
        parent.go().await;
        let seen = Arc::<Mutex<Seen>>::default();
        let watching = tokio::spawn(watch(client, Arc::clone(&seen)));
        let posting = tokio::spawn(post(options, stores, Arc::clone(&engine), Arc::clone(&seen)));
        let (stop, running) = start(engine);
        assert_eq!(parent.hear().await, "stop");
        posting.abort();
        watching.abort();
        let _ = stop.send(());
        running.await.unwrap();
        println!("{}", serde_json::to_string(&*seen.lock().await).unwrap());
        store.close().await;
        std::future::pending::<()>().await;
    });
}

/// Works at once, on what is there: for the time that a start takes.
pub fn restart(options: &Options) {
    block_on(async {
        let mut parent = Parent::listen();
        let store = Store::open(&options.store).await;
        let client = Arc::new(Watched::new(&options.town));
        let (stop, running) = start(engine(options, &store.stores(), client));
        assert_eq!(parent.hear().await, "stop");
        let _ = stop.send(());
        running.await.unwrap();
        println!("done");
        store.close().await;
        std::future::pending::<()>().await;
    });
}

/// Puts so many activities for all inboxes of a town into the queue, and says `filled`.
pub fn fill(store: &str, town: &Town, activities: usize) {
    /// Deliveries that are enqueued at once.
    const BATCH: usize = 1_000;
    block_on(async {
        let _parent = Parent::listen();
        let store = Store::open(store).await;
        let stores = store.stores();
        for number in 0..activities {
            let outgoing = outgoing(number);
            stores.outbox.record(&outgoing).await.unwrap();
            stores.outbox.expanded(&outgoing.id).await.unwrap();
            let mut inboxes = (0..town.inboxes).peekable();
            while inboxes.peek().is_some() {
                let now = SystemTime::now();
                let batch: Vec<Delivery> = inboxes
                    .by_ref()
                    .take(BATCH)
                    .map(|inbox| Delivery::new(outgoing.id.clone(), alice::NAME, town.iri(inbox), now))
                    .collect();
                stores.queue.enqueue(&batch, now).await.unwrap();
            }
        }
        store.close().await;
        println!("filled");
    });
}

fn block_on(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(work);
}

fn engine(options: &Options, stores: &Stores, client: Arc<Watched>) -> Arc<Engine> {
    let app = Arc::new(App {
        signer: alice::signer(&options.provider),
        town: options.town,
    });
    let mut engine = Engine::builder(
        stores.clone(),
        client,
        Arc::clone(&app) as _,
        app,
        Arc::new(SystemClock),
    );
    if let Some(requests) = options.in_flight {
        engine = engine.in_flight(requests);
    }
    if let Some(lanes) = options.lanes {
        engine = engine.lanes(lanes);
    }
    Arc::new(engine.build())
}

fn start(engine: Arc<Engine>) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.await;
        };
        engine.run_until(stopped).await;
    });
    (stop, running)
}

async fn post(options: Options, stores: Stores, engine: Arc<Engine>, seen: Arc<Mutex<Seen>>) {
    let began = Instant::now();
    for number in 0..options.posts {
        let at = u32::try_from(number).unwrap() * options.every;
        tokio::time::sleep_until(began + at).await;
        seen.lock().await.posted.push(clock::now());
        stores.outbox.record(&outgoing(number)).await.unwrap();
        engine.wake();
    }
}

async fn watch(client: Arc<Watched>, seen: Arc<Mutex<Seen>>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        let slots = (
            client.dead.load(Ordering::Relaxed),
            client.all.load(Ordering::Relaxed),
        );
        seen.lock().await.slots.push(slots);
    }
}

fn outgoing(number: usize) -> Outgoing {
    let audience = vec![Iri::parse(alice::FOLLOWERS).unwrap()];
    Outgoing::new(
        alice::activity_id(number),
        alice::NAME,
        alice::body(number),
        audience,
    )
}

/// The guarded client, and how many of its requests are under way.
#[derive(Debug)]
struct Watched {
    client: GuardedClient,
    port: u16,
    dead: AtomicUsize,
    all: AtomicUsize,
}

impl Watched {
    fn new(town: &Town) -> Self {
        let guard = Guard::new()
            .resolver(Arc::new(Hosts))
            .dangerous()
            .allow_loopback();
        Self {
            client: GuardedClient::new(guard, AGENT).unwrap(),
            port: town.port,
            dead: AtomicUsize::new(0),
            all: AtomicUsize::new(0),
        }
    }
}

#[async_trait]
impl HttpClient for Watched {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        budget: &Budget,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let is_dead = Town::is_dead(request.uri(), self.port);
        let _all = Counted::new(&self.all);
        let _dead = is_dead.then(|| Counted::new(&self.dead));
        self.client.send(request, budget).await
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// All names are at one address, but those that there are not.
#[derive(Debug)]
struct Hosts;

#[async_trait]
impl Resolver for Hosts {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        if name.starts_with(Town::NAMELESS) {
            return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such name"));
        }
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}
