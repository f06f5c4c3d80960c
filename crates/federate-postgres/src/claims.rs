//! Claims: who has which shard of what was received in hand.
//!
//! They need not survive the death of the server, in which they would only keep others waiting: no commit of them waits for
//! the disk, but of one that says what is done without a mark.

use crate::{
    backend::Tables,
    error::Failure,
    sql::text,
    time::{limit, micros},
};
use federate_store::{Claim, Claimed, Ending, LEASE, Pending, ReceivedId, Sealed, Settlement};
use sqlx::{PgConnection, PgExecutor};
use std::time::SystemTime;

/// Takes what is due and in nobody's hands, the oldest first, with its shards. $1: the worker; $2: at most so many; $3: now;
/// $4: a lease that ends later ended long ago; $5: when this one ends.
///
/// Nobody waits for anybody. That nobody else took a shard since this statement began shows its fence, which is read anew
/// when the row is locked; what is read of the activities is then still as it was.
const CLAIM: &str = "WITH held AS MATERIALIZED (
        SELECT shard FROM federate.shards WHERE worker IS NOT NULL AND until > $3 AND until <= $4),
    due AS MATERIALIZED (
        SELECT no, shard FROM (
            (SELECT no, shard FROM federate.received
             WHERE state = 0 AND due = 0 AND shard <> ALL (ARRAY(SELECT shard FROM held)) ORDER BY no LIMIT $2)
            UNION ALL
            (SELECT no, shard FROM federate.received
             WHERE state = 0 AND due > 0 AND due <= $3 AND shard <> ALL (ARRAY(SELECT shard FROM held))
             ORDER BY due LIMIT $2)) both_kinds
        ORDER BY no LIMIT $2),
    seen AS MATERIALIZED (
        SELECT shard, fence FROM federate.shards WHERE shard IN (SELECT shard FROM due)),
    locked AS MATERIALIZED (
        SELECT s.shard FROM federate.shards s JOIN seen ON s.shard = seen.shard AND s.fence = seen.fence
        FOR UPDATE OF s SKIP LOCKED),
    taken AS (
        UPDATE federate.shards s SET worker = $1, until = $5, fence = s.fence + 1
        FROM locked WHERE s.shard = locked.shard RETURNING s.shard, s.fence)
    SELECT r.id, r.attempt, r.sealed, taken.shard, taken.fence, set_config('synchronous_commit', 'off', true)
    FROM due JOIN taken USING (shard) JOIN federate.received r ON r.no = due.no ORDER BY r.no";

/// Gives a shard back, and puts away what is done. $1: the shard; $2: the fence; $3: the ids; $4: whether the commit
/// waits for the disk.
const FINISH: &str = "WITH mine AS (
        UPDATE federate.shards SET worker = NULL
        WHERE shard = $1 AND fence = $2 AND worker IS NOT NULL RETURNING 1),
    done AS (
        UPDATE federate.received SET state = 1, reason = NULL, sealed = NULL
        WHERE state = 0 AND id = ANY($3) AND EXISTS (SELECT 1 FROM mine))
    SELECT EXISTS (SELECT 1 FROM mine),
        CASE WHEN $4 THEN '' ELSE set_config('synchronous_commit', 'off', true) END";

type Row = (String, i32, Vec<u8>, i16, i64, String);

impl Tables {
    pub(crate) async fn claim_received(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Claimed>, Failure> {
        let rows: Vec<Row> = sqlx::query_as(CLAIM)
            .bind(worker)
            .bind(limit(max))
            .bind(micros(now))
            .bind(micros(now + 2 * LEASE))
            .bind(micros(now + LEASE))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(claimed).collect())
    }

    pub(crate) async fn renew_claims(&self, claims: &[Claim], now: SystemTime) -> Result<usize, Failure> {
        let shards: Vec<i16> = claims.iter().map(|claim| shard(*claim)).collect();
        let fences: Vec<i64> = claims.iter().map(|claim| claim.fence.cast_signed()).collect();
        let renewed = sqlx::query(
            "UPDATE federate.shards s SET until = $3 FROM unnest($1::smallint[], $2::bigint[]) mine (shard, fence)
             WHERE s.shard = mine.shard AND s.fence = mine.fence AND s.worker IS NOT NULL",
        )
        .bind(shards)
        .bind(fences)
        .bind(micros(now + LEASE))
        .execute(&self.pool)
        .await?;
        Ok(usize::try_from(renewed.rows_affected()).unwrap_or(usize::MAX))
    }

    pub(crate) async fn finish_claim(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
        unmarked: &[ReceivedId],
    ) -> Result<bool, Failure> {
        let marked = endings.iter().filter(|(_, ending)| ending.is_done());
        let done = marked.map(|(id, _)| id).chain(unmarked);
        let done: Vec<&str> = done.map(ReceivedId::as_str).collect();
        if endings.iter().all(|(_, ending)| ending.is_done()) {
            let wait = match unmarked.is_empty() {
                true => Wait::No,
                false => Wait::ForTheDisk,
            };
            return Ok(finish(&self.pool, claim, &done, wait).await?);
        }
        let mut tx = self.pool.begin().await?;
        if !finish(&mut *tx, claim, &done, Wait::ForTheDisk).await? {
            tx.rollback().await?;
            return Ok(false);
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

    pub(crate) async fn reclaim_shards(&self, worker: &str) -> Result<usize, Failure> {
        let freed = sqlx::query("UPDATE federate.shards SET worker = NULL WHERE worker = $1")
            .bind(worker)
            .execute(&self.pool)
            .await?;
        Ok(usize::try_from(freed.rows_affected()).unwrap_or(usize::MAX))
    }
}

fn shard(claim: Claim) -> i16 {
    i16::try_from(claim.shard).unwrap_or(i16::MAX)
}

fn claimed((id, attempt, sealed, shard, fence, _): Row) -> Claimed {
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    ForTheDisk,
    No,
}

/// Whether the claim held.
async fn finish(
    on: impl PgExecutor<'_>,
    claim: Claim,
    done: &[&str],
    wait: Wait,
) -> Result<bool, sqlx::Error> {
    let (mine, _): (bool, String) = sqlx::query_as(FINISH)
        .bind(shard(claim))
        .bind(claim.fence.cast_signed())
        .bind(done)
        .bind(wait == Wait::ForTheDisk)
        .fetch_one(on)
        .await?;
    Ok(mine)
}

pub(crate) async fn put_off(
    connection: &mut PgConnection,
    id: &ReceivedId,
    at: SystemTime,
    reason: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE federate.received SET due = $2, attempt = attempt + 1, reason = $3 WHERE id = $1 AND state = 0",
    )
    .bind(id.as_str())
    .bind(micros(at))
    .bind(text(reason))
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts no run.
async fn postpone(connection: &mut PgConnection, id: &ReceivedId, at: SystemTime) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE federate.received SET due = $2 WHERE id = $1 AND state = 0")
        .bind(id.as_str())
        .bind(micros(at))
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn end(
    connection: &mut PgConnection,
    id: &ReceivedId,
    settlement: &Settlement,
) -> Result<(), sqlx::Error> {
    let query = match settlement {
        Settlement::Dead { reason } => {
            sqlx::query("UPDATE federate.received SET state = 2, reason = $2 WHERE id = $1 AND state = 0")
                .bind(id.as_str())
                .bind(text(reason))
        }
        _ => sqlx::query(
            "UPDATE federate.received SET state = 1, reason = NULL, sealed = NULL WHERE id = $1 AND state = 0",
        )
        .bind(id.as_str()),
    };
    query.execute(connection).await?;
    Ok(())
}
