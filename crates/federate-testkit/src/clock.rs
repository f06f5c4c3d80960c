//! Time that a test moves.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use federate_delivery::Clock;
use tokio::sync::watch;

/// Begins at 2026-01-01T00:00:00Z and stands still until it is moved.
#[derive(Debug)]
pub struct VirtualClock {
    now: watch::Sender<SystemTime>,
}

const START: Duration = Duration::from_secs(1_767_225_600);

impl Default for VirtualClock {
    fn default() -> Self {
        VirtualClock {
            now: watch::Sender::new(SystemTime::UNIX_EPOCH + START),
        }
    }
}

impl VirtualClock {
    /// Moves time forward; whoever slept until then wakes.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now += by);
    }

    /// Sets the time, backwards too: what a machine's clock does when it is corrected.
    pub fn jump(&self, to: SystemTime) {
        self.now.send_replace(to);
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        *self.now.borrow()
    }

    async fn sleep_until(&self, at: SystemTime) {
        let mut now = self.now.subscribe();
        // The sender lives as long as we do: it cannot close.
        let _ = now.wait_for(|now| *now >= at).await;
    }
}
