//! The PostgreSQL store: the contract, durability, migrations, the application's transactions, many workers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod application;
#[path = "../support/cluster.rs"]
mod cluster;
mod contract;
mod copies;
mod golden;
mod kill;
mod listen;
mod open;
mod order;
mod restart;
mod transfer;
mod workers;

use federate_store::{Iri, Outgoing};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

/// What a newer release may do to the tables.
const NEWER: &str = include_str!("../support/newer.sql");

/// What is logged on this thread until the guard is dropped.
fn logged() -> (Arc<Mutex<Vec<u8>>>, impl Drop) {
    struct Writer(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let lines = Arc::<Mutex<Vec<u8>>>::default();
    let to = Arc::clone(&lines);
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || Writer(Arc::clone(&to)))
        .finish();
    beside_another();
    (lines, tracing::subscriber::set_default(subscriber))
}

/// Beside a second one: with a single subscriber, a thread of another test, which has none, decides for all whether a line or a
/// span that it meets first is of interest.
fn beside_another() {
    static OTHER: std::sync::OnceLock<tracing::Dispatch> = std::sync::OnceLock::new();
    OTHER.get_or_init(|| tracing::Dispatch::new(tracing_subscriber::registry()));
}

fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

fn outgoing(number: usize) -> Outgoing {
    Outgoing::new(
        iri(&format!("https://a.example/activities/{number}")),
        "alice",
        format!("{{\"n\":{number}}}"),
        vec![iri("https://a.example/users/alice/followers")],
    )
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}
