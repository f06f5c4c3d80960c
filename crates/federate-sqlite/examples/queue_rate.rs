//! How fast the queue is, with the shipped schema and full durability: deliveries enqueued in batches of 1,000,
//! then claimed and settled in hundreds across lanes.
//!
//! `cargo run --release -p federate-sqlite --example queue_rate -- [DIRECTORY] [DELIVERIES] [HOSTS]`

use federate_sqlite::Sqlite;
use federate_store::{Backend, Delivery, Iri, Settled};
use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime},
};

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a stop-watch that reports"
)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let directory = args.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let total: usize = args.next().map_or(Ok(200_000), |n| n.parse())?;
    let hosts: usize = args.next().map_or(Ok(100), |n| n.parse())?;
    let file = directory.join(format!("federate-queue-rate-{}.db", std::process::id()));
    let store = Sqlite::open(&file).await?;
    let queue = store.stores().queue;
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);

    let per_activity = 10_000;
    let mut deliveries = Vec::with_capacity(total);
    for number in 0..total {
        let (activity, inbox) = (number / per_activity, number % per_activity);
        let activity = Iri::parse(&format!(
            "https://social.example/users/alice/activities/{activity}"
        ))?;
        let inbox = Iri::parse(&format!(
            "https://host{}.example/users/{inbox}/inbox",
            inbox % hosts
        ))?;
        deliveries.push(Delivery::new(activity, "alice", inbox, now));
    }

    let start = Instant::now();
    for batch in deliveries.chunks(1_000) {
        queue.enqueue(batch, now).await?;
    }
    report("enqueued in batches of 1,000", total, start.elapsed());

    let start = Instant::now();
    let mut settled = 0;
    loop {
        let lanes = queue.lease("rate", 16, now).await?;
        if lanes.is_empty() {
            break;
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
    report("claimed and settled in hundreds", settled, start.elapsed());

    let counts = queue.counts().await?;
    println!("{counts:?}");
    store.close().await;
    for suffix in ["", "-federate"] {
        let mut name = file.clone().into_os_string();
        name.push(suffix);
        std::fs::remove_file(name)?;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the report")]
fn report(what: &str, number: usize, took: Duration) {
    println!(
        "{what}: {number} in {took:.2?}, {:.0} a second",
        number as f64 / took.as_secs_f64()
    );
}
