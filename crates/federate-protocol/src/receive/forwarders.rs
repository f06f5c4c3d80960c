//! How much others may make us look up.

use crate::activitystreams::Iri;
use crate::{Limits, Refused, domain};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Counts what each domain passes on without a proof, minute by minute: each costs a look-up at a server that whoever passes it on chooses.
///
/// Bounded by [`Limits::forwarders`]: domains that there is no place for within a minute are refused as if they had passed on too much.
#[derive(Debug, Default)]
pub struct Forwarders {
    minute: u64,
    counts: HashMap<String, u32>,
}

impl Forwarders {
    /// Counts one more of this forwarder's.
    ///
    /// # Errors
    /// [`Refused`] (429, with the time until the next minute): there were too many.
    pub fn count(&mut self, forwarder: &Iri, limits: &Limits, now: SystemTime) -> Result<(), Refused> {
        let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if seconds / MINUTE != self.minute {
            self.minute = seconds / MINUTE;
            self.counts.clear();
        }
        let domain = domain::of_id(forwarder);
        let before = self.counts.get(&domain).copied();
        let full = before.is_none() && self.counts.len() >= limits.forwarders;
        if full || before.unwrap_or(0) >= limits.forwarded_per_minute {
            let wait = Duration::from_secs(MINUTE - seconds % MINUTE);
            return Err(Refused::too_many_forwarded(domain, wait));
        }
        *self.counts.entry(domain).or_default() += 1;
        Ok(())
    }
}

const MINUTE: u64 = 60;
