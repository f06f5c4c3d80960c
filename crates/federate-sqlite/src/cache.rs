//! The cache, in the queue's file.

use crate::{
    backend::Files,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{Cache, CacheKind, Entry, StoreError};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The cache's table, with what it needs to stay within bounds.
#[derive(Debug)]
pub(crate) struct CacheTable {
    files: Files,
    capacity: usize,
    /// How many entries may be put before the table must be counted again. Counting each time would cost
    /// more than the rest of a put.
    room: AtomicUsize,
}

impl CacheTable {
    pub(crate) fn new(files: Files, capacity: usize) -> Self {
        Self {
            files,
            capacity: capacity.max(1),
            room: AtomicUsize::new(0),
        }
    }

    async fn read(&self, kind: CacheKind, key: &str) -> Result<Option<Entry>, Failure> {
        let row: Option<(Vec<u8>, i64, i64)> =
            sqlx::query_as("SELECT bytes, stored, expires FROM federate_cache WHERE kind = ?1 AND key = ?2")
                .bind(kind.as_str())
                .bind(key)
                .fetch_optional(&self.files.read)
                .await?;
        Ok(row.map(|(bytes, stored, expires)| Entry {
            bytes: bytes.into(),
            stored: time(stored),
            expires: time(expires),
        }))
    }

    async fn write(&self, kind: CacheKind, key: &str, entry: &Entry) -> Result<(), Failure> {
        let mut tx = self.files.write.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "INSERT INTO federate_cache (kind, key, stored, expires, bytes) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (kind, key) DO UPDATE
             SET stored = excluded.stored, expires = excluded.expires, bytes = excluded.bytes",
        )
        .bind(kind.as_str())
        .bind(key)
        .bind(micros(entry.stored))
        .bind(micros(entry.expires))
        .bind(entry.bytes.as_ref())
        .execute(&mut *tx)
        .await?;
        let room = self.room.load(Ordering::Relaxed);
        if room > 0 {
            tx.commit().await?;
            self.room.store(room - 1, Ordering::Relaxed);
            return Ok(());
        }
        let slack = self.capacity / 64;
        let wanted = self.capacity - slack;
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM federate_cache")
            .fetch_one(&mut *tx)
            .await?;
        let count = usize::try_from(count).unwrap_or(0);
        if count > wanted {
            sqlx::query(
                "DELETE FROM federate_cache WHERE rowid IN
                 (SELECT rowid FROM federate_cache ORDER BY expires LIMIT ?1)",
            )
            .bind(limit(count - wanted))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        self.room
            .store(self.capacity - count.min(wanted), Ordering::Relaxed);
        Ok(())
    }

    async fn delete(&self, kind: CacheKind, key: &str) -> Result<(), Failure> {
        sqlx::query("DELETE FROM federate_cache WHERE kind = ?1 AND key = ?2")
            .bind(kind.as_str())
            .bind(key)
            .execute(&self.files.write)
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
            "SELECT key, bytes, stored, expires FROM federate_cache
             WHERE kind = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
        )
        .bind(kind.as_str())
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.files.read)
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
        let count = sqlx::query_scalar("SELECT count(*) FROM federate_cache")
            .fetch_one(&self.files.read)
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
