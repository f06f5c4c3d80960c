//! The PostgreSQL store: the contract, durability, migrations, the application's transactions, many workers.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod application;
#[path = "../support/cluster.rs"]
mod cluster;
mod contract;
mod golden;
mod kill;
mod listen;
mod open;
mod order;
mod restart;
mod workers;

use federate_store::{Iri, Outgoing};
use std::time::{Duration, SystemTime};

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
