//! The server itself.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use super::speak::{Ending, converse, hold, write};
use super::{Answer, Authority, Person};
use crate::wire::lock;

/// How many connections are open at once; more wait. How many requests are remembered; more are only counted.
const CONNECTIONS: usize = 4_096;
const REMEMBERED: usize = 100_000;

/// A server that misbehaves as it is told. See the [module](super). It ends when it is dropped.
pub struct Hostile {
    pub(super) shared: Arc<Shared>,
    address: SocketAddr,
    scheme: &'static str,
    host: String,
    task: JoinHandle<()>,
}

/// What a connection meets before it can ask anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Greeting {
    /// The handshake of TLS where that is spoken, and then answers.
    #[default]
    Polite,
    /// Nothing at all, as from a server whose backlog is full: a connection that never gets a byte.
    Silent,
    /// The beginning of a handshake of TLS, one byte in each interval.
    Drip(Duration),
    /// Bytes that are neither TLS nor HTTP, and the end.
    Garbage,
    /// A reset.
    Reset,
    /// A handshake of TLS in which the certificate stands so many times: 25,000 are 10 MB. Nothing else without TLS.
    LongChain(usize),
}

pub(super) struct Shared {
    answers: Mutex<BTreeMap<String, Answer>>,
    otherwise: Mutex<Answer>,
    pub(super) greeting: Mutex<Greeting>,
    requests: Mutex<Vec<Request<Bytes>>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    written: AtomicUsize,
    authority: Option<(Authority, TlsAcceptor)>,
}

impl Hostile {
    /// A server that speaks plain http at `http://127.0.0.1:{port}`. It answers 404 until it is told otherwise.
    ///
    /// # Panics
    ///
    /// Where loopback has no port left.
    pub async fn start() -> Self {
        Self::start_as("127.0.0.1").await
    }

    /// The same under another name that leads to 127.0.0.1: `localhost`, or with [`Names`](super::Names) `evil.localhost`.
    ///
    /// # Panics
    ///
    /// Where loopback has no port left.
    pub async fn start_as(host: &str) -> Self {
        Self::listen("http", host, None).await
    }

    /// A server that speaks TLS as `host` (and as any other name), with certificates of the authority.
    ///
    /// # Panics
    ///
    /// Where loopback has no port left.
    pub async fn start_tls(host: &str, authority: &Authority) -> Self {
        let acceptor = authority.acceptor(1);
        Self::listen("https", host, Some((authority.clone(), acceptor))).await
    }

    async fn listen(scheme: &'static str, host: &str, authority: Option<(Authority, TlsAcceptor)>) -> Self {
        let bound = TcpListener::bind(("127.0.0.1", 0)).await;
        let Some((listener, address)) = bound
            .ok()
            .and_then(|listener| listener.local_addr().ok().map(|address| (listener, address)))
        else {
            panic!("no port on loopback");
        };
        let shared = Arc::new(Shared {
            answers: Mutex::default(),
            otherwise: Mutex::new(Answer::status(404)),
            greeting: Mutex::default(),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            written: AtomicUsize::new(0),
            authority,
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self {
            shared,
            address,
            scheme,
            host: host.to_owned(),
            task,
        }
    }

    /// From now on `target` is answered so. It is a path, with its query where only that one is meant.
    pub fn answer(&self, target: &str, answer: Answer) {
        lock(&self.shared.answers).insert(target.to_owned(), answer);
    }

    /// From now on whatever has no answer of its own is answered so.
    pub fn otherwise(&self, answer: Answer) {
        *lock(&self.shared.otherwise) = answer;
    }

    /// From now on connections are met so.
    pub fn greet(&self, greeting: Greeting) {
        *lock(&self.shared.greeting) = greeting;
    }

    /// Somebody well-formed at `/users/{name}`. Not served yet: see [`serve`](Hostile::serve).
    ///
    /// # Panics
    ///
    /// Where the test keys cannot be read.
    pub fn person(&self, name: &str) -> Person {
        Person::of(self, name)
    }

    /// From now on the person's document stands at its [path](Person::path), and its WebFinger answers.
    pub fn serve(&self, person: &Person) {
        self.answer(&person.path(), Answer::document(person.document()));
        self.answer(&person.webfinger(), Answer::jrd(person.jrd()));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its name, without the port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its name and port, as they stand in URLs and handles.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.address.port())
    }

    /// A URL of its own: scheme, name and port before `path`.
    pub fn url(&self, path: &str) -> String {
        self.url_at(&self.host, path)
    }

    /// A URL that leads here under another name.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.address.port())
    }

