//! What an operator looks at and does.

use std::time::SystemTime;

use federate_delivery::Operator;
use federate_store::{Counts, DeadActivity, DeadLetter, DeliveryId, Hold, ReceivedId, Stores};

use crate::Error;
use crate::erase::Tools;
use crate::moderation::Moderation;

/// What an operator looks at and does; see [`Federation::admin`](crate::Federation::admin).
#[derive(Debug)]
pub struct Admin<'a> {
    pub(crate) stores: &'a Stores,
    pub(crate) moderation: &'a Moderation,
    pub(crate) now: SystemTime,
    pub(crate) tools: Tools<'a>,
}

impl<'a> Admin<'a> {
    pub(crate) fn new(
        stores: &'a Stores,
        moderation: &'a Moderation,
        now: SystemTime,
        tools: Tools<'a>,
    ) -> Self {
        Admin {
            stores,
            moderation,
            now,
            tools,
        }
    }

    /// What an operator looks at and does about deliveries: pages of dead letters, one delivery, retries, purges, pauses.
    #[must_use]
    pub fn deliveries(&self) -> Operator {
        Operator::new(self.stores)
    }

    /// How many deliveries are pending, delivered and dead.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn counts(&self) -> Result<Counts, Error> {
        Ok(self.stores.queue.counts().await?)
    }

    /// Why nothing is delivered, where the store is a copy, a restored backup, or has moved. `None`: it delivers.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn hold(&self) -> Result<Option<Hold>, Error> {
        Ok(self.stores.binding.hold().await?)
    }

    /// Lets a store deliver that was [held back](Admin::hold): this one is no copy, or the original has stopped for good.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn allow_delivery(&self) -> Result<(), Error> {
        Ok(self.stores.binding.allow().await?)
    }

    /// Deliveries that were given up on, with the reason.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn dead_deliveries(&self, max: usize) -> Result<Vec<DeadLetter>, Error> {
        Ok(self.stores.queue.dead(max).await?)
    }

    /// Received activities that were given up on, with the reason.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn dead_received(&self, max: usize) -> Result<Vec<DeadActivity>, Error> {
        Ok(self.stores.inbox.dead(max).await?)
    }

    /// Handles received activities anew that were given up on. How many there were.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn retry_received(&self, ids: &[ReceivedId]) -> Result<usize, Error> {
        Ok(self.stores.inbox.retry_dead(ids).await?)
    }

    /// Tries deliveries again that were given up on, with attempts and horizon counted anew. How many there were.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn retry_deliveries(&self, ids: &[DeliveryId]) -> Result<u64, Error> {
        Ok(self.stores.queue.retry_dead(ids, self.now).await?)
    }
}
