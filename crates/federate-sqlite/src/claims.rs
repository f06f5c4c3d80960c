//! Claims: who has which shard of what was received in hand.
//!
//! They need not survive the loss of power, which no worker does. So they are written over a connection of their own that does
//! not wait for the disk: a claim would cost as much as the activity that it is for.

use crate::{
    backend::Files,
    clean,
    error::Failure,
    time::{limit, micros},
};
use federate_store::{Claim, Claimed, Ending, LEASE, Pending, ReceivedId, Sealed, Settlement, shorten};
use sqlx::{SqliteConnection, SqlitePool, pool::PoolConnection};
use std::time::SystemTime;

/// What is due and in nobody's hands, the oldest first. ?1: at most so many; ?2: now; ?3: a lease that ends later ended long ago.
const FREE: &str = "WITH held (shard) AS MATERIALIZED (
        SELECT shard FROM federate_shards WHERE worker IS NOT NULL AND until > ?2 AND until <= ?3)
    SELECT no, shard FROM (
        SELECT no, shard FROM (SELECT no, shard FROM federate_received INDEXED BY federate_received_turn
            WHERE state = 0 AND due = 0 AND shard NOT IN held ORDER BY no LIMIT ?1)
        UNION ALL
        SELECT no, shard FROM (SELECT no, shard FROM federate_received INDEXED BY federate_received_turn
            WHERE state = 0 AND due > 0 AND due <= ?2 AND shard NOT IN held ORDER BY due LIMIT ?1))
    ORDER BY no LIMIT ?1";

impl Files {
    pub(crate) async fn claim_received(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Claimed>, Failure> {
        // Whoever finds nothing takes no lock for it.
        let found: Option<(i64, i64)> = free(&self.read, 1, now).await?.pop();
        if found.is_none() {
            return Ok(Vec::new());
        }
        let _turn = self.turn().await?;
        let mut tx = self.loose.begin_with("BEGIN IMMEDIATE").await?;
        let rows = free(&mut *tx, max, now).await?;
        let shards: Vec<i64> = rows.iter().map(|(_, shard)| *shard).collect();
        let numbers: Vec<i64> = rows.iter().map(|(number, _)| *number).collect();
        sqlx::query(
            "UPDATE federate_shards SET worker = ?2, until = ?3, fence = fence + 1
             WHERE shard IN (SELECT value FROM json_each(?1))",
        )
        .bind(serde_json::Value::from(shards).to_string())
        .bind(worker)
        .bind(micros(now + LEASE))
        .execute(&mut *tx)
        .await?;
        let rows: Vec<(String, i64, Vec<u8>, i64, i64)> = sqlx::query_as(
            "SELECT r.id, r.attempt, r.sealed, s.shard, s.fence
             FROM json_each(?1) n CROSS JOIN federate_received r ON r.no = n.value
             JOIN federate_shards s ON s.shard = r.shard ORDER BY r.no",
        )
        .bind(serde_json::Value::from(numbers).to_string())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(claimed).collect())
    }

    pub(crate) async fn renew_claims(&self, claims: &[Claim], now: SystemTime) -> Result<usize, Failure> {
        let _turn = self.turn().await?;
        let mut tx = self.loose.begin_with("BEGIN IMMEDIATE").await?;
        let mut hold = 0;
        for claim in claims {
            let renewed = sqlx::query(
                "UPDATE federate_shards SET until = ?3 WHERE shard = ?1 AND fence = ?2 AND worker IS NOT NULL",
            )
            .bind(i64::from(claim.shard))
            .bind(claim.fence.cast_signed())
            .bind(micros(now + LEASE))
            .execute(&mut *tx)
            .await?;
            hold += usize::from(renewed.rows_affected() > 0);
        }
        tx.commit().await?;
        Ok(hold)
    }

    pub(crate) async fn finish_claim(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
    ) -> Result<bool, Failure> {
        if !endings.iter().all(|(_, ending)| ending.is_done()) {
            return finish(&self.write, claim, endings).await;
        }
        let _turn = self.turn().await?;
        finish(&self.loose, claim, endings).await
    }

