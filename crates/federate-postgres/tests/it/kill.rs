//! `kill -9` at any moment: every id whose `enqueue`, `record` or `accept` returned `Ok` is there afterwards.
//!
//! The child is this test binary itself, which runs [`p1_child`] when it finds a URL in its environment.

use crate::{at, cluster::database, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{Accepted, Backend, Delivery, DeliveryId, Sealed, Settled};
use std::{
    collections::BTreeSet,
    io::{Read, Write},
    process::{Command, Stdio},
    time::Duration,
};

const URL: &str = "FEDERATE_POSTGRES_KILL_URL";
const ROUND: &str = "FEDERATE_POSTGRES_KILL_ROUND";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how many children is a matter of patience"
)]
fn p1_what_returned_ok_survives_kill_9() {
    let Some(database) = database() else { return };
    let rounds = std::env::var("FEDERATE_KILL_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok());
    let rounds: u64 = rounds.unwrap_or(20);
    let mut promised: BTreeSet<String> = BTreeSet::new();
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::p1_child", "--nocapture"])
            .env(URL, &database.url)
            .env(ROUND, round.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        // The moment is counted in promises first, so that a slow machine makes as many, then in time. Some
        // children die before their first one, in the middle of opening.
        let wanted = (round * 13 % 41) as usize;
        let mut printed = Vec::new();
        let mut some = [0; 4_096];
        while wanted > 0 && printed.iter().filter(|byte| **byte == b'\n').count() < wanted + 4 {
            let read = stdout.read(&mut some).unwrap();
            assert!(read > 0, "the child ended by itself");
            printed.extend_from_slice(&some[..read]);
        }
        std::thread::sleep(Duration::from_micros(round * 7_919 % 9_000));
        child.kill().unwrap();
        stdout.read_to_end(&mut printed).unwrap();
        child.wait().unwrap();
        let printed = String::from_utf8(printed).unwrap();
        // Only whole lines count: the last one may be cut.
        let whole = printed.rsplit_once('\n').map_or("", |(whole, _)| whole);
        promised.extend(
            whole
                .lines()
                .filter_map(|line| line.split_once("did "))
                .map(|(_, id)| id.to_owned()),
        );
    }
    assert!(
        promised.len() as u64 > rounds,
        "the children did something: {}",
        promised.len()
    );
    let found = runtime().block_on(everything(&database.url));
    let lost: Vec<&String> = promised.difference(&found).collect();
    assert!(lost.is_empty(), "promised and lost: {lost:?}");
}

/// What is in the store, in the children's words.
async fn everything(url: &str) -> BTreeSet<String> {
    nobody_else(url).await;
    let stores = Postgres::open(url).await.unwrap().stores();
    let mut found = BTreeSet::new();
    let counts = stores.queue.counts().await.unwrap();
    assert!(counts.conserved(), "{counts:?}");
    let now = at(100_000);
    for lane in stores.queue.lease("after", 1_000, now).await.unwrap() {
        for delivery in stores.queue.due(&lane, 1_000_000, now).await.unwrap() {
            found.insert(format!("enqueue {}", delivery.id));
        }
    }
    for letter in stores.queue.dead(1_000_000).await.unwrap() {
        // A child settles as dead what it enqueued before: both promises are kept by the letter.
        found.insert(format!("enqueue {}", letter.delivery.id));
        found.insert(format!("bury {}", letter.delivery.id));
    }
    for outgoing in stores.outbox.unexpanded(1_000_000).await.unwrap() {
        found.insert(format!("record {}", outgoing.id));
    }
    for pending in stores.inbox.pending(1_000_000, now).await.unwrap() {
        found.insert(format!("accept {}", pending.id));
    }
    found
}

/// Waits until the server has noticed that its clients are dead: their locks are passed over, not waited for. What cleans up in the server
/// is no client, and may take longer.
async fn nobody_else(url: &str) {
    let pool = sqlx::PgPool::connect(url).await.unwrap();
    let mut others = Vec::new();
    let gone = async {
        loop {
            others = sqlx::query_scalar::<_, String>(
                "SELECT concat_ws(' ', pid, state, wait_event_type, wait_event, query) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'",
            )
            .fetch_all(&pool)
            .await
            .unwrap();
            if others.is_empty() {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    let gone = tokio::time::timeout(Duration::from_secs(30), gone).await;
    assert!(gone.is_ok(), "still there: {others:?}");
}

/// Not a test of its own: what the parent starts and kills.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells its child what to do"
)]
#[expect(clippy::print_stdout, reason = "the promises, for the parent to hold us to")]
fn p1_child() {
    let (Ok(url), Ok(round)) = (std::env::var(URL), std::env::var(ROUND)) else {
        return;
    };
    let say = |what: &str, id: &dyn std::fmt::Display| {
        // One write for a line: a kill cuts between lines or inside one, never mixes two.
        let line = format!("did {what} {id}\n");
        std::io::stdout().write_all(line.as_bytes()).unwrap();
        std::io::stdout().flush().unwrap();
    };
    println!();
    runtime().block_on(async {
        let stores = Postgres::open(&url).await.unwrap().stores();
        for number in 0..100_000 {
            let number = number + 1_000_000 * round.parse::<usize>().unwrap();
            stores.outbox.record(&outgoing(number)).await.unwrap();
            say("record", &outgoing(number).id);

            let batch: Vec<Delivery> = (0..3)
                .map(|n| {
                    let inbox = iri(&format!("https://h{}.example/inbox", number % 5 + n));
                    Delivery::new(outgoing(number).id, "alice", inbox, at(0))
                })
                .collect();
            stores.queue.enqueue(&batch, at(0)).await.unwrap();
            for delivery in &batch {
                say("enqueue", &delivery.id);
            }

            let id = iri(&format!("https://b.example/likes/{number}"));
            let sealed = Sealed::from_bytes("sealed");
            let accepted = stores
                .inbox
                .accept("https://b.example", &id, &sealed, at(0))
                .await
                .unwrap();
            if let Accepted::New(id) = accepted {
                say("accept", &id);
            }

            for lane in stores.queue.lease("child", 1, at(0)).await.unwrap() {
                let due = stores.queue.due(&lane, 1, at(0)).await.unwrap();
                let outcomes: Vec<(DeliveryId, Settled)> = due
                    .into_iter()
                    .map(|d| {
                        (
                            d.id,
                            Settled::Dead {
                                reason: "test".into(),
                            },
                        )
                    })
                    .collect();
                stores.queue.settle(&lane, &outcomes, at(1)).await.unwrap();
                for (id, _) in &outcomes {
                    say("bury", id);
                }
                stores.queue.release(lane, None).await.unwrap();
            }
        }
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
