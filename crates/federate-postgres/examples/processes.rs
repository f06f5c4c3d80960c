//! What several processes over one queue deliver, each held to 32 requests under way, to hosts that take 50 ms to answer.
//!
//! `cargo run --release -p federate-postgres --example processes -- [DELIVERIES for each process] [HOSTS]`: one, two and
//! four processes in turn, each time on a fresh database of a server in a temporary directory. The hosts are within the
//! process and the signatures empty: it is the queue that is measured.

#[path = "../tests/support/cluster.rs"]
mod cluster;

use federate_delivery::{Engine, ExpandError, Expansion, Inboxes, SenderError, Senders, SystemClock};
use federate_http::{Budget, HttpClient, HttpError};
use federate_postgres::Postgres;
use federate_protocol::signatures::{Algorithm, KeyId, SignError, Signer};
use federate_store::{Backend, Bytes, Delivery, Iri, Outgoing, async_trait};
use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

const URL: &str = "FEDERATE_PROCESSES_URL";
const LATENCY: Duration = Duration::from_millis(50);

type Anything = Box<dyn std::error::Error>;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a stop-watch that reports"
)]
async fn main() -> Result<(), Anything> {
    if let Ok(url) = std::env::var(URL) {
        return deliver(&url).await;
    }
    let mut args = std::env::args().skip(1);
    let each: usize = args.next().map_or(Ok(8_000), |n| n.parse())?;
    let hosts: usize = args.next().map_or(Ok(64), |n| n.parse())?;
    let mut one = None;
    for processes in [1, 2, 4] {
        let database = cluster::database().ok_or("no server is installed")?;
        let store = Postgres::open(&database.url).await?;
        let total = fill(&store, each * processes, hosts).await?;
        let mut children = Vec::new();
        for _ in 0..processes {
            children.push(child(&database.url)?);
        }
        let begun = Instant::now();
        for child in &mut children {
            child.stdin.as_mut().ok_or("no pipe")?.write_all(b"go\n")?;
        }
        while store.stores().queue.counts().await?.pending > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let rate = total as f64 / begun.elapsed().as_secs_f64();
        let mut requests = 0;
        for mut child in children {
            drop(child.stdin.take());
            let mut said = String::new();
            BufReader::new(child.stdout.take().ok_or("no pipe")?).read_line(&mut said)?;
            requests += said.trim().parse::<usize>()?;
            child.wait()?;
        }
        let times = rate / *one.get_or_insert(rate);
        println!(
            "{processes} processes: {total} deliveries, {rate:.0} a second, {times:.2} times one; {} twice",
            requests - total
        );
    }
    Ok(())
}

async fn fill(store: &Postgres, total: usize, hosts: usize) -> Result<usize, Anything> {
    let outgoing = Outgoing::new(
        Iri::parse("https://social.example/activities/1")?,
        "alice",
        vec![b'x'; 2_000],
        Vec::new(),
    );
    let stores = store.stores();
    stores.outbox.record(&outgoing).await?;
    stores.outbox.expanded(&outgoing.id).await?;
    let now = SystemTime::UNIX_EPOCH;
    let mut deliveries = Vec::with_capacity(total);
    for number in 0..total {
        let inbox = Iri::parse(&format!("https://host{}.example/inbox/{number}", number % hosts))?;
        deliveries.push(Delivery::new(outgoing.id.clone(), "alice", inbox, now));
    }
    for batch in deliveries.chunks(1_000) {
        stores.queue.enqueue(batch, now).await?;
    }
    Ok(total)
}

fn child(url: &str) -> Result<Child, Anything> {
    let mut child = Command::new(std::env::current_exe()?)
        .env(URL, url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    // Connected, and not begun.
    let stdout = child.stdout.take().ok_or("no pipe")?;
    let mut stdout = BufReader::with_capacity(1, stdout);
    stdout.read_line(&mut String::new())?;
    child.stdout = Some(stdout.into_inner());
    Ok(child)
}

/// A process of its own: delivers until its standard input ends, and says how many requests it made.
#[expect(clippy::print_stdout, reason = "what the parent waits for")]
async fn deliver(url: &str) -> Result<(), Anything> {
    let store = Postgres::open(url).await?;
    let sink = Arc::new(Sink::default());
    let engine = Engine::builder(
        store.stores(),
        Arc::clone(&sink) as Arc<dyn HttpClient>,
        Arc::new(Application),
        Arc::new(Application),
        Arc::new(SystemClock),
    );
    // A fair share of the hosts, as one of four.
    let engine = Arc::new(engine.in_flight(32).lanes(16).build());
    let waking = Arc::clone(&engine);
    let _listening = store.listen(move || waking.wake());
    println!();
    let line =
        || async { tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await };
    line().await??;
    engine
        .run_until(async {
            let _ = line().await;
        })
        .await;
    println!("{}", sink.requests.load(std::sync::atomic::Ordering::Relaxed));
    Ok(())
}

#[derive(Debug, Default)]
struct Sink {
    requests: std::sync::atomic::AtomicUsize,
}

#[async_trait]
impl HttpClient for Sink {
    async fn send(&self, _: http::Request<Bytes>, _: &Budget) -> Result<http::Response<Bytes>, HttpError> {
        tokio::time::sleep(LATENCY).await;
        self.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::ACCEPTED;
        Ok(response)
    }
}

#[derive(Debug)]
struct Application;

#[async_trait]
impl Senders for Application {
    async fn signer(&self, _: &str) -> Result<Arc<dyn Signer>, SenderError> {
        Ok(Arc::new(Nobody(KeyId::from("https://social.example/alice#key"))))
    }
}

#[async_trait]
impl Inboxes for Application {
    async fn expand(&self, _: &Outgoing, _: Option<&str>) -> Result<Expansion, ExpandError> {
        Ok(Expansion::default())
    }
}

#[derive(Debug)]
struct Nobody(KeyId);

impl Signer for Nobody {
    fn key_id(&self) -> &KeyId {
        &self.0
    }

    fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(vec![0; 64])
    }
}
