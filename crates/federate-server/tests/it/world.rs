//! A fediverse without sockets.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate_delivery::Clock;
use federate_http::{Budget, HttpClient, HttpError, HttpErrorKind};
use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_protocol::signatures::{
    GeneratedKey, KeyGenerator, KeyId, PrivateKey, SignError, Signer, cavage,
};
use federate_server::{
    Ask, Authenticated, Builder, Collection, Cursor, Directory, Engine, Entropy, Failure, Federation,
    FollowersHere, Found, Item, Known, ObjectRef, Page, Profile, Usage, async_trait,
};
use federate_store::{BoxFuture, Memory};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Barrier;

pub(crate) const KEYS: [&[u8]; 3] = [
    include_bytes!("../keys/a.pk8"),
    include_bytes!("../keys/b.pk8"),
    include_bytes!("../keys/c.pk8"),
];

pub(crate) fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

/// A folder with material that is not ours to ship, or `None` (and a line that says so, past the harness).
pub(crate) fn shared(below: &str) -> Option<std::path::PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "a test may be told where its data is")]
    let root = std::env::var_os("FEDERATE_SHARED").map_or_else(
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        std::path::PathBuf::from,
    );
    let folder = root.join(below);
    if folder.is_dir() {
        return Some(folder);
    }
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "skipped: {} is not there", folder.display());
    None
}

/// The clock of the world: it moves when the test says so.
#[derive(Debug)]
pub(crate) struct TestClock(Mutex<SystemTime>);

impl Default for TestClock {
    fn default() -> Self {
        TestClock(Mutex::new(
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        ))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, at: SystemTime) {
        if self.now() < at {
            std::future::pending::<()>().await;
        }
    }
}

/// Randomness that repeats itself from run to run.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).to_le_bytes();
            chunk.iter_mut().zip(next).for_each(|(to, from)| *to = from);
        }
    }
}

#[derive(Debug)]
pub(crate) struct FixedKeys(pub(crate) usize);

impl KeyGenerator for FixedKeys {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        Ok(GeneratedKey::from_pkcs8(KEYS[self.0 % KEYS.len()].to_vec()))
    }
}

type Host =
    Arc<dyn Fn(Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, HttpError>> + Send + Sync>;

/// The network: every request goes to the host that it is for, or to nobody.
#[derive(Default)]
pub(crate) struct Net {
    hosts: Mutex<HashMap<String, Host>>,
    pub(crate) requests: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Net")
    }
}

impl Net {
    pub(crate) fn connect(&self, host: &str, answer: Host) {
        self.hosts.lock().unwrap().insert(host.to_owned(), answer);
    }

