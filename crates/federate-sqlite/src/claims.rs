//! Claims: who has which shard of what was received in hand.
//!
//! They need not survive the loss of power, which no worker does. So they are written over a connection of their own that does
//! not wait for the disk: a claim would cost as much as the activity that it is for.

use crate::{
    backend::Files,
    clean,
    error::{Failure, retrying},
    time::{limit, micros},
    together::Together,
};
use federate_store::{
    Claim, Claimed, Ending, LEASE, Pending, ReceivedId, Sealed, Settlement, StoreError, shorten,
};
use sqlx::{SqliteConnection, SqlitePool, pool::PoolConnection};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::SystemTime,
};

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

/// Claims that wait to be given back; `false` is answered where somebody else has it.
pub(crate) type Finishes = Together<Finish, bool>;

/// A claim, and what became of what came with it.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    claim: Claim,
    endings: Vec<(ReceivedId, Ending)>,
}

impl Files {
    pub(crate) async fn claim_received(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Claimed>, Failure> {
        // Whoever finds nothing takes no lock for it.
        let found = free(&self.read, max, now).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let shards: Vec<i64> = found.iter().map(|(_, shard)| *shard).collect();
        let taken = {
            let _turn = self.turn().await?;
            take(&self.loose, worker, &shards, now).await?
        };
        // Somebody else may have had one of the shards in hand since, and given it back: what is done by now does not come any more.
        let numbers = found.iter().filter(|(_, shard)| taken.contains_key(shard));
        let numbers = numbers.map(|(number, _)| *number).collect();
        let claimed = self.read_claimed(numbers, &taken, now).await;
        let used = claimed.as_deref().unwrap_or_default();
        // Those that are not given back are free when their leases end. What was claimed must not wait for that too.
        if let Err(failure) = self.give_back(taken, used).await {
            let reason = StoreError::from(failure);
            tracing::warn!(%reason, "shards of which nothing came stay claimed until their leases end");
        }
        claimed
    }

    async fn read_claimed(
        &self,
        numbers: Vec<i64>,
        taken: &BTreeMap<i64, i64>,
        now: SystemTime,
    ) -> Result<Vec<Claimed>, Failure> {
        let rows: Vec<(String, i64, Vec<u8>, i64)> = sqlx::query_as(
            "SELECT r.id, r.attempt, r.sealed, r.shard
             FROM json_each(?1) n CROSS JOIN federate_received r ON r.no = n.value
             WHERE r.state = 0 AND r.due <= ?2 ORDER BY r.no",
        )
        .bind(serde_json::Value::from(numbers).to_string())
        .bind(micros(now))
        .fetch_all(&self.read)
        .await?;
        Ok(rows.into_iter().filter_map(|row| claimed(row, taken)).collect())
    }

    /// What nothing came of is in nobody's hands: nobody would finish it.
    async fn give_back(&self, mut taken: BTreeMap<i64, i64>, claimed: &[Claimed]) -> Result<(), Failure> {
        for claim in claimed.iter().filter_map(|one| one.claim) {
            taken.remove(&i64::from(claim.shard));
        }
        let empty = taken.into_iter().map(|(shard, fence)| Finish {
            claim: claim(shard, fence),
            endings: Vec::new(),
        });
        let empty: Vec<Finish> = empty.collect();
        if !empty.is_empty() {
            self.finish_claims(&empty).await?;
        }
        Ok(())
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

    /// Gives it back, with all that are given back meanwhile. `false`: somebody else has it, and nothing was written of it.
    pub(crate) async fn write_finish(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
    ) -> Result<bool, StoreError> {
        let finish = Finish {
            claim,
            endings: endings.to_vec(),
        };
        let files = self.clone();
        let write = move |finishes| finish_all(files.clone(), finishes);
        self.finishes.write(finish, write).await
    }

    pub(crate) async fn reclaim_shards(&self, worker: &str) -> Result<usize, Failure> {
        let _turn = self.turn().await?;
        let freed = sqlx::query("UPDATE federate_shards SET worker = NULL WHERE worker = ?1")
            .bind(worker)
            .execute(&self.loose)
            .await?;
        Ok(usize::try_from(freed.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn finish_claims(&self, finishes: &[Finish]) -> Result<Vec<bool>, Failure> {
        let mut endings = finishes.iter().flat_map(|one| &one.endings);
        if !endings.all(|(_, ending)| ending.is_done()) {
            return finish(&self.write, finishes).await;
        }
        let _turn = self.turn().await?;
        finish_done(&self.loose, finishes).await
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

/// Takes those of these shards that are in nobody's hands: their fences.
async fn take(
    pool: &SqlitePool,
    worker: &str,
    shards: &[i64],
    now: SystemTime,
) -> Result<BTreeMap<i64, i64>, Failure> {
    let taken: Vec<(i64, i64)> = sqlx::query_as(
        "UPDATE federate_shards SET worker = ?2, until = ?3, fence = fence + 1
         WHERE shard IN (SELECT value FROM json_each(?1)) AND (worker IS NULL OR until <= ?4 OR until > ?5)
         RETURNING shard, fence",
    )
    .bind(serde_json::Value::from(shards).to_string())
    .bind(worker)
    .bind(micros(now + LEASE))
    .bind(micros(now))
    .bind(micros(now + 2 * LEASE))
    .fetch_all(pool)
    .await?;
    Ok(taken.into_iter().collect())
}

fn claimed(
    (id, attempt, sealed, shard): (String, i64, Vec<u8>, i64),
    fences: &BTreeMap<i64, i64>,
) -> Option<Claimed> {
    let fence = *fences.get(&shard)?;
    Some(Claimed {
        pending: Pending {
            id: ReceivedId::from_stored(id),
            sealed: Sealed::from_bytes(sealed),
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        },
        claim: Some(claim(shard, fence)),
    })
}

fn claim(shard: i64, fence: i64) -> Claim {
    Claim {
        shard: u16::try_from(shard).unwrap_or(0),
        fence: fence.cast_unsigned(),
    }
}

async fn finish_all(
    files: Files,
    finishes: Vec<Finish>,
) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let held: Vec<bool> = retrying!(files.finish_claims(&finishes))?;
    Ok(held.into_iter().map(Ok).collect())
}

/// Gives back what was done with, in a transaction. Which were held; of those that were not nothing is written.
async fn finish(pool: &SqlitePool, finishes: &[Finish]) -> Result<Vec<bool>, Failure> {
    let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
    let held = release(&mut tx, finishes).await?;
    let finishes = finishes.iter().zip(&held).filter(|(_, held)| **held);
    for (id, ending) in finishes.flat_map(|(one, _)| &one.endings) {
        match ending {
            Ending::Settled(settlement) => end(&mut tx, id, settlement).await?,
            Ending::Again { at, reason } => put_off(&mut tx, id, *at, reason).await?,
            Ending::Later { at } => postpone(&mut tx, id, *at).await?,
        }
    }
    tx.commit().await?;
    Ok(held)
}

/// The same where all of it was handled, and marked: two statements and no transaction around them. Whoever dies between them leaves what
/// is done, and its shards to whoever comes when the leases end.
async fn finish_done(pool: &SqlitePool, finishes: &[Finish]) -> Result<Vec<bool>, Failure> {
    let mut connection = clean::acquire(pool).await?;
    let endings = finishes.iter().flat_map(|one| &one.endings);
    let done: Vec<&str> = endings.map(|(id, _)| id.as_str()).collect();
    if !done.is_empty() {
        sqlx::query(
            "UPDATE federate_received SET state = 1, reason = NULL, sealed = NULL
             WHERE state = 0 AND id IN (SELECT value FROM json_each(?1)) AND shard IN (
                 SELECT s.shard FROM json_each(?2) claim
                 JOIN federate_shards s ON s.shard = claim.value ->> 0 AND s.fence = claim.value ->> 1
                 WHERE s.worker IS NOT NULL)",
        )
        .bind(serde_json::Value::from(done).to_string())
        .bind(pairs(finishes))
        .execute(&mut *connection)
        .await?;
    }
    release(&mut connection, finishes).await
}

/// Which of them were held; they are in nobody's hands now.
async fn release(connection: &mut SqliteConnection, finishes: &[Finish]) -> Result<Vec<bool>, Failure> {
    let released: Vec<(i64, i64)> = sqlx::query_as(
        "UPDATE federate_shards SET worker = NULL FROM json_each(?1) AS claim
         WHERE shard = claim.value ->> 0 AND fence = claim.value ->> 1 AND worker IS NOT NULL
         RETURNING shard, fence",
    )
    .bind(pairs(finishes))
    .fetch_all(connection)
    .await?;
    let released: BTreeSet<[i64; 2]> = released
        .into_iter()
        .map(|(shard, fence)| [shard, fence])
        .collect();
    Ok(finishes
        .iter()
        .map(|one| released.contains(&pair(one.claim)))
        .collect())
}

fn pairs(finishes: &[Finish]) -> String {
    let pairs = finishes.iter().map(|one| pair(one.claim).to_vec());
    serde_json::Value::from_iter(pairs).to_string()
}

fn pair(claim: Claim) -> [i64; 2] {
    [i64::from(claim.shard), claim.fence.cast_signed()]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sqlite;
    use std::time::Duration;

    /// One of two shards is empty by the time that it is claimed, and cannot be given back.
    #[tokio::test]
    async fn what_was_claimed_is_there_though_an_empty_shard_is_not_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        for statement in [
            "INSERT INTO federate_received (id, received, sealed, shard) VALUES ('gone', 1, x'01', 1), ('here', 1, x'01', 2)",
            "CREATE TRIGGER handled AFTER UPDATE OF worker ON federate_shards WHEN new.shard = 1 AND new.worker IS NOT NULL
             BEGIN UPDATE federate_received SET state = 1 WHERE id = 'gone'; END",
            "CREATE TRIGGER refuses BEFORE UPDATE OF worker ON federate_shards WHEN new.worker IS NULL
             BEGIN SELECT raise(ABORT, 'not this one'); END",
        ] {
            sqlx::query(statement).execute(&files.write).await.unwrap();
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let claimed = files.claim_received("w", 10, now).await.unwrap();
        let ids: Vec<&str> = claimed.iter().map(|one| one.pending.id.as_str()).collect();
        assert_eq!(ids, ["here"]);
        let held: Vec<i64> = sqlx::query_scalar("SELECT shard FROM federate_shards WHERE worker IS NOT NULL")
            .fetch_all(&files.read)
            .await
            .unwrap();
        assert_eq!(held, [1, 2]);
    }
}
