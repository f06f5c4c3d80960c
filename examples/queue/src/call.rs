//! The calls that change a queue, as they are written down and made again.

use std::time::SystemTime;

use federate::prelude::Iri;
use federate::store::{
    Delivery, DeliveryId, DeliveryQueue, Lane, OrderKey, Priority, Settled, StoreError, StoreErrorKind,
};
use serde::{Deserialize, Serialize};

/// A call. Lines of earlier releases are read by later ones: variants are added, never changed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Call {
    Enqueue(Vec<Row>, SystemTime),
    Lease(String, usize, SystemTime),
    Renew(Leased, SystemTime),
    Settle(Leased, Vec<(Name, Outcome)>, SystemTime),
    Release(Leased, Option<SystemTime>),
    Reclaim(String),
    Probe(String, SystemTime),
    RetryDead(Vec<Name>, SystemTime),
    DiscardDead(Vec<Name>),
    Cancel(String),
    Supersede(Iri),
    Pause(String),
    Resume(String),
    Prune(SystemTime, usize),
}

/// A delivery.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    activity: Iri,
    sender: String,
    inbox: Iri,
    attempt: u32,
    first_enqueued: SystemTime,
    priority: u8,
    order: Option<i64>,
}

/// A delivery's name: its activity and its inbox.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Name(String, String);

/// A lane: host, fence, and the end of the lease.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Leased(String, u64, SystemTime);

/// What became of an attempt.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Delivered,
    Retry(SystemTime, String),
    Dead(String),
}

impl Call {
    pub(crate) fn enqueue(batch: &[Delivery], now: SystemTime) -> Self {
        Call::Enqueue(batch.iter().map(Row::of).collect(), now)
    }

    pub(crate) fn lease(worker: &str, max: usize, now: SystemTime) -> Self {
        Call::Lease(worker.to_owned(), max, now)
    }

    pub(crate) fn renew(lane: &Lane, now: SystemTime) -> Self {
        Call::Renew(Leased::of(lane), now)
    }

    /// # Errors
    ///
    /// Of an outcome that this example does not know yet.
    pub(crate) fn settle(
        lane: &Lane,
        outcomes: &[(DeliveryId, Settled)],
        now: SystemTime,
    ) -> Result<Self, StoreError> {
        let outcomes = outcomes
            .iter()
            .map(|(id, settled)| Ok((Name::of(id), Outcome::of(settled)?)))
            .collect::<Result<_, StoreError>>()?;
        Ok(Call::Settle(Leased::of(lane), outcomes, now))
    }

    pub(crate) fn release(lane: &Lane, closed_until: Option<SystemTime>) -> Self {
        Call::Release(Leased::of(lane), closed_until)
    }

    pub(crate) fn retry_dead(ids: &[DeliveryId], now: SystemTime) -> Self {
        Call::RetryDead(ids.iter().map(Name::of).collect(), now)
    }

    pub(crate) fn discard_dead(ids: &[DeliveryId]) -> Self {
        Call::DiscardDead(ids.iter().map(Name::of).collect())
    }

    /// Makes the call. That it was refused is no error: it was refused the first time too.
    ///
    /// # Errors
    ///
    /// Where it cannot have been a call.
    pub(crate) async fn again(&self, queue: &dyn DeliveryQueue) -> Result<(), StoreError> {
        let answer = match self {
            Call::Enqueue(rows, now) => {
                let batch: Vec<Delivery> = rows.iter().map(Row::delivery).collect();
                queue.enqueue(&batch, *now).await
            }
            Call::Lease(worker, max, now) => queue.lease(worker, *max, *now).await.map(drop),
            Call::Renew(lane, now) => queue.renew(&lane.lane(), *now).await.map(drop),
            Call::Settle(lane, outcomes, now) => {
                let outcomes = outcomes
                    .iter()
                    .map(|(name, outcome)| Ok((name.id()?, outcome.settled())))
                    .collect::<Result<Vec<_>, StoreError>>()?;
                queue.settle(&lane.lane(), &outcomes, *now).await
            }
            Call::Release(lane, closed_until) => queue.release(lane.lane(), *closed_until).await,
            Call::Reclaim(worker) => queue.reclaim(worker).await.map(drop),
            Call::Probe(host, at) => queue.probe(host, *at).await,
            Call::RetryDead(names, now) => queue.retry_dead(&ids(names)?, *now).await.map(drop),
            Call::DiscardDead(names) => queue.discard_dead(&ids(names)?).await.map(drop),
            Call::Cancel(host) => queue.cancel(host).await.map(drop),
            Call::Supersede(activity) => queue.supersede(activity).await.map(drop),
            Call::Pause(host) => queue.pause(host).await,
            Call::Resume(host) => queue.resume(host).await,
            Call::Prune(before, max) => queue.prune(*before, *max).await.map(drop),
        };
        match answer {
            Err(error) if error.kind() != StoreErrorKind::Fenced => Err(error),
            _ => Ok(()),
        }
    }
}

impl Row {
    fn of(delivery: &Delivery) -> Self {
        Row {
            activity: delivery.activity.clone(),
            sender: delivery.sender.clone(),
            inbox: delivery.inbox.clone(),
            attempt: delivery.attempt,
            first_enqueued: delivery.first_enqueued,
            priority: delivery.priority.rank(),
            order: delivery.order.map(OrderKey::to_stored),
        }
    }

    fn delivery(&self) -> Delivery {
        Delivery {
            id: DeliveryId::new(&self.activity, &self.inbox),
            activity: self.activity.clone(),
            sender: self.sender.clone(),
            inbox: self.inbox.clone(),
            attempt: self.attempt,
            first_enqueued: self.first_enqueued,
            priority: Priority::of_rank(self.priority.into()),
            order: self.order.map(OrderKey::from_stored),
        }
    }
}

impl Name {
    fn of(id: &DeliveryId) -> Self {
        let (activity, inbox) = id.parts();
        Name(activity.to_owned(), inbox.to_owned())
    }

    fn id(&self) -> Result<DeliveryId, StoreError> {
        let parse = |text: &str| Iri::parse(text).map_err(StoreError::broken);
        Ok(DeliveryId::new(&parse(&self.0)?, &parse(&self.1)?))
    }
}

fn ids(names: &[Name]) -> Result<Vec<DeliveryId>, StoreError> {
    names.iter().map(Name::id).collect()
}

impl Leased {
    fn of(lane: &Lane) -> Self {
        Leased(lane.host.clone(), lane.fence, lane.until)
    }

    fn lane(&self) -> Lane {
        Lane {
            host: self.0.clone(),
            fence: self.1,
            until: self.2,
        }
    }
}

impl Outcome {
    fn of(settled: &Settled) -> Result<Self, StoreError> {
        match settled {
            Settled::Delivered => Ok(Outcome::Delivered),
            Settled::Retry { at, reason } => Ok(Outcome::Retry(*at, reason.clone())),
            Settled::Dead { reason } => Ok(Outcome::Dead(reason.clone())),
            _ => Err(StoreError::broken("an outcome that this queue does not know")),
        }
    }

    fn settled(&self) -> Settled {
        match self {
            Outcome::Delivered => Settled::Delivered,
            Outcome::Retry(at, reason) => Settled::Retry {
                at: *at,
                reason: reason.clone(),
            },
            Outcome::Dead(reason) => Settled::Dead {
                reason: reason.clone(),
            },
        }
    }
}
