//! Randomness that follows from a seed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use federate_server::Entropy;

/// SplitMix64: small, and the same on every machine. Never for secrets outside a test.
#[derive(Debug)]
pub(crate) struct Random(AtomicU64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Random(AtomicU64::new(seed))
    }

    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut z = self.0.fetch_add(STEP, Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// True `per_mille` times in a thousand.
    pub(crate) fn happens(&self, per_mille: u16) -> bool {
        self.next() % 1000 < u64::from(per_mille)
    }
}

impl Entropy for Random {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            chunk
                .iter_mut()
                .zip(self.next().to_le_bytes())
                .for_each(|(to, from)| *to = from);
        }
    }
}
