//! Claims: who has which shard of what was received in hand.
//!
//! They need not survive the loss of power, which no worker does: where nothing arrives in the same [round](crate::rounds), and nothing is done
//! without a mark, they do not wait for the disk, as a claim would cost as much as the activity that it is for.

use crate::{
    backend::Files,
    batches::{Place, drop_envelope, drop_handled, take_out},
    clean,
    digest::{digest, hex},
    error::Failure,
    hand::Row,
    rounds::{CLAIMED, Granted, RELEASED, Wish},
    script::{Script, UPDATE},
    time::{limit, micros},
};
use bytes::Bytes;
use federate_store::{
    Claim, Claimed, Ending, LEASE, Pending, ReceivedId, Sealed, Settlement, StoreError, shorten,
};
use serde_json::Value;
use sqlx::{
    Connection as _, Row as _, SqliteConnection, SqlitePool, pool::PoolConnection, sqlite::SqliteRow,
};
use std::{collections::BTreeSet, time::SystemTime};

/// Selects what is due and in nobody's hands, the oldest first, in a transaction. `max`: at most so many; `late`: a lease that ends later ended long
/// ago.
///
/// It is no table of its own, and who holds its shard is looked up for each: SQLite would make a tree in memory for what is named once, and for each
/// list, which takes it longer than to find the rows.
fn free(max: &str, now: &str, late: &str) -> String {
    // A sum, as SQLite looks at what a LIMIT by itself is given, and prepares the statement anew for each run.
    let max = format!("{max} + 0");
    let of = |due: &str, order: &str| {
        format!(
            "SELECT no, shard FROM (SELECT no, shard FROM federate_received r INDEXED BY federate_received_turn
             WHERE state = 0 AND {due} AND NOT EXISTS (
                 SELECT 1 FROM federate_shards s
                 WHERE s.shard = r.shard AND worker IS NOT NULL AND until > {now} AND until <= {late})
             ORDER BY {order} LIMIT {max})"
        )
    };
    let put_off = of(&format!("due > 0 AND due <= {now}"), "due");
    let others = of("due = 0", "no");
    format!("SELECT no, shard FROM ({others} UNION ALL {put_off}) ORDER BY no LIMIT {max}")
}

/// A claim that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) worker: String,
    pub(crate) max: usize,
    pub(crate) now: SystemTime,
}

/// A claim, and what became of what came with it.
#[derive(Clone, Debug)]
pub(crate) struct Finish {
    pub(crate) claim: Claim,
    endings: Vec<(ReceivedId, Ending)>,
    /// Whether no mark says the same of some of it, so that it must survive the loss of power.
    pub(crate) is_unmarked: bool,
}

impl Finish {
    pub(crate) fn new(claim: Claim, endings: Vec<(ReceivedId, Ending)>) -> Self {
        Self {
            claim,
            endings,
            is_unmarked: false,
        }
    }

    /// With these, that are done and that no mark says so of.
    pub(crate) fn with_unmarked(mut self, unmarked: &[ReceivedId]) -> Self {
        let done = || Ending::Settled(Settlement::Done);
        self.endings
            .extend(unmarked.iter().map(|id| (id.clone(), done())));
        self.is_unmarked = !unmarked.is_empty();
        self
    }

    pub(crate) fn is_done(&self) -> bool {
        self.endings.iter().all(|(_, ending)| ending.is_done())
    }

    pub(crate) fn is_among(&self, released: &BTreeSet<[i64; 2]>) -> bool {
        released.contains(&pair(self.claim))
    }
}

/// Whether there is something to claim.
pub(crate) async fn is_something_free(on: &SqlitePool, wanted: &Wanted) -> Result<bool, Failure> {
    let sql = format!("SELECT EXISTS ({})", free("1", "?1", "?2"));
    let found: bool = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .bind(micros(wanted.now))
        .bind(micros(wanted.now + 2 * LEASE))
        .fetch_one(on)
        .await?;
    Ok(found && wanted.max > 0)
}

