//! Writing down what became of deliveries.

use super::{count, lanes::owned, to_json};
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

/// Takes deliveries out of a lane. How many were in it.
async fn remove(connection: &mut SqliteConnection, lane: i64, ids: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "DELETE FROM federate_pending WHERE (lane, due, activity, inbox) IN (
             SELECT ?1, k.due, k.activity, k.inbox
             FROM json_each(?2) j
             CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
             CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
             CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no)",
    )
    .bind(lane)
    .bind(ids)
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// Moves rows to their new time, then says in `federate_known` where they are.
async fn put_off(connection: &mut SqliteConnection, lane: i64, retried: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE federate_pending SET due = r.at, attempt = attempt + 1, reason = r.reason
         FROM (SELECT k.due AS due, k.activity AS activity, k.inbox AS inbox,
                      j.value ->> 2 AS at, j.value ->> 3 AS reason
               FROM json_each(?2) j
               CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
               CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
               CROSS JOIN federate_known k ON k.activity = a.no AND k.inbox = i.no) r
         WHERE federate_pending.lane = ?1 AND federate_pending.due = r.due
           AND federate_pending.activity = r.activity AND federate_pending.inbox = r.inbox",
    )
    .bind(lane)
    .bind(retried)
    .execute(&mut *connection)
    .await?;
    // Only what is really there: a delivery of another lane must stay findable where it is.
    sqlx::query(
        "UPDATE federate_known SET due = r.at
         FROM (SELECT a.no AS activity, i.no AS inbox, j.value ->> 2 AS at
               FROM json_each(?2) j
               CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
               CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1) r
         WHERE federate_known.activity = r.activity AND federate_known.inbox = r.inbox
           AND EXISTS (SELECT 1 FROM federate_pending p
                       WHERE p.lane = ?1 AND p.due = r.at AND p.activity = r.activity AND p.inbox = r.inbox)",
    )
    .bind(lane)
    .bind(retried)
    .execute(connection)
    .await?;
    Ok(())
}
