//! The queue in memory.

use super::{Shared, lock};
use crate::{
    Counts, DeadLetter, DeadPage, Delivery, DeliveryId, DeliveryQueue, Inspection, Iri, LEASE, Lane,
    OrderKey, PendingDelivery, Priority, Settled, StoreError, Waiting, shorten,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

/// Orders the deliveries of a lane: by priority, by activity, then as they came.
type Order = (Priority, u64, u64);

/// What waits in order: an inbox and a key.
type Line = (Iri, OrderKey);

#[derive(Debug, Default)]
pub(super) struct State {
    /// One counter for whatever needs an order.
    turn: u64,
    activities: HashMap<Iri, Activity>,
    /// Every id that was enqueued and not pruned; `None` where it is settled.
    known: HashMap<DeliveryId, Option<Order>>,
    lanes: BTreeMap<String, LaneState>,
    dead: BTreeMap<u64, DeadLetter>,
    dead_by_id: HashMap<DeliveryId, u64>,
    totals: Counts,
}

#[derive(Debug)]
struct Activity {
    number: u64,
    enqueued: SystemTime,
    priority: Priority,
    order: Option<OrderKey>,
    deliveries: BTreeSet<DeliveryId>,
}

#[derive(Debug, Default)]
struct LaneState {
    fence: u64,
    held_until: Option<SystemTime>,
    /// Who leased it last.
    worker: String,
    closed_until: Option<SystemTime>,
    /// When it was served last, as a turn: who waits longest comes first.
    served: u64,
    paused: bool,
    rows: BTreeMap<Order, Row>,
    /// What is pending under each key, in its order: only the first of a line is due.
    lines: HashMap<Line, BTreeSet<(u64, Order)>>,
}

#[derive(Debug)]
struct Row {
    delivery: Delivery,
    /// `None`: never attempted, and due whatever the clock says.
    not_before: Option<SystemTime>,
    /// Also true for a dead letter that waits anew: a peer may have seen it.
    attempted: bool,
    /// Of the last failure.
    reason: Option<String>,
}

impl Row {
    fn is_due(&self, now: SystemTime) -> bool {
        self.not_before.is_none_or(|at| at <= now)
    }

    fn line(&self) -> Option<Line> {
        let order = self.delivery.order?;
        Some((self.delivery.inbox.clone(), order))
    }
}

impl LaneState {
    fn insert(&mut self, order: Order, row: Row) {
        if let Some(line) = row.line() {
            self.lines.entry(line).or_default().insert((order.1, order));
        }
        self.rows.insert(order, row);
    }

    fn remove(&mut self, order: Order) -> Option<Row> {
        let row = self.rows.remove(&order)?;
        if let Some(line) = row.line()
            && let Some(waiting) = self.lines.get_mut(&line)
        {
            waiting.remove(&(order.1, order));
            if waiting.is_empty() {
                self.lines.remove(&line);
            }
        }
        Some(row)
    }

    /// What waits for nothing but its time.
    fn free(&self) -> impl Iterator<Item = &Row> {
        self.first().filter(|_| !self.paused)
    }

    /// What waits for no other, in a paused lane too.
    fn first(&self) -> impl Iterator<Item = &Row> {
        let first = self
            .rows
            .iter()
            .filter(|(order, row)| self.is_first(**order, row));
        first.map(|(_, row)| row)
    }

    fn is_first(&self, order: Order, row: &Row) -> bool {
        row.line()
            .and_then(|line| self.lines.get(&line)?.first())
            .is_none_or(|(_, first)| *first == order)
    }

    /// What may be in an attempt: a pause ends none.
    fn due_first(&self, now: SystemTime) -> impl Iterator<Item = &Row> {
        self.first().filter(move |row| row.is_due(now))
    }

    /// The highest priority of what was never attempted.
    fn newest(&self) -> Option<Priority> {
        let new = self.free().filter(|row| row.not_before.is_none());
        new.map(|row| row.delivery.priority)
            .min()
            .filter(|_| self.closed_until.is_none())
    }

    fn opens(&self) -> Option<SystemTime> {
        let times = self
            .free()
            .map(|row| row.not_before.unwrap_or(SystemTime::UNIX_EPOCH));
        let earliest = times.min()?;
        Some(earliest.max(self.closed_until.unwrap_or(SystemTime::UNIX_EPOCH)))
    }
}

/// One from each in turn, so that neither starves the other.
fn alternate<T, I: IntoIterator<Item = T>>(first: Vec<T>, second: I) -> impl Iterator<Item = T> + use<T, I> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    std::iter::from_fn(move || Some([first.next(), second.next()]))
        .take_while(|pair| pair.iter().any(Option::is_some))
        .flatten()
        .flatten()
}

