//! What was read lately, parsed: in front of the cache, whose entries are bytes and may lie in a database.

use quick_cache::{Weighter, sync::Cache};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// A bounded map from ids to what was read there. It forgets what is old, what was kept under other rules, and what is asked for
/// least; a flood of names that come once does not drive out what is asked for often.
pub(crate) struct Memo<V> {
    entries: Cache<Box<str>, Kept<V>, ByWeight>,
    lifetime: Duration,
    /// How often something was forgotten, for each group of ids.
    forgotten: [AtomicU64; GROUPS],
    groups: RandomState,
}

/// What [`Memo::seen`] gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen(u64);

struct Kept<V> {
    value: Arc<V>,
    from: SystemTime,
    until: SystemTime,
    /// Which rules held when it was admitted.
    epoch: u64,
    weight: u64,
}

// Derived, it would ask that `V` can be cloned.
impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            ..*self
        }
    }
}

#[derive(Clone)]
struct ByWeight;

impl<V> Weighter<Box<str>, Kept<V>> for ByWeight {
    fn weight(&self, key: &Box<str>, kept: &Kept<V>) -> u64 {
        OVERHEAD
            .saturating_add(u64::try_from(key.len()).unwrap_or(u64::MAX))
            .saturating_add(kept.weight)
    }
}

/// Groups of ids. Where two ids share one, forgetting the one may keep the other from being kept, once.
const GROUPS: usize = 64;
/// What an entry costs beside what is in it.
const OVERHEAD: u64 = 256;
/// What an entry is expected to weigh, for the first size of the table: an actor and what its parsing found.
const USUAL: u64 = 8 * 1024;

impl<V> Memo<V> {
    /// Of so many bytes, in which nothing stays longer than `lifetime`: other processes change the cache behind it.
    pub(crate) fn new(bytes: usize, lifetime: Duration) -> Self {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let expected = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
        Self {
            entries: Cache::with_weighter(expected, bytes, ByWeight),
            lifetime,
            forgotten: [const { AtomicU64::new(0) }; GROUPS],
            groups: RandomState::new(),
        }
    }

    /// What was forgotten so far. To be asked before that is read which will be kept: where the id is forgotten meanwhile, what was read is old,
    /// and is not kept.
    pub(crate) fn seen(&self, id: &str) -> Seen {
        Seen(self.group(id).map_or(0, |count| count.load(Ordering::SeqCst)))
    }

    /// What is kept under the id, where it still holds.
    pub(crate) fn get(&self, id: &str, epoch: u64, now: SystemTime) -> Option<Arc<V>> {
        self.entries
            .get(id)
            .filter(|kept| kept.epoch == epoch && kept.from <= now && now < kept.until)
            .map(|kept| kept.value)
    }

    /// Keeps what was admitted under the rules of `epoch` and read after `seen`, not beyond `expires`. `weight`: the bytes that it holds.
    #[expect(
        clippy::too_many_arguments,
        reason = "each of another type or meaning, and two callers"
    )]
    pub(crate) fn put(
        &self,
        id: &str,
        value: &Arc<V>,
        weight: usize,
        epoch: u64,
        seen: Seen,
        now: SystemTime,
        expires: SystemTime,
    ) {
        let until = now.checked_add(self.lifetime).unwrap_or(now).min(expires);
        let kept = Kept {
            value: Arc::clone(value),
            from: now,
            until,
            epoch,
            weight: u64::try_from(weight).unwrap_or(u64::MAX),
        };
        self.entries.insert(id.into(), kept);
        // Looked at when it is there: who forgets counts first and removes then, and one of the two sees the other.
        if self.seen(id) != seen {
            self.entries.remove(id);
        }
    }

    /// Forgets what is kept under the id, and what was read of it and is not kept yet. To be called when what it was read from has changed.
    pub(crate) fn remove(&self, id: &str) {
        if let Some(count) = self.group(id) {
            count.fetch_add(1, Ordering::SeqCst);
        }
        self.entries.remove(id);
    }

    fn group(&self, id: &str) -> Option<&AtomicU64> {
        let groups = u64::try_from(GROUPS).ok()?;
        let number = usize::try_from(self.groups.hash_one(id) % groups).ok()?;
        self.forgotten.get(number)
    }
}

impl<V> fmt::Debug for Memo<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memo")
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
    }

    #[test]
    fn it_holds_for_a_while_under_the_same_rules() {
        let memo = Memo::new(1 << 20, MINUTE);
        let value = Arc::new(1);
        let put = |id, until| memo.put(id, &value, 1, 0, memo.seen(id), at(0), at(until));
        put("a", 3_600);
        put("b", 10);
        let kept = |id, epoch, seconds| memo.get(id, epoch, at(seconds)).is_some();
        assert!(kept("a", 0, 0) && kept("a", 0, 59) && kept("b", 0, 9));
        assert!(!kept("a", 0, 60) && !kept("b", 0, 10), "too old");
        assert!(!kept("a", 1, 1), "under other rules");
        assert!(
            memo.get("a", 0, at(0) - MINUTE).is_none(),
            "a clock that went back"
        );
        memo.remove("a");
        assert!(!kept("a", 0, 1));
    }

    #[test]
    fn what_was_read_before_it_was_forgotten_is_not_kept() {
        let memo = Memo::new(1 << 20, MINUTE);
        let seen = memo.seen("a");
        memo.remove("a");
        memo.put("a", &Arc::new(1), 1, 0, seen, at(0), at(3_600));
        assert!(memo.get("a", 0, at(1)).is_none());
        memo.put("a", &Arc::new(2), 1, 0, memo.seen("a"), at(0), at(3_600));
        assert!(memo.get("a", 0, at(1)).is_some());
    }

    #[test]
    fn r14_a_flood_of_names_stays_within_the_bytes() {
        const BYTES: usize = 1 << 20;
        let memo = Memo::new(BYTES, MINUTE);
        let often = Arc::new(0);
        let put = |id: &str, value: &Arc<i32>, weight| {
            memo.put(id, value, weight, 0, memo.seen(id), at(0), at(3_600));
        };
        put("often", &often, 4_000);
        for n in 0..100_000 {
            put(&format!("https://{n}.example/actor"), &Arc::new(n), 4_000);
            if n % 8 == 0 {
                assert!(memo.get("often", 0, at(1)).is_some(), "driven out by {n}");
            }
        }
        assert!(memo.entries.weight() <= BYTES as u64, "{}", memo.entries.weight());
        assert!(memo.entries.len() > 100);
        // What is too large for it is not kept, and drives out nothing.
        put("huge", &often, BYTES);
        assert!(memo.get("huge", 0, at(1)).is_none() && memo.get("often", 0, at(1)).is_some());
    }
}
