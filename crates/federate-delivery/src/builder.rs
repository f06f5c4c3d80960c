//! How an engine is put together.

use crate::{Clock, Engine, Inboxes, Observer, Senders};
use federate_http::HttpClient;
use federate_protocol::delivery::{LaneLimits, Schedule};
use federate_store::Stores;
use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Duration,
};

/// The settings of an [`Engine`]; from [`Engine::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing happens before build()"]
pub struct Builder {
    pub(crate) stores: Stores,
    pub(crate) client: Arc<dyn HttpClient>,
    pub(crate) senders: Arc<dyn Senders>,
    pub(crate) inboxes: Arc<dyn Inboxes>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) worker: String,
    pub(crate) reclaims: bool,
    pub(crate) in_flight: usize,
    pub(crate) lanes: usize,
    pub(crate) lane_limits: LaneLimits,
    pub(crate) schedule: Schedule,
    pub(crate) attempt_deadline: Duration,
    pub(crate) drain: Duration,
    pub(crate) poll: Duration,
    pub(crate) stalled_after: Duration,
    pub(crate) seed: u64,
}

impl Builder {
    pub(crate) fn new(
        stores: Stores,
        client: Arc<dyn HttpClient>,
        senders: Arc<dyn Senders>,
        inboxes: Arc<dyn Inboxes>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let seed = RandomState::new().build_hasher().finish();
        Self {
            stores,
            client,
            senders,
            inboxes,
            clock,
            observer: None,
            worker: format!("federate-{seed:016x}"),
            reclaims: false,
            in_flight: 512,
            lanes: 1024,
            lane_limits: LaneLimits::default(),
            schedule: Schedule::default(),
            attempt_deadline: Duration::from_secs(20),
            drain: Duration::from_secs(25),
            poll: Duration::from_secs(5),
            stalled_after: Duration::from_secs(5 * 60),
            seed,
        }
    }

    /// The name under which this engine leases lanes. Random by default.
    ///
    /// A name that is the same in each life of the process, and no other process's, lets the engine take back at its
    /// start what a crash left leased, instead of waiting for the leases to end.
    pub fn worker(mut self, name: impl Into<String>) -> Self {
        self.worker = name.into();
        self.reclaims = true;
        self
    }

    /// Requests under way at once, to all hosts together; 512 by default, at least 1. Hosts that have not answered
    /// yet get at most three quarters of them, and those whose last attempt failed a sixteenth.
    pub fn in_flight(mut self, requests: usize) -> Self {
        self.in_flight = requests.max(1);
        self
    }

    /// Hosts worked on at once; 1,024 by default, at least 1.
    pub fn lanes(mut self, lanes: usize) -> Self {
        self.lanes = lanes.max(1);
        self
    }

    /// The window and the breaker of a host.
    pub fn lane_limits(mut self, limits: LaneLimits) -> Self {
        self.lane_limits = limits;
        self
    }

    /// How long and how often to try; seven days by default.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// The time that one attempt may take, from the name lookup to the last byte of the answer; 20 s by default.
    pub fn attempt_deadline(mut self, deadline: Duration) -> Self {
        self.attempt_deadline = deadline;
        self
    }

    /// How long [`Engine::run_until`] waits for requests that are under way when it is told to stop; 25 s by default.
    pub fn drain(mut self, deadline: Duration) -> Self {
        self.drain = deadline;
        self
    }

    /// How often to look at the store when nobody called [`Engine::wake`]: for what another process enqueued.
    /// 5 s by default.
    pub fn poll(mut self, every: Duration) -> Self {
        self.poll = every.max(Duration::from_millis(10));
        self
    }

    /// After how long without a turn of its loop the engine is said to be [stalled](crate::Unready::Stalled); five minutes by
    /// default, and never less than twice [`poll`](Builder::poll).
    pub fn stalled_after(mut self, time: Duration) -> Self {
        self.stalled_after = time;
        self
    }

    /// Who hears of every attempt.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// What the jitter is drawn from; random by default. A simulation gives its seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Puts the engine together. Nothing runs yet.
    pub fn build(self) -> Engine {
        Engine::new(self)
    }
}
