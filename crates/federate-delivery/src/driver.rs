//! The loop's state: what is leased, what is under way, what the store has not been told yet.
//!
//! Every method leaves it consistent at each `await`: a turn that is dropped in the middle is finished by the next.

use crate::{
    Builder, DeliveryEvent, Outcome, Progress, Signals,
    attempt::{attempt, chain},
    bodies::Bodies,
    expand::{Expanded, expand},
    held::{Held, Running},
    random::Random,
};
use federate_protocol::{
    activitystreams::Iri,
    delivery::{Fault, LaneState, Next, Verdict, backoff, next_attempt},
};
use federate_store::{Delivery, LEASE, Outgoing, Settled, StoreError, StoreErrorKind};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};

/// Deliveries of one lane that are read at once.
const READ: usize = 64;

/// Hosts that are remembered while nothing is on its way to them: ten megabytes at most.
const MAX_KNOWN: usize = 65_536;

/// Activities whose expansion failed and that wait for another try; beyond, the oldest are tried more often.
const MAX_PUT_OFF: usize = 10_000;

/// While something is under way, the store is looked at this often for what else became due.
const LOOK: Duration = Duration::from_secs(1);

/// A clock that is corrected by less was merely wrong.
const JUMP: Duration = Duration::from_secs(60);

pub(crate) struct Driver {
    settings: Arc<Builder>,
    signals: Arc<Signals>,
    bodies: Arc<Bodies>,
    /// By host. Ordered, so that a simulation repeats itself.
    lanes: BTreeMap<String, Held>,
    known: HashMap<String, LaneState>,
    tasks: JoinSet<Ended>,
    running: HashMap<Id, Running>,
    unproven: usize,
    expanding: Option<(Id, AbortHandle, Iri)>,
    put_off: HashMap<Iri, (u32, SystemTime)>,
    random: Random,
    pause: Pause,
    /// The outbox may have something; lanes may be leased.
    look_at: LookAt,
    looked: SystemTime,
    last_turn: SystemTime,
    progress: Progress,
    draining: bool,
}

