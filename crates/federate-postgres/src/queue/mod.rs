//! The queue of deliveries.
//!
//! # Locks
//!
//! Whoever changes what is pending in a lane holds the lane's row, and takes several of them in the order of their
//! numbers, as the first locks of its transaction. The exception is `enqueue`, which adds rows first and takes
//! the lanes last, so that a large batch stops no worker: nobody who holds a lane waits for what it added. So no two
//! transactions can wait for each other; were PostgreSQL to find that they do, the operation is repeated.
//!
//! What is computed of a lane's pending rows (when it is ready) is computed by a statement that began after the lane was
//! locked, or that finds the lane as it was when it began: else it would see the rows as they were before it waited.
//! So whoever adds pending rows, or makes one due, writes the lane's row too. The same holds for what is the first of a
//! [line](order).

mod due;
mod enqueue;
mod inspect;
mod lanes;
mod operator;
mod order;
mod settle;
mod waiting;

use crate::{backend::Tables, error::retrying};
use federate_store::{
    Backlog, Counts, DeadLetter, DeadPage, Delivery, DeliveryId, DeliveryQueue, Inspection, Iri, Lane,
    Settled, Settling, StoreError, Waiting,
};
use sqlx::PgConnection;
use std::time::SystemTime;

#[federate_store::async_trait]
impl DeliveryQueue for Tables {
    async fn enqueue(&self, batch: &[Delivery], now: SystemTime) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let batch = enqueue::Batch::new(batch, now);
        if retrying!(self.insert_deliveries(&batch))? {
            self.notifier.tell();
        }
        Ok(())
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
        if retrying!(self.release_lanes(lanes))? {
            self.notifier.tell();
        }
        Ok(())
    }

    async fn renew_all(&self, lanes: &[Lane], now: SystemTime) -> Result<Vec<Option<Lane>>, StoreError> {
        retrying!(self.renew_lanes(lanes, now))
    }

    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        let ended = retrying!(self.end_leases(worker))?;
        if ended > 0 {
            self.notifier.tell();
        }
        Ok(ended)
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
        let revived = retrying!(self.revive(ids, now))?;
        if revived > 0 {
            self.notifier.tell();
        }
        Ok(revived)
    }

    async fn discard_dead(&self, ids: &[DeliveryId]) -> Result<u64, StoreError> {
        retrying!(self.discard(ids))
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
        if retrying!(self.resume_lane(host))? {
            self.notifier.tell();
        }
        Ok(())
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
        retrying!(self.read_unsettled(&ids))
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        retrying!(self.forget_activities(before, max))
    }
}

/// A number for what becomes ready now: it only ever grows and is below every time, so that a clock that
/// jumps neither holds up what is new nor changes its order.
macro_rules! turn {
    () => {
        "(nextval('federate.turns') - 4611686018427387904)"
    };
}
use turn;

/// What is taken from the turn of a lane with something of high priority that is due at once: so all of those are below
/// all others.
macro_rules! urgent {
    () => {
        "2305843009213693952"
    };
}
use urgent;

/// The border between the turns of lanes with something of high priority and those of the rest.
macro_rules! not_urgent {
    () => {
        "-4611686018427387904"
    };
}
use not_urgent;

/// When a delivery is due that waits for another of its order: when that one is settled.
macro_rules! behind {
    () => {
        "9223372036854775807"
    };
}
use behind;

/// Locks these lanes, in order.
async fn lock(connection: &mut PgConnection, lanes: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT no FROM federate.lanes WHERE no = ANY($1) ORDER BY no FOR NO KEY UPDATE")
        .bind(lanes)
        .execute(connection)
        .await?;
    Ok(())
}

/// When a lane `l` that nobody holds may be leased: an expression.
macro_rules! readiness {
    () => {
        concat!(
            "(SELECT CASE WHEN p.due IS NULL OR l.paused THEN NULL
                          WHEN l.closed_until IS NOT NULL THEN greatest(l.closed_until, p.due)
                          WHEN p.urgent THEN ",
            turn!(),
            " - ",
            urgent!(),
            "             WHEN p.due = 0 THEN ",
            turn!(),
            "             ELSE p.due END
              FROM (SELECT min(first.due) AS due, bool_or(first.due = 0 AND class.priority = 0) AS urgent
                    FROM unnest('{0,1,2}'::smallint[]) class (priority)
                    CROSS JOIN LATERAL (
                        SELECT due FROM federate.pending
                        WHERE lane = l.no AND priority = class.priority AND due < ",
            behind!(),
            "           ORDER BY due LIMIT 1) first) p)"
        )
    };
}
use readiness;

/// Says anew when lanes that nobody holds may be leased. They must be locked already. Whether one is ready at once.
async fn make_ready(connection: &mut PgConnection, lanes: &[i64]) -> Result<bool, sqlx::Error> {
    let ready: Vec<Option<bool>> = sqlx::query_scalar(concat!(
        "UPDATE federate.lanes l SET ready = ",
        readiness!(),
        " WHERE l.no = ANY($1) AND l.worker IS NULL RETURNING l.ready < 0"
    ))
    .bind(lanes)
    .fetch_all(connection)
    .await?;
    Ok(ready.contains(&Some(true)))
}

/// Says anew of all lanes that nobody holds when they may be leased.
pub(crate) async fn ready_all(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let lanes: Vec<i64> = sqlx::query_scalar("SELECT no FROM federate.lanes ORDER BY no FOR NO KEY UPDATE")
        .fetch_all(&mut *connection)
        .await?;
    make_ready(connection, &lanes).await?;
    Ok(())
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Delivery ids as two columns: activities and inboxes.
fn columns(ids: &[DeliveryId]) -> (Vec<&str>, Vec<&str>) {
    ids.iter().map(DeliveryId::parts).unzip()
}

/// A lane's fence as its column takes it.
fn fence(lane: &Lane) -> i64 {
    i64::try_from(lane.fence).unwrap_or(i64::MAX)
}

/// The answer about the one lane that was asked about.
fn only<T>(answers: Vec<Option<T>>) -> Result<T, StoreError> {
    answers
        .into_iter()
        .next()
        .flatten()
        .ok_or_else(StoreError::fenced)
}
