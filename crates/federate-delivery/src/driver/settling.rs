//! What the store is told, and lanes that are given back.

use super::Driver;
use crate::held::{Held, Host};
use federate_protocol::delivery::{LaneState, Standing};
use federate_store::{Delivery, LEASE, Lane, Settled, Settling};
use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

/// Hosts that are remembered while nothing is on its way to them: ten megabytes at most.
const MAX_KNOWN: usize = 65_536;

/// Outcomes that are written down as soon as there are so many.
const SETTLE_BATCH: usize = 256;

/// How long an outcome may wait for others to be written down with. A crash in this time sends them twice.
const SETTLE_WITHIN: Duration = Duration::from_millis(200);

/// The same where others may wait for it, as they are in one order.
const SETTLE_ORDERED_WITHIN: Duration = Duration::from_millis(50);

/// Deliveries of a dead host that are read at once, and how often that is done in one turn.
const BURY: usize = 64;
const BURY_AT_ONCE: usize = 32;

/// How long a host that failed last waits at least before it is looked at again, where too many of them wait.
const SURPLUS: Duration = Duration::from_secs(60);

impl Driver {
    /// Writes all outcomes down, those of all lanes in one transaction.
    pub(super) async fn settle(&mut self, now: SystemTime) -> bool {
        if !self.is_settling_due(now) || self.is_paused() {
            return false;
        }
        // They are copied, as a turn can be dropped while the store writes.
        let batch: Vec<Settling> = self
            .unsettled
            .iter()
            .filter_map(|host| self.lanes.get(host))
            .map(|held| Settling {
                lane: held.lane.clone(),
                outcomes: held.outcomes.clone(),
            })
            .collect();
        if batch.is_empty() {
            self.forget_outcomes();
            return false;
        }
        let settled = self.settings.stores.queue.settle_all(&batch, now).await;
        let Some(settled) = self.taken(settled, "write outcomes") else {
            return false;
        };
        for (settling, owned) in batch.iter().zip(settled) {
            let host = Host::from(settling.lane.host.as_str());
            if !owned {
                self.lost(&host);
            } else if let Some(held) = self.lanes.get_mut(&host) {
                held.settled();
                self.sort(&host, now);
            }
        }
        self.forget_outcomes();
        true
    }

    fn is_settling_due(&self, now: SystemTime) -> bool {
        let Some(first) = self.first_outcome else {
            return false;
        };
        self.running.is_empty()
            // Whoever told us to stop may not wait for the last one.
            || self.draining
            || self.outcomes >= SETTLE_BATCH
            // A clock that went back says nothing about how long it has been.
            || now.duration_since(first).map_or(true, |waited| waited >= self.settle_within())
    }

    fn settle_within(&self) -> Duration {
        match self.others_wait {
            true => SETTLE_ORDERED_WITHIN,
            false => SETTLE_WITHIN,
        }
    }

    /// When outcomes have to be written down.
    pub(super) fn settle_by(&self) -> Option<SystemTime> {
        self.first_outcome.map(|first| first + self.settle_within())
    }

    /// There is nothing to be written down.
    pub(super) fn forget_outcomes(&mut self) {
        self.unsettled.clear();
        self.outcomes = 0;
        self.first_outcome = None;
        self.others_wait = false;
    }

    /// Gives back the lanes in which nothing more can be done for now.
    pub(super) async fn give_back(&mut self, now: SystemTime) -> bool {
        if (self.idle.is_empty() && self.surplus.is_empty()) || self.is_paused() {
            return false;
        }
        let mut back = Vec::new();
        let mut budget = BURY_AT_ONCE;
        let mut left = BTreeSet::new();
        for host in std::mem::take(&mut self.idle) {
            if !self.lanes.get(&host).is_some_and(|held| held.is_done(now)) {
                // Something has changed since.
                self.sort(&host, now);
                continue;
            }
            if self.is_paused() || !self.bury(&host, &mut budget, now).await {
                left.insert(host);
                continue;
            }
            if let Some(held) = self.lanes.get_mut(&host) {
                held.put_back();
                let closed_until = held.state.closed_until().filter(|until| *until > now);
                back.push((held.lane.clone(), closed_until));
            }
        }
        for host in std::mem::take(&mut self.surplus) {
            let entropy = self.random.next();
            if let Some(held) = self.lanes.get_mut(&host)
                && held.running == 0
                && held.outcomes.is_empty()
                && held.state.standing() == Standing::Suspect
            {
                held.put_back();
                back.push((held.lane.clone(), Some(now + SURPLUS + spread(SURPLUS, entropy))));
            } else {
                self.sort(&host, now);
            }
        }
        let goes_on = !left.is_empty() && !self.is_paused();
        self.idle.extend(left);
        if back.is_empty() {
            return goes_on;
        }
        let released = self.settings.stores.queue.release_all(&back).await;
        if self.taken(released, "give lanes back").is_none() {
            for (lane, _) in &back {
                let host = Host::from(lane.host.as_str());
                self.has_more(&host, now);
            }
            return false;
        }
        for (lane, closed_until) in &back {
            let Some((host, held)) = self.lanes.remove_entry(lane.host.as_str()) else {
                continue;
            };
            if let Some(standing) = held.turn {
                self.turns.remove(&host, standing);
            }
            if let Some(until) = closed_until {
                let seconds = until.duration_since(now).unwrap_or_default().as_secs();
                tracing::info!(
                    host = &*host,
                    failures = held.state.failed_tries(),
                    seconds,
                    "host does not take deliveries, pausing"
                );
            }
            self.remember(host, held.state, now);
        }
        true
    }