    pub(crate) fn cut(&self, host: &str) {
        self.hosts.lock().unwrap().remove(host);
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

#[async_trait]
impl HttpClient for Net {
    async fn send(&self, request: Request<Bytes>, _budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let host = request.uri().authority().unwrap().as_str().to_owned();
        self.requests
            .lock()
            .unwrap()
            .push(format!("{} {}", request.method(), request.uri()));
        let answer = self.hosts.lock().unwrap().get(&host).cloned();
        match answer {
            Some(answer) => answer(request).await,
            None => Err(HttpError::new(HttpErrorKind::Connect)),
        }
    }
}

/// The application of the tests: people, posts, and what its handlers saw.
#[derive(Debug, Default)]
pub(crate) struct App {
    pub(crate) people: Mutex<HashMap<String, Found<()>>>,
    pub(crate) locked: Mutex<bool>,
    /// Which of the people are groups.
    pub(crate) groups: Mutex<Vec<String>>,
    /// Who may not post in them.
    pub(crate) banned: Mutex<Vec<Iri>>,
    pub(crate) posts: Mutex<Vec<Object>>,
    pub(crate) known: Mutex<HashMap<Iri, Known>>,
    pub(crate) seen: Mutex<Vec<String>>,
    pub(crate) failures: AtomicUsize,
    /// Who of ours follows others, for whomever it is asked.
    pub(crate) following: Mutex<Option<FollowersHere>>,
    /// What other collections than the outbox have.
    pub(crate) pages: Mutex<Vec<(Collection, Page)>>,
    /// Whether the application vouches for whoever asks.
    pub(crate) vouches: AtomicBool,
    /// Other accounts of the people, by name.
    pub(crate) aliases: Mutex<HashMap<String, Iri>>,
    /// Where the next who moves waits twice: there it has come to, and from there it goes on.
    pub(crate) held: Mutex<Option<Arc<Barrier>>>,
}

impl App {
    pub(crate) fn saw(&self, what: impl Into<String>) {
        self.seen.lock().unwrap().push(what.into());
    }

    pub(crate) fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct TestApp(pub(crate) Arc<App>);

#[async_trait]
impl Directory for TestApp {
    type Store = Memory;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        let found = self
            .0
            .people
            .lock()
            .unwrap()
            .get(name)
            .cloned()
            .unwrap_or(Found::Missing);
        let locked = *self.0.locked.lock().unwrap();
        Ok(found.map(|()| {
            let is_group = self.0.groups.lock().unwrap().iter().any(|group| group == name);
            let profile = match is_group {
                true => Profile::group(name),
                false => Profile::person(name),
            };
            let profile = profile
                .name("Some Body")
                .summary("<p>hi</p>")
                .icon("image/png", "https://files.example/a.png")
                .field("site", "<a href=\"https://x.example\">x</a>")
                .published("2026-01-01T00:00:00Z");
            let aliases = self.0.aliases.lock().unwrap();
            let profile = aliases
                .get(name)
                .into_iter()
                .fold(profile, Profile::also_known_as);
            if locked {
                profile.approves_followers()
            } else {
                profile
            }
        }))
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        if at.kind() != "post" {
            return Ok(Found::Missing);
        }
        if at.as_str() == "gone" {
            return Ok(Found::Gone);
        }
        let id = ask.uris().object(at.kind(), at.as_str());
        Ok(self
            .0
            .posts
            .lock()
            .unwrap()
            .iter()
            .find(|post| post.id().as_ref() == Some(&id))
            .cloned()
            .into())
    }

    async fn collection(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        let pages = self.0.pages.lock().unwrap().clone();
        if let Some((_, page)) = pages.into_iter().find(|(which, _)| which == of) {
            return Ok(Found::Here(page));
        }
        let Collection::Outbox(_) = of else {
            return Ok(Found::Missing);
        };
        let posts = self.0.posts.lock().unwrap().clone();
        let total = i64::try_from(posts.len())?;
        let start: usize = from.or(0)?;
        let rows: Vec<(usize, Object)> = posts
            .into_iter()
            .enumerate()
            .skip(start)
            .take(ask.limit() as usize)
            .collect();
        Ok(Found::Here(
            Page::of(ask, rows, |(n, _)| n + 1, |(_, post)| Item::object(post)).total(total),
        ))
    }

    async fn may_see(&self, _ask: &Ask<'_>, _object: &Object) -> Result<bool, Failure> {
        Ok(self.0.vouches.load(Ordering::Relaxed))
    }

    async fn followers_here(&self, _of: &Iri) -> Result<Option<FollowersHere>, Failure> {
        Ok(self.0.following.lock().unwrap().clone())
    }

    async fn follow_corrected(&self, name: &str, of: &Iri, follows: bool) -> Result<(), Failure> {
        self.0.saw(format!("{name} follows {of}: {follows}"));
        Ok(())
    }

    async fn known(&self, id: &Iri) -> Result<Known, Failure> {
        Ok(self.0.known.lock().unwrap().get(id).cloned().unwrap_or_default())
    }

    async fn moved(&self, name: &str, target: &Iri) -> Result<(), Failure> {
        let held = self.0.held.lock().unwrap().take();
        if let Some(held) = held {
            held.wait().await;
            held.wait().await;
        }
        if self.0.failures.load(Ordering::Relaxed) > 0 {
            return Err(Failure::permanent("nobody moves today"));
        }
        self.0.saw(format!("{name} moved to {target}"));
        Ok(())
    }

    async fn may_post(&self, _group: &str, activity: &Authenticated<Activity>) -> Result<bool, Failure> {
        Ok(!self.0.banned.lock().unwrap().contains(activity.by()))
    }

    async fn usage(&self) -> Result<Usage, Failure> {
        Ok(Usage::new(2, 7).active(1, 2))
    }
}

/// An instance in the world.
pub(crate) struct Instance {
    pub(crate) federation: Federation<TestApp>,
    pub(crate) engine: Engine,
    pub(crate) app: Arc<App>,
    pub(crate) store: Memory,
}

impl Instance {
    pub(crate) async fn step_until_idle(&self) -> bool {
        let mut idle = true;
        while !self.engine.step().await.is_idle() {
            idle = false;
        }
        idle
    }

    pub(crate) async fn get(&self, path: &str) -> Response<Bytes> {
        self.get_as(path, "application/activity+json").await.unwrap()
    }

    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Option<Response<Bytes>> {
        let request = Request::get(path)
            .header("accept", accept)
            .header("host", self.federation.uris().host());
        self.federation.handle(request.body(Bytes::new()).unwrap()).await
    }
}

#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) net: Arc<Net>,
    pub(crate) clock: Arc<TestClock>,
    /// What peers serve, by URL.
    documents: Arc<Mutex<HashMap<String, Value>>>,
}

impl World {
    pub(crate) fn builder(&self, host: &str, store: &Memory, app: &Arc<App>) -> Builder<TestApp> {
        Federation::builder(
            &format!("https://{host}"),
            store.clone(),
            TestApp(Arc::clone(app)),
        )
        .client(self.net.clone())
        .clock(self.clock.clone())
        .entropy(Arc::new(Counting::default()))
        .keygen(Arc::new(FixedKeys(host.len())))
        .paths(|p| p.object("post", "/posts/{id}").profile("/@{name}"))
        .page_size(3)
    }

