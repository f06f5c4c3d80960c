//! The engine as the application holds it.
#![allow(clippy::todo, unused_variables, dead_code, reason = "the bodies follow")]

use crate::{Builder, Clock, Inboxes, Progress, Senders};
use federate_http::HttpClient;
use federate_store::Stores;
use std::{fmt, future::Future, sync::Arc, time::SystemTime};

/// Delivers what the store holds. Cheap to share behind an `Arc`; all methods take `&self`.
pub struct Engine {
    settings: Builder,
}

/// How [`Engine::run_until`] ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Attempts that were cut off because the drain deadline passed. They are due again, and not counted as failed.
    pub abandoned: usize,
    /// Lanes that could not be given back, as the store did not answer: others get them when their lease ends.
    pub unreleased: usize,
}

impl Engine {
    /// Begins an engine over these seams.
    pub fn builder(
        stores: Stores,
        client: Arc<dyn HttpClient>,
        senders: Arc<dyn Senders>,
        inboxes: Arc<dyn Inboxes>,
        clock: Arc<dyn Clock>,
    ) -> Builder {
        Builder::new(stores, client, senders, inboxes, clock)
    }

    pub(crate) fn new(settings: Builder) -> Self {
        Self { settings }
    }

    /// Does everything that is due now, to its end, and says what it was. Must run inside a tokio runtime.
    ///
    /// Never fails: what the store refused is counted in [`Progress::store_errors`] and tried again in the next step.
    /// Cancel-safe: a step that is dropped is finished by the next one.
    pub async fn step(&self) -> Progress {
        todo!()
    }

    /// Works until `stop` is done, then starts nothing more, waits for the attempts under way (at most
    /// [`Builder::drain`]), writes down what became of them and gives the lanes back.
    pub async fn run_until(&self, stop: impl Future<Output = ()> + Send) -> Drained {
        todo!()
    }

    /// Says that something was enqueued or recorded. Cheap, from any thread, after the commit.
    pub fn wake(&self) {
        todo!()
    }

    /// Says that a request came from `host` (`name` or `name:port`, as in [`Delivery::lane`](federate_store::Delivery::lane)):
    /// if its breaker is open, a probe is brought forward. Cheap, from any thread.
    pub fn heard_from(&self, host: &str) {
        todo!()
    }

    /// When there will be something to do, as far as the store knows: for tests that own the time.
    pub async fn next_due(&self) -> Option<SystemTime> {
        todo!()
    }

    /// What this engine has done since it was built.
    #[must_use]
    pub fn progress(&self) -> Progress {
        todo!()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("worker", &self.settings.worker)
            .finish_non_exhaustive()
    }
}
