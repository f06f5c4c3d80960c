//! What happened a short while ago, in this process: failures, and keys that were fetched anew.
//!
//! It is kept apart from the [`Cache`](federate_store::Cache). There, what expires first goes first: once the cache is full of what
//! holds for a day, nothing that holds for minutes would stay in it for one, and each repetition would cost a request. Here,
//! what came first goes first, and no flood of strangers takes the place of those who are known.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// How many are remembered. An id has up to 2 KiB, a reason little more: 20 MB where an attacker wants it so.
const CAPACITY: usize = 4_096;

/// A bounded memory, each entry for a time.
#[derive(Debug)]
pub(crate) struct Recent<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    entries: HashMap<Arc<str>, (T, SystemTime)>,
    /// Each key once, in the order in which they came.
    order: VecDeque<Arc<str>>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::new(State {
            entries: HashMap::new(),
            order: VecDeque::new(),
        }))
    }
}

impl<T: Clone> Recent<T> {
    /// What is remembered under the key, unless its time is over.
    pub(crate) fn get(&self, key: &str, now: SystemTime) -> Option<T> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (value, until) = state.entries.get(key)?;
        (now < *until).then(|| value.clone())
    }

    /// From now on there is nothing under the key.
    pub(crate) fn end(&self, key: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // It keeps its place in the order, which has each key once.
        if let Some((_, until)) = state.entries.get_mut(key) {
            *until = SystemTime::UNIX_EPOCH;
        }
    }

    /// From now on there is nothing at all.
    pub(crate) fn clear(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.entries.clear();
        state.order.clear();
    }

    /// Remembers it for so long from `now` on, in place of what was there.
    pub(crate) fn put(&self, key: &str, value: T, now: SystemTime, lifetime: Duration) {
        let entry = (value, now.checked_add(lifetime).unwrap_or(now));
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.entries.get_mut(key) {
            *known = entry;
            return;
        }
        while state.order.len() >= CAPACITY
            && let Some(first) = state.order.pop_front()
        {
            state.entries.remove(&first);
        }
        let key: Arc<str> = key.into();
        state.order.push_back(Arc::clone(&key));
        state.entries.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(second)
    }

    #[test]
    fn r14_as_many_as_there_is_room_for_and_the_first_goes_first() {
        let recent = Recent::default();
        for n in 0..=CAPACITY {
            recent.put(&n.to_string(), n, at(0), Duration::from_secs(10));
        }
        let state = recent.0.lock().unwrap();
        assert_eq!((state.entries.len(), state.order.len()), (CAPACITY, CAPACITY));
        drop(state);
        assert_eq!(recent.get("0", at(1)), None);
        assert_eq!(recent.get("1", at(1)), Some(1));
        assert_eq!(recent.get(&CAPACITY.to_string(), at(1)), Some(CAPACITY));
    }

    #[test]
    fn each_until_its_time_is_over_and_what_came_last() {
        let recent = Recent::default();
        for n in 0..3 * CAPACITY {
            recent.put("one", n, at(0), Duration::from_secs(10));
        }
        assert_eq!(recent.0.lock().unwrap().order.len(), 1);
        assert_eq!(recent.get("one", at(9)), Some(3 * CAPACITY - 1));
        assert_eq!(recent.get("one", at(10)), None);
        recent.end("one");
        recent.end("two");
        assert_eq!((recent.get("one", at(9)), recent.get("two", at(9))), (None, None));
    }
}
