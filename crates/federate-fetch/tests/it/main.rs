//! The fetcher against a world of canned answers: what is asked, how often, and what is remembered.
#![expect(
    clippy::unwrap_used,
    reason = "the world of a test is as the test has made it"
)]

mod actors;
mod ancestors;
mod collection;
mod example;
mod hostile;
mod keys;
mod media;
mod memory;
mod nodeinfo;
mod resolve;
mod revoked;
mod world;
