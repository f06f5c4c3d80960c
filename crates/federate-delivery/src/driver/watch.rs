//! What the loop shows of itself: its health, a snapshot for whoever asks, samples of the store.

use super::{Driver, Ended};
use crate::{
    HostView, Snapshot,
    attempt::chain,
    board::{Board, Seen},
    health::StoreRefusal,
    held::Host,
    metered,
};
use federate_protocol::delivery::LaneState;
use federate_store::{Backlog, StoreError, StoreErrorKind};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::task::AbortHandle;

/// How often the store is asked for all that waits: it looks at each row.
const SAMPLE: Duration = Duration::from_secs(60);

/// How often the breakers are counted: it looks at each host that is known.
const COUNT: Duration = Duration::from_secs(10);

/// What is shown, and what was shown last.
#[derive(Debug)]
pub(super) struct Watch {
    board: Arc<Board>,
    seen: Seen,
    /// When a sample was begun last.
    sampled: Option<SystemTime>,
    /// When the breakers were counted last.
    counted: Option<SystemTime>,
    sampling: Option<AbortHandle>,
    /// When the log had a line about the backlog last, and how many deliveries there had been.
    said: Option<(SystemTime, u64)>,
    delivered: u64,
}

impl Watch {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self {
            board,
            seen: Seen::default(),
            sampled: None,
            counted: None,
            sampling: None,
            said: None,
            delivered: 0,
        }
    }

    pub(super) fn store_answered(&mut self, now: SystemTime) {
        self.seen.store_answered = Some(now);
        self.seen.store_refuses = false;
    }

    pub(super) fn store_refused(&mut self, at: SystemTime, what: &'static str, kind: StoreErrorKind) {
        self.seen.store_error = Some(StoreRefusal { at, what, kind });
        self.seen.store_refuses = true;
    }

    pub(super) fn delivered(&mut self) {
        self.delivered += 1;
    }
}

impl Driver {
    /// A turn begins.
    pub(super) fn show_turn(&mut self, now: SystemTime) {
        self.watch.seen.last_turn = Some(now);
        self.show();
        for (max, asker) in self.signals.take_askers() {
            // Whoever asked may have gone.
            let _ = asker.send(self.snapshot(max));
        }
        if is_over(self.watch.counted, COUNT, now) {
            self.watch.counted = Some(now);
            metered::open_breakers(self.open_breakers());
        }
        self.sample(now);
    }

    /// What changed since the last time is to be seen.
    pub(crate) fn show(&mut self) {
        let seen = &mut self.watch.seen;
        seen.hold = self.held_back.hold;
        seen.draining = self.draining;
        seen.in_flight = self.running.len();
        seen.lanes = self.lanes.len();
        metered::under_way(seen.in_flight, seen.lanes);
        metered::held_back(seen.hold.is_some());
        self.watch.board.show(seen.clone());
    }

    /// What is in hand, with at most `max` hosts.
    pub(crate) fn snapshot(&self, max: usize) -> Snapshot {
        let held = self.lanes.iter().map(|(host, held)| (host, &held.state, true));
        let failed = self
            .known
            .iter()
            .filter(|(_, state)| state.is_open() || state.failed_tries() > 0);
        let known = failed.map(|(host, state)| (host, state, false));
        let mut all: Vec<(&Host, &LaneState, bool)> = held.chain(known).collect();
        all.sort_by_cached_key(|(host, state, _)| {
            let view = state.view();
            (
                std::cmp::Reverse(view.in_flight),
                std::cmp::Reverse(view.failures),
                Host::clone(host),
            )
        });
        let hosts = all.iter().take(max).map(|(host, state, leased)| HostView {
            host: host.to_string(),
            leased: *leased,
            lane: state.view(),
        });
        Snapshot {
            at: self.settings.clock.now(),
            in_flight: self.running.len(),
            lanes: self.lanes.len(),
            open_breakers: self.open_breakers(),
            unsettled: self.lanes.values().map(|held| held.outcomes.len()).sum(),
            hosts: hosts.collect(),
        }
    }

    /// The store has said what waits.
    pub(super) fn sampled(&mut self, backlog: Result<Backlog, StoreError>) {
        let backlog = match backlog {
            Ok(backlog) => backlog,
            Err(error) => {
                // Nothing depends on it: no reason to pause.
                metered::store_error(error.kind());
                tracing::warn!(error = chain(&error), "store did not say what waits");
                return;
            }
        };
        let now = self.settings.clock.now();
        metered::backlog(&backlog, now);
        self.watch.seen.backlog = Some(backlog);
        self.say_progress(&backlog, now);
    }

    /// Looks at what waits, at most once in a while, beside what else is done.
    fn sample(&mut self, now: SystemTime) {
        let is_due = is_over(self.watch.sampled, SAMPLE, now);
        let is_sampling = self
            .watch
            .sampling
            .as_ref()
            .is_some_and(|task| !task.is_finished());
        if !is_due || is_sampling || self.draining || self.is_paused() {
            return;
        }
        self.watch.sampled = Some(now);
        let queue = Arc::clone(&self.settings.stores.queue);
        let task = async move { Ended::Sampled(queue.backlog(now).await) };
        self.watch.sampling = Some(self.tasks.spawn(task));
    }

    /// A line for whoever waits for a backlog to drain: where more waits than can be under way, and something moves.
    fn say_progress(&mut self, backlog: &Backlog, now: SystemTime) {
        let delivered = self.watch.delivered;
        let Some((last, before)) = self.watch.said.replace((now, delivered)) else {
            return;
        };
        let since = delivered - before;
        let seconds = now.duration_since(last).unwrap_or_default().as_secs_f64();
        if backlog.pending <= self.settings.in_flight as u64 || since == 0 || seconds <= 0.0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let (rate, left) = (since as f64 / seconds, backlog.pending as f64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and an estimate"
        )]
        let estimated = (left / rate).ceil() as u64;
        tracing::info!(
            pending = backlog.pending,
            hosts = backlog.hosts,
            delivered = since,
            per_second = format_args!("{rate:.1}"),
            estimated_seconds = estimated,
            "working off a backlog"
        );
    }

    fn open_breakers(&self) -> usize {
        let held = self.lanes.values().map(|held| &held.state);
        held.chain(self.known.values())
            .filter(|state| state.is_open())
            .count()
    }
}

/// Whether so long has passed since the last time, if there was one.
fn is_over(last: Option<SystemTime>, wait: Duration, now: SystemTime) -> bool {
    // A clock that went back says nothing about how long it has been.
    last.is_none_or(|last| now.duration_since(last).map_or(true, |passed| passed >= wait))
}