    /// What was asked, in order. Up to 100,000 are kept.
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        lock(&self.shared.requests).clone()
    }

    /// How often `path` was asked for, with any query; or with this one where it has one.
    pub fn asked(&self, path: &str) -> usize {
        let is_meant = |request: &&Request<Bytes>| {
            request.uri().path() == path || request.uri().path_and_query().is_some_and(|all| all == path)
        };
        lock(&self.shared.requests).iter().filter(is_meant).count()
    }

    /// How many connections were made. None: nobody even tried.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Relaxed)
    }

    /// How many connections are open now: those that wait for another request, or for an answer that does not come.
    pub fn open(&self) -> usize {
        self.shared.open.load(Relaxed)
    }

    /// How many bytes were written, before TLS. The network takes some that nobody reads.
    pub fn written(&self) -> usize {
        self.shared.written.load(Relaxed)
    }
}

impl Shared {
    pub(super) fn answer_to(&self, request: &Request<Bytes>) -> Answer {
        let target = request.uri().path_and_query().map_or("/", |all| all.as_str());
        let known = {
            let answers = lock(&self.answers);
            answers
                .get(target)
                .or_else(|| answers.get(request.uri().path()))
                .cloned()
        };
        // Not under the lock: what a closure does is its own affair.
        known.unwrap_or_else(|| lock(&self.otherwise).clone()).to(request)
    }

    pub(super) fn remember(&self, request: Request<Bytes>) {
        let mut requests = lock(&self.requests);
        if requests.len() < REMEMBERED {
            requests.push(request);
        }
    }

    pub(super) fn count(&self, bytes: usize) {
        self.written.fetch_add(bytes, Relaxed);
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        // The connections go with it: they are tasks of a set that it owns.
        self.task.abort();
    }
}

impl fmt::Debug for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hostile({})", self.url("/"))
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            return;
        };
        shared.connections.fetch_add(1, Relaxed);
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            shared.open.fetch_add(1, Relaxed);
            meet(stream, &shared).await;
            shared.open.fetch_sub(1, Relaxed);
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn meet(mut stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let greeting = *lock(&shared.greeting);
    let chain = match greeting {
        Greeting::Polite => None,
        Greeting::LongChain(length) => Some(length),
        Greeting::Silent => return hold(&mut stream).await,
        Greeting::Drip(interval) => {
            let _ = write(&mut stream, &slow_hello(), Some(interval), shared).await;
            return;
        }
        Greeting::Garbage => {
            let _ = stream.write_all(b"\x00\xff\x01\xfe220 smtp ready\r\n\r\n").await;
            return end(stream, Ending::Close).await;
        }
        Greeting::Reset => return end(stream, Ending::Reset).await,
    };
    let Some((authority, polite)) = &shared.authority else {
        let ending = converse(&mut stream, shared).await;
        return end(stream, ending).await;
    };
    let acceptor = chain.map_or_else(|| polite.clone(), |length| authority.acceptor(length));
    if let Ok(mut secured) = acceptor.accept(stream).await {
        let ending = converse(&mut secured, shared).await;
        if ending == Ending::Close {
            let _ = secured.shutdown().await;
        }
        let (stream, _) = secured.into_inner();
        end(stream, ending).await;
    }
}

async fn end(mut stream: TcpStream, ending: Ending) {
    match ending {
        Ending::Reset => {
            let _ = stream.set_zero_linger();
        }
        // Read until the other side goes too: to close over unread bytes is a reset, which takes the answer with it.
        Ending::Close => {
            let _ = stream.shutdown().await;
            hold(&mut stream).await;
        }
    }
}

/// A record of 16 KiB that begins as a `ServerHello` does.
fn slow_hello() -> Vec<u8> {
    let mut bytes = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc".to_vec();
    bytes.resize(5 + 0x4000, 0);
    bytes
}