#[derive(Debug)]
enum Ended {
    Attempt(Result<Verdict, StoreError>),
    Expansion(Expanded),
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
    pub(crate) fn new(settings: Arc<Builder>, signals: Arc<Signals>) -> Self {
        Self {
            random: Random::new(settings.seed),
            settings,
            signals,
            bodies: Arc::default(),
            lanes: BTreeMap::new(),
            known: HashMap::new(),
            tasks: JoinSet::new(),
            running: HashMap::new(),
            unproven: 0,
            expanding: None,
            put_off: HashMap::new(),
            pause: Pause::default(),
            look_at: LookAt::default(),
            looked: SystemTime::UNIX_EPOCH,
            last_turn: SystemTime::UNIX_EPOCH,
            progress: Progress::default(),
            draining: false,
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
        for held in self.lanes.values_mut() {
            held.exhausted = false;
        }
        self.looked = self.settings.clock.now();
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
        if self.signals.take_recorded() {
            self.look_at.outbox = true;
        }
        if self.signals.take_enqueued() {
            self.look_at.queue = true;
            for held in self.lanes.values_mut() {
                held.exhausted = false;
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
        if !self.draining {
            moved |= self.start_expansion(now).await;
            moved |= self.lease(now).await;
            moved |= self.start(now).await;
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
        let settle = self.lanes.values().filter_map(Held::settle_by);
        let renew = self.lanes.values().map(|held| held.lane.until - LEASE / 2);
        let put_off = self.put_off.values().map(|(_, at)| *at);
        let mut next = settle
            .chain(renew)
            .chain(put_off)
            .fold(now + self.settings.poll, SystemTime::min);
        if self.is_busy() {
            next = next.min(now + LOOK);
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
        for held in self.lanes.values_mut() {
            held.put_back();
            held.exhausted = true;
        }
        self.settle(now).await;
        self.give_back(now).await;
        let unreleased = self.lanes.len();
        self.lanes.clear();
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

    fn take_in(&mut self, ended: Result<(Id, Ended), JoinError>) {
        match ended {
            Ok((id, Ended::Attempt(Ok(verdict)))) => self.attempted(id, &verdict),
            Ok((id, Ended::Attempt(Err(error)))) => {
                self.abandoned(id);
                self.store_failed(&error, "read a body");
            }
            Ok((id, Ended::Expansion(expanded))) => self.expansion_ended(id, Some(expanded)),
            Err(error) if self.running.contains_key(&error.id()) => {
                if error.is_panic() {
                    let reason = format!("{}: panicked", Fault::Local);
                    let verdict = Verdict::Retry {
                        after: None,
                        reason,
                        host_failed: false,
                    };
                    self.attempted(error.id(), &verdict);
                } else {
                    self.abandoned(error.id());
                }
            }
            Err(error) => self.expansion_ended(error.id(), None),
        }
    }

    fn attempted(&mut self, id: Id, verdict: &Verdict) {
        let Some(running) = self.take_running(id) else {
            return;
        };
        let now = self.settings.clock.now();
        self.progress.attempts += 1;
        let entropy = self.random.next();
        let mut held = Self::lane_of(&mut self.lanes, &running);
        let Running { delivery, ticket, .. } = running;
        if let Some(held) = &mut held {
            held.state.on_outcome(ticket, verdict, now, entropy);
        }
        let next = next_attempt(
            verdict,
            &self.settings.schedule,
            delivery.first_enqueued,
            delivery.attempt.saturating_add(1),
            held.as_ref().map_or(0, |held| held.state.failed_tries()),
            now,
            entropy.rotate_left(17),
        );
        let settled = match next {
            Next::Delivered => Settled::Delivered,
            Next::Retry { at, reason } => Settled::Retry { at, reason },
            Next::Dead { reason } => Settled::Dead { reason },
        };
        if let Some(held) = held {
            held.outcome(delivery.id.clone(), settled.clone(), now);
        }
        self.tell(&delivery, &settled);
    }

    /// One line for each failure, with its reason.
    fn tell(&mut self, delivery: &Delivery, settled: &Settled) {
        let (activity, inbox, attempt) = (
            &delivery.activity,
            &delivery.inbox,
            delivery.attempt.saturating_add(1),
        );
        let outcome = match settled {
            Settled::Delivered => {
                self.progress.delivered += 1;
                tracing::debug!(%activity, %inbox, attempt, "delivered");
                Outcome::Delivered
            }
            Settled::Retry { at, reason } => {
                self.progress.retried += 1;
                let again = at
                    .duration_since(self.settings.clock.now())
                    .unwrap_or_default()
                    .as_secs();
                tracing::info!(%activity, %inbox, attempt, reason, again_in_seconds = again, "delivery failed, to be repeated");
                Outcome::Retry { at: *at, reason }
            }
            Settled::Dead { reason } => {
                self.progress.dead += 1;
                tracing::warn!(%activity, %inbox, attempt, reason, "delivery given up");
                Outcome::Dead { reason }
            }
            _ => return,
        };
        if let Some(observer) = &self.settings.observer {
            observer.attempted(&DeliveryEvent::new(delivery, outcome));
        }
    }

    fn abandoned(&mut self, id: Id) {
        self.progress.abandoned += 1;
        let Some(running) = self.take_running(id) else {
            return;
        };
        let now = self.settings.clock.now();
        if let Some(held) = Self::lane_of(&mut self.lanes, &running) {
            held.state.on_abandoned(running.ticket, now);
            held.in_hand.remove(&running.delivery.id);
            held.exhausted = false;
        }
    }

    fn take_running(&mut self, id: Id) -> Option<Running> {
        let running = self.running.remove(&id)?;
        self.unproven = self.unproven.saturating_sub(usize::from(!running.proven));
        if let Some(held) = Self::lane_of(&mut self.lanes, &running) {
            held.running = held.running.saturating_sub(1);
        }
        Some(running)
    }

    /// The lane of an attempt, if it is still ours under the same lease.
    fn lane_of<'a>(lanes: &'a mut BTreeMap<String, Held>, running: &Running) -> Option<&'a mut Held> {
        lanes
            .get_mut(&running.host)
            .filter(|held| held.lane.fence == running.fence)
    }

    async fn start_expansion(&mut self, now: SystemTime) -> bool {
        if self.put_off.values().any(|(_, at)| *at <= now) {
            self.look_at.outbox = true;
        }
        if self.expanding.is_some() || !self.look_at.outbox || self.is_paused() {
            return false;
        }
        // What is put off stays at the head of the outbox: look behind it.
        let read = self
            .settings
            .stores
            .outbox
            .unexpanded(self.put_off.len() + 1)
            .await;
        let rows = match self.taken(read, "read the outbox") {
            Some(rows) => rows,
            None => return false,
        };
        let row = rows
            .into_iter()
            .find(|row| self.put_off.get(&row.id).is_none_or(|(_, at)| *at <= now));
        let Some(outgoing) = row else {
            self.look_at.outbox = false;
            // Those whose time had come were not there any more.
            self.put_off.retain(|_, (_, at)| *at > now);
            return false;
        };
        self.spawn_expansion(outgoing);
        true
    }

    fn spawn_expansion(&mut self, outgoing: Outgoing) {
        let (settings, signals) = (Arc::clone(&self.settings), Arc::clone(&self.signals));
        let activity = outgoing.id.clone();
        let handle = self
            .tasks
            .spawn(async move { Ended::Expansion(expand(&settings, &signals, &outgoing).await) });
        self.expanding = Some((handle.id(), handle, activity));
    }

    fn expansion_ended(&mut self, id: Id, expanded: Option<Expanded>) {
        let Some((_, _, activity)) = self.expanding.take_if(|(expanding, ..)| *expanding == id) else {
            return;
        };
        let reason = match expanded {
            Some(Expanded::Whole { enqueued }) => {
                self.put_off.remove(&activity);
                self.progress.expanded += 1;
                self.progress.enqueued += enqueued;
                self.look_at = LookAt {
                    outbox: true,
                    queue: true,
                };
                tracing::debug!(%activity, inboxes = enqueued, "expanded");
                return;
            }
            Some(Expanded::Store(error)) => return self.store_failed(&error, "write an expansion"),
            Some(Expanded::Later(error)) => chain(&error),
            None if self.draining => return,
            None => "panicked".to_owned(),
        };
        let tries = self
            .put_off
            .get(&activity)
            .map_or(1, |(tries, _)| tries.saturating_add(1));
        // At the most an hour: nothing but this waits behind it.
        let wait = backoff(tries.min(8), self.random.next());
        tracing::warn!(%activity, tries, reason, again_in_seconds = wait.as_secs(), "expansion failed, to be repeated");
        if self.put_off.len() < MAX_PUT_OFF {
            self.put_off
                .insert(activity, (tries, self.settings.clock.now() + wait));
        }
    }

    async fn lease(&mut self, now: SystemTime) -> bool {
        let room = self.settings.lanes.saturating_sub(self.lanes.len());
        if !self.look_at.queue || room == 0 || self.is_paused() {
            return false;
        }
        let leased = self
            .settings
            .stores
            .queue
            .lease(&self.settings.worker, room, now)
            .await;
        let Some(leased) = self.taken(leased, "lease lanes") else {
            return false;
        };
        self.look_at.queue = leased.len() >= room;
        let moved = !leased.is_empty();
        for lane in leased {
            let state = self
                .known
                .remove(&lane.host)
                .unwrap_or_else(|| LaneState::new(self.settings.lane_limits));
            self.lanes.insert(lane.host.clone(), Held::new(lane, state));
        }
        moved
    }

    /// Begins what may begin, one delivery a lane in turn, so that no lane takes all the slots.
    async fn start(&mut self, now: SystemTime) -> bool {
        // What cannot be written down is not begun.
        if self.is_paused() {
            return false;
        }
        let hosts: Vec<String> = self.lanes.keys().cloned().collect();
        for host in &hosts {
            self.read(host, now).await;
            if self.is_paused() {
                return false;
            }
        }
        let mut moved = false;
        loop {
            let mut begun = false;
            for host in &hosts {
                begun |= self.start_one(host, now);
            }
            moved |= begun;
            if !begun {
                return moved;
            }
        }
    }

    /// Reads what is due in a lane that has room and nothing read.
    async fn read(&mut self, host: &str, now: SystemTime) {
        let Some(held) = self.lanes.get_mut(host) else {
            return;
        };
        if !held.buffer.is_empty() || held.exhausted || held.state.permits(now) == 0 {
            return;
        }
        // What is in hand is returned again.
        let max = READ + held.in_hand.len();
        let first = held.in_hand.is_empty();
        let lane = held.lane.clone();
        let due = self.settings.stores.queue.due(&lane, max, now).await;
        let Some(due) = self.taken_from(host, due, "read a lane") else {
            return;
        };
        let Some(held) = self.lanes.get_mut(host) else {
            return;
        };
        held.exhausted = due.len() < max;
        if first && !held.state.is_worth_keeping() && !due.is_empty() && due.iter().all(|row| row.attempt > 0)
        {
            held.state = LaneState::suspect(self.settings.lane_limits, now);
        }
        for row in due {
            if held.in_hand.insert(row.id.clone()) {
                held.buffer.push_back(row);
            }
        }
    }

    fn start_one(&mut self, host: &str, now: SystemTime) -> bool {
        let slots = self.settings.in_flight;
        let Some(held) = self.lanes.get_mut(host) else {
            return false;
        };
        if self.running.len() >= slots || held.state.permits(now) == 0 {
            return false;
        }
        let proven = held.state.is_proven();
        // Rounded up: with one slot, an unknown host gets it.
        if !proven && self.unproven >= (slots * 3).div_ceil(4) {
            return false;
        }
        let Some(delivery) = held.buffer.pop_front() else {
            return false;
        };
        let ticket = held.state.on_start(now);
        held.running += 1;
        self.unproven += usize::from(!proven);
        let running = Running {
            host: host.to_owned(),
            fence: held.lane.fence,
            delivery: delivery.clone(),
            ticket,
            proven,
        };
        let (settings, bodies) = (Arc::clone(&self.settings), Arc::clone(&self.bodies));
        let task = async move { Ended::Attempt(attempt(&settings, &bodies, &delivery).await) };
        let handle = self.tasks.spawn(task);
        self.running.insert(handle.id(), running);
        true
    }

    /// Writes outcomes down.
    async fn settle(&mut self, now: SystemTime) -> bool {
        let hosts: Vec<String> = self
            .lanes
            .iter()
            .filter(|(_, held)| held.is_settling_due(now))
            .map(|(host, _)| host.clone())
            .collect();
        let mut moved = false;
        for host in hosts {
            if self.is_paused() {
                break;
            }
            let Some(held) = self.lanes.get(&host) else {
                continue;
            };
            let settled = self
                .settings
                .stores
                .queue
                .settle(&held.lane, &held.outcomes, now)
                .await;
            if self.taken_from(&host, settled, "write outcomes").is_some() {
                moved = true;
                if let Some(held) = self.lanes.get_mut(&host) {
                    held.settled();
                }
            }
        }
        moved
    }

    /// Gives back the lanes in which nothing more can be done for now.
    async fn give_back(&mut self, now: SystemTime) -> bool {
        let done = |held: &Held| held.outcomes.is_empty() && held.is_done(now);
        let hosts: Vec<String> = self
            .lanes
            .iter()
            .filter(|(_, held)| done(held))
            .map(|(host, _)| host.clone())
            .collect();
        let mut moved = false;
        for host in hosts {
            if self.is_paused() {
                break;
            }
            if let Some(held) = self.lanes.get_mut(&host) {
                held.put_back();
            }
            if !self.draining {
                self.bury(&host, now).await;
            }
            let Some(held) = self.lanes.get(&host) else {
                continue;
            };
            let closed_until = held.state.closed_until().filter(|until| *until > now);
            let released = self
                .settings
                .stores
                .queue
                .release(held.lane.clone(), closed_until)
                .await;
            if self.taken_from(&host, released, "give a lane back").is_none() {
                continue;
            }
            moved = true;
            if let Some(held) = self.lanes.remove(&host) {
                if let Some(until) = closed_until {
                    let seconds = until.duration_since(now).unwrap_or_default().as_secs();
                    tracing::info!(
                        host,
                        failures = held.state.failed_tries(),
                        seconds,
                        "host does not take deliveries, pausing"
                    );
                }
                self.remember(host, held.state, now);
            }
        }
        moved
    }

    /// Where the host has been dead so long that its deliveries have had their time, they need no attempt of their own.
    async fn bury(&mut self, host: &str, now: SystemTime) {
        let schedule = self.settings.schedule;
        loop {
            let Some(held) = self.lanes.get(host) else { return };
            let tries = held.state.failed_tries();
            if held.state.closed_until().is_none() || tries < schedule.min_tries {
                return;
            }
            let due = self.settings.stores.queue.due(&held.lane, READ, now).await;
            let Some(due) = self.taken_from(host, due, "read a lane") else {
                return;
            };
            let whole = due.len() >= READ;
            let over: Vec<Delivery> = due
                .into_iter()
                .filter(|row| schedule.is_over(row.first_enqueued, tries, now))
                .collect();
            if over.is_empty() {
                return;
            }
            let reason = format!("host was not reached in {tries} tries");
            let dead = |row: &Delivery| {
                (
                    row.id.clone(),
                    Settled::Dead {
                        reason: reason.clone(),
                    },
                )
            };
            let outcomes: Vec<_> = over.iter().map(dead).collect();
            let Some(held) = self.lanes.get(host) else { return };
            let settled = self
                .settings
                .stores
                .queue
                .settle(&held.lane, &outcomes, now)
                .await;
            if self.taken_from(host, settled, "write outcomes").is_none() {
                return;
            }
            for (row, (_, settled)) in over.iter().zip(&outcomes) {
                self.tell(row, settled);
            }
            if !whole {
                return;
            }
        }
    }

    fn remember(&mut self, host: String, state: LaneState, now: SystemTime) {
        if !state.is_worth_keeping() {
            return;
        }
        if self.known.len() >= MAX_KNOWN {
            self.known
                .retain(|_, state| state.closed_until().is_some_and(|until| until > now));
        }
        if self.known.len() < MAX_KNOWN {
            self.known.insert(host, state);
        }
    }

    async fn renew(&mut self, now: SystemTime) {
        let late = |held: &Held| now + LEASE / 2 >= held.lane.until || held.lane.until > now + LEASE * 2;
        let hosts: Vec<String> = self
            .lanes
            .iter()
            .filter(|(_, held)| late(held))
            .map(|(host, _)| host.clone())
            .collect();
        for host in hosts {
            if self.is_paused() {
                break;
            }
            let Some(held) = self.lanes.get(&host) else {
                continue;
            };
            let renewed = self.settings.stores.queue.renew(&held.lane, now).await;
            if let Some(lane) = self.taken_from(&host, renewed, "renew a lease")
                && let Some(held) = self.lanes.get_mut(&host)
            {
                held.lane = lane;
            }
        }
    }

    /// Brings probes forward to hosts that were heard from.
    async fn probe_heard(&mut self, now: SystemTime) {
        for host in self.signals.take_heard() {
            if self.is_paused() {
                break;
            }
            if let Some(held) = self.lanes.get_mut(&host) {
                let _ = held.state.on_inbound(now);
            } else if let Some(at) = self.known.get_mut(&host).and_then(|state| state.on_inbound(now)) {
                let probed = self.settings.stores.queue.probe(&host, at).await;
                let _ = self.taken(probed, "bring a probe forward");
            }
        }
    }

    /// A clock that was set back would keep hosts closed for as long as it went back: one probe each finds out.
    async fn notice_jump(&mut self, now: SystemTime) {
        let back = self.last_turn.duration_since(now).unwrap_or_default();
        self.last_turn = now;
        if back < JUMP {
            return;
        }
        tracing::warn!(seconds = back.as_secs(), "clock was set back");
        let closed = |state: &LaneState| state.closed_until().is_some();
        let hosts: Vec<String> = self
            .known
            .iter()
            .filter(|(_, state)| closed(state))
            .map(|(host, _)| host.clone())
            .collect();
        for host in hosts {
            if self.is_paused() {
                break;
            }
            let probed = self.settings.stores.queue.probe(&host, now).await;
            let _ = self.taken(probed, "bring a probe forward");
        }
        self.look();
    }

    /// The answer of the store, or a pause.
    fn taken<T>(&mut self, answer: Result<T, StoreError>, what: &'static str) -> Option<T> {
        match answer {
            Ok(value) => {
                self.pause.failures = 0;
                Some(value)
            }
            Err(error) => {
                self.store_failed(&error, what);
                None
            }
        }
    }

    /// The answer of the store about a lane: `Fenced` costs the lane, and not more.
    fn taken_from<T>(&mut self, host: &str, answer: Result<T, StoreError>, what: &'static str) -> Option<T> {
        match answer {
            Err(error) if error.kind() == StoreErrorKind::Fenced => {
                if let Some(held) = self.lanes.remove(host) {
                    tracing::warn!(
                        host,
                        in_hand = held.in_hand.len(),
                        "lease went to another worker, who repeats what is in hand"
                    );
                }
                None
            }
            answer => self.taken(answer, what),
        }
    }

    fn store_failed(&mut self, error: &StoreError, what: &'static str) {
        self.progress.store_errors += 1;
        self.pause.failures = self.pause.failures.saturating_add(1);
        let wait = Pause::FIRST
            .saturating_mul(1 << self.pause.failures.min(10))
            .min(Pause::LONGEST);
        self.pause.until = Some(self.settings.clock.now() + wait);
        tracing::error!(
            what,
            error = chain(error),
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "store refused"
        );
        // Whatever was asked is asked again.
        self.look_at = LookAt {
            outbox: true,
            queue: true,
        };
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
