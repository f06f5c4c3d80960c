//! What an operator asks for, and retention.

use super::{behind, columns, lock, make_ready, order, unsigned};
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, micros},
};
use federate_store::{Counts, DeliveryId, Iri};
use sqlx::PgConnection;
use std::time::SystemTime;

/// True of an activity `a` of which something is pending or dead.
macro_rules! unsettled {
    () => {
        "(EXISTS (SELECT 1 FROM federate.pending p WHERE p.activity = a.no)
          OR EXISTS (SELECT 1 FROM federate.dead d WHERE d.activity = a.no))"
    };
}

impl Tables {
    pub(super) async fn read_counts(&self) -> Result<Counts, Failure> {
        // One statement, one snapshot: the sum holds at every instant.
        let (enqueued, delivered, superseded, cancelled, pending, dead): (i64, i64, i64, i64, i64, i64) =
            sqlx::query_as(
                "SELECT coalesce(sum(enqueued), 0)::bigint, coalesce(sum(delivered), 0)::bigint,
                        coalesce(sum(superseded), 0)::bigint, coalesce(sum(cancelled), 0)::bigint,
                        (SELECT count(*) FROM federate.pending), (SELECT count(*) FROM federate.dead)
                 FROM federate.lanes",
            )
            .fetch_one(&self.pool)
            .await?;
        Ok(Counts {
            enqueued: unsigned(enqueued),
            pending: unsigned(pending),
            delivered: unsigned(delivered),
            dead: unsigned(dead),
            superseded: unsigned(superseded),
            cancelled: unsigned(cancelled),
        })
    }

    pub(super) async fn revive(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, Failure> {
        let mut tx = self.pool.begin().await?;
        let lanes = lock_lanes_of_dead(&mut tx, ids).await?;
        if lanes.is_empty() {
            return Ok(0);
        }
        let (activities, inboxes) = columns(ids);
        // The reason is not NULL: a peer may have seen it, so it is never superseded.
        let revived: Vec<order::Line> = sqlx::query_as(concat!(
            "WITH named AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                        (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox
                 FROM unnest($1::text[], $2::text[]) u (activity, inbox)),
             alive AS (
                 DELETE FROM federate.dead d USING named n JOIN federate.inboxes i ON i.no = n.inbox
                 WHERE d.activity = n.activity AND d.inbox = n.inbox AND i.lane = ANY($3)
                 RETURNING d.activity, d.inbox, i.lane, d.reason)
             INSERT INTO federate.pending
                 (activity, inbox, lane, due, first_enqueued, ordered, attempt, priority, reason)
             SELECT d.activity, d.inbox, d.lane, CASE WHEN a.ordered IS NULL THEN 0 ELSE ",
            behind!(),
            "    END, $4, a.ordered, 0, a.priority, d.reason
             FROM alive d JOIN federate.activities a ON a.no = d.activity
             RETURNING inbox, ordered"
        ))
        .bind(activities)
        .bind(inboxes)
        .bind(&lanes)
        .bind(micros(now))
        .fetch_all(&mut *tx)
        .await?;
        order::next(&mut tx, &revived).await?;
        // Written even where it stays as it is, so that a holder who gives it back looks again.
        sqlx::query("UPDATE federate.lanes SET enqueued = enqueued WHERE no = ANY($1)")
            .bind(&lanes)
            .execute(&mut *tx)
            .await?;
        make_ready(&mut tx, &lanes).await?;
        tx.commit().await?;
        Ok(u64::try_from(revived.len()).unwrap_or(u64::MAX))
    }

    pub(super) async fn discard(&self, ids: &[DeliveryId]) -> Result<u64, Failure> {
        let mut tx = self.pool.begin().await?;
        let lanes = lock_lanes_of_dead(&mut tx, ids).await?;
        if lanes.is_empty() {
            return Ok(0);
        }
        let (activities, inboxes) = columns(ids);
        let gone: i64 = sqlx::query_scalar(
            "WITH named AS MATERIALIZED (
                 SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                        (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox
                 FROM unnest($1::text[], $2::text[]) u (activity, inbox)),
             gone AS (
                 DELETE FROM federate.dead d USING named n JOIN federate.inboxes i ON i.no = n.inbox
                 WHERE d.activity = n.activity AND d.inbox = n.inbox AND i.lane = ANY($3)
                 RETURNING i.lane),
             counted AS (
                 UPDATE federate.lanes l SET cancelled = l.cancelled + n.n
                 FROM (SELECT lane, count(*) AS n FROM gone GROUP BY lane) n WHERE l.no = n.lane)
             SELECT count(*) FROM gone",
        )
        .bind(activities)
        .bind(inboxes)
        .bind(&lanes)
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(unsigned(gone))
    }

