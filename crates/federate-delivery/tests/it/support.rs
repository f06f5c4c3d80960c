//! A clock that moves when told, a network that does what a script says, an application with one key.

use async_trait::async_trait;
use bytes::Bytes;
use federate_delivery::{
    Builder, Clock, Engine, ExpandError, Expansion, Forbidden, Inboxes, ResolveError, SenderError, Senders,
};
use federate_http::{Budget, HttpClient, HttpError, HttpErrorKind, Phase};
use federate_protocol::{
    activitystreams::Iri,
    signatures::{Algorithm, KeyId, SignError, Signer},
};
use federate_store::{Backend, Counts, Memory, OrderKey, Outgoing, Priority, Stores};
use http::{Request, Response};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::sync::Notify;

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + seconds(1_790_000_000)
}

pub(crate) fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

pub(crate) fn host_of(url: &str) -> String {
    iri(url).host().unwrap().to_owned()
}

/// splitmix64.
#[derive(Debug)]
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Sleepers wake in the order in which they lay down, so that a seed repeats itself.
#[derive(Debug)]
pub(crate) struct VirtualClock {
    now: Mutex<SystemTime>,
    moved: Notify,
}

impl VirtualClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            now: Mutex::new(start()),
            moved: Notify::new(),
        })
    }

    pub(crate) fn set(&self, now: SystemTime) {
        *self.now.lock().unwrap() = now;
        self.moved.notify_waiters();
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }

    async fn sleep_until(&self, at: SystemTime) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            if self.now() >= at {
                return;
            }
            moved.await;
        }
    }
}

/// What a host does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    /// Says that it verifies RFC 9421.
    AsksToSign(u16),
    After(u16, String),
    Fail(HttpErrorKind),
    /// Takes it, and the answer is lost.
    LostAnswer,
    /// Answers after this long, or the deadline passes.
    Slow(Duration, u16),
    /// Never answers, whatever the deadline.
    Hang,
    Panic,
}

pub(crate) type Script = Box<dyn FnMut(&str, SystemTime) -> Reply + Send>;

/// A request as a host saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) url: String,
    pub(crate) at: SystemTime,
    pub(crate) request: Request<Bytes>,
}

/// The network.
pub(crate) struct Net {
    clock: Arc<VirtualClock>,
    script: Mutex<Script>,
    seen: Mutex<Vec<Seen>>,
    /// What hosts have: (body, inbox).
    taken: Mutex<BTreeSet<(String, String)>>,
    /// The same in the order in which they came first.
    arrivals: Mutex<Vec<(String, String)>>,
    under_way: Mutex<BTreeMap<String, usize>>,
    pub(crate) most_under_way: Mutex<BTreeMap<String, usize>>,
    /// Requests that began while their host was suspended.
    pub(crate) begun_suspended: Mutex<Vec<String>>,
    suspended: Mutex<Option<Arc<App>>>,
}

impl fmt::Debug for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Net")
    }
}

impl Net {
    pub(crate) fn new(
        clock: &Arc<VirtualClock>,
        script: impl FnMut(&str, SystemTime) -> Reply + Send + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock: clock.clone(),
            script: Mutex::new(Box::new(script)),
            seen: Mutex::default(),
            taken: Mutex::default(),
            arrivals: Mutex::default(),
            under_way: Mutex::default(),
            most_under_way: Mutex::default(),
            begun_suspended: Mutex::default(),
            suspended: Mutex::default(),
        })
    }

    pub(crate) fn script(&self, script: impl FnMut(&str, SystemTime) -> Reply + Send + 'static) {
        *self.script.lock().unwrap() = Box::new(script);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests the host saw.
    pub(crate) fn count(&self, host: &str) -> usize {
        self.seen()
            .iter()
            .filter(|seen| iri(&seen.url).host() == Some(host))
            .count()
    }

    /// What hosts have: (body, inbox).
    pub(crate) fn taken(&self) -> BTreeSet<(String, String)> {
        self.taken.lock().unwrap().clone()
    }

    /// What was sent at all: (body, inbox).
    pub(crate) fn tried(&self) -> BTreeSet<(String, String)> {
        let seen = self.seen.lock().unwrap();
        let pair = |seen: &Seen| {
            let body = String::from_utf8(seen.request.body().to_vec()).unwrap();
            (body, seen.url.clone())
        };
        seen.iter().map(pair).collect()
    }

    /// The same in the order in which they came first.
    pub(crate) fn arrivals(&self) -> Vec<(String, String)> {
        self.arrivals.lock().unwrap().clone()
    }

    /// How many requests are under way now to such hosts.
    pub(crate) fn under_way(&self, which: impl Fn(&str) -> bool) -> usize {
        let under_way = self.under_way.lock().unwrap();
        under_way
            .iter()
            .filter(|(host, _)| which(host))
            .map(|(_, count)| count)
            .sum()
    }

    fn saw(&self, url: &str, at: SystemTime, request: Request<Bytes>, taken: bool) {
        if taken {
            let body = String::from_utf8(request.body().to_vec()).unwrap();
            let pair = (body, url.to_owned());
            if self.taken.lock().unwrap().insert(pair.clone()) {
                self.arrivals.lock().unwrap().push(pair);
            }
        }
        self.seen.lock().unwrap().push(Seen {
            url: url.to_owned(),
            at,
            request,
        });
    }
}