/// Gives what is free, and takes its shards. It is all one row: each one crosses from the connection's thread by itself. (What a damaged file has in a
/// column that holds something else is given as that: JSON has no place for all that SQLite can store.)
pub(crate) fn claim(script: &mut Script, wanted: &Wanted) {
    let max = script.number(limit(wanted.max));
    let now = script.number(micros(wanted.now));
    let late = script.number(micros(wanted.now + 2 * LEASE));
    let worker = script.text(wanted.worker.as_str());
    let until = script.number(micros(wanted.now + LEASE));
    let free = free(&max, &now, &late);
    script.push(&format!(
        "SELECT {CLAIMED}, json_group_array(json_array(
             CAST(r.id AS TEXT), CAST(r.attempt AS INTEGER), s.shard, CAST(s.fence AS INTEGER) + 1, r.no,
             CAST(r.batch AS INTEGER), CAST(r.place AS INTEGER)))
         FROM ({free}) free CROSS JOIN federate_received r ON r.no = free.no
         CROSS JOIN federate_shards s ON s.shard = r.shard"
    ));
    script.push(&format!(
        "{UPDATE} federate_shards SET worker = {worker}, until = {until}, fence = fence + 1
         WHERE shard IN (SELECT shard FROM ({free}))"
    ));
}

/// A row of what is [released](release).
pub(crate) fn released(row: &SqliteRow) -> Result<[i64; 2], Failure> {
    Ok([row.try_get(1)?, row.try_get(2)?])
}

/// What is [claimed](claim), and where it stands; its envelope is not with it yet.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) claimed: Claimed,
    pub(crate) row: Row,
    /// Where in its batch its envelope lies.
    pub(crate) bytes: Option<i64>,
}

/// As the statement gives it: id, attempt, shard, fence, number, batch and place.
type FoundRow = (String, i64, i64, i64, i64, Option<i64>, Option<i64>);

impl Found {
    fn new((id, attempt, shard, fence, no, batch, bytes): FoundRow) -> Self {
        let pending = Pending {
            id: ReceivedId::from_stored(id),
            sealed: Sealed::from_bytes(Bytes::new()),
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        };
        let claim = Some(Claim {
            shard: u16::try_from(shard).unwrap_or(0),
            fence: fence.cast_unsigned(),
        });
        Self {
            claimed: Claimed { pending, claim },
            row: Row { no, batch },
            bytes,
        }
    }

    /// Where its envelope lies, if that is in a batch.
    pub(crate) fn place(&self) -> Option<Place> {
        let (batch, bytes) = (self.row.batch?, self.bytes?);
        Some(Place { batch, bytes })
    }

    /// Where there is none it has an empty one, which nobody sealed: it is given up with a reason, and holds up no other.
    pub(crate) fn with(self, sealed: Option<Bytes>) -> Claimed {
        let mut claimed = self.claimed;
        claimed.pending.sealed = Sealed::from_bytes(sealed.unwrap_or_default());
        claimed
    }
}

/// The one row of what is [claimed](claim), the oldest first.
pub(crate) fn found(row: &SqliteRow) -> Result<Vec<Found>, Failure> {
    let rows = String::from_utf8_lossy(row.try_get(1)?);
    let rows: Vec<FoundRow> = serde_json::from_str(&rows).map_err(|e| sqlx::Error::Decode(e.into()))?;
    let mut found: Vec<Found> = rows.into_iter().map(Found::new).collect();
    found.sort_unstable_by_key(|one| one.row.no);
    Ok(found)
}