    /// An instance whose handler writes everything down, with one person.
    pub(crate) async fn instance(&self, host: &str) -> Instance {
        self.instance_with(host, |builder| builder.manage_followers().on::<Activity>(spy))
            .await
    }

    pub(crate) async fn instance_with(
        &self,
        host: &str,
        configure: impl FnOnce(Builder<TestApp>) -> Builder<TestApp>,
    ) -> Instance {
        let app = Arc::new(App::default());
        app.people.lock().unwrap().insert("alice".into(), Found::Here(()));
        let store = Memory::new();
        self.start(host, app, store, configure).await
    }

    pub(crate) async fn start(
        &self,
        host: &str,
        app: Arc<App>,
        store: Memory,
        configure: impl FnOnce(Builder<TestApp>) -> Builder<TestApp>,
    ) -> Instance {
        let (federation, engine) = configure(self.builder(host, &store, &app)).build().await.unwrap();
        let answering = federation.clone();
        self.net.connect(
            host,
            Arc::new(move |request| {
                let federation = answering.clone();
                Box::pin(async move {
                    let answer = federation.handle(request).await;
                    Ok(answer.unwrap_or_else(|| status(StatusCode::NOT_FOUND)))
                })
            }),
        );
        Instance {
            federation,
            engine,
            app,
            store,
        }
    }

    /// What a peer's server answers at this URL, from now on.
    pub(crate) fn publish(&self, url: &str, document: &Value) {
        self.documents
            .lock()
            .unwrap()
            .insert(url.to_owned(), document.clone());
    }

    /// What it answers there.
    pub(crate) fn published(&self, url: &str) -> Value {
        self.documents
            .lock()
            .unwrap()
            .get(url)
            .cloned()
            .unwrap_or_default()
    }

    /// A person on a server of another program, who signs what the test says. A server may have several; what it gets, the last of them
    /// sees.
    pub(crate) fn peer(&self, host: &str, name: &str, key: usize) -> Peer {
        let id = format!("https://{host}/users/{name}");
        let key_id = format!("{id}#main-key");
        let key = PrivateKey::from_pkcs8(KeyId::from(key_id.as_str()), KEYS[key]).unwrap();
        let document = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id, "type": "Person", "preferredUsername": name,
            "inbox": format!("{id}/inbox"), "outbox": format!("{id}/outbox"),
            "endpoints": { "sharedInbox": format!("https://{host}/inbox") },
            "publicKey": { "id": key_id, "owner": id, "publicKeyPem": key.public_key().to_pem() },
        });
        self.publish(&id, &document);
        let documents = Arc::clone(&self.documents);
        let peer = Peer {
            id: iri(&id),
            key: Arc::new(key),
            clock: self.clock.clone(),
            received: Arc::default(),
            heads: Arc::default(),
            document,
            pages: Arc::default(),
        };
        let (received, heads) = (Arc::clone(&peer.received), Arc::clone(&peer.heads));
        let pages = Arc::clone(&peer.pages);
        self.net.connect(
            host,
            Arc::new(move |request| {
                let mut answer = status(StatusCode::OK);
                let page = pages.lock().unwrap().get(request.uri().path()).cloned();
                if let Some((status, page)) = page.filter(|_| request.method() == "GET") {
                    *answer.status_mut() = status;
                    answer
                        .headers_mut()
                        .insert("content-type", "application/activity+json".parse().unwrap());
                    *answer.body_mut() = page.to_string().into();
                } else if request.method() == "POST" {
                    heads.lock().unwrap().push(request.headers().clone());
                    received
                        .lock()
                        .unwrap()
                        .push(serde_json::from_slice(request.body()).unwrap());
                    *answer.status_mut() = StatusCode::ACCEPTED;
                } else if let Some(document) = documents.lock().unwrap().get(&request.uri().to_string()) {
                    answer
                        .headers_mut()
                        .insert("content-type", "application/activity+json".parse().unwrap());
                    *answer.body_mut() = document.to_string().into();
                } else {
                    *answer.status_mut() = StatusCode::NOT_FOUND;
                }
                Box::pin(std::future::ready(Ok(answer)))
            }),
        );
        peer
    }

    pub(crate) async fn settle(&self, instances: &[&Instance]) {
        loop {
            let mut idle = true;
            for instance in instances {
                idle &= instance.step_until_idle().await;
            }
            if idle {
                return;
            }
        }
    }
}