/// Counts a request as under way until it is dropped, however that comes about.
struct UnderWay<'a>(&'a Net, String);

impl<'a> UnderWay<'a> {
    fn new(net: &'a Net, host: &str) -> Self {
        let mut under_way = net.under_way.lock().unwrap();
        let count = under_way.entry(host.to_owned()).or_default();
        *count += 1;
        let mut most = net.most_under_way.lock().unwrap();
        let most = most.entry(host.to_owned()).or_default();
        *most = (*most).max(*count);
        Self(net, host.to_owned())
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if let Ok(mut under_way) = self.0.under_way.lock()
            && let Some(count) = under_way.get_mut(&self.1)
        {
            *count -= 1;
        }
    }
}

#[async_trait]
impl HttpClient for Net {
    async fn send(&self, request: Request<Bytes>, budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let url = request.uri().to_string();
        let _under_way = UnderWay::new(self, request.uri().host().unwrap());
        if let Some(app) = &*self.suspended.lock().unwrap()
            && app
                .suspended
                .lock()
                .unwrap()
                .contains(request.uri().host().unwrap())
        {
            self.begun_suspended.lock().unwrap().push(url.clone());
        }
        let at = self.clock.now();
        let reply = (self.script.lock().unwrap())(&url, at);
        tokio::task::yield_now().await;
        let answer = |status: u16| Response::builder().status(status).body(Bytes::new()).unwrap();
        let good = |status: u16| (200..300).contains(&status);
        match reply {
            Reply::Status(status) => {
                self.saw(&url, at, request, good(status));
                Ok(answer(status))
            }
            Reply::AsksToSign(status) => {
                self.saw(&url, at, request, good(status));
                let mut answer = answer(status);
                let asked = r#"sig1=("@method" "@target-uri")"#;
                answer
                    .headers_mut()
                    .insert("accept-signature", asked.parse().unwrap());
                Ok(answer)
            }
            Reply::After(status, after) => {
                self.saw(&url, at, request, good(status));
                let mut answer = answer(status);
                answer.headers_mut().insert("retry-after", after.parse().unwrap());
                Ok(answer)
            }
            Reply::Fail(kind) => {
                self.saw(&url, at, request, false);
                Err(HttpError::new(kind))
            }
            Reply::LostAnswer => {
                self.saw(&url, at, request, true);
                Err(HttpError::new(HttpErrorKind::Reset))
            }
            Reply::Slow(wait, status) => {
                self.clock.sleep_until(at + wait.min(budget.deadline)).await;
                self.saw(&url, at, request, good(status) && wait < budget.deadline);
                if wait >= budget.deadline {
                    Err(HttpError::new(HttpErrorKind::Timeout(Phase::Head)))
                } else {
                    Ok(answer(status))
                }
            }
            Reply::Hang => {
                self.saw(&url, at, request, false);
                std::future::pending().await
            }
            Reply::Panic => panic!("a script said so"),
        }
    }
}

/// An application: the audience is the inboxes, all senders have the same key but `nobody`.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) signer: Mutex<Arc<dyn Signer>>,
    pub(crate) page: usize,
    /// Inboxes cannot be looked up.
    pub(crate) is_away: AtomicBool,
    /// Hosts that get nothing.
    pub(crate) suspended: Mutex<BTreeSet<String>>,
}

impl App {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(Arc::new(FakeSigner(KeyId::from(
            "https://a.example/users/alice#main-key",
        ))))
    }

    pub(crate) fn with(signer: Arc<dyn Signer>) -> Arc<Self> {
        Arc::new(Self {
            signer: Mutex::new(signer),
            page: 3,
            is_away: AtomicBool::new(false),
            suspended: Mutex::default(),
        })
    }
}

#[async_trait]
impl Senders for App {
    async fn signer(&self, sender: &str) -> Result<Arc<dyn Signer>, SenderError> {
        if sender == "nobody" {
            return Err(SenderError::Unknown);
        }
        Ok(self.signer.lock().unwrap().clone())
    }
}

