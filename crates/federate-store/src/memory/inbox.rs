//! The inbox in memory.

use super::{Shared, lock};
use crate::{
    Accepted, Claim, Claimed, DeadActivity, Ending, Inbox, InboxBacklog, Iri, LEASE, Outgoing, Pending,
    ReceivedId, Sealed, Settlement, StoreError, inbox::with_done, origin_of, shard_of, shorten,
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::SystemTime,
};

#[derive(Debug, Default)]
pub(super) struct State {
    next: u64,
    rows: BTreeMap<u64, Row>,
    /// Those of them that wait. All that is done stays known for a month: looking for what waits among that would cost more
    /// with every activity that came.
    waiting: BTreeSet<u64>,
    by_id: HashMap<ReceivedId, u64>,
    shards: BTreeMap<u16, Shard>,
}

#[derive(Debug, Default)]
struct Shard {
    fence: u64,
    /// Who has it in hand, and until when.
    held: Option<(String, SystemTime)>,
}

impl Shard {
    fn is_free(&self, now: SystemTime) -> bool {
        self.held
            .as_ref()
            .is_none_or(|(_, until)| *until <= now || *until > now + 2 * LEASE)
    }
}

#[derive(Debug)]
struct Row {
    id: ReceivedId,
    received: SystemTime,
    /// 0: nobody said who sent it.
    shard: u16,
    attempt: u32,
    state: RowState,
}

#[derive(Debug)]
enum RowState {
    /// `None`: it never ran, and is due whatever the clock says.
    Waits(Option<SystemTime>, Sealed),
    Dead(String, Sealed),
    Done,
    /// Given up on, and no longer to be told of.
    Ended,
}

impl State {
    fn row(&mut self, id: &ReceivedId) -> Option<&mut Row> {
        self.by_id.get(id).and_then(|number| self.rows.get_mut(number))
    }

    fn is_done(&self, id: &ReceivedId) -> bool {
        let row = self.by_id.get(id).and_then(|number| self.rows.get(number));
        row.is_some_and(|row| matches!(row.state, RowState::Done))
    }

    fn accept(&mut self, id: ReceivedId, shard: u16, sealed: &Sealed, now: SystemTime) -> Accepted {
        if self.by_id.contains_key(&id) {
            return Accepted::Duplicate;
        }
        self.next += 1;
        let number = self.next;
        self.by_id.insert(id.clone(), number);
        let row = Row {
            id: id.clone(),
            received: now,
            shard,
            attempt: 0,
            state: RowState::Waits(None, sealed.clone()),
        };
        self.rows.insert(number, row);
        self.waiting.insert(number);
        Accepted::New(id)
    }

    fn settle(&mut self, id: &ReceivedId, settlement: &Settlement) {
        if let Some(number) = self.by_id.get(id)
            && self.waiting.remove(number)
            && let Some(row) = self.rows.get_mut(number)
            && let RowState::Waits(_, sealed) = &row.state
        {
            row.state = match settlement {
                Settlement::Done => RowState::Done,
                Settlement::Dead { reason } => RowState::Dead(shorten(reason).to_owned(), sealed.clone()),
            };
        }
    }

    fn retry(&mut self, id: &ReceivedId, at: SystemTime) {
        if let Some(row) = self.row(id)
            && let RowState::Waits(due, _) = &mut row.state
        {
            *due = Some(at);
            row.attempt = row.attempt.saturating_add(1);
        }
    }

