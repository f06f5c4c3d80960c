//! Lanes: who may work on which host.

use super::{behind, fence, fenced, lock, make_ready, not_urgent, order, readiness, turn, urgent};
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{Delivery, DeliveryId, Iri, LEASE, Lane, OrderKey, Priority};
use sqlx::FromRow;
use std::time::SystemTime;

/// What is due in a lane. All but the first is NULL where nothing is.
#[derive(FromRow)]
struct DueRow {
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

/// How many lanes one lease gives: enough for anybody, and so few that the statement can count with it.
const MAX_LANES: usize = 1_000_000;

/// Kind, former readiness, host and fence of a lane.
type Leased = (i16, i64, String, i64);

/// A row that holds no delivery: lane, activity, inbox.
type Unreadable = (i64, i64, i64);

impl Tables {
    pub(super) async fn lease_lanes(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Lane>, Failure> {
        let until = now + LEASE;
        // Half of them with something urgent. Of the rest first those of a clock that was put back, then half of those that
        // waited for a time, then the new ones; then more of the others where there are not enough. Rows that somebody
        // else is about to lease are passed over.
        let leased: Vec<Leased> = sqlx::query_as(concat!(
            "WITH urgent AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready < ",
            not_urgent!(),
            "    ORDER BY ready LIMIT ($1 + 1) / 2 FOR NO KEY UPDATE SKIP LOCKED),
             jumped AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes WHERE worker IS NOT NULL AND ready > $5 AND NOT paused
                 LIMIT $1 - (SELECT count(*) FROM urgent) FOR NO KEY UPDATE SKIP LOCKED),
             timed AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready >= 0 AND ready <= $3 ORDER BY ready
                 LIMIT ($1 + 1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped)) / 2
                 FOR NO KEY UPDATE SKIP LOCKED),
             new AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready < 0 AND ready > ",
            not_urgent!(),
            "    ORDER BY ready
                 LIMIT $1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped) - (SELECT count(*) FROM timed)
                 FOR NO KEY UPDATE SKIP LOCKED),
             more AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready >= 0 AND ready <= $3
                     AND ready >= (SELECT max(ready) FROM timed) AND no NOT IN (SELECT no FROM timed)
                 ORDER BY ready
                 LIMIT $1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped)
                     - (SELECT count(*) FROM timed) - (SELECT count(*) FROM new)
                 FOR NO KEY UPDATE SKIP LOCKED),
             more_urgent AS MATERIALIZED (
                 SELECT no, ready FROM federate.lanes
                 WHERE ready IS NOT NULL AND NOT paused AND ready < ",
            not_urgent!(),
            "        AND ready >= (SELECT max(ready) FROM urgent) AND no NOT IN (SELECT no FROM urgent)
                 ORDER BY ready
                 LIMIT $1 - (SELECT count(*) FROM urgent) - (SELECT count(*) FROM jumped)
                     - (SELECT count(*) FROM timed) - (SELECT count(*) FROM new) - (SELECT count(*) FROM more)
                 FOR NO KEY UPDATE SKIP LOCKED),
             chosen AS MATERIALIZED (
                 SELECT 0::smallint AS kind, * FROM urgent UNION ALL SELECT 0, * FROM more_urgent
                 UNION ALL SELECT 1, * FROM jumped UNION ALL SELECT 1, * FROM timed UNION ALL SELECT 1, * FROM more
                 UNION ALL SELECT 2, * FROM new)
             UPDATE federate.lanes l SET fence = l.fence + 1, worker = $2, ready = $4
             FROM chosen c WHERE l.no = c.no RETURNING c.kind::smallint, c.ready, l.host, l.fence"
        ))
        .bind(limit(max.min(MAX_LANES)))
        .bind(worker)
        .bind(micros(now))
        .bind(micros(until))
        .bind(micros(now + 2 * LEASE))
        .fetch_all(&self.pool)
        .await?;
        let leased = in_turn(leased).into_iter().map(|(.., host, fence)| Lane {
            host,
            fence: fence.unsigned_abs(),
            until,
        });
        Ok(leased.collect())
    }

    pub(super) async fn renew_lane(&self, lane: &Lane, now: SystemTime) -> Result<Lane, Failure> {
        let until = now + LEASE;
        let done = sqlx::query(
            "UPDATE federate.lanes SET ready = $3 WHERE host = $1 AND fence = $2 AND worker IS NOT NULL",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(micros(until))
        .execute(&self.pool)
        .await?;
        if done.rows_affected() == 0 {
            return Err(fenced());
        }
        Ok(Lane {
            until,
            ..lane.clone()
        })
    }

    pub(super) async fn read_due(
        &self,
        lane: &Lane,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Delivery>, Failure> {
        // Each class by itself, so that each is read in the order of the index and no further than it must.
        let rows: Vec<DueRow> = sqlx::query_as(
            "SELECT l.no AS lane, d.activity, d.sender, d.inbox, d.attempt, d.first_enqueued, d.priority, d.ordered,
                    d.activity_no, d.inbox_no
             FROM federate.lanes l LEFT JOIN LATERAL (
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
             WHERE l.host = $1 AND l.fence = $2
             ORDER BY d.priority, d.activity_no, d.inbox_no",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(micros(now))
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        if rows.is_empty() {
            return Err(fenced());
        }
        let mut due = Vec::with_capacity(rows.len());
        let mut unreadable = Vec::new();
        for row in rows {
            match row.read() {
                Ok(delivery) => due.push(delivery),
                Err(Some(key)) => unreadable.push(key),
                Err(None) => {}
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

    /// Whether others can have it at once.
    ///
    /// The one write that does not wait for the disk: if the server crashes and forgets it, the lane is free when its
    /// lease ends. Whoever leases it meanwhile waits for the disk, and takes this along.
    pub(super) async fn release_lane(
        &self,
        lane: &Lane,
        closed_until: Option<SystemTime>,
    ) -> Result<bool, Failure> {
        let (mine, freed, ready): (bool, bool, bool) = sqlx::query_as(concat!(
            "WITH mine AS MATERIALIZED (
                 SELECT no, paused, xmin AS version FROM federate.lanes WHERE host = $1 AND fence = $2 FOR NO KEY UPDATE),
             seen AS MATERIALIZED (
                 SELECT no, xmin AS version FROM federate.lanes WHERE host = $1),
             freed AS (
                 UPDATE federate.lanes o SET fence = o.fence + 1, worker = NULL, closed_until = l.closed_until, ready = ",
            readiness!(),
            "    FROM (SELECT m.no, m.paused, $3::bigint AS closed_until
                       FROM mine m JOIN seen s ON s.no = m.no AND s.version = m.version) l
                 WHERE o.no = l.no RETURNING coalesce(o.ready < 0, false) AS ready)
             SELECT EXISTS (SELECT 1 FROM mine), EXISTS (SELECT 1 FROM freed),
                    coalesce((SELECT bool_or(ready) FROM freed), false)
             FROM set_config('synchronous_commit', 'off', true)"
        ))
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(closed_until.map(micros))
        .fetch_one(&self.pool)
        .await?;
        if mine && !freed {
            // Somebody wrote it while we waited for its lock: what is pending must be looked at again.
            return self.release_locked(lane, closed_until).await;
        }
        Ok(ready)
    }

    async fn release_locked(&self, lane: &Lane, closed_until: Option<SystemTime>) -> Result<bool, Failure> {
        let mut tx = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "UPDATE federate.lanes SET fence = fence + 1, worker = NULL, closed_until = $3
             WHERE host = $1 AND fence = $2 RETURNING no",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(closed_until.map(micros))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(number) = number else {
            return Ok(false); // Somebody else's now.
        };
        let ready = make_ready(&mut tx, &[number]).await?;
        tx.commit().await?;
        Ok(ready)
    }

    pub(super) async fn end_leases(&self, worker: &str) -> Result<usize, Failure> {
        let mut tx = self.pool.begin().await?;
        let lanes: Vec<i64> = sqlx::query_scalar(
            "SELECT no FROM federate.lanes WHERE worker = $1 ORDER BY no FOR NO KEY UPDATE",
        )
        .bind(worker)
        .fetch_all(&mut *tx)
        .await?;
        if lanes.is_empty() {
            return Ok(0);
        }
        sqlx::query("UPDATE federate.lanes SET fence = fence + 1, worker = NULL WHERE no = ANY($1)")
            .bind(&lanes)
            .execute(&mut *tx)
            .await?;
        make_ready(&mut tx, &lanes).await?;
        tx.commit().await?;
        Ok(lanes.len())
    }

    pub(super) async fn open_earlier(&self, host: &str, at: SystemTime) -> Result<(), Failure> {
        let mut tx = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "UPDATE federate.lanes SET closed_until = $2
             WHERE host = $1 AND worker IS NULL AND closed_until > $2 RETURNING no",
        )
        .bind(host)
        .bind(micros(at))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(number) = number else {
            return Ok(());
        };
        make_ready(&mut tx, &[number]).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn pause_lane(&self, host: &str) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO federate.lanes AS l (host, paused) VALUES ($1, true)
             ON CONFLICT (host) DO UPDATE
                 SET paused = true, ready = CASE WHEN l.worker IS NULL THEN NULL ELSE l.ready END",
        )
        .bind(host)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Whether others can have it at once.
    pub(super) async fn resume_lane(&self, host: &str) -> Result<bool, Failure> {
        let mut tx = self.pool.begin().await?;
        let number: Option<i64> = sqlx::query_scalar(
            "UPDATE federate.lanes SET paused = false WHERE host = $1 AND paused RETURNING no",
        )
        .bind(host)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(number) = number else {
            return Ok(false);
        };
        let ready = make_ready(&mut tx, &[number]).await?;
        tx.commit().await?;
        Ok(ready)
    }

    pub(super) async fn earliest_lane(&self) -> Result<Option<SystemTime>, Failure> {
        let ready: Option<i64> = sqlx::query_scalar(
            "SELECT ready FROM federate.lanes WHERE ready IS NOT NULL AND NOT paused ORDER BY ready LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(ready.map(time))
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

/// Every other one urgent (0); of the rest, one that waited for a time (1) and a new one (2) in turn.
fn in_turn(mut leased: Vec<Leased>) -> Vec<Leased> {
    leased.sort_unstable();
    let (urgent, rest): (Vec<_>, Vec<_>) = leased.into_iter().partition(|(kind, ..)| *kind == 0);
    let (timed, new) = rest.into_iter().partition(|(kind, ..)| *kind == 1);
    alternate(urgent, alternate(timed, new))
}

fn alternate(first: Vec<Leased>, second: Vec<Leased>) -> Vec<Leased> {
    let mut all = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    while first.len() + second.len() > 0 {
        all.extend(first.next());
        all.extend(second.next());
    }
    all
}
