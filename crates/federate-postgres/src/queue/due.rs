//! What is due in lanes.

use super::{fence, lock, order};
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{Delivery, DeliveryId, Iri, Lane, OrderKey, Priority};
use sqlx::FromRow;
use std::time::SystemTime;

/// What is due in a lane, of which it is said which of those asked about it is. All but the first two are NULL where nothing is.
#[derive(FromRow)]
struct DueRow {
    place: i64,
    lane: i64,
    activity: Option<String>,
    sender: Option<String>,
    inbox: Option<String>,
    attempt: Option<i32>,
    first_enqueued: Option<i64>,
    priority: Option<i16>,
    ordered: Option<i64>,
    activity_no: Option<i64>,
    inbox_no: Option<i64>,
}

/// A row that holds no delivery: lane, activity, inbox.
type Unreadable = (i64, i64, i64);

impl Tables {
    /// In the order in which they were given; `None` where it is somebody else's.
    pub(super) async fn read_due(
        &self,
        lanes: &[(Lane, usize)],
        now: SystemTime,
    ) -> Result<Vec<Option<Vec<Delivery>>>, Failure> {
        let hosts: Vec<&str> = lanes.iter().map(|(lane, _)| lane.host.as_str()).collect();
        let fences: Vec<i64> = lanes.iter().map(|(lane, _)| fence(lane)).collect();
        let most = lanes.iter().map(|(_, max)| *max).max().unwrap_or(0);
        // Each class by itself, so that each is read in the order of the index and no further than it must.
        let rows: Vec<DueRow> = sqlx::query_as(
            "SELECT u.place, l.no AS lane, d.activity, d.sender, d.inbox, d.attempt, d.first_enqueued, d.priority, d.ordered,
                    d.activity_no, d.inbox_no
             FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY u (host, fence, place)
             JOIN federate.lanes l ON l.host = u.host AND l.fence = u.fence
             LEFT JOIN LATERAL (
                 SELECT a.iri AS activity, a.sender, i.iri AS inbox, p.attempt, p.first_enqueued,
                        p.priority, p.ordered, p.activity AS activity_no, p.inbox AS inbox_no
                 FROM unnest('{0,1,2}'::smallint[]) class (priority) CROSS JOIN LATERAL (
                     (SELECT * FROM federate.pending
                      WHERE lane = l.no AND priority = class.priority AND due = 0
                      ORDER BY activity, inbox LIMIT $4)
                     UNION ALL
                     (SELECT * FROM federate.pending
                      WHERE lane = l.no AND priority = class.priority AND due > 0 AND due <= $3
                      ORDER BY due LIMIT $4)) p
                 JOIN federate.activities a ON a.no = p.activity
                 JOIN federate.inboxes i ON i.no = p.inbox
                 WHERE NOT l.paused
                 ORDER BY p.priority, p.activity, p.inbox LIMIT $4) d ON true
             ORDER BY u.place, d.priority, d.activity_no, d.inbox_no",
        )
        .bind(&hosts)
        .bind(&fences)
        .bind(micros(now))
        .bind(limit(most))
        .fetch_all(&self.pool)
        .await?;
        let mut due: Vec<Option<Vec<Delivery>>> = vec![None; lanes.len()];
        let mut unreadable = Vec::new();
        for row in rows {
            let index = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
            let (Some(found), Some((_, max))) = (due.get_mut(index), lanes.get(index)) else {
                continue;
            };
            let found = found.get_or_insert_default();
            match row.read() {
                Ok(delivery) if found.len() < *max => found.push(delivery),
                Ok(_) | Err(None) => {}
                Err(Some(key)) => unreadable.push(key),
            }
        }
        for key in unreadable {
            self.bury_unreadable(key, now).await?;
        }
        Ok(due)
    }

    /// A damaged row must not hold up its lane.
    async fn bury_unreadable(
        &self,
        (lane, activity, inbox): Unreadable,
        now: SystemTime,
    ) -> Result<(), Failure> {
        tracing::error!(
            lane,
            activity,
            inbox,
            "a delivery cannot be read: now a dead letter"
        );
        let mut tx = self.pool.begin().await?;
        lock(&mut tx, &[lane]).await?;
        let lines: Vec<order::Line> = sqlx::query_as(
            "WITH gone AS (
                 DELETE FROM federate.pending WHERE lane = $1 AND activity = $2 AND inbox = $3 RETURNING *),
             buried AS (
                 INSERT INTO federate.dead (activity, inbox, first_enqueued, died, attempt, reason)
                 SELECT activity, inbox, first_enqueued, $4, attempt, 'row cannot be read' FROM gone)
             SELECT inbox, ordered FROM gone",
        )
        .bind(lane)
        .bind(activity)
        .bind(inbox)
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await?;
        order::next(&mut tx, &lines).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl DueRow {
    /// `Err`: its key, where there is a row at all.
    fn read(self) -> Result<Delivery, Option<Unreadable>> {
        let (Some(activity_no), Some(inbox_no)) = (self.activity_no, self.inbox_no) else {
            return Err(None);
        };
        let iri = |text: Option<String>| text.and_then(|text| Iri::parse(&text).ok());
        let (Some(activity), Some(inbox), Some(sender)) = (iri(self.activity), iri(self.inbox), self.sender)
        else {
            return Err(Some((self.lane, activity_no, inbox_no)));
        };
        Ok(Delivery {
            id: DeliveryId::new(&activity, &inbox),
            activity,
            sender,
            inbox,
            attempt: self.attempt.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
            first_enqueued: time(self.first_enqueued.unwrap_or(0)),
            priority: Priority::of_rank(self.priority.map_or(1, i64::from)),
            order: self.ordered.map(OrderKey::from_stored),
        })
    }
}