    fn put_off(&mut self, id: &ReceivedId, at: SystemTime) {
        if let Some(row) = self.row(id)
            && let RowState::Waits(due, _) = &mut row.state
        {
            *due = Some(at);
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &Row> {
        self.waiting.iter().filter_map(|number| self.rows.get(number))
    }

    fn due(&self, now: SystemTime, of_shard: impl Fn(u16) -> bool) -> impl Iterator<Item = (u16, Pending)> {
        self.waiting().filter_map(move |row| match &row.state {
            RowState::Waits(at, sealed) if at.is_none_or(|at| at <= now) && of_shard(row.shard) => {
                let pending = Pending {
                    id: row.id.clone(),
                    sealed: sealed.clone(),
                    attempt: row.attempt,
                };
                Some((row.shard, pending))
            }
            _ => None,
        })
    }

    /// The shard, where this claim of it holds.
    fn held(&mut self, claim: &Claim) -> Option<&mut Shard> {
        let shard = self.shards.get_mut(&claim.shard)?;
        (shard.fence == claim.fence && shard.held.is_some()).then_some(shard)
    }
}

#[async_trait::async_trait]
impl Inbox for Shared {
    async fn accept(
        &self,
        origin: &str,
        id: &Iri,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        Ok(lock(&self.inbox).accept(ReceivedId::new(origin, id), 0, sealed, now))
    }

    async fn accept_from(
        &self,
        sender: &Iri,
        id: &Iri,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        let id = ReceivedId::new(&origin_of(sender), id);
        Ok(lock(&self.inbox).accept(id, shard_of(sender), sealed, now))
    }

    async fn pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, StoreError> {
        let state = lock(&self.inbox);
        Ok(state
            .due(now, |_| true)
            .take(max)
            .map(|(_, pending)| pending)
            .collect())
    }

    async fn claim(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Claimed>, StoreError> {
        let mut state = lock(&self.inbox);
        let free = |shard: u16| state.shards.get(&shard).is_none_or(|shard| shard.is_free(now));
        let due = state.due(now, free);
        let taken: Vec<(u16, Pending)> = due.take(max).collect();
        let mut fences = BTreeMap::new();
        let claimed = taken.into_iter().map(|(number, pending)| {
            let fence = *fences.entry(number).or_insert_with(|| {
                let shard = state.shards.entry(number).or_default();
                shard.fence += 1;
                shard.held = Some((worker.to_owned(), now + LEASE));
                shard.fence
            });
            let claim = Claim { shard: number, fence };
            Claimed {
                pending,
                claim: Some(claim),
            }
        });
        Ok(claimed.collect())
    }

    async fn renew(&self, claims: &[Claim], now: SystemTime) -> Result<usize, StoreError> {
        let mut state = lock(&self.inbox);
        let mut hold = 0;
        for claim in claims {
            if let Some((_, until)) = state.held(claim).and_then(|shard| shard.held.as_mut()) {
                *until = now + LEASE;
                hold += 1;
            }
        }
        Ok(hold)
    }

    async fn finish(&self, claim: Claim, endings: &[(ReceivedId, Ending)]) -> Result<bool, StoreError> {
        let mut state = lock(&self.inbox);
        let Some(shard) = state.held(&claim) else {
            return Ok(false);
        };
        shard.held = None;
        for (id, ending) in endings {
            match ending {
                Ending::Settled(settlement) => state.settle(id, settlement),
                Ending::Again { at, .. } => state.retry(id, *at),
                Ending::Later { at } => state.put_off(id, *at),
            }
        }
        Ok(true)
    }

    async fn finish_unmarked(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
        unmarked: &[ReceivedId],
    ) -> Result<bool, StoreError> {
        self.finish(claim, &with_done(endings, unmarked)).await
    }

    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        let mut state = lock(&self.inbox);
        let shards = state.shards.values_mut();
        let own = shards.filter(|shard| shard.held.as_ref().is_some_and(|(who, _)| who == worker));
        Ok(own.map(|shard| shard.held = None).count())
    }

    async fn retry(&self, id: &ReceivedId, at: SystemTime, _reason: &str) -> Result<(), StoreError> {
        lock(&self.inbox).retry(id, at);
        Ok(())
    }

    async fn settle(&self, id: &ReceivedId, settlement: Settlement) -> Result<(), StoreError> {
        lock(&self.inbox).settle(id, &settlement);
        Ok(())
    }

    async fn ack(&self, id: &ReceivedId, outgoing: &[Outgoing]) -> Result<bool, StoreError> {
        let mut state = lock(&self.outbox);
        if !state.mark_handled(id.clone()) {
            return Ok(false);
        }
        for one in outgoing {
            state.record(one);
        }
        Ok(true)
    }

    async fn handled(&self, id: &ReceivedId) -> Result<bool, StoreError> {
        let is_marked = lock(&self.outbox).is_handled(id);
        Ok(is_marked || lock(&self.inbox).is_done(id))
    }

    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        let state = lock(&self.inbox);
        let mut earliest = None::<SystemTime>;
        for row in state.waiting() {
            match &row.state {
                // Nothing is due earlier than what never ran.
                RowState::Waits(None, _) => return Ok(Some(SystemTime::UNIX_EPOCH)),
                RowState::Waits(Some(at), _) => {
                    earliest = Some(earliest.map_or(*at, |earliest| earliest.min(*at)));
                }
                _ => {}
            }
        }
        Ok(earliest)
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadActivity>, StoreError> {
        let state = lock(&self.inbox);
        let dead = state.rows.values().filter_map(|row| match &row.state {
            RowState::Dead(reason, sealed) => Some(DeadActivity {
                id: row.id.clone(),
                sealed: sealed.clone(),
                attempt: row.attempt,
                reason: reason.clone(),
            }),
            _ => None,
        });
        Ok(dead.take(max).collect())
    }

    async fn backlog(&self) -> Result<Option<InboxBacklog>, StoreError> {
        let state = lock(&self.inbox);
        let mut backlog = InboxBacklog::default();
        for row in state.rows.values() {
            match row.state {
                RowState::Waits(..) => {
                    backlog.pending += 1;
                    backlog.oldest = Some(
                        backlog
                            .oldest
                            .map_or(row.received, |oldest| oldest.min(row.received)),
                    );
                }
                RowState::Dead(..) => backlog.dead += 1,
                RowState::Done | RowState::Ended => {}
            }
        }
        Ok(Some(backlog))
    }

    async fn retry_dead(&self, ids: &[ReceivedId]) -> Result<usize, StoreError> {
        let mut state = lock(&self.inbox);
        let mut count = 0;
        for id in ids {
            let State {
                by_id, rows, waiting, ..
            } = &mut *state;
            if let Some(number) = by_id.get(id)
                && let Some(row) = rows.get_mut(number)
                && let RowState::Dead(_, sealed) = &row.state
            {
                row.state = RowState::Waits(None, sealed.clone());
                row.attempt = 0;
                waiting.insert(*number);
                count += 1;
            }
        }
        Ok(count)
    }

    async fn prune_dead(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        let mut state = lock(&self.inbox);
        let rows = state.rows.values_mut();
        let old = rows.filter(|row| matches!(row.state, RowState::Dead(..)) && row.received < before);
        let ended = old.take(max).map(|row| row.state = RowState::Ended);
        Ok(ended.count())
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        let gone: Vec<(u64, ReceivedId)> = {
            let state = lock(&self.inbox);
            let old = state.rows.iter().filter(|(_, row)| {
                matches!(row.state, RowState::Done | RowState::Ended) && row.received < before
            });
            old.take(max)
                .map(|(number, row)| (*number, row.id.clone()))
                .collect()
        };
        {
            let mut marks = lock(&self.outbox);
            for (_, id) in &gone {
                marks.unmark_handled(id);
            }
        }
        let mut state = lock(&self.inbox);
        for (number, id) in &gone {
            state.rows.remove(number);
            state.by_id.remove(id);
        }
        Ok(gone.len())
    }
}
