//! The SQLite store: the contract in every way of opening it, durability, migrations, the application's transactions.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod application;
mod contract;
mod kill;
mod open;
mod power;

use federate_store::{Iri, Outgoing};

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

fn at(seconds: u64) -> std::time::SystemTime {
    std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 + seconds)
}
