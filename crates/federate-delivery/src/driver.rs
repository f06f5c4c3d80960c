//! The loop's state: what is leased, what is under way, what the store has not been told yet.
//!
//! Every method leaves it consistent at each `await`: a turn that is dropped in the middle is finished by the next.

mod expansions;
mod held_back;
mod lanes;
mod outcomes;
mod probes;
mod refusals;
mod settling;
mod turns;
mod watch;

use crate::{
    Builder, Progress, Signals,
    board::Board,
    bodies::Bodies,
    expand,
    failure::Attempted,
    held::{Held, Host, Running},
    peers::Peers,
    random::Random,
};
use federate_protocol::{activitystreams::Iri, delivery::LaneState};
use federate_store::{Backlog, StoreError};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::task::{AbortHandle, Id, JoinSet};
use turns::Turns;
use watch::Watch;

/// While something is under way, the store is looked at this often for what else became due.
const LOOK: Duration = Duration::from_secs(1);

pub(crate) struct Driver {
    settings: Arc<Builder>,
    signals: Arc<Signals>,
    bodies: Arc<Bodies>,
    peers: Arc<Peers>,
    /// By host. Ordered, so that a simulation repeats itself.
    lanes: BTreeMap<Host, Held>,
    /// Hosts that nothing is on its way to, as far as there is something to remember.
    known: HashMap<Host, LaneState>,
    // Which lanes want what: with a thousand of them, none is looked at that nothing happened to.
    turns: Turns,
    unread: BTreeSet<Host>,
    unsettled: BTreeSet<Host>,
    idle: BTreeSet<Host>,
    surplus: BTreeSet<Host>,
    /// How many outcomes are not written down, and since when the first of them.
    outcomes: usize,
    first_outcome: Option<SystemTime>,
    /// Others may wait for one of them to be written down.
    others_wait: bool,
    /// When the first of the leases has to be renewed.
    renew_at: Option<SystemTime>,
    tasks: JoinSet<Ended>,
    running: HashMap<Id, Running>,
    /// How many of those under way go to hosts that answered nothing yet, and to those that failed last.
    unknown: usize,
    suspects: usize,
    expanding: Option<(Id, AbortHandle, Vec<Iri>)>,
    /// How many activities are expanded at once the next time, and how many each by itself before that grows.
    expand_at_once: usize,
    alone: usize,
    /// How many rows of the outbox wait for one another before those that are looked for.
    look_behind: usize,
    /// Expansions that failed: how often, and when to try again.
    put_off: HashMap<Iri, (u32, SystemTime)>,
    random: Random,
    pause: Pause,
    /// The outbox may have something; lanes may be leased.
    look_at: LookAt,
    held_back: held_back::HeldBack,
    looked: SystemTime,
    last_turn: SystemTime,
    progress: Progress,
    draining: bool,
    watch: Watch,
}

#[derive(Debug)]
enum Ended {
    Attempt(Result<Attempted, StoreError>),
    Expansion(expand::Ended),
    Sampled(Result<Backlog, StoreError>),
}

#[derive(Debug, Default)]
struct LookAt {
    outbox: bool,
    queue: bool,
}

/// After a refusal of the store: not again before this.
#[derive(Debug, Default)]
struct Pause {
    until: Option<SystemTime>,
    failures: u32,
}

impl Driver {
    pub(crate) fn new(
        settings: Arc<Builder>,
        signals: Arc<Signals>,
        peers: Arc<Peers>,
        board: Arc<Board>,
    ) -> Self {
        Self {
            random: Random::new(settings.seed),
            settings,
            signals,
            bodies: Arc::default(),
            peers,
            lanes: BTreeMap::new(),
            known: HashMap::new(),
            turns: Turns::default(),
            unread: BTreeSet::new(),
            unsettled: BTreeSet::new(),
            idle: BTreeSet::new(),
            surplus: BTreeSet::new(),
            outcomes: 0,
            first_outcome: None,
            others_wait: false,
            renew_at: None,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            unknown: 0,
            suspects: 0,
            expanding: None,
            expand_at_once: 1,
            alone: 0,
            look_behind: 0,
            put_off: HashMap::new(),
            pause: Pause::default(),
            look_at: LookAt::default(),
            held_back: held_back::HeldBack::default(),
            looked: SystemTime::UNIX_EPOCH,
            last_turn: SystemTime::UNIX_EPOCH,
            progress: Progress::default(),
            draining: false,
            watch: Watch::new(board),
        }
    }

    /// What was done since the last call.
    pub(crate) fn take_progress(&mut self) -> Progress {
        std::mem::take(&mut self.progress)
    }