impl State {
    fn turn(&mut self) -> u64 {
        self.turn += 1;
        self.turn
    }

    fn owned(&mut self, lane: &Lane) -> Result<&mut LaneState, StoreError> {
        let state = self.lanes.get_mut(&lane.host);
        state
            .filter(|state| state.fence == lane.fence)
            .ok_or_else(StoreError::fenced)
    }

    fn add(&mut self, mut delivery: Delivery, reason: Option<String>, now: SystemTime) {
        let turn = self.turn();
        let activity = self
            .activities
            .entry(delivery.activity.clone())
            .or_insert_with(|| Activity {
                number: turn,
                enqueued: now,
                priority: delivery.priority,
                order: delivery.order,
                deliveries: BTreeSet::new(),
            });
        activity.deliveries.insert(delivery.id.clone());
        delivery.priority = activity.priority;
        delivery.order = activity.order;
        let order = (activity.priority, activity.number, turn);
        self.known.insert(delivery.id.clone(), Some(order));
        let lane = self.lanes.entry(delivery.lane()).or_default();
        let row = Row {
            delivery,
            not_before: None,
            attempted: reason.is_some(),
            reason,
        };
        lane.insert(order, row);
    }

    fn bury(&mut self, delivery: Delivery, died: SystemTime, reason: &str) {
        let turn = self.turn();
        self.dead_by_id.insert(delivery.id.clone(), turn);
        let letter = DeadLetter {
            delivery,
            died,
            reason: shorten(reason).to_owned(),
        };
        self.dead.insert(turn, letter);
    }

    fn exhume(&mut self, id: &DeliveryId) -> Option<DeadLetter> {
        self.dead_by_id
            .remove(id)
            .and_then(|turn| self.dead.remove(&turn))
    }

    fn is_unsettled(&self, id: &DeliveryId) -> bool {
        matches!(self.known.get(id), Some(Some(_))) || self.dead_by_id.contains_key(id)
    }
}

#[async_trait::async_trait]
impl DeliveryQueue for Shared {
    async fn enqueue(&self, batch: &[Delivery], now: SystemTime) -> Result<(), StoreError> {
        let mut state = lock(&self.queue);
        for delivery in batch {
            if !state.known.contains_key(&delivery.id) {
                state.totals.enqueued += 1;
                state.add(delivery.clone(), None, now);
            }
        }
        Ok(())
    }

    async fn lease(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Lane>, StoreError> {
        if lock(&self.binding).hold.is_some() {
            return Ok(Vec::new());
        }
        let mut state = lock(&self.queue);
        let mut free: Vec<(u64, Option<Priority>, String)> = state
            .lanes
            .iter()
            .filter(|(_, lane)| {
                lane.held_until
                    .is_none_or(|until| until <= now || until > now + 2 * LEASE)
            })
            .filter(|(_, lane)| lane.opens().is_some_and(|opens| opens <= now))
            .map(|(host, lane)| (lane.served, lane.newest(), host.clone()))
            .collect();
        free.sort_unstable();
        let (urgent, rest): (Vec<_>, Vec<_>) = free
            .into_iter()
            .partition(|(_, newest, _)| *newest == Some(Priority::High));
        let (new, timed) = rest.into_iter().partition(|(_, newest, _)| newest.is_some());
        let free = alternate(urgent, alternate::<_, Vec<_>>(timed, new));
        let until = now + LEASE;
        let mut leased = Vec::new();
        for (.., host) in free.take(max) {
            let turn = state.turn();
            if let Some(lane) = state.lanes.get_mut(&host) {
                lane.fence += 1;
                lane.held_until = Some(until);
                worker.clone_into(&mut lane.worker);
                lane.served = turn;
                let fence = lane.fence;
                leased.push(Lane { host, fence, until });
            }
        }
        Ok(leased)
    }

    async fn renew(&self, lane: &Lane, now: SystemTime) -> Result<Lane, StoreError> {
        let mut state = lock(&self.queue);
        let until = now + LEASE;
        state.owned(lane)?.held_until = Some(until);
        Ok(Lane {
            until,
            ..lane.clone()
        })
    }

    async fn due(&self, lane: &Lane, max: usize, now: SystemTime) -> Result<Vec<Delivery>, StoreError> {
        let mut state = lock(&self.queue);
        let due = state.owned(lane)?.free().filter(|row| row.is_due(now));
        Ok(due.take(max).map(|row| row.delivery.clone()).collect())
    }

    async fn settle(
        &self,
        lane: &Lane,
        outcomes: &[(DeliveryId, Settled)],
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut state = lock(&self.queue);
        state.owned(lane)?;
        for (id, settled) in outcomes {
            let Some(Some(order)) = state.known.get(id).copied() else {
                continue;
            };
            let Ok(owned) = state.owned(lane) else {
                continue;
            };
            if let Settled::Retry { at, reason } = settled {
                if let Some(row) = owned.rows.get_mut(&order) {
                    row.not_before = Some(*at);
                    row.attempted = true;
                    row.reason = Some(shorten(reason).to_owned());
                    row.delivery.attempt = row.delivery.attempt.saturating_add(1);
                }
                continue;
            }
            let Some(mut row) = owned.remove(order) else {
                continue;
            };
            state.known.insert(id.clone(), None);
            match settled {
                Settled::Dead { reason } => {
                    row.delivery.attempt = row.delivery.attempt.saturating_add(1);
                    state.bury(row.delivery, now, reason);
                }
                Settled::Delivered | Settled::Retry { .. } => state.totals.delivered += 1,
            }
        }
        Ok(())
    }

    async fn release(&self, lane: Lane, closed_until: Option<SystemTime>) -> Result<(), StoreError> {
        let mut state = lock(&self.queue);
        if let Ok(owned) = state.owned(&lane) {
            owned.held_until = None;
            owned.closed_until = closed_until;
            // Whoever gave it back has no further say in it.
            owned.fence += 1;
        }
        Ok(())
    }

    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        let mut state = lock(&self.queue);
        let lanes = state.lanes.values_mut();
        let left = lanes.filter(|lane| lane.held_until.is_some() && lane.worker == worker);
        let ended = left.map(|lane| {
            lane.held_until = None;
            lane.fence += 1;
        });
        Ok(ended.count())
    }

