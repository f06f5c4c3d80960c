//! The inbox: envelopes and marks.

use crate::{
    backend::{Tables, handled, record},
    claims,
    error::{Failure, retrying},
    sql::RECORD_QUIETLY,
    time::{limit, micros, time},
};
use federate_store::{
    Accepted, Claim, Claimed, DeadActivity, Ending, Inbox, InboxBacklog, Iri, Outgoing, Pending, ReceivedId,
    Sealed, Settlement, StoreError, origin_of, shard_of,
};
use std::{collections::BTreeSet, time::SystemTime};

#[federate_store::async_trait]
impl Inbox for Tables {
    async fn accept(
        &self,
        origin: &str,
        id: &Iri,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        self.accept_into(0, ReceivedId::new(origin, id), sealed, now)
            .await
    }

    async fn accept_from(
        &self,
        sender: &Iri,
        id: &Iri,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        let id = ReceivedId::new(&origin_of(sender), id);
        self.accept_into(shard_of(sender), id, sealed, now).await
    }

    async fn claim(&self, worker: &str, max: usize, now: SystemTime) -> Result<Vec<Claimed>, StoreError> {
        retrying!(self.claim_received(worker, max, now))
    }

    async fn renew(&self, claims: &[Claim], now: SystemTime) -> Result<usize, StoreError> {
        retrying!(self.renew_claims(claims, now))
    }

    async fn finish(&self, claim: Claim, endings: &[(ReceivedId, Ending)]) -> Result<bool, StoreError> {
        retrying!(self.finish_claim(claim, endings, &[]))
    }

    async fn finish_unmarked(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
        unmarked: &[ReceivedId],
    ) -> Result<bool, StoreError> {
        retrying!(self.finish_claim(claim, endings, unmarked))
    }

    async fn reclaim(&self, worker: &str) -> Result<usize, StoreError> {
        retrying!(self.reclaim_shards(worker))
    }

    async fn pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, StoreError> {
        retrying!(self.read_pending(max, now))
    }

    async fn retry(&self, id: &ReceivedId, at: SystemTime, reason: &str) -> Result<(), StoreError> {
        retrying!(self.put_off(id, at, reason))
    }

    async fn settle(&self, id: &ReceivedId, settlement: Settlement) -> Result<(), StoreError> {
        retrying!(self.end(id, &settlement))
    }

    async fn ack(&self, id: &ReceivedId, outgoing: &[Outgoing]) -> Result<bool, StoreError> {
        let marked = retrying!(self.mark_and_record(id, outgoing))?;
        if marked && !outgoing.is_empty() {
            self.notifier.tell();
        }
        Ok(marked)
    }

    async fn ack_all(&self, ids: &[ReceivedId]) -> Result<(), StoreError> {
        retrying!(self.mark_all(ids))
    }

    async fn handled_of(&self, ids: &[ReceivedId]) -> Result<Vec<bool>, StoreError> {
        retrying!(self.are_handled(ids))
    }

    async fn handled(&self, id: &ReceivedId) -> Result<bool, StoreError> {
        retrying!(self.is_handled(id))
    }

    async fn next_due(&self) -> Result<Option<SystemTime>, StoreError> {
        retrying!(self.earliest_received())
    }

    async fn dead(&self, max: usize) -> Result<Vec<DeadActivity>, StoreError> {
        retrying!(self.read_dead_received(max))
    }

    async fn backlog(&self) -> Result<Option<InboxBacklog>, StoreError> {
        retrying!(self.read_inbox_backlog()).map(Some)
    }

    async fn retry_dead(&self, ids: &[ReceivedId]) -> Result<usize, StoreError> {
        let ids: Vec<&str> = ids.iter().map(ReceivedId::as_str).collect();
        let revived = retrying!(self.revive_received(&ids))?;
        if revived > 0 {
            self.notifier.tell();
        }
        Ok(revived)
    }

    async fn prune_dead(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        retrying!(self.end_dead(before, max))
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        retrying!(self.prune_received(before, max))
    }
}

impl Tables {
    async fn accept_into(
        &self,
        shard: u16,
        id: ReceivedId,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        let new = retrying!(self.insert_received(shard, &id, sealed, now))?;
        if !new {
            return Ok(Accepted::Duplicate);
        }
        self.notifier.tell();
        Ok(Accepted::New(id))
    }

