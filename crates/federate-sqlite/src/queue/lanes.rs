//! Lanes: who may work on which host.

use super::{BEHIND, NOT_URGENT, URGENT, order, to_json, turn};
use crate::{
    backend::Files,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{Delivery, DeliveryId, Iri, LEASE, Lane, OrderKey, Priority, StoreError};
use sqlx::SqliteConnection;
use std::time::SystemTime;

type Ready = (i64, String, i64);

/// What is due in a lane.
#[derive(sqlx::FromRow)]
struct DueRow {
    activity: String,
    sender: String,
    inbox: String,
    attempt: i64,
    first_enqueued: i64,
    at_once: i64,
    ordered: Option<i64>,
    due: i64,
    activity_no: i64,
    inbox_no: i64,
}

impl Files {
    pub(super) async fn lease_lanes(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Lane>, Failure> {
        let too_far = micros(now + 2 * LEASE);
        // The common answer of an idle poll needs no lock.
        let (any, jumped): (bool, bool) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM federate_lanes WHERE ready IS NOT NULL AND ready <= ?1),
                    EXISTS (SELECT 1 FROM federate_lanes WHERE worker IS NOT NULL AND ready > ?2)",
        )
        .bind(micros(now))
        .bind(too_far)
        .fetch_one(&self.read)
        .await?;
        if !any && !jumped {
            return Ok(Vec::new());
        }
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        if jumped {
            sqlx::query("UPDATE federate_lanes SET ready = ?1 WHERE worker IS NOT NULL AND ready > ?2")
                .bind(micros(now))
                .bind(too_far)
                .execute(&mut *tx)
                .await?;
        }
        let urgent: Vec<Ready> = sqlx::query_as(
            "SELECT no, host, fence FROM federate_lanes
             WHERE ready IS NOT NULL AND ready <= ?2 AND paused = 0 ORDER BY ready LIMIT ?1",
        )
        .bind(limit(max))
        .bind(NOT_URGENT)
        .fetch_all(&mut *tx)
        .await?;
        let new: Vec<Ready> = sqlx::query_as(
            "SELECT no, host, fence FROM federate_lanes
             WHERE ready IS NOT NULL AND ready < 0 AND ready > ?2 AND paused = 0 ORDER BY ready LIMIT ?1",
        )
        .bind(limit(max))
        .bind(NOT_URGENT)
        .fetch_all(&mut *tx)
        .await?;
        let timed: Vec<Ready> = sqlx::query_as(
            "SELECT no, host, fence FROM federate_lanes
             WHERE ready IS NOT NULL AND ready >= 0 AND ready <= ?2 AND paused = 0 ORDER BY ready LIMIT ?1",
        )
        .bind(limit(max))
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await?;
        let chosen = alternate(urgent, alternate(timed, new, max), max);
        let numbers: Vec<i64> = chosen.iter().map(|(no, ..)| *no).collect();
        let until = now + LEASE;
        sqlx::query(
            "UPDATE federate_lanes SET fence = fence + 1, worker = ?2, ready = ?3
             WHERE no IN (SELECT value FROM json_each(?1))",
        )
        .bind(to_json(&numbers))
        .bind(worker)
        .bind(micros(until))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        let leased = chosen.into_iter().map(|(_, host, fence)| Lane {
            host,
            fence: fence.unsigned_abs() + 1,
            until,
        });
        Ok(leased.collect())
    }

    pub(super) async fn renew_lane(&self, lane: &Lane, now: SystemTime) -> Result<Lane, Failure> {
        let until = now + LEASE;
        let done = sqlx::query(
            "UPDATE federate_lanes SET ready = ?3 WHERE host = ?1 AND fence = ?2 AND worker IS NOT NULL",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(micros(until))
        .execute(&self.write)
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::fenced().into());
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
        let mut connection = self.read.acquire().await?;
        let number = owned(&mut connection, lane).await?;
        let rows: Vec<DueRow> = sqlx::query_as(
            "SELECT a.iri AS activity, a.sender, i.iri AS inbox, p.attempt, p.first_enqueued, a.at_once, a.ordered,
                    p.due, p.activity AS activity_no, p.inbox AS inbox_no
             FROM (SELECT * FROM (SELECT * FROM federate_pending WHERE lane = ?1 AND due <= 0
                                  ORDER BY due, activity, inbox LIMIT ?3)
                   UNION ALL
                   SELECT * FROM (SELECT * FROM federate_pending WHERE lane = ?1 AND due > 0 AND due <= ?2
                                  ORDER BY due LIMIT ?3)) p
             JOIN federate_activities a ON a.no = p.activity
             JOIN federate_inboxes i ON i.no = p.inbox
             WHERE (SELECT paused FROM federate_lanes WHERE no = ?1) = 0
             ORDER BY a.at_once, p.activity, p.inbox LIMIT ?3",
        )
        .bind(number)
        .bind(micros(now))
        .bind(limit(max))
        .fetch_all(&mut *connection)
        .await?;
        drop(connection);
        let mut due = Vec::with_capacity(rows.len());
        let mut unreadable = Vec::new();
        for row in rows {
            let (Ok(activity), Ok(inbox)) = (Iri::parse(&row.activity), Iri::parse(&row.inbox)) else {
                unreadable.push((row.due, row.activity_no, row.inbox_no));
                continue;
            };
            due.push(Delivery {
                id: DeliveryId::new(&activity, &inbox),
                activity,
                sender: row.sender,
                inbox,
                attempt: u32::try_from(row.attempt).unwrap_or(u32::MAX),
                first_enqueued: time(row.first_enqueued),
                priority: Priority::of_rank(row.at_once + 2),
                order: row.ordered.map(OrderKey::from_stored),
            });
        }
        if !unreadable.is_empty() {
            self.bury_unreadable(number, &unreadable, now).await?;
        }
        Ok(due)
    }

    /// A damaged row must not hold up its lane.
    async fn bury_unreadable(
        &self,
        lane: i64,
        rows: &[(i64, i64, i64)],
        now: SystemTime,
    ) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for (due, activity, inbox) in rows {
            tracing::error!(
                lane,
                activity,
                inbox,
                "a delivery cannot be read: now a dead letter"
            );
            sqlx::query(
                "INSERT INTO federate_dead (activity, inbox, attempt, first_enqueued, died, reason)
                 SELECT activity, inbox, attempt, first_enqueued, ?5, 'row cannot be read' FROM federate_pending
                 WHERE lane = ?1 AND due = ?2 AND activity = ?3 AND inbox = ?4",
            )
            .bind(lane)
            .bind(due)
            .bind(activity)
            .bind(inbox)
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
            let ordered: Vec<order::Line> = sqlx::query_as(
                "DELETE FROM federate_pending WHERE lane = ?1 AND due = ?2 AND activity = ?3 AND inbox = ?4
                 RETURNING inbox, ordered",
            )
            .bind(lane)
            .bind(due)
            .bind(activity)
            .bind(inbox)
            .fetch_all(&mut *tx)
            .await?;
            order::next(&mut tx, &ordered).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn release_lane(
        &self,
        lane: &Lane,
        closed_until: Option<SystemTime>,
    ) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let turn = turn(&mut tx).await?;
        let done = sqlx::query(
            "UPDATE federate_lanes SET fence = fence + 1, worker = NULL, closed_until = ?3
             WHERE host = ?1 AND fence = ?2",
        )
        .bind(lane.host.as_str())
        .bind(fence(lane))
        .bind(closed_until.map(micros))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(()); // Somebody else's now; the rollback takes the turn back.
        }
        make_ready(&mut tx, &lane.host, turn).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn end_leases(&self, worker: &str) -> Result<usize, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let hosts: Vec<String> = sqlx::query_scalar(
            "UPDATE federate_lanes SET fence = fence + 1, worker = NULL WHERE worker = ?1 RETURNING host",
        )
        .bind(worker)
        .fetch_all(&mut *tx)
        .await?;
        for host in &hosts {
            let turn = turn(&mut tx).await?;
            make_ready(&mut tx, host, turn).await?;
        }
        tx.commit().await?;
        Ok(hosts.len())
    }

    pub(super) async fn open_earlier(&self, host: &str, at: SystemTime) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let turn = turn(&mut tx).await?;
        let done = sqlx::query(
            "UPDATE federate_lanes SET closed_until = ?2 WHERE host = ?1 AND worker IS NULL AND closed_until > ?2",
        )
        .bind(host)
        .bind(micros(at))
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        make_ready(&mut tx, host, turn).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn pause_lane(&self, host: &str) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO federate_lanes (host, paused) VALUES (?1, 1)
             ON CONFLICT (host) DO UPDATE SET paused = 1, ready = CASE WHEN worker IS NULL THEN NULL ELSE ready END",
        )
        .bind(host)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    pub(super) async fn resume_lane(&self, host: &str) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let turn = turn(&mut tx).await?;
        sqlx::query("UPDATE federate_lanes SET paused = 0 WHERE host = ?1")
            .bind(host)
            .execute(&mut *tx)
            .await?;
        make_ready(&mut tx, host, turn).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn earliest_lane(&self) -> Result<Option<SystemTime>, Failure> {
        let ready: Option<i64> = sqlx::query_scalar(
            "SELECT ready FROM federate_lanes WHERE ready IS NOT NULL ORDER BY ready LIMIT 1",
        )
        .fetch_optional(&self.read)
        .await?;
        Ok(ready.map(time))
    }
}