/// Writes down what was handled, and gives the shards back: of claims that somebody else has in hand by now nothing is written. `rows`: where
/// what was handled stands, each with the claim that it came with.
pub(crate) fn finish_done(script: &mut Script, finishes: &[&Finish], rows: &[(Claim, Row)]) {
    if finishes.is_empty() {
        return;
    }
    let placed = rows.iter().map(|(claim, row)| {
        let [shard, fence] = pair(*claim);
        vec![row.no, shard, fence]
    });
    let placed = script.text(Value::from_iter(placed).to_string());
    // By themselves: to read them out of what is placed takes longer than to find that there is nothing of theirs.
    let numbers = script.text(Value::from_iter(rows.iter().map(|(_, row)| row.no)).to_string());
    let batches: BTreeSet<i64> = rows.iter().filter_map(|(_, row)| row.batch).collect();
    let batches = script.text(Value::from_iter(batches).to_string());
    let claims = script.text(pairs(finishes));
    // Each by its own claim: the number of one that was lost may be another's by now.
    script.push(&format!(
        "{UPDATE} federate_received SET state = 1, reason = NULL
         FROM json_each({placed}) one CROSS JOIN federate_shards s
         WHERE s.shard = one.value ->> 1 AND s.fence = one.value ->> 2 AND s.worker IS NOT NULL
         AND federate_received.no = one.value ->> 0 AND federate_received.shard = s.shard
         AND federate_received.state = 0"
    ));
    script.push(&format!(
        "DELETE FROM federate_envelopes WHERE no IN (SELECT value FROM json_each({numbers})) AND EXISTS (
             SELECT 1 FROM federate_received r WHERE r.no = federate_envelopes.no AND r.state = 1)"
    ));
    script.push(&drop_handled(&format!(
        "no IN (SELECT value FROM json_each({batches}))"
    )));
    script.push(&release(&claims, RELEASED));
}

/// Which of these claims were held; they are in nobody's hands now.
fn release(claims: &str, what: i64) -> String {
    format!(
        "{UPDATE} federate_shards SET worker = NULL FROM json_each({claims}) AS claim
         WHERE shard = claim.value ->> 0 AND fence = claim.value ->> 1 AND worker IS NOT NULL
         RETURNING {what}, shard, fence"
    )
}

impl Files {
    /// Where what was handled stands, each with its claim: what this process has in hand it knows.
    pub(crate) async fn rows_of(&self, finishes: &[&Finish]) -> Result<Vec<(Claim, Row)>, Failure> {
        let (mut rows, mut unknown) = (Vec::new(), Vec::new());
        for finish in finishes {
            for (id, _) in &finish.endings {
                match self.hand.row(finish.claim, id) {
                    Some(row) => rows.push((finish.claim, row)),
                    None => unknown.push((finish.claim, id)),
                }
            }
        }
        if !unknown.is_empty() {
            let digests = Value::from_iter(unknown.iter().map(|(_, id)| hex(digest(id.as_str()))));
            let found: Vec<(String, i64, Option<i64>)> = sqlx::query_as(
                "SELECT id, no, batch FROM federate_received WHERE digest IN (SELECT unhex(value) FROM json_each(?1))",
            )
            .bind(digests.to_string())
            .fetch_all(&self.read)
            .await?;
            for (id, no, batch) in found {
                let claims = unknown.iter().filter(|(_, unknown)| unknown.as_str() == id);
                rows.extend(claims.map(|(claim, _)| (*claim, Row { no, batch })));
            }
        }
        Ok(rows)
    }

    pub(crate) async fn claim_received(
        &self,
        worker: &str,
        max: usize,
        now: SystemTime,
    ) -> Result<Vec<Claimed>, StoreError> {
        let worker = worker.to_owned();
        let wanted = Wanted { worker, max, now };
        match self.wish(Wish::Claim(wanted)).await? {
            Granted::Claimed(claimed) => Ok(claimed),
            _ => Ok(Vec::new()),
        }
    }

    /// Gives back [what was done with](finish), by whatever it ended.
    pub(crate) async fn finish_each(&self, finishes: &[&Finish]) -> Result<Vec<bool>, Failure> {
        let held = finish(&self.write, finishes).await?;
        for finish in finishes {
            self.hand.give_back(finish.claim);
        }
        Ok(held)
    }

