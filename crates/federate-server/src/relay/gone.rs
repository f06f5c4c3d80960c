//! Hosts whose inboxes are gone, as deliveries of the relay find out.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use federate_delivery::{DeliveryEvent, Observer};

use crate::RELAY;

/// How many are known at once: more than can subscribe.
const MOST: usize = 10_000;

const GONE: u16 = 410;

/// The lanes where 410 was answered. In memory: who is forgotten is found out again by the next delivery.
#[derive(Debug, Default)]
pub(crate) struct Gone(Mutex<HashSet<String>>);

impl Gone {
    pub(crate) fn contains(&self, lane: &str) -> bool {
        let lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.contains(lane)
    }

    /// It is there again.
    pub(crate) fn is_back(&self, lane: &str) {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.remove(lane);
    }
}

impl Observer for Gone {
    fn attempted(&self, event: &DeliveryEvent<'_>) {
        if event.delivery.sender != RELAY || event.status != Some(GONE) {
            return;
        }
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.len() < MOST {
            lanes.insert(event.delivery.lane());
        }
    }
}