    async fn insert_received(
        &self,
        shard: u16,
        id: &ReceivedId,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<bool, Failure> {
        // One statement is one transaction: key and envelope are in the same row.
        let done = sqlx::query(
            "INSERT INTO federate.received (id, received, sealed, shard) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(micros(now))
        .bind(sealed.as_bytes())
        .bind(i16::try_from(shard).unwrap_or(0))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn read_inbox_backlog(&self) -> Result<InboxBacklog, Failure> {
        let (pending, oldest, dead): (i64, Option<i64>, i64) = sqlx::query_as(
            "SELECT count(*), min(received), (SELECT count(*) FROM federate.received WHERE state = 2)
             FROM federate.received WHERE state = 0",
        )
        .fetch_one(&self.pool)
        .await?;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(InboxBacklog::new(count(pending), count(dead), oldest.map(time)))
    }

    async fn read_pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, Failure> {
        let rows: Vec<(String, i32, Vec<u8>)> = sqlx::query_as(
            "SELECT id, attempt, sealed FROM federate.received WHERE no IN (
                 (SELECT no FROM federate.received WHERE state = 0 AND due = 0 ORDER BY no LIMIT $1)
                 UNION ALL
                 (SELECT no FROM federate.received WHERE state = 0 AND due > 0 AND due <= $2 ORDER BY due LIMIT $1))
             ORDER BY no LIMIT $1",
        )
        .bind(limit(max))
        .bind(micros(now))
        .fetch_all(&self.pool)
        .await?;
        let read = rows.into_iter().map(|(id, attempt, sealed)| Pending {
            id: ReceivedId::from_stored(id),
            sealed: Sealed::from_bytes(sealed),
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        });
        Ok(read.collect())
    }

    async fn put_off(&self, id: &ReceivedId, at: SystemTime, reason: &str) -> Result<(), Failure> {
        let mut connection = self.pool.acquire().await?;
        Ok(claims::put_off(&mut connection, id, at, reason).await?)
    }

    async fn end(&self, id: &ReceivedId, settlement: &Settlement) -> Result<(), Failure> {
        let mut connection = self.pool.acquire().await?;
        Ok(claims::end(&mut connection, id, settlement).await?)
    }

    async fn mark_and_record(&self, id: &ReceivedId, outgoing: &[Outgoing]) -> Result<bool, Failure> {
        let mut tx = self.pool.begin().await?;
        if !handled(&mut tx, id).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        for one in outgoing {
            record(&mut tx, one, RECORD_QUIETLY).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn mark_all(&self, ids: &[ReceivedId]) -> Result<(), Failure> {
        let ids: Vec<&str> = ids.iter().map(ReceivedId::as_str).collect();
        // In one order, so that of two that mark the same neither waits for what the other waits for.
        sqlx::query(
            "INSERT INTO federate.handled (id) SELECT DISTINCT id FROM unnest($1::text[]) AS given (id) ORDER BY id
             ON CONFLICT (id) DO NOTHING",
        )
        .bind(ids)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn is_handled(&self, id: &ReceivedId) -> Result<bool, Failure> {
        let found = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM federate.handled WHERE id = $1)
                 OR EXISTS (SELECT 1 FROM federate.received WHERE id = $1 AND state = 1 AND reason IS NULL)",
        )
        .bind(id.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(found)
    }

    async fn are_handled(&self, ids: &[ReceivedId]) -> Result<Vec<bool>, Failure> {
        let names: Vec<&str> = ids.iter().map(ReceivedId::as_str).collect();
        let found: Vec<String> = sqlx::query_scalar("SELECT id FROM federate.handled WHERE id = ANY($1)")
            .bind(names)
            .fetch_all(&self.pool)
            .await?;
        let found: BTreeSet<String> = found.into_iter().collect();
        Ok(ids.iter().map(|id| found.contains(id.as_str())).collect())
    }

    async fn earliest_received(&self) -> Result<Option<SystemTime>, Failure> {
        let due: Option<i64> =
            sqlx::query_scalar("SELECT due FROM federate.received WHERE state = 0 ORDER BY due LIMIT 1")
                .fetch_optional(&self.pool)
                .await?;
        Ok(due.map(time))
    }

    async fn read_dead_received(&self, max: usize) -> Result<Vec<DeadActivity>, Failure> {
        let rows: Vec<(String, i32, Option<String>, Vec<u8>)> = sqlx::query_as(
            "SELECT id, attempt, reason, sealed FROM federate.received WHERE state = 2 ORDER BY no LIMIT $1",
        )
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let read = rows
            .into_iter()
            .map(|(id, attempt, reason, sealed)| DeadActivity {
                id: ReceivedId::from_stored(id),
                sealed: Sealed::from_bytes(sealed),
                attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
                reason: reason.unwrap_or_default(),
            });
        Ok(read.collect())
    }

    async fn revive_received(&self, ids: &[&str]) -> Result<usize, Failure> {
        let done = sqlx::query(
            "UPDATE federate.received SET state = 0, due = 0, attempt = 0
             WHERE state = 2 AND id = ANY($1)",
        )
        .bind(ids)
        .execute(&self.pool)
        .await?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn end_dead(&self, before: SystemTime, max: usize) -> Result<usize, Failure> {
        let done = sqlx::query(
            // A reason, of which nothing is kept, says that it was not handled.
            "UPDATE federate.received SET state = 1, reason = '', sealed = NULL WHERE state = 2 AND no IN (
                 SELECT no FROM federate.received WHERE state = 2 AND received < $1 ORDER BY no LIMIT $2)",
        )
        .bind(micros(before))
        .bind(limit(max))
        .execute(&self.pool)
        .await?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn prune_received(&self, before: SystemTime, max: usize) -> Result<usize, Failure> {
        // Several processes do it at once: none waits for another, and none takes what another has.
        let done = sqlx::query(
            "WITH old AS (
                 SELECT id FROM federate.received WHERE state = 1 AND received < $1
                 ORDER BY no LIMIT $2 FOR UPDATE SKIP LOCKED),
             marks AS (DELETE FROM federate.handled h USING old WHERE h.id = old.id)
             DELETE FROM federate.received r USING old WHERE r.id = old.id",
        )
        .bind(micros(before))
        .bind(limit(max))
        .execute(&self.pool)
        .await?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }
}