    /// Gives back what was claimed, with nothing done: if that cannot be, it is free when its lease ends.
    pub(crate) async fn give_back(&self, claims: Vec<Claim>) {
        let claims = BTreeSet::from_iter(claims);
        let back: Vec<Finish> = claims
            .into_iter()
            .map(|claim| Finish::new(claim, Vec::new()))
            .collect();
        if let Err(error) = self.finish_each(&back.iter().collect::<Vec<_>>()).await {
            let error = StoreError::from(error);
            tracing::debug!(reason = %error, "what was claimed stays in hand until its lease ends");
        }
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
    pub(crate) async fn write_finish(&self, finish: Finish) -> Result<bool, StoreError> {
        let granted = self.wish(Wish::Finish(finish)).await?;
        Ok(matches!(granted, Granted::Finished(true)))
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
    pub(crate) async fn turn(&self) -> Result<Option<PoolConnection<sqlx::Sqlite>>, Failure> {
        Ok(match self.is_on_disk {
            true => Some(clean::acquire(&self.write).await?),
            false => None,
        })
    }
}

/// Gives back what was done with, in a transaction. Which were held; of those that were not nothing is written.
async fn finish(pool: &SqlitePool, finishes: &[&Finish]) -> Result<Vec<bool>, Failure> {
    let mut connection = clean::acquire(pool).await?;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let released: Vec<(i64, i64, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(release("?1", RELEASED)))
        .bind(pairs(finishes))
        .fetch_all(&mut *tx)
        .await?;
    let released: BTreeSet<[i64; 2]> = released
        .into_iter()
        .map(|(_, shard, fence)| [shard, fence])
        .collect();
    let held: Vec<bool> = finishes.iter().map(|one| one.is_among(&released)).collect();
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

fn pairs(finishes: &[&Finish]) -> String {
    let pairs = finishes.iter().map(|one| pair(one.claim).to_vec());
    Value::from_iter(pairs).to_string()
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
    let Some(row) = pending(connection, id).await? else {
        return Ok(());
    };
    sqlx::query("UPDATE federate_received SET due = ?2, attempt = attempt + 1, reason = ?3 WHERE no = ?1")
        .bind(row.no)
        .bind(micros(at))
        .bind(shorten(reason))
        .execute(&mut *connection)
        .await?;
    take_out(connection, row).await
}

/// Counts no run.
async fn postpone(
    connection: &mut SqliteConnection,
    id: &ReceivedId,
    at: SystemTime,
) -> Result<(), sqlx::Error> {
    let Some(row) = pending(connection, id).await? else {
        return Ok(());
    };
    sqlx::query("UPDATE federate_received SET due = ?2 WHERE no = ?1")
        .bind(row.no)
        .bind(micros(at))
        .execute(&mut *connection)
        .await?;
    take_out(connection, row).await
}

pub(crate) async fn end(
    connection: &mut SqliteConnection,
    id: &ReceivedId,
    settlement: &Settlement,
) -> Result<(), sqlx::Error> {
    let Some(row) = pending(connection, id).await? else {
        return Ok(());
    };
    if let Settlement::Dead { reason } = settlement {
        sqlx::query("UPDATE federate_received SET state = 2, reason = ?2 WHERE no = ?1")
            .bind(row.no)
            .bind(shorten(reason))
            .execute(&mut *connection)
            .await?;
        return take_out(connection, row).await;
    }
    sqlx::query("UPDATE federate_received SET state = 1, reason = NULL WHERE no = ?1")
        .bind(row.no)
        .execute(&mut *connection)
        .await?;
    drop_envelope(connection, row).await
}

/// The row of one that waits for its handler.
async fn pending(connection: &mut SqliteConnection, id: &ReceivedId) -> Result<Option<Row>, sqlx::Error> {
    let found: Option<(i64, Option<i64>)> =
        sqlx::query_as("SELECT no, batch FROM federate_received WHERE digest = ?1 AND state = 0")
            .bind(digest(id.as_str()).to_vec())
            .fetch_optional(connection)
            .await?;
    Ok(found.map(|(no, batch)| Row { no, batch }))
}
