//! Lanes that are leased, read and worked on.

use super::{Driver, Ended, READ};
use crate::{
    attempt::attempt,
    held::{Held, Running},
};
use federate_protocol::delivery::LaneState;
use federate_store::Priority;
use std::{sync::Arc, time::SystemTime};

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
            let state = self
                .known
                .remove(&lane.host)
                .unwrap_or_else(|| LaneState::new(self.settings.lane_limits));
            self.lanes.insert(lane.host.clone(), Held::new(lane, state));
        }
        moved
    }

    /// Begins what may begin, one delivery a lane in turn, so that no lane takes all the slots.
    pub(super) async fn start(&mut self, now: SystemTime) -> bool {
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
        let hosts = self.in_turns(hosts);
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

    /// Those with something of high priority, each followed by one of the others: neither starves the other.
    fn in_turns(&self, hosts: Vec<String>) -> Vec<String> {
        let is_urgent = |host: &String| {
            let next = self.lanes.get(host).and_then(|held| held.buffer.front());
            next.is_some_and(|next| next.priority == Priority::High)
        };
        let (urgent, others): (Vec<_>, Vec<_>) = hosts.into_iter().partition(is_urgent);
        let mut others = others.into_iter();
        let mut all: Vec<String> = urgent
            .into_iter()
            .flat_map(|host| std::iter::once(host).chain(others.next()))
            .collect();
        all.extend(others);
        all
    }

    /// Reads what is due in a lane that has room and nothing read.
    pub(super) async fn read(&mut self, host: &str, now: SystemTime) {
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
            held.ordered |= row.order.is_some();
            if held.in_hand.insert(row.id.clone()) {
                held.buffer.push_back(row);
            }
        }
    }

    pub(super) fn start_one(&mut self, host: &str, now: SystemTime) -> bool {
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
}
