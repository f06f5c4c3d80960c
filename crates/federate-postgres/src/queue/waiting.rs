//! What an operator sees of what waits.

use super::unsigned;
use crate::{
    backend::Tables,
    error::Failure,
    time::{limit, micros, time},
};
use federate_store::{AGES, Waiting};
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
             SELECT l.host, l.closed_until, l.paused, w.pending, w.oldest, w.ages, w.numbers
             FROM waiting w JOIN federate.lanes l ON l.no = w.lane
             ORDER BY w.pending DESC, l.host LIMIT $2",
        )
        .bind(borders.as_slice())
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(WaitingRow::read).collect())
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
        for (age, number) in self.ages.into_iter().zip(self.numbers) {
            let place = usize::try_from(age).ok();
            if let Some(count) = place.and_then(|place| waiting.by_age.get_mut(place)) {
                *count = unsigned(number);
            }
        }
        waiting
    }
}
