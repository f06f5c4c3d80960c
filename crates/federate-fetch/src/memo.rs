//! What was read lately, parsed: in front of the cache, whose entries are bytes and may lie in a database.

use quick_cache::{Weighter, sync::Cache};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A bounded map from ids to what was read there. It forgets what is old, what was kept under other rules, and what is asked for
/// least; a flood of names that come once does not drive out what is asked for often.
pub(crate) struct Memo<V> {
    entries: Cache<Box<str>, Kept<V>, ByWeight>,
    lifetime: Duration,
}

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
        }
    }

    /// What is kept under the id, where it still holds.
    pub(crate) fn get(&self, id: &str, epoch: u64, now: SystemTime) -> Option<Arc<V>> {
        self.entries
            .get(id)
            .filter(|kept| kept.epoch == epoch && kept.from <= now && now < kept.until)
            .map(|kept| kept.value)
    }

    /// Keeps what was admitted under the rules of `epoch`, not beyond `expires`. `weight`: the bytes that it holds.
    pub(crate) fn put(
        &self,
        id: &str,
        value: &Arc<V>,
        weight: usize,
        epoch: u64,
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
    }

    /// Forgets what is kept under the id.
    pub(crate) fn remove(&self, id: &str) {
        self.entries.remove(id);
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
        memo.put("a", &value, 1, 0, at(0), at(3_600));
        memo.put("b", &value, 1, 0, at(0), at(10));
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
    fn r14_a_flood_of_names_stays_within_the_bytes() {
        const BYTES: usize = 1 << 20;
        let memo = Memo::new(BYTES, MINUTE);
        let often = Arc::new(0);
        memo.put("often", &often, 4_000, 0, at(0), at(3_600));
        for n in 0..100_000 {
            memo.put(
                &format!("https://{n}.example/actor"),
                &Arc::new(n),
                4_000,
                0,
                at(0),
                at(3_600),
            );
            if n % 8 == 0 {
                assert!(memo.get("often", 0, at(1)).is_some(), "driven out by {n}");
            }
        }
        assert!(memo.entries.weight() <= BYTES as u64, "{}", memo.entries.weight());
        assert!(memo.entries.len() > 100);
        // What is too large for it is not kept, and drives out nothing.
        memo.put("huge", &often, BYTES, 0, at(0), at(3_600));
        assert!(memo.get("huge", 0, at(1)).is_none() && memo.get("often", 0, at(1)).is_some());
    }
}
