//! The blocks of this process: those that it was given, and those that moderators decided, which all processes over a store share.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use federate_delivery::Clock;
use federate_fetch::Fetcher;
use federate_protocol::{Blocks, Receiving};
use federate_store::{Rule, Ruling, StoreError, Stores, Verdict};
use tokio::sync::Mutex;

use crate::error::chain;

/// How long what is known of the store's decisions is taken for all there is, where the store does not tell. A question for a number.
const FRESH: Duration = Duration::from_secs(1);

/// What holds, and where it comes from. Every place that asks whether a host is blocked asks [`blocks`](Moderation::blocks), or
/// the fetcher, which is told in the same breath.
pub(crate) struct Moderation {
    stores: Stores,
    fetcher: Arc<Fetcher>,
    clock: Arc<dyn Clock>,
    /// What an inbox demands, with the blocks that hold at the moment.
    receiving: RwLock<Arc<Receiving>>,
    /// Whoever changes or reads anew holds it.
    sources: Mutex<Sources>,
    /// How often it was heard that something was decided elsewhere.
    heard: AtomicU64,
}

struct Sources {
    /// By the builder, or by `set_blocks`: the program's own, which no moderator lifts.
    given: Blocks,
    decided: Ruling,
    read: SystemTime,
    /// How much had been heard of when it was read.
    heard: u64,
    /// When the store refused the last question, where it did.
    failed: Option<SystemTime>,
}

impl Sources {
    /// Whether asking now would be too early.
    fn is_fresh(&self, now: SystemTime, heard: u64) -> bool {
        // A clock that went back says nothing about how long it has been.
        let lately = |at: SystemTime| now.duration_since(at).is_ok_and(|ago| ago < FRESH);
        match self.failed {
            Some(failed) => lately(failed),
            None => lately(self.read) && self.heard == heard,
        }
    }
}

impl fmt::Debug for Moderation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moderation").finish_non_exhaustive()
    }
}

impl Moderation {
    /// With what was decided until now.
    pub(crate) async fn begin(
        stores: &Stores,
        fetcher: &Arc<Fetcher>,
        clock: &Arc<dyn Clock>,
        given: Blocks,
        receiving: Receiving,
    ) -> Result<Self, StoreError> {
        let decided = stores.rules.ruling().await?;
        let joined = join(&given, &decided);
        fetcher.set_blocks(joined.clone());
        let receiving = Receiving {
            blocks: joined,
            ..receiving
        };
        Ok(Moderation {
            stores: stores.clone(),
            fetcher: Arc::clone(fetcher),
            clock: Arc::clone(clock),
            receiving: RwLock::new(Arc::new(receiving)),
            sources: Mutex::new(Sources {
                given,
                decided,
                read: clock.now(),
                heard: 0,
                failed: None,
            }),
            heard: AtomicU64::new(0),
        })
    }

    /// What is blocked, as far as this process knows.
    pub(crate) fn blocks(&self) -> Blocks {
        self.receiving().blocks.clone()
    }

    /// What an inbox demands, with what is blocked as far as this process knows.
    pub(crate) fn receiving(&self) -> Arc<Receiving> {
        let current = self.receiving.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }

    /// Something may have been decided elsewhere.
    pub(crate) fn heard(&self) {
        self.heard.fetch_add(1, Ordering::Release);
    }

    /// Sees to it that what was decided more than a second ago, or what was heard of, holds here too. Whoever acts upon blocks
    /// calls it first; it asks the store at most once a second. Where the store fails, what was known holds, for those too who waited
    /// for the answer: one of them has had the patience for all.
    pub(crate) async fn look(&self) {
        let mut sources = self.sources.lock().await;
        let now = self.clock.now();
        let heard = self.heard.load(Ordering::Acquire);
        if sources.is_fresh(now, heard) {
            return;
        }
        // Noted when it is done: whoever asks may give up in the middle.
        match self.read_anew(&mut sources).await {
            Ok(()) => (sources.read, sources.heard, sources.failed) = (now, heard, None),
            Err(e) => {
                sources.failed = Some(self.clock.now());
                tracing::error!(reason = %chain(&e), "what moderators decided cannot be read");
            }
        }
    }

    async fn read_anew(&self, sources: &mut Sources) -> Result<(), StoreError> {
        if self.stores.rules.version().await? != sources.decided.version {
            sources.decided = self.stores.rules.ruling().await?;
            self.take_effect(sources);
        }
        Ok(())
    }

    /// Writes a decision down, and lets it hold here at once. How many deliveries were called off.
    pub(crate) async fn decide(&self, rule: Rule) -> Result<u64, StoreError> {
        let blocked = (rule.verdict == Verdict::Block).then(|| rule.host.clone());
        let mut sources = self.sources.lock().await;
        self.stores.rules.decide(&[rule]).await?;
        // Whatever the read says: it is decided, and others may have decided more.
        self.heard();
        sources.decided = self.stores.rules.ruling().await?;
        let mut hosts = self.take_effect(&sources);
        // Also where it was blocked before: calling off may have failed then, and is what a repetition is for.
        hosts.extend(blocked.filter(|host| !hosts.contains(host)));
        self.call_off(&hosts).await
    }

    /// Replaces what the program gave.
    pub(crate) async fn give(&self, blocks: Blocks) -> Result<u64, StoreError> {
        let mut sources = self.sources.lock().await;
        sources.given = blocks;
        let newly = self.take_effect(&sources);
        self.call_off(&newly).await
    }

    /// Which hosts are blocked that were not.
    fn take_effect(&self, sources: &Sources) -> Vec<String> {
        let joined = join(&sources.given, &sources.decided);
        let before = {
            let mut current = self.receiving.write().unwrap_or_else(PoisonError::into_inner);
            let current = Arc::make_mut(&mut current);
            std::mem::replace(&mut current.blocks, joined.clone())
        };
        if before == joined {
            return Vec::new();
        }
        self.fetcher.set_blocks(joined.clone());
        let newly = joined.iter().filter(|host| before.covering_host(host).is_none());
        newly.map(str::to_owned).collect()
    }

    async fn call_off(&self, hosts: &[String]) -> Result<u64, StoreError> {
        let mut count = 0;
        for host in hosts {
            count += self.stores.queue.cancel(host).await?;
        }
        Ok(count)
    }
}

fn join(given: &Blocks, decided: &Ruling) -> Blocks {
    let mut joined = given.clone();
    for rule in decided.rules.iter().filter(|rule| rule.verdict == Verdict::Block) {
        if joined.suspend(&rule.host).is_err() {
            tracing::error!(host = rule.host, "a stored decision names no host");
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::UNIX_EPOCH;

    #[test]
    fn a_store_that_is_away_is_not_asked_by_everybody_in_turn() {
        let at = |millis: u64| UNIX_EPOCH + Duration::from_millis(millis);
        let mut sources = Sources {
            given: Blocks::new(),
            decided: Ruling::default(),
            read: at(10_000),
            heard: 1,
            failed: None,
        };
        assert!(sources.is_fresh(at(10_999), 1));
        assert!(!sources.is_fresh(at(11_000), 1));
        assert!(!sources.is_fresh(at(10_000), 2), "something was heard");
        assert!(!sources.is_fresh(at(9_999), 1), "the clock went back");
        sources.failed = Some(at(20_000));
        assert!(sources.is_fresh(at(20_999), 2), "it was asked a moment ago");
        assert!(!sources.is_fresh(at(21_000), 1));
    }
}
