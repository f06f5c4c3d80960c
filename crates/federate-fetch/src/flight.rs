//! Turns. One at a time for each key: who comes second finds in the cache what the first has put there. And so many at a time
//! for each domain: whoever makes us ask cannot make us a flood.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// As many entries as there are fetches under way.
#[derive(Debug)]
pub(crate) struct Flights {
    /// At a time, for each key.
    most: usize,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Default for Flights {
    fn default() -> Self {
        Self::of(1)
    }
}

/// The turn of one fetch. Dropped, also by a caller that gave up, it passes to the next.
#[derive(Debug)]
pub(crate) struct Flight<'a> {
    flights: &'a Flights,
    key: String,
    turn: Option<OwnedSemaphorePermit>,
}

impl Flights {
    /// So many at a time, and at least one.
    pub(crate) fn of(most: usize) -> Self {
        Self {
            most: most.clamp(1, Semaphore::MAX_PERMITS),
            turns: Mutex::default(),
        }
    }

    pub(crate) async fn enter(&self, key: String) -> Flight<'_> {
        // Made before waiting, so that one who gives up while it waits tidies up too.
        let fresh = || Arc::new(Semaphore::new(self.most));
        let turn = Arc::clone(self.lock().entry(key.clone()).or_insert_with(fresh));
        let mut flight = Flight {
            flights: self,
            key,
            turn: None,
        };
        // The semaphore is never closed.
        flight.turn = turn.acquire_owned().await.ok();
        flight
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Semaphore>>> {
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
    async fn so_many_at_a_time_and_one_past_it() {
        let flights = Arc::new(Flights::of(2));
        let (first, second) = (
            flights.enter("a".to_owned()).await,
            flights.enter("a".to_owned()).await,
        );
        let third = tokio::spawn({
            let flights = Arc::clone(&flights);
            async move { drop(flights.enter("a".to_owned()).await) }
        });
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        drop(first);
        third.await.unwrap();
        drop(second);
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
