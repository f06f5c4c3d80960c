//! The engine over the memory store, a scripted network and a clock that moves when told; once over sockets; and as processes
//! over both databases.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "what fails here should fail the test"
)]

#[path = "../../../federate-postgres/tests/support/cluster.rs"]
mod cluster;
mod faulty;
mod half_dead;
mod lifecycle;
mod observed;
mod order;
mod processes;
mod promises;
mod simulation;
mod sockets;
mod support;
