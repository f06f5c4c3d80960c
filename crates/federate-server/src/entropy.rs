//! Randomness, as a seam: a simulation brings its own.

use std::fmt::Debug;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

use ring::rand::{SecureRandom, SystemRandom};

/// A source of randomness. What it fills decides ids and secrets: it must be one that nobody can guess.
pub trait Entropy: Debug + Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's.
#[derive(Debug, Clone)]
pub struct SystemEntropy(SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        SystemEntropy(SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        if self.0.fill(buffer).is_ok() {
            return;
        }
        // The operating system's call does not fail once it has worked. Should it, the standard library's seed, which
        // comes from the same place, still keeps ids apart.
        tracing::error!("the operating system gives no randomness");
        for chunk in buffer.chunks_mut(8) {
            let random = RandomState::new().build_hasher().finish().to_le_bytes();
            chunk.iter_mut().zip(random).for_each(|(to, from)| *to = from);
        }
    }
}

/// 12 hexadecimal digits of milliseconds, so that later ids sort later, and 80 random bits.
pub(crate) fn new_id(entropy: &dyn Entropy, now: SystemTime) -> String {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO);
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let mut id = format!("{:012x}", since.as_millis());
    for byte in random {
        id.push_str(&format!("{byte:02x}"));
    }
    id
}
