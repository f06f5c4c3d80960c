//! The engine as the application holds it.

use crate::{
    Builder, Clock, Health, Inboxes, Progress, Senders, Signals, Snapshot, board::Board, driver::Driver,
    metered, peers::Peers,
};
use federate_http::HttpClient;
use federate_store::{Hold, StoreError, Stores};
use std::{
    fmt,
    future::Future,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    sync::{Arc, Mutex as StdMutex, PoisonError},
    time::SystemTime,
};
use tokio::sync::Mutex;

/// Delivers what the store holds. Cheap to share behind an `Arc`; all methods take `&self`.
///
#[doc = include_str!("metrics.md")]
pub struct Engine {
    settings: Arc<Builder>,
    signals: Arc<Signals>,
    peers: Arc<Peers>,
    board: Arc<Board>,
    /// One turn at a time: a `step` beside a `run_until` waits for it to end.
    driver: Mutex<Driver>,
    total: StdMutex<Progress>,
    reclaimed: AtomicBool,
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
        let settings = Arc::new(settings);
        let signals = Arc::<Signals>::default();
        let peers = Arc::new(Peers::new(Arc::clone(&settings.stores.cache)));
        let board = Arc::<Board>::default();
        let driver = Driver::new(
            Arc::clone(&settings),
            Arc::clone(&signals),
            Arc::clone(&peers),
            Arc::clone(&board),
        );
        metered::describe_metrics();
        Self {
            settings,
            signals,
            peers,
            board,
            driver: Mutex::new(driver),
            total: StdMutex::default(),
            reclaimed: AtomicBool::new(false),
        }
    }

    /// Does everything that is due now, to its end, and says what it was. Must run inside a tokio runtime.
    ///
    /// Never fails: what the store refused is counted in [`Progress::store_errors`] and tried again in the next step.
    /// Cancel-safe: a step that is dropped is finished by the next one. Does nothing while the store is [held back](Hold).
    pub async fn step(&self) -> Progress {
        let mut driver = self.driver.lock().await;
        driver.undrain();
        driver.end_pause();
        driver.look();
        loop {
            let moved = driver.turn().await;
            if driver.is_busy() {
                if !moved {
                    tokio::select! {
                        biased;
                        () = driver.ended() => {}
                        () = self.signals.notify.notified() => {}
                    }
                }
            } else if !moved || driver.is_paused() {
                break;
            }
        }
        self.add(&mut driver)
    }

    /// Works until `stop` is done, then starts nothing more, waits for the attempts under way (at most
    /// [`Builder::drain`]), writes down what became of them and gives the lanes back.
    pub async fn run_until(&self, stop: impl Future<Output = ()> + Send) -> Drained {
        let mut driver = self.driver.lock().await;
        let mut stop = pin!(stop);
        self.reclaim().await;
        driver.undrain();
        driver.look();
        loop {
            // It is polled beside the turn: whatever it waits for, a store for example, may wait for it.
            let next = {
                let mut turn = pin!(async {
                    match driver.turn().await {
                        true => self.settings.clock.now(),
                        false => driver.next_turn().await,
                    }
                });
                let mut is_over = false;
                let next = loop {
                    tokio::select! {
                        biased;
                        next = &mut turn => break next,
                        () = &mut stop, if !is_over => is_over = true,
                    }
                };
                if is_over {
                    break;
                }
                next
            };
            self.add(&mut driver);
            let told = tokio::select! {
                biased;
                () = &mut stop => break,
                () = self.signals.notify.notified() => true,
                () = driver.ended() => false,
                () = self.settings.clock.sleep_until(next) => false,
            };
            if driver.is_look_due() || (!told && !driver.is_busy()) {
                driver.look();
            }
        }
        let drained = self.drain(&mut driver).await;
        self.add(&mut driver);
        drained
    }

    /// Says that something was enqueued or recorded. Cheap, from any thread, after the commit.
    pub fn wake(&self) {
        self.signals.wake();
    }

    /// Says that a request came from `host` (`name` or `name:port`, as in [`Delivery::lane`](federate_store::Delivery::lane)):
    /// if its breaker is open, a probe is brought forward. Cheap, from any thread.
    pub fn heard_from(&self, host: &str) {
        self.signals.heard_from(host);
    }

    /// Says that `host` (as for [`heard_from`](Engine::heard_from)) has shown that it verifies signatures by RFC 9421: it has signed with one
    /// itself. From now on it gets these, in all processes over one store; until somebody says so, draft-cavage. An answer with
    /// `Accept-Signature` says so by itself.
    pub async fn takes_rfc9421(&self, host: &str) {
        self.peers.takes_rfc9421(host, self.settings.clock.now()).await;
    }

    /// When there will be something to do, as far as the store knows: for tests that own the time.
    pub async fn next_due(&self) -> Option<SystemTime> {
        match self.driver.try_lock() {
            Ok(driver) => driver.next_due().await,
            // Somebody runs the engine: it knows itself when to wake.
            Err(_) => self.settings.stores.queue.next_due().await.ok().flatten(),
        }
    }

    /// How it does, as of its last turn. Never waits, also where the engine does.
    #[must_use]
    pub fn health(&self) -> Health {
        // An engine that looks at the store once an hour stands still for an hour.
        let stalled_after = self.settings.stalled_after.max(self.settings.poll * 2);
        self.board.health(stalled_after)
    }

    /// What it has in its hands at this instant: requests under way, and window and breaker of at most `max` hosts. Exact, and
    /// of this engine only; what all processes together hold is [`Operator::status`](crate::Operator::status).
    ///
    /// A running engine answers in its next turn, so this waits as long as the store makes that turn wait.
    pub async fn snapshot(&self, max: usize) -> Snapshot {
        let answer = self.signals.ask(max);
        tokio::select! {
            biased;
            Ok(snapshot) = answer => snapshot,
            driver = self.driver.lock() => driver.snapshot(max),
        }
    }

    /// What holds back the deliveries of its store, so that it leases none; `None`: nothing does.
    ///
    /// # Errors
    /// The store's.
    pub async fn hold(&self) -> Result<Option<Hold>, StoreError> {
        self.settings.stores.binding.hold().await
    }

    /// What this engine has done since it was built.
    #[must_use]
    pub fn progress(&self) -> Progress {
        *self.total.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back, once, what a former life of this worker held when it died.
    async fn reclaim(&self) {
        if !self.settings.reclaims || self.reclaimed.swap(true, Ordering::Relaxed) {
            return;
        }
        match self.settings.stores.queue.reclaim(&self.settings.worker).await {
            Ok(0) => {}
            Ok(lanes) => tracing::info!(lanes, "took back what a former life of this worker held"),
            Err(error) => tracing::warn!(%error, "what a former life held is free when its leases end"),
        }
    }

    /// Lets what is under way end, within the deadline.
    async fn drain(&self, driver: &mut Driver) -> Drained {
        driver.drain();
        driver.show();
        let deadline = self.settings.clock.now() + self.settings.drain;
        let mut over = pin!(self.settings.clock.sleep_until(deadline));
        // What has ended already is written down now, however long the others take.
        let _ = driver.turn().await;
        while driver.is_busy() {
            tokio::select! {
                biased;
                () = driver.ended() => {}
                () = &mut over => break,
            }
            let _ = driver.turn().await;
        }
        let abandoned = driver.cut_off().await;
        let unreleased = driver.finish().await;
        Drained {
            abandoned,
            unreleased,
        }
    }

    /// Adds to the total what was done since the last time.
    fn add(&self, driver: &mut Driver) -> Progress {
        driver.show();
        let progress = driver.take_progress();
        *self.total.lock().unwrap_or_else(PoisonError::into_inner) += progress;
        progress
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("worker", &self.settings.worker)
            .finish_non_exhaustive()
    }
}
