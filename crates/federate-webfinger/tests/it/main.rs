//! What servers really publish, and what is published about it: the documents of the shared folder, where it is there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is the report"
)]

mod bad;
mod jrd;
mod nodeinfo;
mod schema;
mod shared;
mod vectors;
