//! How much of what subscribers send is passed on: one post of theirs becomes thousands of deliveries.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use federate_protocol::activitystreams::Iri;
use federate_protocol::domain;

use crate::buckets::{Buckets, Rate};

/// Of how many domains it is known how much was passed on: more than can subscribe.
const MOST_DOMAINS: usize = 10_000;

/// Of how many things it is known that they were counted. Some 150 bytes each.
const MOST_THINGS: usize = 20_000;

const A_MINUTE: Duration = Duration::from_secs(60);

/// Counts what is passed on of each registered domain, each thing once: a run that failed is repeated, and takes nothing more. In memory: each
/// process counts for itself.
#[derive(Debug)]
pub(crate) struct Relayed {
    of_domain: Buckets,
    counted: Mutex<Lately>,
}

/// The older half is forgotten when the younger one is full.
#[derive(Debug, Default)]
struct Lately {
    young: HashSet<Iri>,
    old: HashSet<Iri>,
}

impl Relayed {
    pub(crate) fn new(per_minute: u32) -> Self {
        Relayed {
            of_domain: Buckets::new(Rate::new(per_minute, A_MINUTE), MOST_DOMAINS),
            counted: Mutex::default(),
        }
    }

    /// Whether this was counted already, and passes.
    pub(super) fn knows(&self, activity: &Iri) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.young.contains(activity) || counted.old.contains(activity)
    }

    /// Counts an activity of somebody's. Where it is too much, says how long it will be until it is not.
    pub(super) fn count(&self, activity: &Iri, by: &Iri, now: SystemTime) -> Result<(), Duration> {
        if self.knows(activity) {
            return Ok(());
        }
        let domain = domain::of_id(by);
        self.of_domain.take(&domain, now)?;
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.young.len() >= MOST_THINGS / 2 {
            counted.old = std::mem::take(&mut counted.young);
        }
        counted.young.insert(activity.clone());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r14_what_was_counted_is_forgotten_before_it_is_too_much() {
        let relayed = Relayed::new(u32::MAX);
        let by = Iri::parse("https://a.example/actor").unwrap();
        let thing = |number: usize| Iri::parse(&format!("https://a.example/{number}")).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for number in 0..3 * MOST_THINGS {
            relayed.count(&thing(number), &by, now).unwrap();
            let counted = relayed.counted.lock().unwrap();
            assert!(counted.young.len() + counted.old.len() <= MOST_THINGS);
        }
        assert!(!relayed.knows(&thing(0)));
        assert!(relayed.knows(&thing(3 * MOST_THINGS - MOST_THINGS / 2)));
    }

    #[test]
    fn the_hosts_of_a_domain_share_and_what_is_refused_is_not_counted() {
        let relayed = Relayed::new(2);
        let [one, other, elsewhere] = [
            "https://a.x.example/1",
            "https://b.x.example/2",
            "https://y.example/3",
        ]
        .map(|id| Iri::parse(id).unwrap());
        let third = Iri::parse("https://x.example/4").unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        for id in [&one, &other, &one, &elsewhere] {
            assert_eq!(relayed.count(id, id, now), Ok(()), "{id}");
        }
        for _ in 0..2 {
            assert_eq!(relayed.count(&third, &third, now), Err(A_MINUTE / 2));
        }
        assert!(!relayed.knows(&third));
        assert_eq!(relayed.count(&third, &third, now + A_MINUTE / 2), Ok(()));
    }
}
