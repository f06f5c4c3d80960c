//! What the engine itself costs: one activity to many inboxes, through a durable SQLite queue, to hosts within the process that
//! answer at once, with an empty signature. `cargo run --release -p federate-delivery --example engine_rate -- [DELIVERIES] [HOSTS]`

use federate_delivery::{Engine, ExpandError, Expansion, Inboxes, SenderError, Senders, SystemClock};
use federate_http::{Budget, HttpClient, HttpError};
use federate_protocol::signatures::{Algorithm, KeyId, SignError, Signer};
use federate_sqlite::Sqlite;
use federate_store::{Backend, Bytes, Iri, Outgoing, async_trait};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// Inboxes of one page of an expansion.
const PAGE: usize = 5_000;

type Anything = Box<dyn std::error::Error>;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a stop-watch that reports"
)]
async fn main() -> Result<(), Anything> {
    let mut args = std::env::args().skip(1);
    let deliveries: usize = args.next().map_or(Ok(10_000), |n| n.parse())?;
    let hosts: usize = args.next().map_or(Ok(1_000), |n| n.parse())?;
    let file = std::env::temp_dir().join(format!("federate-engine-rate-{}.db", std::process::id()));
    let store = Sqlite::open(&file).await?;
    let audience = (0..deliveries)
        .map(|number| Iri::parse(&format!("https://h{}.example/inbox/{number}", number % hosts)))
        .collect::<Result<Vec<_>, _>>()?;
    let outgoing = Outgoing::new(
        Iri::parse("https://social.example/activities/1")?,
        "alice",
        vec![b'x'; 3_000],
        audience,
    );
    let sink = Arc::new(Sink::default());
    let engine = Engine::builder(
        store.stores(),
        Arc::clone(&sink) as _,
        Arc::new(Application),
        Arc::new(Application),
        Arc::new(SystemClock),
    );
    let engine = engine.in_flight(64).build();
    let before = cpu()?;
    let begun = Instant::now();
    store.stores().outbox.record(&outgoing).await?;
    let recorded = begun.elapsed();
    engine
        .run_until(async {
            while sink.taken.load(Ordering::Relaxed) < deliveries {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    let took = begun.elapsed();
    let cpu = cpu()? - before;
    let counts = store.stores().queue.counts().await?;
    println!(
        "{deliveries} to {hosts} hosts: recorded in {:.3} s, {:.0} a second, {:.0} us of CPU each, {} MB at most; {counts:?}",
        recorded.as_secs_f64(),
        deliveries as f64 / took.as_secs_f64(),
        cpu * 1e6 / deliveries as f64,
        peak()?
    );
    store.close().await;
    for end in ["", "-wal", "-shm", "-federate", "-federate-wal", "-federate-shm"] {
        let mut name = file.clone().into_os_string();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
    Ok(())
}

/// Seconds of CPU that this process has used.
fn cpu() -> Result<f64, Anything> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // Behind the name: the state, and ten more.
    let fields = stat.rsplit(')').next().unwrap_or("").split_whitespace();
    let ticks: Vec<f64> = fields
        .skip(11)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// The most memory that was in use, in megabytes.
fn peak() -> Result<u64, Anything> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .ok_or("no VmHWM")?;
    let kilobytes: u64 = line.split_whitespace().nth(1).ok_or("no figure")?.parse()?;
    Ok(kilobytes / 1024)
}

#[derive(Debug, Default)]
struct Sink {
    taken: AtomicUsize,
}

#[async_trait]
impl HttpClient for Sink {
    async fn send(&self, _: http::Request<Bytes>, _: &Budget) -> Result<http::Response<Bytes>, HttpError> {
        tokio::task::yield_now().await;
        self.taken.fetch_add(1, Ordering::Relaxed);
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::ACCEPTED;
        Ok(response)
    }
}

#[derive(Debug)]
struct Application;

#[derive(Debug)]
struct Empty(KeyId);

impl Signer for Empty {
    fn key_id(&self) -> &KeyId {
        &self.0
    }
    fn algorithm(&self) -> Algorithm {
        Algorithm::RsaV1_5Sha256
    }
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(vec![0; 256])
    }
}

#[async_trait]
impl Senders for Application {
    async fn signer(&self, _: &str) -> Result<Arc<dyn Signer>, SenderError> {
        Ok(Arc::new(Empty(KeyId::from(
            "https://social.example/users/alice#main-key",
        ))))
    }
}

#[async_trait]
impl Inboxes for Application {
    async fn expand(&self, outgoing: &Outgoing, after: Option<&str>) -> Result<Expansion, ExpandError> {
        let from: usize = after.unwrap_or("0").parse().map_err(ExpandError::new)?;
        let rest = outgoing.audience.get(from..).unwrap_or_default();
        let mut page = Expansion::of(rest.iter().take(PAGE).cloned().collect());
        page.next = (rest.len() > PAGE).then(|| (from + PAGE).to_string());
        Ok(page)
    }
}