    pub(crate) async fn reclaim_shards(&self, worker: &str) -> Result<usize, Failure> {
        let _turn = self.turn().await?;
        let freed = sqlx::query("UPDATE federate_shards SET worker = NULL WHERE worker = ?1")
            .bind(worker)
            .execute(&self.loose)
            .await?;
        Ok(usize::try_from(freed.rows_affected()).unwrap_or(usize::MAX))
    }

    /// Its turn to write, in this process: a queue is fairer than the locks of SQLite, which would let the two connections wait
    /// for each other by chance. In memory both are the same one.
    async fn turn(&self) -> Result<Option<PoolConnection<sqlx::Sqlite>>, Failure> {
        Ok(match self.is_on_disk {
            true => Some(clean::acquire(&self.write).await?),
            false => None,
        })
    }
}

async fn free(
    on: impl sqlx::SqliteExecutor<'_>,
    max: usize,
    now: SystemTime,
) -> Result<Vec<(i64, i64)>, Failure> {
    let rows = sqlx::query_as(FREE)
        .bind(limit(max))
        .bind(micros(now))
        .bind(micros(now + 2 * LEASE))
        .fetch_all(on)
        .await?;
    Ok(rows)
}

fn claimed((id, attempt, sealed, shard, fence): (String, i64, Vec<u8>, i64, i64)) -> Claimed {
    Claimed {
        pending: Pending {
            id: ReceivedId::from_stored(id),
            sealed: Sealed::from_bytes(sealed),
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        },
        claim: Some(Claim {
            shard: u16::try_from(shard).unwrap_or(0),
            fence: fence.cast_unsigned(),
        }),
    }
}

async fn finish(pool: &SqlitePool, claim: Claim, endings: &[(ReceivedId, Ending)]) -> Result<bool, Failure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let given_back = sqlx::query(
        "UPDATE federate_shards SET worker = NULL WHERE shard = ?1 AND fence = ?2 AND worker IS NOT NULL",
    )
    .bind(i64::from(claim.shard))
    .bind(claim.fence.cast_signed())
    .execute(&mut *tx)
    .await?;
    if given_back.rows_affected() == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    let done = endings.iter().filter(|(_, ending)| ending.is_done());
    let done: Vec<&str> = done.map(|(id, _)| id.as_str()).collect();
    if !done.is_empty() {
        sqlx::query(
            "UPDATE federate_received SET state = 1, reason = NULL, sealed = NULL
             WHERE state = 0 AND id IN (SELECT value FROM json_each(?1))",
        )
        .bind(serde_json::Value::from(done).to_string())
        .execute(&mut *tx)
        .await?;
    }
    for (id, ending) in endings {
        match ending {
            Ending::Settled(Settlement::Done) => {}
            Ending::Settled(settlement) => end(&mut tx, id, settlement).await?,
            Ending::Again { at, reason } => put_off(&mut tx, id, *at, reason).await?,
            Ending::Later { at } => postpone(&mut tx, id, *at).await?,
        }
    }
    tx.commit().await?;
    Ok(true)
}

pub(crate) async fn put_off(
    connection: &mut SqliteConnection,
    id: &ReceivedId,
    at: SystemTime,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE federate_received SET due = ?2, attempt = attempt + 1, reason = ?3 WHERE id = ?1 AND state = 0",
    )
    .bind(id.as_str())
    .bind(micros(at))
    .bind(shorten(reason))
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts no run.
async fn postpone(
    connection: &mut SqliteConnection,
    id: &ReceivedId,
    at: SystemTime,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE federate_received SET due = ?2 WHERE id = ?1 AND state = 0")
        .bind(id.as_str())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn end(
    connection: &mut SqliteConnection,
    id: &ReceivedId,
    settlement: &Settlement,
) -> Result<(), sqlx::Error> {
    let query = match settlement {
        Settlement::Dead { reason } => {
            sqlx::query("UPDATE federate_received SET state = 2, reason = ?2 WHERE id = ?1 AND state = 0")
                .bind(id.as_str())
                .bind(shorten(reason))
        }
        _ => sqlx::query(
            "UPDATE federate_received SET state = 1, reason = NULL, sealed = NULL WHERE id = ?1 AND state = 0",
        )
        .bind(id.as_str()),
    };
    query.execute(connection).await?;
    Ok(())
}
