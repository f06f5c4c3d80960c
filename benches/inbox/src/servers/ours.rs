//! Ours: proven, stored, answered with 202; handled by the engine.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use federate_http::{Budget, HttpClient, HttpError, HttpErrorKind};
use federate_protocol::activitystreams::{Create, Note};
use federate_server::signatures::aws_lc::AwsLc;
use federate_server::signatures::{GeneratedKey, KeyGenerator, SignError, VerifierProvider};
use federate_server::{Actors, Engine, Federation, Profile};
use federate_sqlite::Sqlite;
use federate_store::{Backend, Iri, Memory};
use http::{Request, Response};
use tokio::net::TcpListener;

use crate::parent::Parent;
use crate::senders::{self, Sender};
use crate::tally::Tally;

/// How the engine and the server run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The layer in `axum::serve`, the engine beside.
    Layer,
    /// The same, but the engine runs when it is told to.
    Later,
    /// `federate_axum::serve_until`, as applications have it.
    Serve,
}

/// `sqlite`, `sqlite-later`, `sqlite-serve`, `memory`, `memory-later`; with `+aws-lc` each with that for a verifier.
pub(super) async fn run(name: &str, folder: &Path, listener: TcpListener, tally: Arc<Tally>) {
    let (name, verifier): (_, Option<Arc<dyn VerifierProvider>>) = match name.strip_suffix("+aws-lc") {
        Some(name) => (name, Some(Arc::new(AwsLc))),
        None => (name, None),
    };
    let (store, way) = name.split_once('-').unwrap_or((name, "layer"));
    let way = match way {
        "layer" => Way::Layer,
        "later" => Way::Later,
        "serve" => Way::Serve,
        other => panic!("there is no {other}"),
    };
    match store {
        "sqlite" => {
            let store = Sqlite::open(folder.join("inbox.db")).await.unwrap();
            for (journal, synchronous, _) in store.durability().await.unwrap() {
                assert_eq!(
                    (journal.as_str(), synchronous),
                    ("wal", 2),
                    "a 202 is to be durable"
                );
            }
            serve(store, way, listener, tally, verifier).await;
        }
        "memory" => serve(Memory::new(), way, listener, tally, verifier).await,
        other => panic!("there is no {other}"),
    }
}

async fn serve<S: Backend>(
    store: S,
    way: Way,
    listener: TcpListener,
    tally: Arc<Tally>,
    verifier: Option<Arc<dyn VerifierProvider>>,
) {
    let (instance, engine) = Instance::new(store, Arc::clone(&tally), verifier).await;
    let mut parent = Parent::listen();
    println!("{}", listener.local_addr().unwrap().port());
    let app = Router::new()
        .route("/", get(async || "alice lives here"))
        .layer(federate_axum::layer(&instance.federation));
    let mut waiting = None;
    if way == Way::Serve {
        let serving = federate_axum::serve_until(listener, app, engine, std::future::pending());
        tokio::spawn(async move { serving.await.unwrap() });
    } else {
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        waiting = Some(engine);
    }
    if way == Way::Layer {
        start(waiting.take().unwrap());
    }
    loop {
        let said = parent.hear().await;
        if said == "engine" {
            start(waiting.take().unwrap());
            println!("runs");
            continue;
        }
        tally
            .wait(said.strip_prefix("settled ").unwrap().parse().unwrap())
            .await;
        instance.settle().await;
        let report = tally.report(instance.peers.asked());
        println!("{}", serde_json::to_string(&report).unwrap());
    }
}

fn start(engine: Engine) {
    tokio::spawn(async move { engine.run_until(std::future::pending()).await });
}

/// An instance that knows everybody who is to be known, and counts what it handles.
#[derive(Debug)]
pub struct Instance<S: Backend> {
    pub federation: Federation<Actors<S>>,
    pub peers: Arc<Peers>,
}

impl<S: Backend> Instance<S> {
    pub async fn new(
        store: S,
        tally: Arc<Tally>,
        verifier: Option<Arc<dyn VerifierProvider>>,
    ) -> (Self, Engine) {
        let peers = Arc::new(Peers::default());
        let people = Actors::new([Profile::person("alice")]);
        let builder = Federation::builder(senders::BASE, store, people);
        let builder = match verifier {
            Some(verifier) => builder.verifier(verifier),
            None => builder,
        };
        let (federation, engine) = builder
            .client(Arc::clone(&peers) as Arc<dyn HttpClient>)
            .keygen(Arc::new(Key))
            .on::<Create<Note>>(move |_, create| {
                tally.note(create.id().as_str());
                async { Ok(()) }
            })
            .build()
            .await
            .unwrap();
        for sender in Sender::all() {
            let id = Iri::parse(&sender.id()).unwrap();
            federation.remote_actor(&id).await.unwrap();
        }
        peers.0.store(0, Ordering::SeqCst);
        (Self { federation, peers }, engine)
    }

    /// Waits until the store says that nothing waits.
    async fn settle(&self) {
        let waiting = async || {
            let backlog = self.federation.stores().inbox.backlog().await.unwrap();
            backlog.is_some_and(|backlog| backlog.pending > 0)
        };
        for _ in 0..1000 {
            if !waiting().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("something waits for ever");
    }
}

/// The others, as far as they can be asked: those who are known answer. Counts who is asked for.
#[derive(Debug, Default)]
pub struct Peers(AtomicU64);

impl Peers {
    /// Requests so far, without those that made everybody known.
    pub fn asked(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl HttpClient for Peers {
    async fn send(&self, request: Request<Bytes>, _: &Budget) -> Result<Response<Bytes>, HttpError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let id = request.uri().to_string();
        let sender = Sender::all()
            .find(|sender| sender.id() == id)
            .ok_or_else(|| HttpError::new(HttpErrorKind::Dns))?;
        let response = Response::builder()
            .header("content-type", "application/activity+json")
            .body(Bytes::from(sender.document().to_string()))
            .unwrap();
        Ok(response)
    }
}

/// The instance's own key, so that no run pays for making one.
#[derive(Debug)]
struct Key;

impl KeyGenerator for Key {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        let key = include_bytes!("../../../../crates/federate-server/tests/keys/a.pk8");
        Ok(GeneratedKey::from_pkcs8(key.to_vec()))
    }
}