/// Says anew when a lane that nobody holds may be leased.
pub(super) async fn make_ready(
    connection: &mut SqliteConnection,
    host: &str,
    turn: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE federate_lanes SET ready = (
             SELECT CASE WHEN closed_until IS NOT NULL THEN max(closed_until, p.due)
                         WHEN p.due = -2 THEN ?2 - ?4
                         WHEN p.due <= 0 THEN ?2
                         ELSE p.due END
             FROM federate_pending p
             WHERE p.lane = federate_lanes.no AND p.due < ?3 AND federate_lanes.paused = 0
             ORDER BY p.due LIMIT 1)
         WHERE host = ?1 AND worker IS NULL",
    )
    .bind(host)
    .bind(turn)
    .bind(BEHIND)
    .bind(URGENT)
    .execute(connection)
    .await?;
    Ok(())
}

/// The lane's number, where the lease is still the caller's.
pub(super) async fn owned(connection: &mut SqliteConnection, lane: &Lane) -> Result<i64, Failure> {
    let number: Option<i64> =
        sqlx::query_scalar("SELECT no FROM federate_lanes WHERE host = ?1 AND fence = ?2")
            .bind(lane.host.as_str())
            .bind(fence(lane))
            .fetch_optional(connection)
            .await?;
    number.ok_or_else(|| StoreError::fenced().into())
}

fn fence(lane: &Lane) -> i64 {
    i64::try_from(lane.fence).unwrap_or(i64::MAX)
}

/// One from each in turn, so that neither starves the other.
fn alternate(first: Vec<Ready>, second: Vec<Ready>, max: usize) -> Vec<Ready> {
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut chosen = Vec::new();
    while chosen.len() < max {
        let before = chosen.len();
        chosen.extend(first.next());
        chosen.extend(second.next());
        if chosen.len() == before {
            break;
        }
    }
    chosen.truncate(max);
    chosen
}
