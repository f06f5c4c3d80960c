//! Everything by which this instance federates.

mod network;
pub(crate) mod outgoing;

pub(crate) use network::{Network, SendError};
pub(crate) use outgoing::Letter;
