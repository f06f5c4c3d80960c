//! What the store is told, and lanes that are given back.

use super::{Driver, READ};
use crate::held::Held;
use federate_protocol::delivery::LaneState;
use federate_store::{Delivery, LEASE, Settled};
use std::time::SystemTime;

/// Hosts that are remembered while nothing is on its way to them: ten megabytes at most.
const MAX_KNOWN: usize = 65_536;

impl Driver {
    /// Writes outcomes down.
    pub(super) async fn settle(&mut self, now: SystemTime) -> bool {
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
    pub(super) async fn give_back(&mut self, now: SystemTime) -> bool {
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
    pub(super) async fn bury(&mut self, host: &str, now: SystemTime) {
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

    pub(super) fn remember(&mut self, host: String, state: LaneState, now: SystemTime) {
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

    pub(super) async fn renew(&mut self, now: SystemTime) {
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
}
