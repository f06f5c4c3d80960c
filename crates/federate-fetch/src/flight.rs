//! One at a time for each key: who comes second finds in the cache what the first has put there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// As many entries as there are fetches under way.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    turns: Mutex<HashMap<String, Arc<Turn<()>>>>,
}

/// The turn of one fetch. Dropped, also by a caller that gave up, it passes to the next.
#[derive(Debug)]
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: String,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Flights {
    pub(crate) async fn enter(&self, key: String) -> Flight<'_> {
        // Made before waiting, so that one who gives up while it waits tidies up too.
        let turn = Arc::clone(self.lock().entry(key.clone()).or_default());
        let mut flight = Flight {
            flights: self,
            key,
            turn: None,
        };
        flight.turn = Some(turn.lock_owned().await);
        flight
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Turn<()>>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().len()
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut turns = self.flights.lock();
        self.turn = None;
        // Whoever waits or is about to holds a second reference: it was taken under this lock.
        if turns
            .get(&self.key)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            turns.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nothing_stays() {
        let flights = Arc::new(Flights::default());
        let first = flights.enter("a".to_owned()).await;
        let other = flights.enter("b".to_owned()).await;
        let waiting = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { drop(flights.enter("a".to_owned()).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
        drop(other);
        assert_eq!(flights.len(), 0);
    }

    #[tokio::test]
    async fn one_that_gives_up_leaves_nothing_behind() {
        let flights = Arc::new(Flights::default());
        let first = flights.enter("a".to_owned()).await;
        let waiting = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { drop(flights.enter("a".to_owned()).await) }
        });
        tokio::task::yield_now().await;
        waiting.abort();
        assert!(waiting.await.is_err());
        drop(first);
        assert_eq!(flights.len(), 0);
    }
}
