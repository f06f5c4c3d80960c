//! Adding deliveries.

use super::{count, to_json, turn};
use crate::{backend::Files, error::Failure, time::micros};
use federate_store::Delivery;
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::SystemTime,
};

/// A batch as the statements take it: everything once.
pub(super) struct Batch {
    /// `[[activity, sender], ...]`
    activities: String,
    /// `[host, ...]`
    lanes: String,
    /// `[[inbox, host], ...]`
    inboxes: String,
    /// `[[activity, inbox, attempt, first_enqueued], ...]`
    deliveries: String,
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
        let mut ids = HashSet::with_capacity(batch.len());
        for delivery in batch {
            if !ids.insert((delivery.activity.as_str(), delivery.inbox.as_str())) {
                continue;
            }
            // In the order in which they came: their numbers are the order in which they go out.
            if known_activities.insert(delivery.activity.as_str()) {
                activities.push((delivery.activity.as_str(), delivery.sender.as_str()));
            }
            if !inboxes.contains_key(delivery.inbox.as_str()) {
                let lane = delivery.lane();
                inboxes.insert(delivery.inbox.as_str(), lane.clone());
                in_order.push((delivery.inbox.as_str(), lane.clone()));
                lanes.insert(lane);
            }
            deliveries.push((
                delivery.activity.as_str(),
                delivery.inbox.as_str(),
                delivery.attempt,
                micros(delivery.first_enqueued),
            ));
        }
        Self {
            activities: to_json(&activities),
            lanes: to_json(&lanes),
            inboxes: to_json(&in_order),
            deliveries: to_json(&deliveries),
            now: micros(now),
        }
    }
}

impl Files {
    pub(super) async fn insert_deliveries(&self, batch: &Batch) -> Result<(), Failure> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO federate_activities (iri, sender, enqueued)
             SELECT value ->> 0, value ->> 1, ?2 FROM json_each(?1) WHERE true
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
        let added = sqlx::query(
            "INSERT INTO federate_pending (lane, due, activity, inbox, attempt, first_enqueued)
             SELECT i.lane, 0, a.no, i.no, j.value ->> 2, j.value ->> 3
             FROM json_each(?1) j
             CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
             CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
             WHERE NOT EXISTS (SELECT 1 FROM federate_known k WHERE k.activity = a.no AND k.inbox = i.no)",
        )
        .bind(batch.deliveries.as_str())
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if added > 0 {
            sqlx::query(
                "INSERT INTO federate_known (activity, inbox, due)
                 SELECT a.no, i.no, 0
                 FROM json_each(?1) j
                 CROSS JOIN federate_activities a ON a.iri = j.value ->> 0
                 CROSS JOIN federate_inboxes i ON i.iri = j.value ->> 1
                 WHERE true ON CONFLICT (activity, inbox) DO NOTHING",
            )
            .bind(batch.deliveries.as_str())
            .execute(&mut *tx)
            .await?;
            let turn = turn(&mut tx).await?;
            // A lane that somebody holds learns of it at its next `due`, or when it is given back.
            sqlx::query(
                "UPDATE federate_lanes SET ready = coalesce(closed_until, ?2)
                 WHERE worker IS NULL AND (ready IS NULL OR ready > coalesce(closed_until, ?2))
                 AND host IN (SELECT value FROM json_each(?1))",
            )
            .bind(batch.lanes.as_str())
            .bind(turn)
            .execute(&mut *tx)
            .await?;
            count(&mut tx, "enqueued", added).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
