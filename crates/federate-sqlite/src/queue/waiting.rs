//! What an operator sees of what waits.

use super::unsigned;
use crate::{
    backend::Files,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{AGES, Waiting};
use sqlx::{Row as _, sqlite::SqliteRow};
use std::time::SystemTime;

impl Files {
    pub(super) async fn read_waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, Failure> {
        let borders = AGES.map(|border| micros(now.checked_sub(border).unwrap_or(SystemTime::UNIX_EPOCH)));
        let rows = sqlx::query(
            "SELECT l.host, l.closed_until, l.paused, p.*
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
        .fetch_all(&self.read)
        .await?;
        Ok(rows.iter().map(waiting).collect::<Result<_, _>>()?)
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
    // How many are as old as each border or older: between two borders lies the difference.
    let older: Vec<u64> = serde_json::from_str(row.try_get("older")?).unwrap_or_default();
    let mut left = waiting.pending;
    for (place, count) in waiting.by_age.iter_mut().enumerate() {
        let older = older.get(place).copied().unwrap_or(0);
        *count = left.saturating_sub(older);
        left = older;
    }
    Ok(waiting)
}