    /// Time has passed: look at everything again.
    pub(crate) fn look(&mut self) {
        self.look_at = LookAt {
            outbox: true,
            queue: true,
        };
        self.held_back.ask = true;
        self.looked = self.settings.clock.now();
        let hosts: Vec<Host> = self.lanes.keys().cloned().collect();
        for host in hosts {
            self.has_more(&host, self.looked);
        }
    }

    /// Tries the store again at once, whatever it said last.
    pub(crate) fn end_pause(&mut self) {
        self.pause.until = None;
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.pause.until.is_some()
    }

    pub(crate) fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Starts nothing from here on.
    pub(crate) fn drain(&mut self) {
        self.draining = true;
        // Idempotent, and it may take minutes: the next life repeats it.
        if let Some((_, handle, _)) = &self.expanding {
            handle.abort();
        }
    }

    /// May start again: `run_until` was called after a drain.
    pub(crate) fn undrain(&mut self) {
        self.draining = false;
    }

    /// Does all that can be done without waiting for a peer. Whether anything changed.
    pub(crate) async fn turn(&mut self) -> bool {
        let mut moved = self.collect();
        let now = self.settings.clock.now();
        self.show_turn(now);
        if self.signals.take_recorded() {
            self.look_at.outbox = true;
        }
        if let Some(hosts) = self.signals.take_enqueued() {
            self.look_at.queue = true;
            for host in hosts {
                self.has_more(&Host::from(host), now);
            }
        }
        if let Some(until) = self.pause.until {
            // A clock that went back must not make the pause longer than it was.
            if now < until && until <= now + Pause::LONGEST {
                return moved;
            }
            self.pause.until = None;
        }
        self.notice_jump(now).await;
        self.probe_heard(now).await;
        self.renew(now).await;
        moved |= self.settle(now).await;
        if !self.draining && self.may_deliver().await {
            moved |= self.start_expansion(now).await;
            moved |= self.lease(now).await;
            self.read(now).await;
            moved |= self.start(now);
        }
        moved |= self.give_back(now).await;
        moved
    }

    /// Waits until something under way has ended, and takes it in. Cancel-safe. Never ends where nothing is under way.
    pub(crate) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.take_in(ended),
            None => std::future::pending().await,
        }
    }

    /// When the next turn is needed, if nothing happens before.
    pub(crate) async fn next_turn(&mut self) -> SystemTime {
        let now = self.settings.clock.now();
        if let Some(until) = self.pause.until {
            return until;
        }
        let put_off = self.put_off.values().map(|(_, at)| *at);
        let mut next = put_off
            .chain(self.settle_by())
            .chain(self.renew_at)
            .fold(now + self.settings.poll, SystemTime::min);
        if self.is_busy() {
            next = next.min(now + LOOK);
        } else if self.held_back.hold.is_some() {
            // What is due there is not for us.
        } else if let Ok(Some(due)) = self.settings.stores.queue.next_due().await {
            next = next.min(due);
        }
        // What is due and cannot be had (no lane free, another worker's) is no reason to spin.
        next.max(now + Duration::from_millis(20))
    }

    /// When there will be something to do.
    pub(crate) async fn next_due(&self) -> Option<SystemTime> {
        let queue = self.settings.stores.queue.next_due().await.ok().flatten();
        let put_off = self.put_off.values().map(|(_, at)| *at).min();
        queue.into_iter().chain(put_off).chain(self.pause.until).min()
    }

    /// Cuts off what is still under way. It stays in the store, as if it had not begun.
    pub(crate) async fn cut_off(&mut self) -> usize {
        let before = self.progress.abandoned;
        self.tasks.abort_all();
        while let Some(ended) = self.tasks.join_next_with_id().await {
            self.take_in(ended);
        }
        usize::try_from(self.progress.abandoned - before).unwrap_or(usize::MAX)
    }

    /// Writes down what is known and gives all lanes back. How many could not be given back.
    pub(crate) async fn finish(&mut self) -> usize {
        self.end_pause();
        let now = self.settings.clock.now();
        self.settle(now).await;
        for held in self.lanes.values_mut() {
            held.put_back();
            held.exhausted = true;
        }
        self.idle = self.lanes.keys().cloned().collect();
        self.give_back(now).await;
        let unreleased = self.lanes.len();
        self.lanes.clear();
        self.turns = Turns::default();
        self.forget_outcomes();
        unreleased
    }

    fn collect(&mut self) -> bool {
        let mut moved = false;
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.take_in(ended);
            moved = true;
        }
        moved
    }

    /// Whether it is time to look at the store again while something is under way.
    pub(crate) fn is_look_due(&self) -> bool {
        let now = self.settings.clock.now();
        now.duration_since(self.looked)
            .map_or(true, |passed| passed >= LOOK)
    }
}

impl Pause {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);
}
