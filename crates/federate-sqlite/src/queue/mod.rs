//! The queue of deliveries, in a file of its own.
//!
//! Batches go into SQLite as one JSON text each and are taken apart there by `json_each`: one statement for a
//! thousand rows, where a thousand statements would each cross to the connection's thread and back.

mod due;
mod enqueue;
mod inspect;
mod lanes;
mod operator;
mod order;
mod settle;
mod waiting;

use crate::{
    backend::Files,
    error::{Failure, retrying},
};
use federate_store::{
    Backlog, Counts, DeadLetter, DeadPage, Delivery, DeliveryId, DeliveryQueue, Inspection, Iri, Lane,
    Settled, Settling, StoreError, Waiting,
};
use sqlx::SqliteConnection;
use std::time::SystemTime;

#[federate_store::async_trait]
impl DeliveryQueue for Files {
    async fn enqueue(&self, batch: &[Delivery], now: SystemTime) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch = enqueue::Batch::new(batch, now);
        retrying!(self.insert_deliveries(&batch))
    }

    async fn lease(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Lane>, StoreError> {
        if max == 0 {
            return Ok(Vec::new());
        }
        retrying!(self.lease_lanes(worker, max, now))
    }

    async fn renew(&self, lane: &Lane, now: SystemTime) -> Result<Lane, StoreError> {
        only(self.renew_all(std::slice::from_ref(lane), now).await?)
    }

    async fn due(&self, lane: &Lane, max: usize, now: SystemTime) -> Result<Vec<Delivery>, StoreError> {
        only(self.due_all(&[(lane.clone(), max)], now).await?)
    }

    async fn settle(
        &self,
        lane: &Lane,
        outcomes: &[(DeliveryId, Settled)],
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let settling = Settling {
            lane: lane.clone(),
            outcomes: outcomes.to_vec(),
        };
        let settled = self.settle_all(&[settling], now).await?;
        only(settled.into_iter().map(|owned| owned.then_some(())).collect())
    }

    async fn release(&self, lane: Lane, closed_until: Option<SystemTime>) -> Result<(), StoreError> {
        self.release_all(&[(lane, closed_until)]).await
    }

    async fn due_all(
        &self,
        lanes: &[(Lane, usize)],
        now: SystemTime,
    ) -> Result<Vec<Option<Vec<Delivery>>>, StoreError> {
        retrying!(self.read_due(lanes, now))
    }

    async fn settle_all(&self, batch: &[Settling], now: SystemTime) -> Result<Vec<bool>, StoreError> {
        retrying!(self.write_outcomes(batch, now))
    }

    async fn release_all(&self, lanes: &[(Lane, Option<SystemTime>)]) -> Result<(), StoreError> {
        retrying!(self.release_lanes(lanes))
    }

    async fn renew_all(&self, lanes: &[Lane], now: SystemTime) -> Result<Vec<Option<Lane>>, StoreError> {
        retrying!(self.renew_lanes(lanes, now))
    }

    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        retrying!(self.end_leases(worker))
    }

    async fn probe(&self, host: &str, at: SystemTime) -> Result<(), StoreError> {
        retrying!(self.open_earlier(host, at))
    }

    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        retrying!(self.earliest_lane())
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        retrying!(self.read_counts())
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadLetter>, StoreError> {
        retrying!(self.read_dead(max))
    }

    async fn retry_dead(&self, ids: &[DeliveryId], now: SystemTime) -> Result<u64, StoreError> {
        let ids = json(ids);
        retrying!(self.revive(&ids, now))
    }

    async fn discard_dead(&self, ids: &[DeliveryId]) -> Result<u64, StoreError> {
        let ids = json(ids);
        retrying!(self.discard(&ids))
    }

    async fn cancel(&self, host: &str) -> Result<u64, StoreError> {
        retrying!(self.cancel_lane(host))
    }

    async fn supersede(&self, activity: &Iri) -> Result<u64, StoreError> {
        retrying!(self.take_back(activity))
    }

    async fn pause(&self, host: &str) -> Result<(), StoreError> {
        retrying!(self.pause_lane(host))
    }

    async fn resume(&self, host: &str) -> Result<(), StoreError> {
        retrying!(self.resume_lane(host))
    }

    async fn waiting(&self, max: usize, now: SystemTime) -> Result<Vec<Waiting>, StoreError> {
        retrying!(self.read_waiting(max, now))
    }

    async fn backlog(&self, now: SystemTime) -> Result<Backlog, StoreError> {
        retrying!(self.read_backlog(now))
    }

    async fn dead_page(
        &self,
        host: Option<&str>,
        after: Option<&str>,
        max: usize,
    ) -> Result<DeadPage, StoreError> {
        let after: i64 = match after {
            None => 0,
            Some(cursor) => cursor.parse().map_err(StoreError::broken)?,
        };
        retrying!(self.read_dead_page(host, after, max))
    }

    async fn inspect(&self, id: &DeliveryId) -> Result<Inspection, StoreError> {
        retrying!(self.read_delivery(id))
    }

    async fn dead_by_reason(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        retrying!(self.read_dead_by_reason(max))
    }

    async fn dead_by_host(&self, max: usize) -> Result<Vec<(String, u64)>, StoreError> {
        retrying!(self.read_dead_by_host(max))
    }

    async fn unsettled(&self, activities: &[Iri]) -> Result<Vec<Iri>, StoreError> {
        let ids: Vec<&str> = activities.iter().map(Iri::as_str).collect();
        let ids = serde_json::Value::from(ids).to_string();
        retrying!(self.read_unsettled(&ids))
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        retrying!(self.forget_activities(before, max))
    }
}

