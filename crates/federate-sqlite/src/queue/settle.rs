//! Writing down what became of deliveries.

use super::{count, lanes::owned, order, to_json};
use crate::{backend::Files, error::Failure, time::micros};
use federate_store::{Settled, Settling, shorten};
use sqlx::SqliteConnection;
use std::time::SystemTime;

/// Outcomes as the statements take them, each with the number of its lane; empty where there are none.
#[derive(Default)]
struct Outcomes<'a> {
    /// `[[lane, activity, inbox], ...]`
    delivered: Vec<(i64, &'a str, &'a str)>,
    /// `[[lane, activity, inbox, reason, at], ...]`
    retried: Vec<(i64, &'a str, &'a str, &'a str, i64)>,
    /// `[[lane, activity, inbox, reason], ...]`
    dead: Vec<(i64, &'a str, &'a str, &'a str)>,
}

impl<'a> Outcomes<'a> {
    /// Those of the lanes that have a number: the others are somebody else's.
    fn new(batch: &'a [Settling], numbers: &[Option<i64>]) -> Self {
        let mut all = Self::default();
        for (settling, lane) in batch.iter().zip(numbers) {
            let Some(lane) = *lane else { continue };
            for (id, settled) in &settling.outcomes {
                let (activity, inbox) = id.parts();
                match settled {
                    Settled::Delivered => all.delivered.push((lane, activity, inbox)),
                    Settled::Retry { at, reason } => {
                        all.retried
                            .push((lane, activity, inbox, shorten(reason), micros(*at)));
                    }
                    Settled::Dead { reason } => all.dead.push((lane, activity, inbox, shorten(reason))),
                    other => {
                        tracing::error!(?other, "an outcome that this release does not know: left pending");
                    }
                }
            }
        }
        all
    }
}

impl Files {
    /// For each lane whether it was the caller's.
    pub(super) async fn write_outcomes(
        &self,
        batch: &[Settling],
        now: SystemTime,
    ) -> Result<Vec<bool>, Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let numbers = owned(&mut tx, batch.iter().map(|settling| &settling.lane)).await?;
        let outcomes = Outcomes::new(batch, &numbers);
        if !outcomes.delivered.is_empty() {
            let gone = remove(&mut tx, &to_json(&outcomes.delivered)).await?;
            count(&mut tx, "delivered", gone).await?;
        }
        if !outcomes.dead.is_empty() {
            let dead = to_json(&outcomes.dead);
            sqlx::query(
                "INSERT INTO federate_dead (activity, inbox, attempt, first_enqueued, died, reason)
                 SELECT p.activity, p.inbox, p.attempt + 1, p.first_enqueued, ?2, j.value ->> 3
                 FROM json_each(?1) j
                 CROSS JOIN federate_activities a ON a.iri = j.value ->> 1
                 CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 2
                 CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no
                 CROSS JOIN federate_pending p
                     ON p.lane = j.value ->> 0 AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox
                 WHERE true ON CONFLICT (activity, inbox) DO NOTHING",
            )
            .bind(dead.as_str())
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
            remove(&mut tx, &dead).await?;
        }
        if !outcomes.retried.is_empty() {
            put_off(&mut tx, &to_json(&outcomes.retried)).await?;
        }
        tx.commit().await?;
        Ok(numbers.iter().map(Option::is_some).collect())
    }
}

/// Takes deliveries out of their lanes, for good, and lets go what waited for them. How many were in them.
async fn remove(connection: &mut SqliteConnection, rows: &str) -> Result<u64, sqlx::Error> {
    // In one row: each one crosses from the connection's thread by itself. Where nothing is in an order, nothing is looked up.
    let lines: Option<String> = sqlx::query_scalar(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM federate_pending WHERE ordered IS NOT NULL) THEN (
             SELECT json_group_array(json_array(inbox, ordered)) FROM (
                 SELECT DISTINCT p.inbox, p.ordered
                 FROM json_each(?1) j
                 CROSS JOIN federate_activities a ON a.iri = j.value ->> 1
                 CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 2
                 CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no
                 CROSS JOIN federate_pending p
                     ON p.lane = j.value ->> 0 AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox
                 WHERE p.ordered IS NOT NULL)) END",
    )
    .bind(rows)
    .fetch_one(&mut *connection)
    .await?;
    let gone = take_out(connection, rows).await?;
    if let Some(lines) = lines {
        order::next_of(connection, &lines).await?;
    }
    Ok(gone)
}

async fn take_out(connection: &mut SqliteConnection, rows: &str) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "DELETE FROM federate_pending WHERE (lane, due, activity, inbox) IN (
             SELECT j.value ->> 0, k.due, k.activity, k.inbox
             FROM json_each(?1) j
             CROSS JOIN federate_activities a ON a.iri = j.value ->> 1
             CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 2
             CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no)",
    )
    .bind(rows)
    .execute(connection)
    .await?;
    Ok(gone.rows_affected())
}

/// A delivery to put off: lane, activity, inbox, attempt, first enqueued, when, why, its order.
type PutOff = (i64, i64, i64, i64, i64, i64, String, Option<i64>);

/// Moves rows to their new time, and says in `federate_known` where they are now.
///
/// The time is part of the key. `UPDATE ... FROM` would read the whole lane for each row, so they are taken out and
/// put in again.
async fn put_off(connection: &mut SqliteConnection, retried: &str) -> Result<(), sqlx::Error> {
    let mut rows: Vec<PutOff> = sqlx::query_as(
        "SELECT p.lane, p.activity, p.inbox, p.attempt + 1, p.first_enqueued, j.value ->> 4, j.value ->> 3, p.ordered
         FROM json_each(?1) j
         CROSS JOIN federate_activities a ON a.iri = j.value ->> 1
         CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 2
         CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no
         CROSS JOIN federate_pending p
             ON p.lane = j.value ->> 0 AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox",
    )
    .bind(retried)
    .fetch_all(&mut *connection)
    .await?;
    // One that was named twice is one row all the same.
    rows.sort_unstable();
    rows.dedup_by_key(|row| (row.1, row.2));
    // What waits for it waits on.
    take_out(connection, retried).await?;
    let rows = to_json(&rows);
    sqlx::query(
        "INSERT INTO federate_pending (lane, activity, inbox, attempt, first_enqueued, due, reason, ordered)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
         FROM json_each(?1)",
    )
    .bind(rows.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO federate_known (activity, inbox, due)
         SELECT value ->> 1, value ->> 2, value ->> 5 FROM json_each(?1) WHERE true
         ON CONFLICT (activity, inbox) DO UPDATE SET due = excluded.due",
    )
    .bind(rows.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
