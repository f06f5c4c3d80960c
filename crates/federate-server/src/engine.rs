//! What the application runs beside its web server: the inbox worker and the delivery engine.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::Error;

/// Handles what has arrived and delivers what was sent.
///
/// Run it with [`run_until`](Engine::run_until) in the web process, in a worker process, or in both; or drive it
/// with [`step`](Engine::step).
#[must_use = "nothing is handled and nothing is delivered until the engine runs"]
pub struct Engine {
    pub(crate) delivery: Arc<federate_delivery::Engine>,
    pub(crate) inbox: Arc<dyn InboxWorker>,
}

/// What one step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Activities that were taken up: handled, put off or buried.
    pub received: usize,
    /// Deliveries and expansions.
    pub delivered: usize,
}

impl Progress {
    /// Nothing was due.
    pub fn is_idle(&self) -> bool {
        self.received == 0 && self.delivered == 0
    }
}

#[async_trait]
pub(crate) trait InboxWorker: Send + Sync {
    async fn step(&self) -> Result<usize, Error>;
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Does what is due now, and returns.
    pub async fn step(&self) -> Progress {
        todo!()
    }

    /// Works until `stop` is done, then finishes what has begun.
    pub async fn run_until(&self, stop: impl Future<Output = ()> + Send) {
        let _ = stop;
        todo!()
    }
}
