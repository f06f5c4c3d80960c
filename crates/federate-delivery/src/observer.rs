//! What happens, for whoever wants to count it or show it.

use federate_store::Delivery;
use std::{fmt::Debug, time::SystemTime};

/// Hears of the end of every attempt. Called from the engine's loop: quick, or handing on.
pub trait Observer: Debug + Send + Sync {
    /// An attempt has ended. It is not written down yet: a crash may repeat it.
    fn attempted(&self, event: &DeliveryEvent<'_>);
}

/// One attempt and what came of it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DeliveryEvent<'a> {
    /// The delivery, with the number of attempts before this one.
    pub delivery: &'a Delivery,
    /// What came of it.
    pub outcome: Outcome<'a>,
    /// The status with which the peer refused it for good, where it became a dead letter by that.
    pub status: Option<u16>,
}

impl<'a> DeliveryEvent<'a> {
    /// An event.
    #[must_use]
    pub fn new(delivery: &'a Delivery, outcome: Outcome<'a>) -> Self {
        Self {
            delivery,
            outcome,
            status: None,
        }
    }
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// The peer has it.
    Delivered,
    /// It will be tried again.
    Retry {
        /// Not before this time.
        at: SystemTime,
        /// Why it failed.
        reason: &'a str,
    },
    /// It became a dead letter.
    Dead {
        /// Why.
        reason: &'a str,
    },
}