#[async_trait]
impl Inboxes for App {
    async fn expand(&self, outgoing: &Outgoing, after: Option<&str>) -> Result<Expansion, ExpandError> {
        if outgoing.sender == "panics" {
            panic!("an expansion that panics");
        }
        if outgoing.sender == "later" {
            return Err(ExpandError::new("not now"));
        }
        if outgoing.sender == "looks-up" {
            return Ok(Expansion {
                actors: outgoing.audience.clone(),
                ..Expansion::default()
            });
        }
        let from: usize = after.map_or(0, |after| after.parse().unwrap());
        let inboxes: Vec<_> = outgoing
            .audience
            .iter()
            .skip(from)
            .take(self.page)
            .cloned()
            .collect();
        let next = (from + self.page < outgoing.audience.len()).then(|| (from + self.page).to_string());
        Ok(Expansion {
            inboxes,
            next,
            ..Expansion::default()
        })
    }

    /// What is called `DELETE` deletes what has the rest of its id.
    fn supersedes(&self, outgoing: &Outgoing) -> Vec<Iri> {
        let of = outgoing.id.as_str().strip_suffix("#DELETE");
        of.map(iri).into_iter().collect()
    }

    async fn may_deliver(&self, _: &str, inbox: &Iri) -> Result<(), Forbidden> {
        match self
            .suspended
            .lock()
            .unwrap()
            .contains(inbox.host().unwrap_or_default())
        {
            true => Err(Forbidden {
                reason: "suspended".to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// The inbox is beside the actor, if the actor says so.
    async fn resolve(&self, _: &str, actor: &Iri) -> Result<Iri, ResolveError> {
        let reason = "the script says so".to_owned();
        if actor.as_str().ends_with("gone") {
            return Err(ResolveError::Refused { reason });
        }
        if self.is_away.load(Ordering::Relaxed) {
            return Err(ResolveError::Unavailable {
                reason,
                host_failed: true,
            });
        }
        Ok(iri(&format!("{actor}/inbox")))
    }
}

/// Signs fast, and nothing that anybody could verify.
#[derive(Debug)]
struct FakeSigner(KeyId);

impl Signer for FakeSigner {
    fn key_id(&self) -> &KeyId {
        &self.0
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(vec![7; 64])
    }
}

/// A store, a network, a clock and an application, and engines over them.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) net: Arc<Net>,
    pub(crate) app: Arc<App>,
    pub(crate) stores: Stores,
}

impl World {
    pub(crate) fn new(script: impl FnMut(&str, SystemTime) -> Reply + Send + 'static) -> Self {
        let clock = VirtualClock::new();
        let net = Net::new(&clock, script);
        let app = App::new();
        *net.suspended.lock().unwrap() = Some(app.clone());
        Self {
            clock,
            net,
            app,
            stores: Memory::new().stores(),
        }
    }

    pub(crate) fn builder(&self) -> Builder {
        self.builder_over(&self.stores)
    }

    /// An engine that sees the store through something else.
    pub(crate) fn builder_over(&self, stores: &Stores) -> Builder {
        let (client, clock) = (self.net.clone(), self.clock.clone());
        Engine::builder(stores.clone(), client, self.app.clone(), self.app.clone(), clock).seed(1)
    }

    pub(crate) async fn post(&self, id: &str, inboxes: &[&str]) {
        self.post_as("alice", id, inboxes).await;
    }

    /// The body is the id.
    pub(crate) async fn post_as(&self, sender: &str, id: &str, inboxes: &[&str]) {
        let audience = inboxes.iter().map(|inbox| iri(inbox)).collect();
        let outgoing = Outgoing::new(iri(id), sender, Bytes::copy_from_slice(id.as_bytes()), audience);
        self.record(outgoing).await;
    }

    pub(crate) async fn post_about(
        &self,
        object: Option<&str>,
        priority: Priority,
        id: &str,
        inboxes: &[&str],
    ) {
        let audience = inboxes.iter().map(|inbox| iri(inbox)).collect();
        let outgoing = Outgoing {
            priority,
            order: object.map(|object| OrderKey::of(&iri(object))),
            ..Outgoing::new(iri(id), "alice", Bytes::copy_from_slice(id.as_bytes()), audience)
        };
        self.record(outgoing).await;
    }

    async fn record(&self, outgoing: Outgoing) {
        self.stores.outbox.record(&outgoing).await.unwrap();
    }

    /// P8, at this instant.
    pub(crate) async fn counts(&self) -> Counts {
        let counts = self.stores.queue.counts().await.unwrap();
        assert!(counts.conserved(), "{counts:?}");
        counts
    }

    /// Moves on to when something is due.
    pub(crate) async fn to_next_due(&self, engine: &Engine) -> bool {
        let Some(at) = engine.next_due().await else {
            return false;
        };
        if at > self.clock.now() {
            self.clock.set(at);
        }
        true
    }
}