    async fn probe(&self, host: &str, at: SystemTime) -> Result<(), StoreError> {
        let mut state = lock(&self.queue);
        if let Some(lane) = state.lanes.get_mut(host)
            && let Some(closed_until) = &mut lane.closed_until
        {
            *closed_until = at.min(*closed_until);
        }
        Ok(())
    }

    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        let state = lock(&self.queue);
        let lanes = state.lanes.values();
        let opens = lanes.filter_map(|lane| {
            Some(
                lane.opens()?
                    .max(lane.held_until.unwrap_or(SystemTime::UNIX_EPOCH)),
            )
        });
        Ok(opens.min())
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        let state = lock(&self.queue);
        Ok(Counts {
            pending: state.lanes.values().map(|lane| lane.rows.len() as u64).sum(),
            dead: state.dead.len() as u64,
            ..state.totals
        })
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        Ok(lock(&self.queue).dead.values().take(max).cloned().collect())
    }

    async fn retry_dead(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, StoreError> {
        let mut state = lock(&self.queue);
        let mut count = 0;
        for id in ids {
            if let Some(mut letter) = state.exhume(id) {
                letter.delivery.attempt = 0;
                letter.delivery.first_enqueued = now;
                state.add(letter.delivery, Some(letter.reason), now);
                count += 1;
            }
        }
        Ok(count)
    }

    async fn discard_dead(&self, ids: &[DeliveryId]) -> Result<u64, StoreError> {
        let mut state = lock(&self.queue);
        let mut count = 0;
        for id in ids {
            if state.exhume(id).is_some() {
                count += 1;
            }
        }
        state.totals.cancelled += count;
        Ok(count)
    }

    async fn cancel(&self, host: &str) -> Result<u64, StoreError> {
        let mut state = lock(&self.queue);
        let Some(lane) = state.lanes.get_mut(host) else {
            return Ok(0);
        };
        let rows = std::mem::take(&mut lane.rows);
        lane.lines.clear();
        lane.fence += 1;
        lane.held_until = None;
        for row in rows.values() {
            state.known.insert(row.delivery.id.clone(), None);
        }
        let count = rows.len() as u64;
        state.totals.cancelled += count;
        Ok(count)
    }

    async fn supersede(&self, activity: &Iri) -> Result<u64, StoreError> {
        let mut state = lock(&self.queue);
        let State {
            activities,
            known,
            lanes,
            totals,
            ..
        } = &mut *state;
        let Some(activity) = activities.get(activity) else {
            return Ok(0);
        };
        let mut count = 0;
        // An owner that let its lease run out may still have something in hand: only what nobody holds is safe.
        for lane in lanes.values_mut().filter(|lane| lane.held_until.is_none()) {
            let untouched = lane
                .rows
                .iter()
                .filter(|(_, row)| !row.attempted && activity.deliveries.contains(&row.delivery.id));
            let untouched: Vec<Order> = untouched.map(|(order, _)| *order).collect();
            for row in untouched.into_iter().filter_map(|order| lane.remove(order)) {
                known.insert(row.delivery.id, None);
                count += 1;
            }
        }
        totals.superseded += count;
        Ok(count)
    }

    async fn pause(&self, host: &str) -> Result<(), StoreError> {
        lock(&self.queue).lanes.entry(host.to_owned()).or_default().paused = true;
        Ok(())
    }

    async fn resume(&self, host: &str) -> Result<(), StoreError> {
        if let Some(lane) = lock(&self.queue).lanes.get_mut(host) {
            lane.paused = false;
        }
        Ok(())
    }

    async fn waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, StoreError> {
        let state = lock(&self.queue);
        let mut all: Vec<Waiting> = state
            .lanes
            .iter()
            .filter(|(_, lane)| !lane.rows.is_empty())
            .map(|(host, lane)| {
                let mut waiting = Waiting::new(host, now);
                for row in lane.rows.values() {
                    waiting.count(row.delivery.first_enqueued, now);
                }
                waiting.closed_until = lane.closed_until;
                waiting.paused = lane.paused;
                waiting.leased_until = lane.held_until;
                waiting.worker = lane.held_until.map(|_| lane.worker.clone());
                if waiting.is_leased(now) {
                    waiting.in_flight = lane.due_first(now).count() as u64;
                }
                waiting
            })
            .collect();
        all.sort_by(|a, b| b.pending.cmp(&a.pending).then_with(|| a.host.cmp(&b.host)));
        all.truncate(max);
        Ok(all)
    }

    async fn dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for letter in lock(&self.queue).dead.values() {
            *reasons.entry(letter.reason.clone()).or_default() += 1;
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        reasons.truncate(max);
        Ok(reasons)
    }

    async fn dead_page(
        &self,
        host: Option<&str>,
        after: Option<&str>,
        max: usize,
    ) -> Result<DeadPage, StoreError> {
        let after: u64 = match after {
            None => 0,
            Some(cursor) => cursor.parse().map_err(StoreError::broken)?,
        };
        let state = lock(&self.queue);
        let from = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
        let mut found = state
            .dead
            .range(from)
            .filter(|(_, letter)| host.is_none_or(|host| letter.delivery.lane() == host));
        let page: Vec<(u64, DeadLetter)> = found
            .by_ref()
            .take(max)
            .map(|(turn, letter)| (*turn, letter.clone()))
            .collect();
        let next = page
            .last()
            .map(|(turn, _)| turn.to_string())
            .filter(|_| found.next().is_some());
        let letters = page.into_iter().map(|(_, letter)| letter).collect();
        Ok(DeadPage { letters, next })
    }

    async fn inspect(&self, id: &DeliveryId) -> Result<Inspection, StoreError> {
        let state = lock(&self.queue);
        if let Some(letter) = state.dead_by_id.get(id).and_then(|turn| state.dead.get(turn)) {
            return Ok(Inspection::Dead(letter.clone()));
        }
        let order = match state.known.get(id) {
            None => return Ok(Inspection::Unknown),
            Some(None) => return Ok(Inspection::Settled),
            Some(Some(order)) => *order,
        };
        let found = state.lanes.values().find_map(|lane| {
            let row = lane.rows.get(&order)?;
            Some((lane, row))
        });
        Ok(found.map_or(Inspection::Settled, |(lane, row)| {
            Inspection::Pending(PendingDelivery {
                not_before: row.not_before,
                behind: !lane.is_first(order, row),
                reason: row.reason.clone(),
                closed_until: lane.closed_until,
                paused: lane.paused,
                leased_until: lane.held_until,
                ..PendingDelivery::new(row.delivery.clone())
            })
        }))
    }

    async fn unsettled(&self, activities: &[Iri]) -> Result<Vec<Iri>, StoreError> {
        let state = lock(&self.queue);
        let unsettled = activities.iter().filter(|id| {
            let activity = state.activities.get(*id);
            activity.is_some_and(|activity| activity.deliveries.iter().any(|id| state.is_unsettled(id)))
        });
        Ok(unsettled.cloned().collect())
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        let mut state = lock(&self.queue);
        let gone: Vec<Iri> = state
            .activities
            .iter()
            .filter(|(_, activity)| activity.enqueued < before)
            .filter(|(_, activity)| !activity.deliveries.iter().any(|id| state.is_unsettled(id)))
            .map(|(id, _)| id.clone())
            .take(max)
            .collect();
        for id in &gone {
            let activity = state.activities.remove(id);
            for delivery in activity.into_iter().flat_map(|activity| activity.deliveries) {
                state.known.remove(&delivery);
            }
        }
        Ok(gone.len())
    }
}
