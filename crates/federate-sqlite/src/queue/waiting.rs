//! What an operator sees of what waits.

use super::unsigned;
use crate::{
    backend::Files,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{AGES, Backlog, LEASE, Waiting};
use sqlx::{Row as _, sqlite::SqliteRow};
use std::time::SystemTime;

impl Files {
    pub(super) async fn read_waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, Failure> {
        let borders = AGES.map(|border| micros(now.checked_sub(border).unwrap_or(SystemTime::UNIX_EPOCH)));
        let rows = sqlx::query(
            "SELECT l.host, l.closed_until, l.paused, l.worker, l.ready,
                    (SELECT count(*) FROM federate_pending o
                     WHERE o.lane = p.lane AND o.due <= ?3
                         AND l.worker IS NOT NULL AND l.ready > ?3 AND l.ready <= ?4) AS in_flight, p.*
             FROM (SELECT lane, count(*) AS pending, min(first_enqueued) AS oldest, (
                       SELECT json_group_array(n) FROM (
                           SELECT (SELECT count(*) FROM federate_pending o
                                   WHERE o.lane = federate_pending.lane AND o.first_enqueued <= b.value) AS n
                           FROM json_each(?1) b ORDER BY b.key)) AS older
                   FROM federate_pending GROUP BY lane ORDER BY pending DESC LIMIT ?2) p
             CROSS JOIN federate_lanes l ON l.no = p.lane
             ORDER BY p.pending DESC, l.host",
        )
        .bind(super::to_json(&borders))
        .bind(limit(max))
        .bind(micros(now))
        .bind(micros(now + 2 * LEASE))
        .fetch_all(&self.read)
        .await?;
        Ok(rows.iter().map(waiting).collect::<Result<_, _>>()?)
    }

    pub(super) async fn read_backlog(&self, now: SystemTime) -> Result<Backlog, Failure> {
        let borders = AGES.map(|border| micros(now.checked_sub(border).unwrap_or(SystemTime::UNIX_EPOCH)));
        let row = sqlx::query(
            "SELECT count(*) AS pending, count(DISTINCT lane) AS hosts, min(first_enqueued) AS oldest,
                    json_array(
                        sum(first_enqueued <= ?1 ->> 0), sum(first_enqueued <= ?1 ->> 1), sum(first_enqueued <= ?1 ->> 2),
                        sum(first_enqueued <= ?1 ->> 3), sum(first_enqueued <= ?1 ->> 4), sum(first_enqueued <= ?1 ->> 5),
                        sum(first_enqueued <= ?1 ->> 6), sum(first_enqueued <= ?1 ->> 7), sum(first_enqueued <= ?1 ->> 8)
                    ) AS older,
                    (SELECT count(*) FROM federate_lanes l CROSS JOIN federate_pending p ON p.lane = l.no
                     WHERE l.worker IS NOT NULL AND l.ready > ?2 AND l.ready <= ?3 AND p.due <= ?2) AS in_flight
             FROM federate_pending",
        )
        .bind(super::to_json(&borders))
        .bind(micros(now))
        .bind(micros(now + 2 * LEASE))
        .fetch_one(&self.read)
        .await?;
        let mut backlog = Backlog::default();
        backlog.pending = unsigned(row.try_get("pending")?);
        backlog.hosts = unsigned(row.try_get("hosts")?);
        backlog.in_flight = unsigned(row.try_get("in_flight")?);
        backlog.oldest = row.try_get::<Option<i64>, _>("oldest")?.map(time);
        backlog.by_age = by_age(backlog.pending, row.try_get("older")?);
        Ok(backlog)
    }

    pub(super) async fn read_dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, Failure> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT reason, count(*) AS n FROM federate_dead GROUP BY reason ORDER BY n DESC, reason LIMIT ?1",
        )
        .bind(limit(max))
        .fetch_all(&self.read)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(reason, n)| (reason, unsigned(n)))
            .collect())
    }
}

fn waiting(row: &SqliteRow) -> Result<Waiting, sqlx::Error> {
    let host: String = row.try_get("host")?;
    let mut waiting = Waiting::new(host, time(row.try_get("oldest")?));
    waiting.pending = unsigned(row.try_get("pending")?);
    waiting.closed_until = row.try_get::<Option<i64>, _>("closed_until")?.map(time);
    waiting.paused = row.try_get("paused")?;
    waiting.worker = row.try_get("worker")?;
    if waiting.worker.is_some() {
        waiting.leased_until = row.try_get::<Option<i64>, _>("ready")?.map(time);
    }
    waiting.in_flight = unsigned(row.try_get("in_flight")?);
    waiting.by_age = by_age(waiting.pending, row.try_get("older")?);
    Ok(waiting)
}

/// Out of how many are as old as each border or older: between two borders lies the difference.
fn by_age(all: u64, older: &str) -> [u64; AGES.len() + 1] {
    let older: Vec<Option<u64>> = serde_json::from_str(older).unwrap_or_default();
    let mut by_age = [0; AGES.len() + 1];
    let mut left = all;
    for (place, count) in by_age.iter_mut().enumerate() {
        let older = older.get(place).copied().flatten().unwrap_or(0);
        *count = left.saturating_sub(older);
        left = older;
    }
    by_age
}
