//! The inbox in memory.

use super::{Shared, lock};
use crate::{
    Accepted, DeadActivity, Inbox, InboxBacklog, Iri, Outgoing, Pending, ReceivedId, Sealed, Settlement,
    StoreError, shorten,
};
use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

#[derive(Debug, Default)]
pub(super) struct State {
    next: u64,
    rows: BTreeMap<u64, Row>,
    by_id: HashMap<ReceivedId, u64>,
}

#[derive(Debug)]
struct Row {
    id: ReceivedId,
    received: SystemTime,
    attempt: u32,
    state: RowState,
}

#[derive(Debug)]
enum RowState {
    /// `None`: it never ran, and is due whatever the clock says.
    Waits(Option<SystemTime>, Sealed),
    Dead(String, Sealed),
    Done,
}

impl State {
    fn row(&mut self, id: &ReceivedId) -> Option<&mut Row> {
        self.by_id.get(id).and_then(|number| self.rows.get_mut(number))
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
        let id = ReceivedId::new(origin, id);
        let mut state = lock(&self.inbox);
        if state.by_id.contains_key(&id) {
            return Ok(Accepted::Duplicate);
        }
        state.next += 1;
        let number = state.next;
        state.by_id.insert(id.clone(), number);
        let row = Row {
            id: id.clone(),
            received: now,
            attempt: 0,
            state: RowState::Waits(None, sealed.clone()),
        };
        state.rows.insert(number, row);
        Ok(Accepted::New(id))
    }

    async fn pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, StoreError> {
        let state = lock(&self.inbox);
        let due = state.rows.values().filter_map(|row| match &row.state {
            RowState::Waits(at, sealed) if at.is_none_or(|at| at <= now) => Some(Pending {
                id: row.id.clone(),
                sealed: sealed.clone(),
                attempt: row.attempt,
            }),
            _ => None,
        });
        Ok(due.take(max).collect())
    }

    async fn retry(&self, id: &ReceivedId, at: SystemTime, _reason: &str) -> Result<(), StoreError> {
        let mut state = lock(&self.inbox);
        if let Some(row) = state.row(id)
            && let RowState::Waits(due, _) = &mut row.state
        {
            *due = Some(at);
            row.attempt = row.attempt.saturating_add(1);
        }
        Ok(())
    }

    async fn settle(&self, id: &ReceivedId, settlement: Settlement) -> Result<(), StoreError> {
        let mut state = lock(&self.inbox);
        if let Some(row) = state.row(id)
            && let RowState::Waits(_, sealed) = &row.state
        {
            row.state = match settlement {
                Settlement::Done => RowState::Done,
                Settlement::Dead { reason } => RowState::Dead(shorten(&reason).to_owned(), sealed.clone()),
            };
        }
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
        Ok(lock(&self.outbox).is_handled(id))
    }

    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        let state = lock(&self.inbox);
        let waiting = state.rows.values().filter_map(|row| match &row.state {
            RowState::Waits(at, _) => Some(at.unwrap_or(SystemTime::UNIX_EPOCH)),
            _ => None,
        });
        Ok(waiting.min())
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
                RowState::Done => {}
            }
        }
        Ok(Some(backlog))
    }

    async fn retry_dead(&self, ids: &[ReceivedId]) -> Result<usize, StoreError> {
        let mut state = lock(&self.inbox);
        let mut count = 0;
        for id in ids {
            if let Some(row) = state.row(id)
                && let RowState::Dead(_, sealed) = &row.state
            {
                row.state = RowState::Waits(None, sealed.clone());
                row.attempt = 0;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn prune_dead(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        let mut state = lock(&self.inbox);
        let rows = state.rows.values_mut();
        let old = rows.filter(|row| matches!(row.state, RowState::Dead(..)) && row.received < before);
        let ended = old.take(max).map(|row| row.state = RowState::Done);
        Ok(ended.count())
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        let gone: Vec<(u64, ReceivedId)> = {
            let state = lock(&self.inbox);
            let old = state
                .rows
                .iter()
                .filter(|(_, row)| matches!(row.state, RowState::Done) && row.received < before);
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
