//! What an operator asks for, and retention.

use super::{BEHIND, count, lanes::make_ready, order, to_json, turn, unsigned};
use crate::{
    backend::Files,
    error::Failure,
    time::{limit, micros},
};
use federate_store::{Counts, Iri};
use std::time::SystemTime;

/// True of an activity `a` of which something is pending or dead.
macro_rules! unsettled {
    () => {
        "(EXISTS (SELECT 1 FROM federate_dead d WHERE d.activity = a.no)
          OR EXISTS (SELECT 1 FROM federate_known k
                     CROSS JOIN federate_inboxes i ON i.no = k.inbox
                     CROSS JOIN federate_pending p
                         ON p.lane = i.lane AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox
                     WHERE k.activity = a.no))"
    };
}

impl Files {
    pub(super) async fn read_counts(&self) -> Result<Counts, Failure> {
        // One statement, one snapshot: the sum holds at every instant.
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT name, n FROM federate_counters
             UNION ALL SELECT 'pending', count(*) FROM federate_pending
             UNION ALL SELECT 'dead', count(*) FROM federate_dead",
        )
        .fetch_all(&self.read)
        .await?;
        let mut counts = Counts::default();
        for (name, n) in rows {
            match name.as_str() {
                "enqueued" => counts.enqueued = unsigned(n),
                "pending" => counts.pending = unsigned(n),
                "delivered" => counts.delivered = unsigned(n),
                "dead" => counts.dead = unsigned(n),
                "superseded" => counts.superseded = unsigned(n),
                "cancelled" => counts.cancelled = unsigned(n),
                _ => {}
            }
        }
        Ok(counts)
    }

    pub(super) async fn revive(&self, ids: &str, now: SystemTime) -> Result<u64, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(
            "SELECT d.no, d.activity, d.inbox, l.host
             FROM json_each(?1) j
             CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
             CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
             CROSS JOIN federate_dead d ON d.activity = a.no AND d.inbox = i.no
             CROSS JOIN federate_lanes l ON l.no = i.lane",
        )
        .bind(ids)
        .fetch_all(&mut *tx)
        .await?;
        let mut revived = 0;
        for (no, activity, inbox, _) in &rows {
            // The reason is not NULL: a peer may have seen it, so it is never superseded.
            let added = sqlx::query(
                "INSERT INTO federate_pending (lane, due, activity, inbox, attempt, first_enqueued, reason, ordered)
                 SELECT i.lane,
                        CASE WHEN a.ordered IS NOT NULL AND EXISTS (
                                 SELECT 1 FROM federate_pending p
                                 WHERE p.inbox = i.no AND p.ordered = a.ordered AND p.due < ?3)
                             THEN ?3 ELSE a.at_once END,
                        d.activity, d.inbox, 0, ?2, d.reason, a.ordered
                 FROM federate_dead d
                 CROSS JOIN federate_inboxes i ON i.no = d.inbox
                 CROSS JOIN federate_activities a ON a.no = d.activity
                 WHERE d.no = ?1",
            )
            .bind(no)
            .bind(micros(now))
            .bind(BEHIND)
            .execute(&mut *tx)
            .await?;
            revived += added.rows_affected();
            sqlx::query(
                "UPDATE federate_known SET due = (
                     SELECT p.due FROM federate_pending p CROSS JOIN federate_inboxes i ON i.no = ?2
                     WHERE p.lane = i.lane AND p.activity = ?1 AND p.inbox = ?2)
                 WHERE activity = ?1 AND inbox = ?2",
            )
            .bind(activity)
            .bind(inbox)
            .execute(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM federate_dead WHERE no = ?1")
                .bind(no)
                .execute(&mut *tx)
                .await?;
        }
        let turn = turn(&mut tx).await?;
        let mut hosts: Vec<&str> = rows.iter().map(|(.., host)| host.as_str()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        for host in hosts {
            make_ready(&mut tx, host, turn).await?;
        }
        tx.commit().await?;
        Ok(revived)
    }

    pub(super) async fn discard(&self, ids: &str) -> Result<u64, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let gone = sqlx::query(
            "DELETE FROM federate_dead WHERE (activity, inbox) IN (
                 SELECT a.no, i.no FROM json_each(?1) j
                 CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
                 CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1)",
        )
        .bind(ids)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        count(&mut tx, "cancelled", gone).await?;
        tx.commit().await?;
        Ok(gone)
    }

    pub(super) async fn cancel_lane(&self, host: &str) -> Result<u64, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let gone = sqlx::query(
            "DELETE FROM federate_pending WHERE lane = (SELECT no FROM federate_lanes WHERE host = ?1)",
        )
        .bind(host)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        sqlx::query(
            "UPDATE federate_lanes SET fence = fence + 1, worker = NULL, ready = NULL WHERE host = ?1",
        )
        .bind(host)
        .execute(&mut *tx)
        .await?;
        count(&mut tx, "cancelled", gone).await?;
        tx.commit().await?;
        Ok(gone)
    }

    pub(super) async fn take_back(&self, activity: &Iri) -> Result<u64, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let gone: Vec<order::Line> = sqlx::query_as(
            "DELETE FROM federate_pending
             WHERE attempt = 0 AND reason IS NULL AND (lane, due, activity, inbox) IN (
                 SELECT i.lane, k.due, k.activity, k.inbox
                 FROM federate_activities a
                 CROSS JOIN federate_known k ON k.activity = a.no
                 CROSS JOIN federate_inboxes i ON i.no = k.inbox
                 CROSS JOIN federate_lanes l ON l.no = i.lane
                 WHERE a.iri = ?1 AND (k.due <= 0 OR k.due = ?2) AND l.worker IS NULL)
             RETURNING inbox, ordered",
        )
        .bind(activity.as_str())
        .bind(BEHIND)
        .fetch_all(&mut *tx)
        .await?;
        order::next(&mut tx, &gone).await?;
        let hosts: Vec<String> = sqlx::query_scalar(
            "SELECT DISTINCT l.host FROM json_each(?1) j
             CROSS JOIN federate_inboxes i ON i.no = j.value CROSS JOIN federate_lanes l ON l.no = i.lane",
        )
        .bind(to_json(&gone.iter().map(|(inbox, _)| inbox).collect::<Vec<_>>()))
        .fetch_all(&mut *tx)
        .await?;
        let turn = turn(&mut tx).await?;
        for host in &hosts {
            make_ready(&mut tx, host, turn).await?;
        }
        let gone = u64::try_from(gone.len()).unwrap_or(u64::MAX);
        count(&mut tx, "superseded", gone).await?;
        tx.commit().await?;
        Ok(gone)
    }

    pub(super) async fn read_unsettled(&self, ids: &str) -> Result<Vec<Iri>, Failure> {
        let rows: Vec<String> = sqlx::query_scalar(concat!(
            "SELECT a.iri FROM json_each(?1) j CROSS JOIN federate_activities a ON a.iri = j.value WHERE ",
            unsettled!()
        ))
        .bind(ids)
        .fetch_all(&self.read)
        .await?;
        Ok(rows.iter().filter_map(|id| Iri::parse(id).ok()).collect())
    }

    pub(super) async fn forget_activities(&self, before: SystemTime, max: usize) -> Result<usize, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let numbers: Vec<i64> = sqlx::query_scalar(concat!(
            "SELECT a.no FROM federate_activities a WHERE a.enqueued < ?1 AND NOT ",
            unsettled!(),
            " ORDER BY a.no LIMIT ?2"
        ))
        .bind(micros(before))
        .bind(limit(max))
        .fetch_all(&mut *tx)
        .await?;
        let json = to_json(&numbers);
        sqlx::query("DELETE FROM federate_known WHERE activity IN (SELECT value FROM json_each(?1))")
            .bind(json.as_str())
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM federate_activities WHERE no IN (SELECT value FROM json_each(?1))")
            .bind(json.as_str())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(numbers.len())
    }
}
