//! The instance as people meet it: the real program, over real sockets.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod api;
mod cli;
mod crash;
mod crossing;
mod demo;
mod moves;
mod privacy;
mod program;
mod undone;
