//! The cache: one table for all processes.

use crate::{
    backend::Tables,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{Cache, CacheKind, Entry, StoreError};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The cache's table, with what it needs to stay within bounds.
#[derive(Debug)]
pub(crate) struct CacheTable {
    tables: Tables,
    capacity: usize,
    /// How many entries may be put before the table must be counted again. Counting each time would cost
    /// more than the rest of a put.
    room: AtomicUsize,
}

/// Each process takes this part of the room that it finds, so that several do not fill it twice.
const SHARE: usize = 8;

impl CacheTable {
    pub(crate) fn new(tables: Tables, capacity: usize) -> Self {
        Self {
            tables,
            capacity: capacity.max(1),
            room: AtomicUsize::new(0),
        }
    }

    async fn read(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, Failure> {
        let row: Option<(Vec<u8>, i64, i64)> =
            sqlx::query_as("SELECT bytes, stored, expires FROM federate.cache WHERE kind = $1 AND key = $2")
                .bind(kind.as_str())
                .bind(key)
                .fetch_optional(&self.tables.pool)
                .await?;
        Ok(row.map(|(bytes, stored, expires)| Entry {
            bytes: bytes.into(),
            stored: time(stored),
            expires: time(expires),
        }))
    }

    async fn write(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), Failure> {
        sqlx::query(
            "INSERT INTO federate.cache (kind, key, stored, expires, bytes) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, key) DO UPDATE
             SET stored = excluded.stored, expires = excluded.expires, bytes = excluded.bytes",
        )
        .bind(kind.as_str())
        .bind(key)
        .bind(micros(entry.stored))
        .bind(micros(entry.expires))
        .bind(entry.bytes.as_ref())
        .execute(&self.tables.pool)
        .await?;
        let room = self.room.load(Ordering::Relaxed);
        if room > 0 {
            self.room.store(room - 1, Ordering::Relaxed);
            return Ok(());
        }
        self.make_room().await
    }

    async fn make_room(&self) -> Result<(), Failure> {
        let wanted = self.capacity - self.capacity / 64;
        let count = usize::try_from(self.read_count().await?).unwrap_or(0);
        if count > wanted {
            // Rows that another process is about to replace or to drop are left to it.
            sqlx::query(
                "DELETE FROM federate.cache c USING (
                     SELECT kind, key FROM federate.cache ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED) old
                 WHERE c.kind = old.kind AND c.key = old.key",
            )
            .bind(limit(count - wanted))
            .execute(&self.tables.pool)
            .await?;
        }
        self.room
            .store((self.capacity - count.min(wanted)) / SHARE, Ordering::Relaxed);
        Ok(())
    }

    async fn delete(&self, kind: CacheKind, key: &str) -> Result<(), Failure> {
        sqlx::query("DELETE FROM federate.cache WHERE kind = $1 AND key = $2")
            .bind(kind.as_str())
            .bind(key)
            .execute(&self.tables.pool)
            .await?;
        Ok(())
    }

    async fn read_page(
        &self,
        kind: CacheKind,
        after: &str,
        max: usize,
    ) -> Result<Vec<(String, Entry)>, Failure> {
        let rows: Vec<(String, Vec<u8>, i64, i64)> = sqlx::query_as(
            "SELECT key, bytes, stored, expires FROM federate.cache
             WHERE kind = $1 AND key > $2 ORDER BY key LIMIT $3",
        )
        .bind(kind.as_str())
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.tables.pool)
        .await?;
        let entries = rows.into_iter().map(|(key, bytes, stored, expires)| {
            let entry = Entry {
                bytes: bytes.into(),
                stored: time(stored),
                expires: time(expires),
            };
            (key, entry)
        });
        Ok(entries.collect())
    }

    async fn read_count(&self) -> Result<i64, Failure> {
        let count = sqlx::query_scalar("SELECT count(*) FROM federate.cache")
            .fetch_one(&self.tables.pool)
            .await?;
        Ok(count)
    }
}

#[federate_store::async_trait]
impl Cache for CacheTable {
    async fn get(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, StoreError> {
        retrying!(self.read(kind, key))
    }

    async fn put(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), StoreError> {
        retrying!(self.write(kind, key, entry))
    }

    async fn remove(&self, kind: CacheKind, key: &str) -> Result<(), StoreError> {
        retrying!(self.delete(kind, key))
    }

    async fn page(
        &self,
        kind: CacheKind,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Entry)>, StoreError> {
        retrying!(self.read_page(kind, after.unwrap_or_default(), max))
    }

    async fn count(&self) -> Result<usize, StoreError> {
        let count: i64 = retrying!(self.read_count())?;
        Ok(usize::try_from(count).unwrap_or(0))
    }

    fn capacity(&self) -> usize {
        self.capacity
    }
}
