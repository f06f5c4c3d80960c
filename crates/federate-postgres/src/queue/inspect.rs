//! Dead letters, and one delivery by itself.

use super::unsigned;
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, time},
};
use federate_store::{
    DeadLetter, DeadPage, Delivery, DeliveryId, Inspection, Iri, OrderKey, PendingDelivery, Priority,
};
use sqlx::FromRow;

/// What a dead letter and a pending delivery have in common.
#[derive(FromRow)]
struct Row {
    no: i64,
    activity: String,
    sender: String,
    inbox: String,
    attempt: i32,
    first_enqueued: i64,
    priority: i16,
    ordered: Option<i64>,
    reason: Option<String>,
}

#[derive(FromRow)]
struct Dead {
    #[sqlx(flatten)]
    row: Row,
    died: i64,
}

#[derive(FromRow)]
struct Waits {
    #[sqlx(flatten)]
    row: Row,
    due: i64,
    worker: Option<String>,
    ready: Option<i64>,
    closed_until: Option<i64>,
    paused: bool,
}

impl Tables {
    pub(super) async fn read_dead(&self, max: usize) -> Result<Vec<DeadLetter>, Failure> {
        let rows = self.read_dead_rows(None, 0, max).await?;
        Ok(rows.into_iter().filter_map(Dead::read).collect())
    }

    pub(super) async fn read_dead_page(
        &self,
        host: Option<&str>,
        after: i64,
        max: usize,
    ) -> Result<DeadPage, Failure> {
        // One more than is asked for says whether there is a next page.
        let mut rows = self.read_dead_rows(host, after, max.saturating_add(1)).await?;
        let is_last = rows.len() <= max;
        rows.truncate(max);
        let next = rows
            .last()
            .filter(|_| !is_last)
            .map(|last| last.row.no.to_string());
        let letters = rows.into_iter().filter_map(Dead::read).collect();
        Ok(DeadPage { letters, next })
    }

    async fn read_dead_rows(&self, host: Option<&str>, after: i64, max: usize) -> Result<Vec<Dead>, Failure> {
        let rows = sqlx::query_as(
            "SELECT d.no, a.iri AS activity, a.sender, i.iri AS inbox, d.attempt, d.first_enqueued, a.priority, a.ordered,
                    d.reason, d.died
             FROM federate.dead d
             JOIN federate.activities a ON a.no = d.activity
             JOIN federate.inboxes i ON i.no = d.inbox
             WHERE d.no > $1 AND ($2::text IS NULL OR i.lane = (SELECT no FROM federate.lanes WHERE host = $2))
             ORDER BY d.no LIMIT $3",
        )
        .bind(after)
        .bind(host)
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows)
    }

    pub(super) async fn read_dead_by_host(&self, max: usize) -> Result<Vec<(String, u64)>, Failure> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT l.host, count(*) AS n FROM federate.dead d
             JOIN federate.inboxes i ON i.no = d.inbox
             JOIN federate.lanes l ON l.no = i.lane
             GROUP BY l.host ORDER BY n DESC, l.host LIMIT $1",
        )
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|(host, n)| (host, unsigned(n))).collect())
    }

    pub(super) async fn read_delivery(&self, id: &DeliveryId) -> Result<Inspection, Failure> {
        let (activity, inbox) = id.parts();
        let mut tx = self.pool.begin().await?;
        // One snapshot: a delivery that is settled in between is not unknown.
        sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            .execute(&mut *tx)
            .await?;
        let known: Option<(i64, i64)> = sqlx::query_as(
            "SELECT k.activity, k.inbox FROM federate.known k
             WHERE k.activity = (SELECT no FROM federate.activities WHERE iri = $1)
                 AND k.inbox = (SELECT no FROM federate.inboxes WHERE iri = $2)",
        )
        .bind(activity)
        .bind(inbox)
        .fetch_optional(&mut *tx)
        .await?;
        let Some((activity, inbox)) = known else {
            return Ok(Inspection::Unknown);
        };
        let waits: Option<Waits> = sqlx::query_as(
            "SELECT 0::bigint AS no, a.iri AS activity, a.sender, i.iri AS inbox, p.attempt, p.first_enqueued, a.priority,
                    a.ordered, p.reason, p.due, l.worker, l.ready, l.closed_until, l.paused
             FROM federate.pending p
             JOIN federate.activities a ON a.no = p.activity
             JOIN federate.inboxes i ON i.no = p.inbox
             JOIN federate.lanes l ON l.no = p.lane
             WHERE p.activity = $1 AND p.inbox = $2",
        )
        .bind(activity)
        .bind(inbox)
        .fetch_optional(&mut *tx)
        .await?;
        if let Some(waits) = waits {
            return Ok(waits.read().map_or(Inspection::Unknown, Inspection::Pending));
        }
        let dead: Option<Dead> = sqlx::query_as(
            "SELECT d.no, a.iri AS activity, a.sender, i.iri AS inbox, d.attempt, d.first_enqueued, a.priority, a.ordered,
                    d.reason, d.died
             FROM federate.dead d
             JOIN federate.activities a ON a.no = d.activity
             JOIN federate.inboxes i ON i.no = d.inbox
             WHERE d.activity = $1 AND d.inbox = $2",
        )
        .bind(activity)
        .bind(inbox)
        .fetch_optional(&mut *tx)
        .await?;
        Ok(dead
            .and_then(Dead::read)
            .map_or(Inspection::Settled, Inspection::Dead))
    }
}

impl Row {
    /// `None` where the ids in it are none: somebody else wrote it.
    fn read(self) -> Option<(Delivery, Option<String>)> {
        let (activity, inbox) = (Iri::parse(&self.activity).ok()?, Iri::parse(&self.inbox).ok()?);
        let delivery = Delivery {
            id: DeliveryId::new(&activity, &inbox),
            activity,
            sender: self.sender,
            inbox,
            attempt: u32::try_from(self.attempt).unwrap_or(0),
            first_enqueued: time(self.first_enqueued),
            priority: Priority::of_rank(self.priority.into()),
            order: self.ordered.map(OrderKey::from_stored),
        };
        Some((delivery, self.reason))
    }
}

impl Dead {
    fn read(self) -> Option<DeadLetter> {
        let died = time(self.died);
        let (delivery, reason) = self.row.read()?;
        Some(DeadLetter {
            delivery,
            died,
            reason: reason.unwrap_or_default(),
        })
    }
}

impl Waits {
    fn read(self) -> Option<PendingDelivery> {
        let (delivery, reason) = self.row.read()?;
        let mut pending = PendingDelivery::new(delivery);
        pending.behind = self.due == i64::MAX;
        pending.not_before = (self.due > 0 && !pending.behind).then(|| time(self.due));
        pending.reason = reason;
        pending.closed_until = self.closed_until.map(time);
        pending.paused = self.paused;
        pending.leased_until = self.worker.and(self.ready).map(time);
        Some(pending)
    }
}