/// The answer about the one lane that was asked about.
fn only<T>(answers: Vec<Option<T>>) -> Result<T, StoreError> {
    answers
        .into_iter()
        .next()
        .flatten()
        .ok_or_else(StoreError::fenced)
}

/// Deliveries as `[[activity, inbox], ...]`.
fn json(ids: &[DeliveryId]) -> String {
    let pairs: Vec<(&str, &str)> = ids.iter().map(DeliveryId::parts).collect();
    to_json(&pairs)
}

/// Lists of strings and numbers only: nothing in them can fail to be JSON.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "[]".to_owned())
}

/// When a delivery is due that waits for another of its order: when that one is settled.
pub(crate) const BEHIND: i64 = i64::MAX;

/// Below the turns of all lanes are those of lanes with something of high priority.
const URGENT: i64 = i64::MAX / 4;

/// Where the turns of urgent lanes end.
const NOT_URGENT: i64 = -(i64::MAX / 2);

/// A number for what becomes ready now: it only ever grows and is below every time, so that a clock that
/// jumps neither holds up what is new nor changes its order.
async fn turn(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let turn: i64 =
        sqlx::query_scalar("UPDATE federate_counters SET n = n + 1 WHERE name = 'turn' RETURNING n")
            .fetch_one(connection)
            .await?;
    Ok(turn.saturating_sub(i64::MAX / 2))
}

async fn count(connection: &mut SqliteConnection, name: &str, more: u64) -> Result<(), Failure> {
    if more > 0 {
        sqlx::query("UPDATE federate_counters SET n = n + ?2 WHERE name = ?1")
            .bind(name)
            .bind(i64::try_from(more).unwrap_or(i64::MAX))
            .execute(connection)
            .await?;
    }
    Ok(())
}

/// Says anew of all lanes that nobody holds when they may be leased.
pub(crate) async fn ready_all(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let turn = turn(connection).await?;
    let hosts: Vec<String> =
        sqlx::query_scalar("SELECT host FROM federate_lanes WHERE no IN (SELECT lane FROM federate_pending)")
            .fetch_all(&mut *connection)
            .await?;
    for host in &hosts {
        lanes::make_ready(connection, host, turn).await?;
    }
    Ok(())
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
