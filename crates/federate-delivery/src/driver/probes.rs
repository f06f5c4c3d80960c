//! Hosts that may be worth a try before their time.

use super::Driver;
use crate::held::Host;
use federate_protocol::delivery::LaneState;
use std::time::{Duration, SystemTime};

/// A clock that is corrected by less was merely wrong.
const JUMP: Duration = Duration::from_secs(60);

impl Driver {
    /// Brings probes forward to hosts that were heard from.
    pub(super) async fn probe_heard(&mut self, now: SystemTime) {
        for host in self.signals.take_heard() {
            if self.is_paused() {
                break;
            }
            let host = Host::from(host);
            if let Some(held) = self.lanes.get_mut(&host) {
                let _ = held.state.on_inbound(now);
                self.sort(&host, now);
            } else if let Some(at) = self.known.get_mut(&host).and_then(|state| state.on_inbound(now)) {
                let probed = self.settings.stores.queue.probe(&host, at).await;
                let _ = self.taken(probed, "bring a probe forward");
            }
        }
    }

    /// A clock that was set back would keep hosts closed for as long as it went back: one probe each finds out.
    pub(super) async fn notice_jump(&mut self, now: SystemTime) {
        let back = self.last_turn.duration_since(now).unwrap_or_default();
        self.last_turn = now;
        if back < JUMP {
            return;
        }
        tracing::warn!(seconds = back.as_secs(), "clock was set back");
        let closed = |state: &LaneState| state.closed_until().is_some();
        let mut hosts: Vec<Host> = self
            .known
            .iter()
            .filter(|(_, state)| closed(state))
            .map(|(host, _)| host.clone())
            .collect();
        hosts.sort();
        for host in hosts {
            if self.is_paused() {
                break;
            }
            let probed = self.settings.stores.queue.probe(&host, now).await;
            let _ = self.taken(probed, "bring a probe forward");
        }
        // The leases may end far in the future now.
        self.renew_at = Some(now);
        self.look();
    }
}
