//! Writing down what became of deliveries.

use super::{count, lanes::owned, order, to_json};
use crate::{backend::Files, error::Failure, time::micros};
use federate_store::{DeliveryId, Lane, Settled, shorten};
use sqlx::SqliteConnection;
use std::time::SystemTime;

/// Outcomes as the statements take them; empty where there are none.
pub(super) struct Outcomes {
    /// `[[activity, inbox], ...]`
    delivered: Option<String>,
    /// `[[activity, inbox, at, reason], ...]`
    retried: Option<String>,
    /// `[[activity, inbox, reason], ...]`
    dead: Option<String>,
}

impl Outcomes {
    pub(super) fn new(outcomes: &[(DeliveryId, Settled)]) -> Self {
        let (mut delivered, mut retried, mut dead) = (Vec::new(), Vec::new(), Vec::new());
        for (id, settled) in outcomes {
            let (activity, inbox) = id.parts();
            match settled {
                Settled::Delivered => delivered.push((activity, inbox)),
                Settled::Retry { at, reason } => {
                    retried.push((activity, inbox, micros(*at), shorten(reason)));
                }
                Settled::Dead { reason } => dead.push((activity, inbox, shorten(reason))),
                other => tracing::error!(?other, "an outcome that this release does not know: left pending"),
            }
        }
        Self {
            delivered: (!delivered.is_empty()).then(|| to_json(&delivered)),
            retried: (!retried.is_empty()).then(|| to_json(&retried)),
            dead: (!dead.is_empty()).then(|| to_json(&dead)),
        }
    }
}

impl Files {
    pub(super) async fn write_outcomes(
        &self,
        lane: &Lane,
        outcomes: &Outcomes,
        now: SystemTime,
    ) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        let lane = owned(&mut tx, lane).await?;
        if let Some(delivered) = &outcomes.delivered {
            let gone = remove(&mut tx, lane, delivered).await?;
            count(&mut tx, "delivered", gone).await?;
        }
        if let Some(dead) = &outcomes.dead {
            sqlx::query(
                "INSERT INTO federate_dead (activity, inbox, attempt, first_enqueued, died, reason)
                 SELECT p.activity, p.inbox, p.attempt + 1, p.first_enqueued, ?3, j.value ->> 2
                 FROM json_each(?2) j
                 CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
                 CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
                 CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no
                 CROSS JOIN federate_pending p
                     ON p.lane = ?1 AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox
                 WHERE true ON CONFLICT (activity, inbox) DO NOTHING",
            )
            .bind(lane)
            .bind(dead.as_str())
            .bind(micros(now))
            .execute(&mut *tx)
            .await?;
            remove(&mut tx, lane, dead).await?;
        }
        if let Some(retried) = &outcomes.retried {
            put_off(&mut tx, lane, retried).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Takes deliveries out of a lane, for good, and lets go what waited for them. How many were in it.
async fn remove(connection: &mut SqliteConnection, lane: i64, ids: &str) -> Result<u64, sqlx::Error> {
    let gone = take_out(connection, lane, ids).await?;
    order::next(connection, &gone).await?;
    Ok(u64::try_from(gone.len()).unwrap_or(u64::MAX))
}

async fn take_out(
    connection: &mut SqliteConnection,
    lane: i64,
    ids: &str,
) -> Result<Vec<order::Line>, sqlx::Error> {
    sqlx::query_as(
        "DELETE FROM federate_pending WHERE (lane, due, activity, inbox) IN (
             SELECT ?1, k.due, k.activity, k.inbox
             FROM json_each(?2) j
             CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
             CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
             CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no)
         RETURNING inbox, ordered",
    )
    .bind(lane)
    .bind(ids)
    .fetch_all(connection)
    .await
}

/// A delivery to put off: activity, inbox, attempt, first enqueued, when, why, its order.
type PutOff = (i64, i64, i64, i64, i64, String, Option<i64>);

/// Moves rows to their new time, and says in `federate_known` where they are now.
///
/// The time is part of the key. `UPDATE ... FROM` would read the whole lane for each row, so they are taken out and
/// put in again.
async fn put_off(connection: &mut SqliteConnection, lane: i64, retried: &str) -> Result<(), sqlx::Error> {
    let mut rows: Vec<PutOff> = sqlx::query_as(
        "SELECT p.activity, p.inbox, p.attempt + 1, p.first_enqueued, j.value ->> 2, j.value ->> 3, p.ordered
         FROM json_each(?2) j
         CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
         CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
         CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no
         CROSS JOIN federate_pending p
             ON p.lane = ?1 AND p.due = k.due AND p.activity = k.activity AND p.inbox = k.inbox",
    )
    .bind(lane)
    .bind(retried)
    .fetch_all(&mut *connection)
    .await?;
    // One that was named twice is one row all the same.
    rows.sort_unstable();
    rows.dedup_by_key(|row| (row.0, row.1));
    // What waits for it waits on.
    take_out(connection, lane, retried).await?;
    let rows = to_json(&rows);
    sqlx::query(
        "INSERT INTO federate_pending (lane, due, activity, inbox, attempt, first_enqueued, reason, ordered)
         SELECT ?1, value ->> 4, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 5, value ->> 6
         FROM json_each(?2)",
    )
    .bind(lane)
    .bind(rows.as_str())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "INSERT INTO federate_known (activity, inbox, due)
         SELECT value ->> 0, value ->> 1, value ->> 4 FROM json_each(?1) WHERE true
         ON CONFLICT (activity, inbox) DO UPDATE SET due = excluded.due",
    )
    .bind(rows.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
