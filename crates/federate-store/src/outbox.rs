//! What the application wants sent, from the commit of its transaction until it is in the queue.

use crate::{Iri, OrderKey, Priority, StoreError};
use bytes::Bytes;
use std::{fmt, time::SystemTime};

/// One activity to be sent: one row, whatever the size of its audience.
///
/// It is what the application writes in its own transaction: no follower is read for it, no name resolved, no
/// key touched. Who gets it is found out later, and durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The activity's id: what makes recording it twice harmless.
    pub id: Iri,
    /// The identifier of the local actor in whose name, and with whose key, it goes out.
    pub sender: String,
    /// The bytes that will be sent, and signed anew for each attempt.
    pub body: Bytes,
    /// Whom it is for, as `to`, `cc` and the like say: actors and collections, not inboxes.
    pub audience: Vec<Iri>,
    /// What goes before its deliveries.
    pub priority: Priority,
    /// What its deliveries must not overtake.
    pub order: Option<OrderKey>,
}

impl Outgoing {
    /// An activity of the usual priority and in no order.
    pub fn new(id: Iri, sender: impl Into<String>, body: impl Into<Bytes>, audience: Vec<Iri>) -> Self {
        Self {
            id,
            sender: sender.into(),
            body: body.into(),
            audience,
            priority: Priority::default(),
            order: None,
        }
    }
}

/// The outbox: from *recorded* through *unexpanded* to *expanded*. The body stays, as attempts may take a week.
#[async_trait::async_trait]
pub trait Outbox: fmt::Debug + Send + Sync {
    /// Records it in a transaction of its own. Durable when `Ok`; idempotent by id, the first record stays.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and nothing was written.
    async fn record(&self, outgoing: &Outgoing) -> Result<(), StoreError>;

    /// At most `max` activities that were recorded and not yet marked by [`expanded`](Outbox::expanded), in
    /// the order in which they were recorded. Takes nothing away: two callers get the same ones, and as the
    /// queue is idempotent, expanding one twice is harmless.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken).
    async fn unexpanded(&self, max: usize) -> Result<Vec<Outgoing>, StoreError>;

    /// Marks it: all of its deliveries are in the queue. Call it only after the last
    /// [`enqueue`](crate::DeliveryQueue::enqueue) returned `Ok`. Durable when `Ok`; an unknown id is no error.
    ///
    /// # Errors
    /// As [`record`](Outbox::record).
    async fn expanded(&self, id: &Iri) -> Result<(), StoreError>;

    /// Marks many: [`expanded`](Outbox::expanded) for all of them, in one transaction where the store can.
    ///
    /// # Errors
    /// As [`record`](Outbox::record); with the default, which marks one by one, some may be marked. It can be repeated.
    async fn expanded_all(&self, ids: &[Iri]) -> Result<(), StoreError> {
        for id in ids {
            self.expanded(id).await?;
        }
        Ok(())
    }

    /// The bytes of an activity, before and after its expansion, until it is [forgotten](Outbox::forget).
    ///
    /// # Errors
    /// As [`unexpanded`](Outbox::unexpanded).
    async fn body(&self, id: &Iri) -> Result<Option<Bytes>, StoreError>;

    /// At most `max` expanded activities whose bodies are still kept, oldest first, after the cursor `after`,
    /// each with its own cursor. For the retention run: those that
    /// [`DeliveryQueue::unsettled`](crate::DeliveryQueue::unsettled) does not name can be forgotten.
    ///
    /// # Errors
    /// As [`unexpanded`](Outbox::unexpanded), and [`Broken`](crate::StoreErrorKind::Broken) for a cursor that this
    /// store did not give.
    async fn kept(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError>;

    /// At most `max` expanded activities of which nobody has said yet [how long](Outbox::keep_until) their bodies are kept, oldest
    /// first, after the cursor `after`, each with its own cursor: those that [`Retention`](crate::Retention) has to look at.
    /// A store that does not keep such times looks at all.
    ///
    /// # Errors
    /// As [`kept`](Outbox::kept).
    async fn undecided(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError> {
        self.kept(after, max).await
    }

    /// Says until when the bodies of these activities are kept, now that no delivery needs them any more. What was said first
    /// stays. A store that does not keep such times forgets them only when it is [told](Outbox::forget).
    ///
    /// # Errors
    /// As [`record`](Outbox::record).
    async fn keep_until(&self, _ids: &[Iri], _until: SystemTime) -> Result<(), StoreError> {
        Ok(())
    }

    /// At most `max` activities whose bodies were to be kept until a time before `now`.
    ///
    /// # Errors
    /// As [`unexpanded`](Outbox::unexpanded).
    async fn expired(&self, _now: SystemTime, _max: usize) -> Result<Vec<Iri>, StoreError> {
        Ok(Vec::new())
    }

    /// Drops these activities with their bodies. What is not expanded yet is left alone: nothing vanishes.
    ///
    /// # Errors
    /// As [`record`](Outbox::record).
    async fn forget(&self, ids: &[Iri]) -> Result<(), StoreError>;
}
