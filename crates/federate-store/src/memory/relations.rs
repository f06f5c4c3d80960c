//! Relations in memory.

use super::{Shared, lock};
use crate::{MAX_NOTE, Relation, RelationKey, RelationState, Relations, StoreError, Which};
use std::{
    collections::{BTreeMap, HashMap},
    time::SystemTime,
};

#[derive(Debug, Default)]
pub(super) struct State {
    next: u64,
    by_number: BTreeMap<u64, Relation>,
    numbers: HashMap<RelationKey, u64>,
}

impl State {
    fn find(&self, which: &Which, after: u64, max: usize) -> Vec<u64> {
        let rows = self.by_number.range(after.saturating_add(1)..);
        let found = rows
            .filter(|(_, one)| which.covers(one))
            .map(|(number, _)| *number);
        found.take(max).collect()
    }

    fn drop_all(&mut self, numbers: &[u64]) {
        for number in numbers {
            if let Some(one) = self.by_number.remove(number) {
                self.numbers.remove(&one.key);
            }
        }
    }
}

#[async_trait::async_trait]
impl Relations for Shared {
    async fn put(&self, relation: &Relation) -> Result<bool, StoreError> {
        if relation.note.len() > MAX_NOTE {
            return Err(StoreError::broken("a note is too long"));
        }
        let mut state = lock(&self.relations);
        state.next += 1;
        let fresh = state.next;
        let number = *state.numbers.entry(relation.key.clone()).or_insert(fresh);
        state.by_number.insert(number, relation.clone());
        Ok(number == fresh)
    }

    async fn advance(
        &self,
        key: &RelationKey,
        from: RelationState,
        to: RelationState,
        until: Option<SystemTime>,
    ) -> Result<bool, StoreError> {
        let mut state = lock(&self.relations);
        let number = state.numbers.get(key).copied();
        let found = number.and_then(|number| state.by_number.get_mut(&number));
        let Some(one) = found.filter(|one| one.state == from) else {
            return Ok(false);
        };
        (one.state, one.until) = (to, until);
        Ok(true)
    }

    async fn remove(&self, which: &Which, max: usize) -> Result<usize, StoreError> {
        let mut state = lock(&self.relations);
        let numbers = state.find(which, 0, max);
        state.drop_all(&numbers);
        Ok(numbers.len())
    }

    async fn page(
        &self,
        which: &Which,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Relation)>, StoreError> {
        let after: u64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        let state = lock(&self.relations);
        let numbers = state.find(which, after, max);
        let rows = numbers
            .into_iter()
            .filter_map(|number| Some((number.to_string(), state.by_number.get(&number)?.clone())));
        Ok(rows.collect())
    }

    async fn count(&self, which: &Which) -> Result<u64, StoreError> {
        let state = lock(&self.relations);
        Ok(state.by_number.values().filter(|one| which.covers(one)).count() as u64)
    }

    async fn prune(&self, now: SystemTime, max: usize) -> Result<usize, StoreError> {
        let mut state = lock(&self.relations);
        let old = state
            .by_number
            .iter()
            .filter(|(_, one)| one.until.is_some_and(|until| until < now))
            .map(|(number, _)| *number);
        let numbers: Vec<u64> = old.take(max).collect();
        state.drop_all(&numbers);
        Ok(numbers.len())
    }
}