    /// Where the host has been dead so long that its deliveries have had their time, they need no attempt of their own. `false`:
    /// there are more of them, or it could not be done; it goes on in the next turn.
    async fn bury(&mut self, host: &Host, budget: &mut usize, now: SystemTime) -> bool {
        let schedule = self.settings.schedule;
        loop {
            let Some(held) = self.lanes.get(host) else {
                return true;
            };
            let tries = held.state.failed_tries();
            let is_dead = held.state.closed_until().is_some() && tries >= schedule.min_tries;
            if !is_dead || self.draining || self.held_back.hold.is_some() {
                return true;
            }
            // Others wait meanwhile.
            if *budget == 0 {
                return false;
            }
            *budget -= 1;
            let due = self.settings.stores.queue.due(&held.lane, BURY, now).await;
            let Some(due) = self.taken_from(host, due, "read a lane") else {
                return false;
            };
            let whole = due.len() >= BURY;
            let over: Vec<Delivery> = due
                .into_iter()
                .filter(|row| schedule.is_over(row.first_enqueued, tries, now))
                .collect();
            if over.is_empty() {
                return true;
            }
            let reason = format!("host was not reached in {tries} tries");
            let dead = |row: &Delivery| {
                let reason = reason.clone();
                (row.id.clone(), Settled::Dead { reason })
            };
            let outcomes: Vec<_> = over.iter().map(dead).collect();
            let Some(held) = self.lanes.get(host) else {
                return true;
            };
            let settled = self
                .settings
                .stores
                .queue
                .settle(&held.lane, &outcomes, now)
                .await;
            if self.taken_from(host, settled, "write outcomes").is_none() {
                return false;
            }
            for (row, (_, settled)) in over.iter().zip(&outcomes) {
                self.tell(row, settled);
            }
            if !whole {
                return true;
            }
        }
    }

    fn remember(&mut self, host: Host, state: LaneState, now: SystemTime) {
        let state = state.rested();
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

    /// Renews all leases that are half over.
    pub(super) async fn renew(&mut self, now: SystemTime) {
        if self.renew_at.is_none_or(|at| now < at) || self.is_paused() {
            return;
        }
        let late = |held: &&Held| now + LEASE / 2 >= held.lane.until || held.lane.until > now + LEASE * 2;
        let lanes: Vec<Lane> = self
            .lanes
            .values()
            .filter(late)
            .map(|held| held.lane.clone())
            .collect();
        if !lanes.is_empty() {
            let renewed = self.settings.stores.queue.renew_all(&lanes, now).await;
            let Some(renewed) = self.taken(renewed, "renew leases") else {
                return;
            };
            for (lane, renewed) in lanes.iter().zip(renewed) {
                match renewed {
                    Some(renewed) => {
                        if let Some(held) = self.lanes.get_mut(lane.host.as_str()) {
                            held.lane = renewed;
                        }
                    }
                    None => self.lost(&lane.host),
                }
            }
        }
        self.renew_at = self.lanes.values().map(|held| held.lane.until - LEASE / 2).min();
    }

    /// Another lease is to be renewed.
    pub(super) fn renew_by(&mut self, lane: &Lane) {
        let at = lane.until - LEASE / 2;
        self.renew_at = Some(self.renew_at.map_or(at, |renew_at| renew_at.min(at)));
    }
}

/// Up to so long.
fn spread(most: Duration, entropy: u64) -> Duration {
    let part = u32::try_from(entropy >> 32).unwrap_or(0);
    most.mul_f64(f64::from(part) / f64::from(u32::MAX))
}
