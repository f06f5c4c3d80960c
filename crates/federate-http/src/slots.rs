use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Turns: so many requests at once, and so many of them to one host.
///
/// A request takes its turn at the host first and only then one of all, so that those who wait for a slow host hold
/// nothing that others need. A host of whom nobody wants anything leaves nothing behind.
pub(crate) struct Slots {
    all: Arc<Semaphore>,
    per_host: usize,
    /// By a keyed hash of the name: no name is copied, and nobody can choose two that meet.
    hosts: Mutex<HashMap<u64, Host>>,
    hashes: RandomState,
}

/// A host of which somebody wants something.
struct Host {
    /// Those who have a turn and those who wait for one.
    users: usize,
    turns: Arc<Semaphore>,
}

impl Slots {
    pub(crate) fn new(all: usize, per_host: usize) -> Arc<Self> {
        let bounded = |n: usize| n.clamp(1, Semaphore::MAX_PERMITS);
        Arc::new(Self {
            all: Arc::new(Semaphore::new(bounded(all))),
            per_host: bounded(per_host),
            hosts: Mutex::default(),
            hashes: RandomState::new(),
        })
    }

    /// Waits for a turn at `host`.
    pub(crate) async fn enter(self: &Arc<Self>, host: &str) -> Slot {
        let (user, turns) = self.register(host);
        // The error is that of a closed semaphore: nobody closes one here.
        let at_host = turns.acquire_owned().await.ok();
        let of_all = Arc::clone(&self.all).acquire_owned().await.ok();
        Slot {
            _turns: [of_all, at_host],
            _user: user,
        }
    }

    fn register(self: &Arc<Self>, host: &str) -> (User, Arc<Semaphore>) {
        let key = self.hashes.hash_one(host);
        let mut hosts = self.hosts();
        let host = hosts.entry(key).or_insert_with(|| Host {
            users: 0,
            turns: Arc::new(Semaphore::new(self.per_host)),
        });
        host.users += 1;
        let turns = Arc::clone(&host.turns);
        let slots = Arc::clone(self);
        (User { slots, key }, turns)
    }

    fn leave(&self, key: u64) {
        /// Room that is kept: no allocation while traffic is usual.
        const ROOM: usize = 1024;
        let mut hosts = self.hosts();
        if let Entry::Occupied(mut host) = hosts.entry(key) {
            host.get_mut().users -= 1;
            if host.get().users == 0 {
                host.remove();
            }
        }
        if hosts.is_empty() && hosts.capacity() > 2 * ROOM {
            hosts.shrink_to(ROOM);
        }
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<u64, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("free", &self.all.available_permits())
            .finish_non_exhaustive()
    }
}

/// A turn. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    _turns: [Option<OwnedSemaphorePermit>; 2],
    _user: User,
}

/// Somebody who wants something of a host.
#[derive(Debug)]
struct User {
    slots: Arc<Slots>,
    key: u64,
}

impl Drop for User {
    fn drop(&mut self) {
        self.slots.leave(self.key);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn now(slots: &Arc<Slots>, host: &str) -> Option<Slot> {
        slots.enter(host).now_or_never()
    }

    #[test]
    fn a_turn_at_the_limit_and_one_past_it() {
        let slots = Slots::new(3, 2);
        let first = now(&slots, "a.example").unwrap();
        let second = now(&slots, "a.example").unwrap();
        assert!(now(&slots, "a.example").is_none());
        let other = now(&slots, "b.example").unwrap();
        assert!(now(&slots, "c.example").is_none());
        drop(first);
        // The turn of all is free again and the one at the host too.
        let first = now(&slots, "a.example").unwrap();
        drop((first, second, other));
        assert_eq!(slots.all.available_permits(), 3);
        assert!(slots.hosts().is_empty());
    }

    #[test]
    fn p4_who_waits_for_a_host_holds_nothing_that_others_need() {
        let slots = Slots::new(2, 1);
        let slow = now(&slots, "slow.example").unwrap();
        let mut waiting: Vec<_> = (0..100).map(|_| Box::pin(slots.enter("slow.example"))).collect();
        for turn in &mut waiting {
            assert!(turn.now_or_never().is_none());
        }
        for _ in 0..100 {
            assert!(now(&slots, "quick.example").is_some());
        }
        drop((slow, waiting));
        assert!(slots.hosts().is_empty());
    }

    #[test]
    fn turns_are_given_in_the_order_of_asking() {
        let slots = Slots::new(2, 1);
        let held = now(&slots, "a.example").unwrap();
        let mut first = Box::pin(slots.enter("a.example"));
        let mut second = Box::pin(slots.enter("a.example"));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        drop(held);
        assert!((&mut second).now_or_never().is_none());
        assert!((&mut first).now_or_never().is_some());
        assert!((&mut second).now_or_never().is_some());
    }

    #[test]
    fn r14_a_million_hosts_leave_nothing_behind() {
        let slots = Slots::new(1024, 64);
        for host in 0..1_000_000 {
            assert!(now(&slots, &format!("h{host}.example")).is_some());
        }
        assert!(slots.hosts().is_empty() && slots.hosts().capacity() < 16);
        // At once, too: those who wait are there, and then they are not.
        let mut waiting: Vec<_> = (0..100_000)
            .map(|host| Box::pin(async move { format!("h{host}.example") }))
            .map(|host| {
                let slots = Arc::clone(&slots);
                Box::pin(async move { slots.enter(&host.await).await })
            })
            .collect();
        let held: Vec<_> = waiting
            .iter_mut()
            .filter_map(|turn| turn.now_or_never())
            .collect();
        assert_eq!((held.len(), slots.hosts().len()), (1024, 100_000));
        drop((held, waiting));
        assert!(slots.hosts().is_empty() && slots.hosts().capacity() < 4096);
        assert_eq!(slots.all.available_permits(), 1024);
    }
}
