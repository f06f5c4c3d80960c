//! How fast the queue is, with the shipped schema and full durability: one activity recorded for everybody, deliveries
//! enqueued in batches of 1,000, then claimed and settled in hundreds across lanes by several workers, each with
//! connections of its own.
//!
//! `cargo run --release -p federate-postgres --example queue_rate -- [DELIVERIES] [HOSTS] [WORKERS] [URL]`; without a URL
//! it starts a server of the installed binaries in a temporary directory.

#[path = "../tests/support/cluster.rs"]
mod cluster;

use federate_postgres::Postgres;
use federate_store::{Backend, Delivery, DeliveryQueue, Iri, Outgoing, Settled};
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

/// Deliveries of one activity.
const INBOXES: usize = 100_000;

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a stop-watch that reports"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let total: usize = args.next().map_or(Ok(200_000), |n| n.parse())?;
    let hosts: usize = args.next().map_or(Ok(100), |n| n.parse())?;
    let workers: usize = args.next().map_or(Ok(1), |n| n.parse())?;
    let database = match args.next() {
        Some(url) => cluster::Database::existing(url),
        None => cluster::database().ok_or("no server is installed")?,
    };
    let store = Postgres::open(&database.url).await?;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);

    let start = Instant::now();
    let activity =
        |number: usize| Iri::parse(&format!("https://social.example/users/alice/activities/{number}"));
    let followers = Iri::parse("https://social.example/users/alice/followers")?;
    let outgoing = Outgoing::new(activity(0)?, "alice", vec![b'x'; 2_000], vec![followers]);
    store.stores().outbox.record(&outgoing).await?;
    report("recorded, for any number of inboxes", 1, start.elapsed());

    let mut deliveries = Vec::with_capacity(total);
    for number in 0..total {
        let inbox = number % INBOXES;
        let inbox = Iri::parse(&format!(
            "https://host{}.example/users/{inbox}/inbox",
            inbox % hosts
        ))?;
        deliveries.push(Delivery::new(activity(number / INBOXES)?, "alice", inbox, now));
    }
    let start = Instant::now();
    for batch in deliveries.chunks(1_000) {
        store.stores().queue.enqueue(batch, now).await?;
    }
    report("enqueued in batches of 1,000", total, start.elapsed());

    let mut tasks = Vec::new();
    for number in 0..workers {
        let queue = Postgres::open(&database.url).await?.stores().queue;
        tasks.push((format!("worker-{number}"), queue));
    }
    let start = Instant::now();
    let tasks: Vec<_> = tasks
        .into_iter()
        .map(|(name, queue)| tokio::spawn(async move { work(queue, &name, now).await }))
        .collect();
    let mut settled = 0;
    for task in tasks {
        settled += task.await??;
    }
    report("claimed and settled in hundreds", settled, start.elapsed());

    println!("{:?}", store.stores().queue.counts().await?);
    store.close().await;
    Ok(())
}

async fn work(
    queue: Arc<dyn DeliveryQueue>,
    name: &str,
    now: SystemTime,
) -> Result<usize, federate_store::StoreError> {
    let mut settled = 0;
    loop {
        let lanes = queue.lease(name, 16, now).await?;
        if lanes.is_empty() && queue.next_due().await?.is_none_or(|due| due > now) {
            return Ok(settled);
        }
        for lane in lanes {
            loop {
                let due = queue.due(&lane, 500, now).await?;
                if due.is_empty() {
                    break;
                }
                let outcomes: Vec<_> = due.into_iter().map(|one| (one.id, Settled::Delivered)).collect();
                settled += outcomes.len();
                queue.settle(&lane, &outcomes, now).await?;
            }
            queue.release(lane, None).await?;
        }
    }
}

#[expect(clippy::print_stdout, reason = "the report")]
fn report(what: &str, number: usize, took: Duration) {
    println!(
        "{what}: {number} in {took:.2?}, {:.0} a second",
        number as f64 / took.as_secs_f64()
    );
}