pub(crate) fn status(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

pub(crate) fn body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap_or_default()
}

pub(crate) async fn spy(
    cx: federate_server::Cx<TestApp>,
    activity: Authenticated<Activity>,
) -> federate_server::Outcome {
    cx.app()
        .0
        .saw(format!("{} by {}", activity.type_name(), activity.by()));
    Ok(())
}

pub(crate) struct Peer {
    pub(crate) id: Iri,
    pub(crate) key: Arc<PrivateKey>,
    clock: Arc<TestClock>,
    pub(crate) received: Arc<Mutex<Vec<Value>>>,
    pub(crate) heads: Arc<Mutex<Vec<http::HeaderMap>>>,
    /// The actor, as its server gives it out.
    pub(crate) document: Value,
    /// What else its server has, by path; and in place of the actor, where it stands there.
    pages: Arc<Mutex<HashMap<String, (StatusCode, Value)>>>,
}

impl Peer {
    /// Another person on the same server, who signs with this key; the server has to [serve](Peer::serves) the document.
    pub(crate) fn neighbour(&self, name: &str, key: usize) -> Peer {
        let id = format!("https://{}/users/{name}", self.id.host().unwrap());
        let key_id = format!("{id}#main-key");
        let key = PrivateKey::from_pkcs8(KeyId::from(key_id.as_str()), KEYS[key]).unwrap();
        let mut document = self.document.clone();
        for (name, value) in [
            ("id", id.clone()),
            ("inbox", format!("{id}/inbox")),
            ("outbox", format!("{id}/outbox")),
        ] {
            document[name] = json!(value);
        }
        document["publicKey"] =
            json!({ "id": key_id, "owner": id, "publicKeyPem": key.public_key().to_pem() });
        Peer {
            id: iri(&id),
            key: Arc::new(key),
            clock: self.clock.clone(),
            heads: Arc::clone(&self.heads),
            received: Arc::clone(&self.received),
            document,
            pages: Arc::clone(&self.pages),
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// From now on this is what its server answers at the path of this id.
    pub(crate) fn serves(&self, id: &str, status: u16, page: &Value) {
        let path = http::Uri::try_from(id).unwrap().path().to_owned();
        let status = StatusCode::from_u16(status).unwrap();
        self.pages.lock().unwrap().insert(path, (status, page.clone()));
    }

    pub(crate) fn activity(&self, number: u32, rest: Value) -> Value {
        let mut activity = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": format!("{}/activities/{number}", self.id),
            "actor": self.id.as_str(),
        });
        let Value::Object(rest) = rest else {
            panic!("an activity is an object")
        };
        for (key, value) in rest {
            activity[key] = value;
        }
        activity
    }

    pub(crate) fn request(&self, inbox: &str, body: impl Into<Bytes>) -> Request<Bytes> {
        let request = Request::post(inbox)
            .header("content-type", "application/activity+json")
            .body(body.into());
        cavage(request.unwrap(), self.clock.now())
            .sign(&*self.key as &dyn Signer)
            .unwrap()
    }

    /// What came under this type.
    pub(crate) fn received_of(&self, kind: &str) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        received.iter().filter(|it| it["type"] == kind).cloned().collect()
    }

    /// Follows somebody of an instance.
    pub(crate) async fn follows(&self, number: u32, to: &Instance, whom: &str) {
        let follow = self.activity(number, json!({ "type": "Follow", "object": whom }));
        assert_eq!(self.post(to, &follow).await.status(), 202);
        to.step_until_idle().await;
    }

    /// A GET that is signed, as Mastodon's secure mode makes it.
    pub(crate) fn signed_get(&self, from: &Instance, path: &str) -> Request<Bytes> {
        let url = format!("{}{path}", from.federation.uris().base());
        let request = Request::get(url)
            .header("accept", "application/activity+json")
            .body(Bytes::new());
        cavage(request.unwrap(), self.clock.now())
            .sign(&*self.key as &dyn Signer)
            .unwrap()
    }

    pub(crate) async fn post(&self, to: &Instance, activity: &Value) -> Response<Bytes> {
        let inbox = to.federation.uris().shared_inbox();
        to.federation
            .handle(self.request(inbox.as_str(), activity.to_string()))
            .await
            .unwrap()
    }

    pub(crate) fn received_types(&self) -> Vec<String> {
        self.received
            .lock()
            .unwrap()
            .iter()
            .map(|a| a["type"].as_str().unwrap().to_owned())
            .collect()
    }
}
