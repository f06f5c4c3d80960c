//! Adding deliveries.

use super::{BEHIND, NOT_URGENT, URGENT, count, to_json, turn};
use crate::{backend::Files, error::Failure, time::micros};
use federate_store::{Delivery, OrderKey, Priority};
use sqlx::SqliteConnection;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::SystemTime,
};

/// A batch as the statements take it: everything once.
pub(super) struct Batch {
    /// `[[activity, sender, at once, order], ...]`
    activities: String,
    /// `[host, ...]`
    lanes: String,
    /// `[[inbox, host], ...]`
    inboxes: String,
    /// `[[activity, inbox, attempt, first_enqueued], ...]`: what is in no order, then what is in one, each activity by itself,
    /// as the second waits for the first.
    deliveries: Vec<String>,
    /// Hosts with something of high priority: `[host, ...]`.
    urgent: Option<String>,
    now: i64,
}

impl Batch {
    pub(super) fn new(batch: &[Delivery], now: SystemTime) -> Self {
        let mut known_activities = HashSet::new();
        let mut activities = Vec::new();
        let mut lanes = BTreeSet::new();
        let mut inboxes = BTreeMap::new();
        let mut in_order = Vec::new();
        let mut deliveries = Vec::with_capacity(batch.len());
        let mut ordered: Vec<(&str, Vec<_>)> = Vec::new();
        let mut urgent = BTreeSet::new();
        let mut ids = HashSet::with_capacity(batch.len());
        for delivery in batch {
            if !ids.insert((delivery.activity.as_str(), delivery.inbox.as_str())) {
                continue;
            }
            // In the order in which they came: their numbers are the order in which they go out.
            if known_activities.insert(delivery.activity.as_str()) {
                activities.push((
                    delivery.activity.as_str(),
                    delivery.sender.as_str(),
                    i64::from(delivery.priority.rank()) - 2,
                    delivery.order.map(OrderKey::to_stored),
                ));
            }
            if delivery.priority == Priority::High {
                urgent.insert(delivery.lane());
            }
            if !inboxes.contains_key(delivery.inbox.as_str()) {
                let lane = delivery.lane();
                inboxes.insert(delivery.inbox.as_str(), lane.clone());
                in_order.push((delivery.inbox.as_str(), lane.clone()));
                lanes.insert(lane);
            }
            let row = (
                delivery.activity.as_str(),
                delivery.inbox.as_str(),
                delivery.attempt,
                micros(delivery.first_enqueued),
            );
            match ordered.last_mut() {
                _ if delivery.order.is_none() => deliveries.push(row),
                Some((activity, rows)) if *activity == row.0 => rows.push(row),
                _ => ordered.push((row.0, vec![row])),
            }
        }
        let unordered = (!deliveries.is_empty()).then(|| to_json(&deliveries));
        let ordered = ordered.iter().map(|(_, rows)| to_json(rows));
        Self {
            activities: to_json(&activities),
            lanes: to_json(&lanes),
            inboxes: to_json(&in_order),
            deliveries: unordered.into_iter().chain(ordered).collect(),
            urgent: (!urgent.is_empty()).then(|| to_json(&urgent)),
            now: micros(now),
        }
    }
}

impl Files {
    pub(super) async fn insert_deliveries(&self, batch: &Batch) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO federate_activities (iri, sender, enqueued, at_once, ordered)
             SELECT value ->> 0, value ->> 1, ?2, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
             ON CONFLICT (iri) DO NOTHING",
        )
        .bind(batch.activities.as_str())
        .bind(batch.now)
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO federate_lanes (host) SELECT value FROM json_each(?1) WHERE true
             ON CONFLICT (host) DO NOTHING",
        )
        .bind(batch.lanes.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO federate_inboxes (iri, lane)
             SELECT j.value ->> 0, l.no FROM json_each(?1) j CROSS JOIN federate_lanes l ON l.host = j.value ->> 1
             WHERE true ON CONFLICT (iri) DO NOTHING",
        )
        .bind(batch.inboxes.as_str())
        .execute(&mut *tx)
        .await?;
        let mut added = 0;
        for deliveries in &batch.deliveries {
            added += add(&mut tx, deliveries).await?;
        }
        if added > 0 {
            let turn = turn(&mut tx).await?;
            // A lane that somebody holds learns of it at its next `due`, or when it is given back.
            sqlx::query(
                "UPDATE federate_lanes SET ready = coalesce(closed_until, ?2)
                 WHERE worker IS NULL AND paused = 0 AND (ready IS NULL OR ready > coalesce(closed_until, ?2))
                 AND host IN (SELECT value FROM json_each(?1))",
            )
            .bind(batch.lanes.as_str())
            .bind(turn)
            .execute(&mut *tx)
            .await?;
            if let Some(urgent) = &batch.urgent {
                sqlx::query(
                    "UPDATE federate_lanes SET ready = ?2
                     WHERE worker IS NULL AND closed_until IS NULL AND paused = 0 AND ready > ?3
                     AND host IN (SELECT value FROM json_each(?1))",
                )
                .bind(urgent.as_str())
                .bind(turn - URGENT)
                .bind(NOT_URGENT)
                .execute(&mut *tx)
                .await?;
            }
            count(&mut tx, "enqueued", added).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Adds deliveries of which nobody knows yet. How many.
async fn add(connection: &mut SqliteConnection, deliveries: &str) -> Result<u64, sqlx::Error> {
    let added = sqlx::query(
        "INSERT INTO federate_pending (lane, due, activity, inbox, attempt, first_enqueued, ordered)
         SELECT i.lane,
                CASE WHEN a.ordered IS NOT NULL AND EXISTS (
                         SELECT 1 FROM federate_pending p WHERE p.inbox = i.no AND p.ordered = a.ordered)
                     THEN ?2 ELSE a.at_once END,
                a.no, i.no, j.value ->> 2, j.value ->> 3, a.ordered
         FROM json_each(?1) j
         CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
         CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
         WHERE NOT EXISTS (SELECT 1 FROM federate_known k WHERE k.activity = a.no AND k.inbox = i.no)",
    )
    .bind(deliveries)
    .bind(BEHIND)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    if added > 0 {
        // Of two in one order, the first is known already, and the second not yet.
        sqlx::query(
            "INSERT INTO federate_known (activity, inbox, due)
             SELECT a.no, i.no,
                    CASE WHEN a.ordered IS NOT NULL AND EXISTS (
                             SELECT 1 FROM federate_pending p
                             WHERE p.inbox = i.no AND p.ordered = a.ordered AND p.activity <> a.no)
                         THEN ?2 ELSE a.at_once END
             FROM json_each(?1) j
             CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
             CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
             WHERE true ON CONFLICT (activity, inbox) DO NOTHING",
        )
        .bind(deliveries)
        .bind(BEHIND)
        .execute(connection)
        .await?;
    }
    Ok(added)
}
