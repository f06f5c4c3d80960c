//! Inboxes that are gone, as deliveries of the relay find out.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use federate_delivery::{DeliveryEvent, Observer};
use federate_protocol::activitystreams::Iri;
use federate_store::lane_of;

use crate::RELAY;

/// How many are known at once: more than can subscribe.
const MOST: usize = 10_000;

const GONE: u16 = 410;

/// The inboxes that answered 410. In memory: who is forgotten is found out again by the next delivery.
#[derive(Debug, Default)]
pub(crate) struct Gone(Mutex<HashSet<Iri>>);

impl Gone {
    pub(crate) fn contains(&self, inbox: &Iri) -> bool {
        let inboxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inboxes.contains(inbox)
    }

    fn remember(&self, inbox: &Iri) {
        let mut inboxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inboxes.len() < MOST {
            inboxes.insert(inbox.clone());
        }
    }

    /// Those of this lane are there again.
    pub(crate) fn is_back(&self, lane: &str) {
        let mut inboxes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inboxes.retain(|inbox| lane_of(inbox) != lane);
    }
}

impl Observer for Gone {
    fn attempted(&self, event: &DeliveryEvent<'_>) {
        if event.delivery.sender != RELAY || event.status != Some(GONE) {
            return;
        }
        self.remember(&event.delivery.inbox);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_is_closed_says_nothing_of_its_neighbours() {
        let gone = Gone::default();
        let [theirs, neighbours, elsewhere] = [
            "https://a.example/users/eve/inbox",
            "https://a.example/actor/inbox",
            "https://b.example/inbox",
        ]
        .map(|inbox| Iri::parse(inbox).unwrap());
        gone.remember(&theirs);
        gone.remember(&elsewhere);
        assert!(gone.contains(&theirs) && !gone.contains(&neighbours));
        gone.is_back("a.example");
        assert!(!gone.contains(&theirs) && gone.contains(&elsewhere));
    }
}
