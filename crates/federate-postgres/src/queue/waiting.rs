//! What an operator sees of what waits.

use super::unsigned;
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{AGES, Backlog, LEASE, Waiting};
use sqlx::FromRow;
use std::time::SystemTime;

/// What waits for a host, with how many are of which age.
#[derive(FromRow)]
struct WaitingRow {
    host: String,
    closed_until: Option<i64>,
    paused: bool,
    pending: i64,
    oldest: i64,
    ages: Vec<i32>,
    numbers: Vec<i64>,
    worker: Option<String>,
    ready: Option<i64>,
    in_flight: i64,
}

/// What waits for all hosts together.
#[derive(FromRow)]
struct BacklogRow {
    pending: i64,
    hosts: i64,
    oldest: Option<i64>,
    ages: Vec<i32>,
    numbers: Vec<i64>,
    in_flight: i64,
}

impl Tables {
    pub(super) async fn read_waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, Failure> {
        // Upside down, as a bucket begins with its border: whoever was enqueued at a border is as old as it.
        let borders = AGES.map(|age| -micros(now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)));
        let rows: Vec<WaitingRow> = sqlx::query_as(
            "WITH aged AS MATERIALIZED (
                 SELECT lane, width_bucket(-first_enqueued, $1::bigint[]) AS age, count(*) AS number,
                        min(first_enqueued) AS oldest
                 FROM federate.pending GROUP BY 1, 2),
             waiting AS MATERIALIZED (
                 SELECT lane, sum(number)::bigint AS pending, min(oldest) AS oldest,
                        array_agg(age) AS ages, array_agg(number) AS numbers
                 FROM aged GROUP BY lane)
             SELECT l.host, l.closed_until, l.paused, w.pending, w.oldest, w.ages, w.numbers, l.worker, l.ready,
                    (SELECT count(*) FROM federate.pending p
                     WHERE p.lane = l.no AND p.due <= $3
                         AND l.worker IS NOT NULL AND l.ready > $3 AND l.ready <= $4) AS in_flight
             FROM waiting w JOIN federate.lanes l ON l.no = w.lane
             ORDER BY w.pending DESC, l.host LIMIT $2",
        )
        .bind(borders.as_slice())
        .bind(limit(max))
        .bind(micros(now))
        .bind(micros(now + 2 * LEASE))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(WaitingRow::read).collect())
    }

    pub(super) async fn read_backlog(&self, now: SystemTime) -> Result<Backlog, Failure> {
        let borders = AGES.map(|age| -micros(now.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH)));
        let row: BacklogRow = sqlx::query_as(
            "WITH aged AS MATERIALIZED (
                 SELECT width_bucket(-first_enqueued, $1::bigint[]) AS age, count(*) AS number,
                        min(first_enqueued) AS oldest
                 FROM federate.pending GROUP BY 1)
             SELECT coalesce(sum(number), 0)::bigint AS pending, min(oldest) AS oldest,
                    coalesce(array_agg(age), '{}') AS ages, coalesce(array_agg(number), '{}') AS numbers,
                    (SELECT count(*) FROM federate.lanes l
                     WHERE EXISTS (SELECT 1 FROM federate.pending p WHERE p.lane = l.no)) AS hosts,
                    (SELECT count(*) FROM federate.lanes l JOIN federate.pending p ON p.lane = l.no
                     WHERE l.worker IS NOT NULL AND l.ready > $2 AND l.ready <= $3 AND p.due <= $2) AS in_flight
             FROM aged",
        )
        .bind(borders.as_slice())
        .bind(micros(now))
        .bind(micros(now + 2 * LEASE))
        .fetch_one(&self.pool)
        .await?;
        let mut backlog = Backlog::default();
        backlog.pending = unsigned(row.pending);
        backlog.hosts = unsigned(row.hosts);
        backlog.in_flight = unsigned(row.in_flight);
        backlog.oldest = row.oldest.map(time);
        fill(&mut backlog.by_age, row.ages, row.numbers);
        Ok(backlog)
    }

    pub(super) async fn read_dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, Failure> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT reason, count(*) FROM federate.dead GROUP BY reason
             ORDER BY count(*) DESC, reason COLLATE \"C\" LIMIT $1",
        )
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let reasons = rows
            .into_iter()
            .map(|(reason, number)| (reason, unsigned(number)));
        Ok(reasons.collect())
    }
}

impl WaitingRow {
    fn read(self) -> Waiting {
        let mut waiting = Waiting::new(self.host, time(self.oldest));
        waiting.pending = unsigned(self.pending);
        waiting.closed_until = self.closed_until.map(time);
        waiting.paused = self.paused;
        fill(&mut waiting.by_age, self.ages, self.numbers);
        if self.worker.is_some() {
            waiting.leased_until = self.ready.map(time);
        }
        waiting.worker = self.worker;
        waiting.in_flight = unsigned(self.in_flight);
        waiting
    }
}

fn fill(by_age: &mut [u64], ages: Vec<i32>, numbers: Vec<i64>) {
    for (age, number) in ages.into_iter().zip(numbers) {
        let place = usize::try_from(age).ok();
        if let Some(count) = place.and_then(|place| by_age.get_mut(place)) {
            *count = unsigned(number);
        }
    }
}
