//! The rows of what this process has in hand, so that whoever gives it back need not look for them.

use federate_store::{Claim, Claimed, ReceivedId};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Where what was received stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) no: i64,
    /// That its envelope was in.
    pub(crate) batch: Option<i64>,
}

/// Of each shard the last claim: there are no more than shards.
#[derive(Debug, Default)]
pub(crate) struct Hand(Mutex<HashMap<u16, Held>>);

#[derive(Debug, Default)]
struct Held {
    fence: u64,
    rows: HashMap<ReceivedId, Row>,
}

impl Hand {
    pub(crate) fn take<'a>(&self, claimed: impl IntoIterator<Item = (&'a Claimed, Row)>) {
        let mut shards = self.lock();
        for (one, row) in claimed {
            let Some(claim) = one.claim else { continue };
            let held = shards.entry(claim.shard).or_default();
            if held.fence != claim.fence {
                held.rows.clear();
                held.fence = claim.fence;
            }
            held.rows.insert(one.pending.id.clone(), row);
        }
    }

    /// The row of one that came with that claim. None where another process has it in hand, or nobody.
    pub(crate) fn row(&self, claim: Claim, id: &ReceivedId) -> Option<Row> {
        let shards = self.lock();
        let held = shards.get(&claim.shard)?;
        (held.fence == claim.fence)
            .then(|| held.rows.get(id).copied())
            .flatten()
    }

    /// It was given back.
    pub(crate) fn give_back(&self, claim: Claim) {
        let mut shards = self.lock();
        if let Some(held) = shards.get_mut(&claim.shard)
            && held.fence == claim.fence
        {
            held.rows.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u16, Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
