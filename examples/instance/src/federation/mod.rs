//! Everything by which this instance federates: what it shows, what it takes in, what it sends.

mod app;
mod collections;
mod directory;
mod follow_on;
mod handlers;
mod network;
pub(crate) mod outgoing;
mod read;
mod remote;

pub(crate) use app::{App, Options, build};
pub(crate) use follow_on::follow_on;
pub(crate) use network::Network;
pub(crate) use outgoing::Letter;
