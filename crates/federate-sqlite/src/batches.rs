//! Envelopes that arrived together, one behind the other in one row.
//!
//! With a row for each, which fills most of a page, SQLite balances three pages whenever one goes; and whoever claims what this process has just
//! written reads it back. So the last batches are kept in memory, too.

use crate::{arrivals::Arrival, backend::Files, error::Failure, hand::Row, queue::to_json};
use bytes::Bytes;
use sqlx::SqliteConnection;
use std::{
    collections::{BTreeMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

/// How many bytes of envelopes a batch holds. A larger envelope is alone in its batch.
pub(crate) const MOST: usize = 64 * 1024;

/// How many bytes, and how many batches, are kept in memory: what arrived within a moment.
const KEPT: usize = 1024 * 1024;
const KEPT_BATCHES: usize = 32;

/// What stands behind `FROM federate_received r` so as to find [its envelope](ENVELOPE).
pub(crate) const WITH_ENVELOPE: &str =
    "LEFT JOIN federate_envelopes e ON e.no = r.no LEFT JOIN federate_batches b ON b.no = r.batch";

/// The envelope of a row of `federate_received`, for those who read few. Of nothing SQLite cuts NULL.
pub(crate) const ENVELOPE: &str = "CASE WHEN b.no IS NULL THEN e.sealed
    ELSE coalesce(substr(b.sealed, (r.place >> 32) + 1, r.place & 0xffffffff), x'') END";

/// Drops those batches of which all is handled or was [taken out](take_out): `which`, a condition.
pub(crate) fn drop_handled(which: &str) -> String {
    format!(
        "DELETE FROM federate_batches WHERE {which} AND NOT EXISTS (
             SELECT 1 FROM federate_received r
             WHERE r.no BETWEEN first AND last AND r.batch = federate_batches.no AND r.state <> 1)"
    )
}

/// Puts the envelope of one that may stay for long where it keeps no other's.
pub(crate) async fn take_out(connection: &mut SqliteConnection, row: Row) -> Result<(), sqlx::Error> {
    let Some(batch) = row.batch else {
        return Ok(());
    };
    for statement in [
        "INSERT INTO federate_envelopes (no, sealed)
         SELECT r.no, coalesce(substr(b.sealed, (r.place >> 32) + 1, r.place & 0xffffffff), x'')
         FROM federate_received r LEFT JOIN federate_batches b ON b.no = r.batch WHERE r.no = ?1",
        "UPDATE federate_received SET batch = NULL, place = NULL WHERE no = ?1",
    ] {
        let done = sqlx::query(statement).bind(row.no);
        done.execute(&mut *connection).await?;
    }
    drop_one(connection, batch).await
}

/// Drops the envelope of one that was handled.
pub(crate) async fn drop_envelope(connection: &mut SqliteConnection, row: Row) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM federate_envelopes WHERE no = ?1")
        .bind(row.no)
        .execute(&mut *connection)
        .await?;
    match row.batch {
        Some(batch) => drop_one(connection, batch).await,
        None => Ok(()),
    }
}

async fn drop_one(connection: &mut SqliteConnection, batch: i64) -> Result<(), sqlx::Error> {
    sqlx::query(sqlx::AssertSqlSafe(drop_handled("no = ?1")))
        .bind(batch)
        .execute(connection)
        .await?;
    Ok(())
}

impl Files {
    pub(crate) async fn read_batches(&self, numbers: &[i64]) -> Result<Vec<Batch>, Failure> {
        let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "SELECT no, sealed FROM federate_batches WHERE no IN (SELECT value FROM json_each(?1))",
        )
        .bind(to_json(&numbers))
        .fetch_all(&self.read)
        .await?;
        let read = rows.into_iter().map(|(no, sealed)| Batch {
            no,
            sealed: sealed.into(),
        });
        Ok(read.collect())
    }

    /// Of these rows of what was received those that have an envelope, wherever it is.
    pub(crate) async fn read_envelopes(&self, rows: &[i64]) -> Result<BTreeMap<i64, Bytes>, Failure> {
        let rows: Vec<(i64, Option<Vec<u8>>)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT r.no, {ENVELOPE} FROM federate_received r {WITH_ENVELOPE}
             WHERE r.no IN (SELECT value FROM json_each(?1))"
        )))
        .bind(to_json(&rows))
        .fetch_all(&self.read)
        .await?;
        let found = rows
            .into_iter()
            .filter_map(|(no, sealed)| Some((no, sealed?.into())));
        Ok(found.collect())
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) no: i64,
    pub(crate) sealed: Bytes,
}

/// Where an envelope lies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) batch: i64,
    /// From which byte, times 2^32, and how many.
    pub(crate) bytes: i64,
}

impl Place {
    fn new(batch: i64, from: usize, length: usize) -> Self {
        // What is not so short is refused long before.
        let short = |bytes: usize| u32::try_from(bytes).map_or(i64::from(u32::MAX), i64::from);
        let bytes = short(from) << 32 | short(length);
        Self { batch, bytes }
    }

    /// The envelope, out of the batches that it may be in. None where it is not.
    pub(crate) fn find_in(self, batches: &[Batch]) -> Option<Bytes> {
        let batch = batches.iter().find(|batch| batch.no == self.batch)?;
        let from = usize::try_from(self.bytes >> 32).ok()?;
        let length = usize::try_from(self.bytes & i64::from(u32::MAX)).ok()?;
        let end = from.checked_add(length)?;
        (end <= batch.sealed.len()).then(|| batch.sealed.slice(from..end))
    }
}

/// The numbers of the next, and the last that were written or read.
#[derive(Debug)]
pub(crate) struct Batches {
    next: AtomicI64,
    kept: Mutex<VecDeque<Batch>>,
}

impl Default for Batches {
    fn default() -> Self {
        // Other processes number theirs, too: so each begins somewhere else. Where a number is taken the round is refused.
        let anywhere = RandomState::new().hash_one(std::process::id()) >> 2;
        Self {
            next: AtomicI64::new(anywhere.cast_signed()),
            kept: Mutex::default(),
        }
    }
}

impl Batches {
    /// Their envelopes, in batches, and the place of each.
    pub(crate) fn make(&self, arrivals: &[&Arrival]) -> (Vec<Batch>, Vec<Place>) {
        let (mut batches, mut places) = (Vec::new(), Vec::with_capacity(arrivals.len()));
        let mut rest = arrivals;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|one| {
                bytes += one.sealed.len();
                bytes <= MOST
            });
            let (together, others) = rest.split_at(fits.count().max(1));
            rest = others;
            let no = self.next.fetch_add(1, Ordering::Relaxed);
            let mut sealed = Vec::with_capacity(together.iter().map(|one| one.sealed.len()).sum());
            for one in together {
                places.push(Place::new(no, sealed.len(), one.sealed.len()));
                sealed.extend_from_slice(&one.sealed);
            }
            let sealed = Bytes::from(sealed);
            batches.push(Batch { no, sealed });
        }
        (batches, places)
    }

    /// Keeps them for who claims what is in them, in place of the oldest.
    pub(crate) fn keep(&self, batches: impl IntoIterator<Item = Batch>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(batches);
        let mut bytes: usize = kept.iter().map(|batch| batch.sealed.len()).sum();
        while kept.len() > KEPT_BATCHES || bytes > KEPT {
            let gone = kept.pop_front();
            bytes -= gone.map_or(0, |batch| batch.sealed.len());
        }
    }

    /// Those that are kept.
    pub(crate) fn kept(&self) -> Vec<Batch> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
