//! The engine over the memory store, a scripted network and a clock that moves when told; and once over sockets.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "what fails here should fail the test"
)]

mod faulty;
mod half_dead;
mod promises;
mod simulation;
mod sockets;
mod support;
