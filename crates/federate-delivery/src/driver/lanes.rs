//! Lanes that are leased, read and worked on.

use super::{Driver, Ended, turns::Room};
use crate::{
    attempt::attempt,
    held::{Held, Host, Running},
    spans,
};
use federate_protocol::delivery::{LaneState, Standing};
use federate_store::{Delivery, Priority};
use std::{sync::Arc, time::SystemTime};
use tracing::Instrument as _;

/// Deliveries of one lane that are read at once, at most and, where there are many lanes, at least.
const READ: usize = 512;
const READ_LEAST: usize = 4;

/// What may lie in memory of all lanes together, about: some megabytes.
const READ_IN_ALL: usize = 8192;

/// Lanes that are read at once.
const READ_LANES: usize = 256;

impl Driver {
    pub(super) async fn lease(&mut self, now: SystemTime) -> bool {
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
            let host = Host::from(lane.host.as_str());
            let state = self
                .known
                .remove(&host)
                .unwrap_or_else(|| LaneState::new(self.settings.lane_limits));
            self.renew_by(&lane);
            // Somebody called off what it held, and something new came.
            self.lost(&host);
            self.lanes.insert(Host::clone(&host), Held::new(lane, state));
            self.sort(&host, now);
        }
        moved
    }

    /// The lane may hold more than was read.
    pub(super) fn has_more(&mut self, host: &Host, now: SystemTime) {
        if let Some(held) = self.lanes.get_mut(host) {
            held.exhausted = false;
            self.sort(host, now);
        }
    }

    /// Puts a lane that something happened to where it belongs: to those that are to be read, begun, or given back.
    pub(super) fn sort(&mut self, host: &Host, now: SystemTime) {
        let most_suspects = self.most_suspects();
        let Some(held) = self.lanes.get_mut(host) else {
            return;
        };
        let standing = held.state.standing();
        if held.is_done(now) {
            self.idle.insert(Host::clone(host));
        } else if held.state.permits(now) == 0 {
            // It is sorted again when what is under way has ended.
        } else if let Some(next) = held.buffer.front() {
            if held.turn == Some(standing) {
                return;
            }
            if let Some(before) = held.turn.take() {
                self.turns.remove(host, before);
            }
            if standing == Standing::Suspect && held.running == 0 && self.turns.suspects() >= most_suspects {
                self.surplus.insert(Host::clone(host));
                return;
            }
            held.turn = Some(standing);
            let urgent = next.priority == Priority::High;
            self.turns.push(Host::clone(host), urgent, standing);
        } else if !held.exhausted {
            self.unread.insert(Host::clone(host));
        }
    }

    /// Hosts that failed last and wait for a slot, at most. The others are given back for a while: they would hold all lanes
    /// that there may be, and no other host would get one.
    fn most_suspects(&self) -> usize {
        4 * self.settings.in_flight.div_ceil(16)
    }

    /// Reads what is due in lanes that have room and nothing read.
    pub(super) async fn read(&mut self, now: SystemTime) {
        // What cannot begin, or not be written down, need not be known.
        while !self.unread.is_empty() && self.running.len() < self.settings.in_flight && !self.is_paused() {
            let hosts: Vec<Host> = self.unread.iter().take(READ_LANES).cloned().collect();
            let share = READ_IN_ALL / self.lanes.len().max(1);
            let mut asked = Vec::with_capacity(hosts.len());
            for host in &hosts {
                let wants = self.lanes.get(host).and_then(|held| {
                    let permits = held.state.permits(now);
                    let is_wanted = held.buffer.is_empty() && !held.exhausted && permits > 0;
                    // What is in hand is returned again.
                    let max = share.clamp(READ_LEAST, READ).max(permits) + held.in_hand.len();
                    is_wanted.then(|| (held.lane.clone(), max))
                });
                match wants {
                    Some(wants) => asked.push(wants),
                    None => {
                        self.unread.remove(host);
                    }
                }
            }
            // A store may read as much of all as of the one that wants most: those that want much are asked by themselves.
            let much = 2 * share.clamp(READ_LEAST, READ);
            let (many, few): (Vec<_>, Vec<_>) = asked.into_iter().partition(|(_, max)| *max > much);
            for asked in [few, many] {
                let due = self.settings.stores.queue.due_all(&asked, now).await;
                let Some(due) = self.taken(due, "read lanes") else {
                    return;
                };
                for ((lane, max), due) in asked.iter().zip(due) {
                    let host = Host::from(lane.host.as_str());
                    // Before it is sorted anew: it may want more.
                    self.unread.remove(&host);
                    match due {
                        Some(due) => self.was_read(&host, due, *max, now),
                        None => self.lost(&host),
                    }
                }
            }
        }
    }

    fn was_read(&mut self, host: &Host, due: Vec<Delivery>, max: usize, now: SystemTime) {
        let Some(held) = self.lanes.get_mut(host) else {
            return;
        };
        held.exhausted = due.len() < max;
        let first = held.in_hand.is_empty();
        if first && !held.state.is_worth_keeping() && !due.is_empty() && due.iter().all(|row| row.attempt > 0)
        {
            held.state = LaneState::suspect(self.settings.lane_limits, now);
        }
        for row in due {
            held.ordered |= row.order.is_some();
            if held.in_hand.insert(row.id.clone()) {
                held.buffer.push_back(Arc::new(row));
            }
        }
        self.sort(host, now);
    }

    /// Begins what may begin, one delivery a lane in turn, so that no lane takes all the slots.
    pub(super) fn start(&mut self, now: SystemTime) -> bool {
        let mut moved = false;
        // What cannot be written down is not begun.
        while !self.is_paused() && self.running.len() < self.settings.in_flight {
            let Some(host) = self.turns.next(self.room()) else {
                break;
            };
            moved |= self.start_one(&host, now);
        }
        moved
    }

    /// Rounded up: with one slot, a dead host is still probed.
    fn room(&self) -> Room {
        let slots = self.settings.in_flight;
        let unproven = self.suspects + self.unknown;
        let has_room = unproven < (slots * 3).div_ceil(4);
        Room {
            unknown: has_room,
            suspect: has_room && self.suspects < slots.div_ceil(16),
        }
    }

    fn start_one(&mut self, host: &Host, now: SystemTime) -> bool {
        let room = self.room();
        let Some(held) = self.lanes.get_mut(host) else {
            return false;
        };
        held.turn = None;
        let standing = held.state.standing();
        let may_begin = held.state.permits(now) > 0 && room.has(standing);
        let Some(delivery) = may_begin.then(|| held.buffer.pop_front()).flatten() else {
            // Its place was for what it was then.
            self.sort(host, now);
            return false;
        };
        let ticket = held.state.on_start(now);
        held.running += 1;
        self.suspects += usize::from(standing == Standing::Suspect);
        self.unknown += usize::from(standing == Standing::Unknown);
        let running = Running {
            host: Host::clone(host),
            fence: held.lane.fence,
            delivery: Arc::clone(&delivery),
            ticket,
            standing,
            begun: now,
        };
        let settings = Arc::clone(&self.settings);
        let (bodies, peers) = (Arc::clone(&self.bodies), Arc::clone(&self.peers));
        let span = spans::attempt(&delivery);
        let task = async move { Ended::Attempt(attempt(&settings, &bodies, &peers, &delivery).await) };
        let handle = self.tasks.spawn(task.instrument(span));
        self.running.insert(handle.id(), running);
        self.sort(host, now);
        true
    }
}