    pub(super) async fn cancel_lane(&self, host: &str) -> Result<u64, Failure> {
        let mut tx = self.pool.begin().await?;
        let lane: Option<i64> =
            sqlx::query_scalar("SELECT no FROM federate.lanes WHERE host = $1 FOR NO KEY UPDATE")
                .bind(host)
                .fetch_optional(&mut *tx)
                .await?;
        let Some(lane) = lane else { return Ok(0) };
        let gone = sqlx::query("DELETE FROM federate.pending WHERE lane = $1")
            .bind(lane)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        sqlx::query(
            "UPDATE federate.lanes SET fence = fence + 1, worker = NULL, ready = NULL, cancelled = cancelled + $2
             WHERE no = $1",
        )
        .bind(lane)
        .bind(i64::try_from(gone).unwrap_or(i64::MAX))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(gone)
    }

    pub(super) async fn take_back(&self, activity: &Iri) -> Result<u64, Failure> {
        let mut tx = self.pool.begin().await?;
        // Those that nobody holds, looked at again where another transaction had to be waited for.
        let lanes: Vec<i64> = sqlx::query_scalar(
            "SELECT l.no FROM federate.lanes l
             WHERE l.worker IS NULL AND l.no IN (
                 SELECT p.lane FROM federate.pending p
                 WHERE p.activity = (SELECT no FROM federate.activities WHERE iri = $1)
                     AND p.attempt = 0 AND p.reason IS NULL)
             ORDER BY l.no FOR NO KEY UPDATE OF l",
        )
        .bind(activity.as_str())
        .fetch_all(&mut *tx)
        .await?;
        if lanes.is_empty() {
            return Ok(0);
        }
        let gone: Vec<order::Line> = sqlx::query_as(
            "WITH gone AS (
                 DELETE FROM federate.pending p
                 WHERE p.activity = (SELECT no FROM federate.activities WHERE iri = $1)
                     AND p.attempt = 0 AND p.reason IS NULL AND p.lane = ANY($2)
                 RETURNING p.lane, p.inbox, p.ordered),
             counted AS (
                 UPDATE federate.lanes l SET superseded = l.superseded + n.n
                 FROM (SELECT lane, count(*) AS n FROM gone GROUP BY lane) n WHERE l.no = n.lane)
             SELECT inbox, ordered FROM gone",
        )
        .bind(activity.as_str())
        .bind(&lanes)
        .fetch_all(&mut *tx)
        .await?;
        order::next(&mut tx, &gone).await?;
        make_ready(&mut tx, &lanes).await?;
        tx.commit().await?;
        Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
    }

    pub(super) async fn read_unsettled(&self, ids: &[&str]) -> Result<Vec<Iri>, Failure> {
        let rows: Vec<String> = sqlx::query_scalar(concat!(
            "SELECT a.iri FROM federate.activities a WHERE a.iri = ANY($1) AND ",
            unsettled!()
        ))
        .bind(ids)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().filter_map(|id| Iri::parse(id).ok()).collect())
    }

    pub(super) async fn forget_activities(&self, before: SystemTime, max: usize) -> Result<usize, Failure> {
        let mut tx = self.pool.begin().await?;
        let locked: Vec<i64> = sqlx::query_scalar(concat!(
            "SELECT a.no FROM federate.activities a WHERE a.enqueued < $1 AND NOT ",
            unsettled!(),
            " ORDER BY a.no LIMIT $2 FOR UPDATE OF a SKIP LOCKED"
        ))
        .bind(micros(before))
        .bind(limit(max))
        .fetch_all(&mut *tx)
        .await?;
        // Again, now that nobody can add to them: something may have been added before they were locked.
        let settled: Vec<i64> = sqlx::query_scalar(concat!(
            "SELECT a.no FROM federate.activities a WHERE a.no = ANY($1) AND NOT ",
            unsettled!()
        ))
        .bind(locked)
        .fetch_all(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM federate.known WHERE activity = ANY($1)")
            .bind(&settled)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM federate.activities WHERE no = ANY($1)")
            .bind(&settled)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(settled.len())
    }
}

/// Locks the lanes of those of these deliveries that are dead.
async fn lock_lanes_of_dead(
    connection: &mut PgConnection,
    ids: &[DeliveryId],
) -> Result<Vec<i64>, sqlx::Error> {
    let (activities, inboxes) = columns(ids);
    let mut lanes: Vec<i64> = sqlx::query_scalar(
        "WITH named AS MATERIALIZED (
             SELECT (SELECT no FROM federate.activities WHERE iri = u.activity) AS activity,
                    (SELECT no FROM federate.inboxes WHERE iri = u.inbox) AS inbox
             FROM unnest($1::text[], $2::text[]) u (activity, inbox))
         SELECT DISTINCT i.lane FROM named n
         JOIN federate.dead d ON d.activity = n.activity AND d.inbox = n.inbox
         JOIN federate.inboxes i ON i.no = n.inbox",
    )
    .bind(activities)
    .bind(inboxes)
    .fetch_all(&mut *connection)
    .await?;
    lanes.sort_unstable();
    lock(connection, &lanes).await?;
    Ok(lanes)
}
