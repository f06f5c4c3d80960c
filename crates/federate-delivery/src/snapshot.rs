//! What the engine has in its hands at one instant.

use federate_protocol::delivery::LaneView;
use std::time::SystemTime;

/// What an engine has in its hands: exact, and of this process only. From [`Engine::snapshot`](crate::Engine::snapshot).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// When it was taken.
    pub at: SystemTime,
    /// Requests under way, to all hosts.
    pub in_flight: usize,
    /// Lanes leased.
    pub lanes: usize,
    /// Hosts whose breaker is open, as far as this engine knows.
    pub open_breakers: usize,
    /// Attempts that ended and are not written down yet.
    pub unsettled: usize,
    /// Hosts that something is under way to or that failed lately, those with most under way first.
    pub hosts: Vec<HostView>,
}

/// One host as an engine sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostView {
    /// The host, as [`Delivery::lane`](federate_store::Delivery::lane) has it.
    pub host: String,
    /// Whether its lane is leased now.
    pub leased: bool,
    /// Window, requests under way, breaker and failures.
    pub lane: LaneView,
}
