//! The instance as a whole, in one process: a memory store, a clock that the test owns, and an HTTP client that hands each
//! request to the instance that it is for.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod adoption;
mod authorized;
mod bad_input;
mod behaviour;
mod building;
#[path = "../../../federate-postgres/tests/support/cluster.rs"]
mod cluster;
mod collections;
mod crossing;
mod discovery;
mod erasing;
mod forwarded;
mod forwarding;
mod groups;
mod handling;
mod imitations;
mod instance_keys;
mod instead;
mod keys;
mod layer;
mod limited;
mod media;
mod observed;
mod origins;
mod peers;
mod proofs;
mod relays;
mod sending;
mod serving;
mod sharing;
mod submitting;
mod synchronization;
mod unmarked;
mod world;
