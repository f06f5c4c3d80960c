//! What several processes that share an inbox do not do twice: claims.

use crate::{Iri, Pending, Settlement};
use std::time::SystemTime;

/// How many shards an inbox has, beside the one of what earlier releases accepted. Each is in one worker's hands at a time.
///
/// So many because a claim takes a part of them, and a handful of processes find others; so few because each claim looks at all.
pub const SHARDS: u16 = 64;

/// The shard, from 1 to [`SHARDS`], of what this actor sends.
///
/// By the actor and not by its origin: what must keep its order is what one actor did, and a server that sends half of all that
/// comes is then worked on by all processes. Actors that share a shard do so until one of them has had its turn.
#[must_use]
pub fn shard_of(sender: &Iri) -> u16 {
    // FNV-1a. It decides who waits for whom for a moment, and nobody gains by a collision.
    let digest = sender
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let shard = (digest ^ (digest >> 32)) % u64::from(SHARDS);
    u16::try_from(shard).unwrap_or(0).saturating_add(1)
}

/// The right of one worker to handle what is in a shard, from [`Inbox::claim`](crate::Inbox::claim), until its lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Claim {
    /// The shard.
    pub shard: u16,
    /// Which of the claims that this shard ever had: who has an earlier one has lost it.
    pub fence: u64,
}

/// An activity that is this worker's to handle.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The activity.
    pub pending: Pending,
    /// The claim that it came with; `None`: the store knows no claims, and whoever else asks is given the same activity.
    pub claim: Option<Claim>,
}

/// What became of a claimed activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is over, as [`Inbox::settle`](crate::Inbox::settle) has it.
    Settled(Settlement),
    /// Its run failed and is repeated, as [`Inbox::retry`](crate::Inbox::retry) has it.
    Again {
        /// Not before.
        at: SystemTime,
        /// Why it failed, in words for an operator.
        reason: String,
    },
    /// Nothing failed: it, or the rest of it, is put off. No run is counted.
    Later {
        /// Not before.
        at: SystemTime,
    },
}

impl Ending {
    /// Whether it was handled. With [`finish`](crate::Inbox::finish) a mark of its own says the same, so that losing this costs a look at that
    /// mark and nothing else; with [`finish_unmarked`](crate::Inbox::finish_unmarked) nothing else says so.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Settled(Settlement::Done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn senders_of_one_server_are_spread_over_all_shards() {
        let mut shards = BTreeMap::<u16, u32>::new();
        for number in 0..6_400 {
            let sender = Iri::parse(&format!("https://big.example/users/{number}")).unwrap();
            *shards.entry(shard_of(&sender)).or_default() += 1;
        }
        assert_eq!(
            shards.keys().copied().collect::<Vec<_>>(),
            (1..=SHARDS).collect::<Vec<_>>()
        );
        assert!(shards.values().all(|n| (50..200).contains(n)), "{shards:?}");
        // It lies in databases, and processes of several releases must agree on it.
        assert_eq!(
            shard_of(&Iri::parse("https://a.example/users/alice").unwrap()),
            54
        );
    }
}
