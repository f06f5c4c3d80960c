//! The outbox in memory, with the marks of what was handled: both stand in the application's database elsewhere.

use super::{Shared, lock};
use crate::{Iri, Outbox, Outgoing, ReceivedId, StoreError};
use bytes::Bytes;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::SystemTime,
};

#[derive(Debug, Default)]
pub(super) struct State {
    next: u64,
    rows: BTreeMap<u64, Row>,
    by_id: HashMap<Iri, u64>,
    handled: HashSet<ReceivedId>,
}

#[derive(Debug)]
struct Row {
    outgoing: Outgoing,
    expanded: bool,
    kept_until: Option<SystemTime>,
}

impl State {
    pub(super) fn record(&mut self, outgoing: &Outgoing) {
        if self.by_id.contains_key(&outgoing.id) {
            return;
        }
        self.next += 1;
        self.by_id.insert(outgoing.id.clone(), self.next);
        self.rows.insert(
            self.next,
            Row {
                outgoing: outgoing.clone(),
                expanded: false,
                kept_until: None,
            },
        );
    }

    pub(super) fn mark_handled(&mut self, id: ReceivedId) -> bool {
        self.handled.insert(id)
    }

    pub(super) fn unmark_handled(&mut self, id: &ReceivedId) {
        self.handled.remove(id);
    }

    pub(super) fn is_handled(&self, id: &ReceivedId) -> bool {
        self.handled.contains(id)
    }
}

#[async_trait::async_trait]
impl Outbox for Shared {
    async fn record(&self, outgoing: &Outgoing) -> Result<(), StoreError> {
        lock(&self.outbox).record(outgoing);
        Ok(())
    }

    async fn unexpanded(&self, max: usize) -> Result<Vec<Outgoing>, StoreError> {
        let state = lock(&self.outbox);
        let waiting = state.rows.values().filter(|row| !row.expanded);
        Ok(waiting.take(max).map(|row| row.outgoing.clone()).collect())
    }

    async fn expanded(&self, id: &Iri) -> Result<(), StoreError> {
        let mut state = lock(&self.outbox);
        let Some(number) = state.by_id.get(id).copied() else {
            return Ok(());
        };
        if let Some(row) = state.rows.get_mut(&number) {
            row.expanded = true;
        }
        Ok(())
    }

    async fn body(&self, id: &Iri) -> Result<Option<Bytes>, StoreError> {
        let state = lock(&self.outbox);
        let row = state.by_id.get(id).and_then(|number| state.rows.get(number));
        Ok(row.map(|row| row.outgoing.body.clone()))
    }

    async fn kept(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError> {
        self.page(after, max, |row| row.expanded)
    }

    async fn undecided(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError> {
        self.page(after, max, |row| row.expanded && row.kept_until.is_none())
    }

    async fn keep_until(&self, ids: &[Iri], until: SystemTime) -> Result<(), StoreError> {
        let mut state = lock(&self.outbox);
        for id in ids {
            let number = state.by_id.get(id).copied().unwrap_or_default();
            if let Some(row) = state.rows.get_mut(&number)
                && row.expanded
            {
                row.kept_until.get_or_insert(until);
            }
        }
        Ok(())
    }

    async fn expired(&self, now: SystemTime, max: usize) -> Result<Vec<Iri>, StoreError> {
        let state = lock(&self.outbox);
        let expired = state
            .rows
            .values()
            .filter(|row| row.kept_until.is_some_and(|until| until < now));
        Ok(expired.take(max).map(|row| row.outgoing.id.clone()).collect())
    }

    async fn forget(&self, ids: &[Iri]) -> Result<(), StoreError> {
        let mut state = lock(&self.outbox);
        for id in ids {
            let Some(number) = state.by_id.get(id).copied() else {
                continue;
            };
            if state.rows.get(&number).is_some_and(|row| row.expanded) {
                state.rows.remove(&number);
                state.by_id.remove(id);
            }
        }
        Ok(())
    }
}

impl Shared {
    fn page(
        &self,
        after: Option<&str>,
        max: usize,
        is_meant: impl Fn(&Row) -> bool,
    ) -> Result<Vec<(String, Iri)>, StoreError> {
        let after: u64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        let state = lock(&self.outbox);
        let meant = state
            .rows
            .range(after.saturating_add(1)..)
            .filter(|(_, row)| is_meant(row));
        let page = meant.take(max);
        Ok(page
            .map(|(number, row)| (number.to_string(), row.outgoing.id.clone()))
            .collect())
    }
}
