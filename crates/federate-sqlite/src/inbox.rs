//! The inbox: envelopes in the queue's file, marks in the application's database.

use crate::{
    acks::Ack,
    arrivals::Arrival,
    backend::Files,
    batches::{ENVELOPE, WITH_ENVELOPE},
    claims::{self, Finish},
    clean,
    digest::digest,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{
    Accepted, Claim, Claimed, DeadActivity, Ending, Inbox, InboxBacklog, Iri, Outgoing, Pending, ReceivedId,
    Sealed, Settlement, StoreError, origin_of, shard_of,
};
use serde_json::Value;
use sqlx::Connection as _;
use std::{collections::BTreeSet, time::SystemTime};

#[federate_store::async_trait]
impl Inbox for Files {
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
        self.claim_received(worker, max, now).await
    }

    async fn renew(&self, claims: &[Claim], now: SystemTime) -> Result<usize, StoreError> {
        retrying!(self.renew_claims(claims, now))
    }

    async fn finish(&self, claim: Claim, endings: &[(ReceivedId, Ending)]) -> Result<bool, StoreError> {
        self.write_finish(Finish::new(claim, endings.to_vec())).await
    }

    async fn finish_unmarked(
        &self,
        claim: Claim,
        endings: &[(ReceivedId, Ending)],
        unmarked: &[ReceivedId],
    ) -> Result<bool, StoreError> {
        let finish = Finish::new(claim, endings.to_vec());
        self.write_finish(finish.with_unmarked(unmarked)).await
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
        let ack = Ack {
            ids: vec![id.clone()],
            outgoing: outgoing.to_vec(),
        };
        self.write_ack(ack).await
    }

    async fn ack_all(&self, ids: &[ReceivedId]) -> Result<(), StoreError> {
        let ack = Ack {
            ids: ids.to_vec(),
            outgoing: Vec::new(),
        };
        self.write_ack(ack).await?;
        Ok(())
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
        let ids = json(ids.iter());
        retrying!(self.revive_received(&ids))
    }

    async fn prune_dead(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        retrying!(self.end_dead(before, max))
    }

    async fn prune(&self, before: SystemTime, max: usize) -> Result<usize, StoreError> {
        retrying!(self.prune_received(before, max))
    }
}

impl Files {
    async fn accept_into(
        &self,
        shard: u16,
        id: ReceivedId,
        sealed: &Sealed,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        let arrival = Arrival {
            id: id.as_str().to_owned(),
            received: micros(now),
            sealed: sealed.to_bytes(),
            shard: i64::from(shard),
        };
        let new = self.write_arrival(arrival).await?;
        Ok(if new {
            Accepted::New(id)
        } else {
            Accepted::Duplicate
        })
    }

    async fn read_inbox_backlog(&self) -> Result<InboxBacklog, Failure> {
        let (pending, oldest, dead): (i64, Option<i64>, i64) = sqlx::query_as(
            "SELECT count(*), min(received), (SELECT count(*) FROM federate_received WHERE state = 2)
             FROM federate_received WHERE state = 0",
        )
        .fetch_one(&self.read)
        .await?;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(InboxBacklog::new(count(pending), count(dead), oldest.map(time)))
    }

    async fn read_pending(&self, max: usize, now: SystemTime) -> Result<Vec<Pending>, Failure> {
        let rows: Vec<(String, i64, Vec<u8>)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT r.id, r.attempt, coalesce({ENVELOPE}, x'') FROM federate_received r {WITH_ENVELOPE} WHERE r.no IN (
                 SELECT no FROM (SELECT no FROM federate_received
                                 WHERE state = 0 AND due = 0 ORDER BY no LIMIT ?1)
                 UNION ALL
                 SELECT no FROM (SELECT no FROM federate_received
                                 WHERE state = 0 AND due > 0 AND due <= ?2 ORDER BY due LIMIT ?1))
             ORDER BY r.no LIMIT ?1"
        )))
        .bind(limit(max))
        .bind(micros(now))
        .fetch_all(&self.read)
        .await?;
        let read = rows.into_iter().map(|(id, attempt, sealed)| Pending {
            id: ReceivedId::from_stored(id),
            sealed: Sealed::from_bytes(sealed),
            attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        });
        Ok(read.collect())
    }

    async fn put_off(&self, id: &ReceivedId, at: SystemTime, reason: &str) -> Result<(), Failure> {
        let mut connection = clean::acquire(&self.write).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        claims::put_off(&mut tx, id, at, reason).await?;
        Ok(tx.commit().await?)
    }

    async fn end(&self, id: &ReceivedId, settlement: &Settlement) -> Result<(), Failure> {
        let mut connection = clean::acquire(&self.write).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        claims::end(&mut tx, id, settlement).await?;
        Ok(tx.commit().await?)
    }

    async fn is_handled(&self, id: &ReceivedId) -> Result<bool, Failure> {
        let marked: Option<i64> = sqlx::query_scalar("SELECT 1 FROM federate_handled WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(&self.application)
            .await?;
        if marked.is_some() {
            return Ok(true);
        }
        let done: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM federate_received WHERE digest = ?1 AND state = 1 AND reason IS NULL",
        )
        .bind(digest(id.as_str()).to_vec())
        .fetch_optional(&self.read)
        .await?;
        Ok(done.is_some())
    }

    async fn are_handled(&self, ids: &[ReceivedId]) -> Result<Vec<bool>, Failure> {
        let found: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM federate_handled WHERE id IN (SELECT value FROM json_each(?1))",
        )
        .bind(json(ids.iter()))
        .fetch_all(self.marks())
        .await?;
        let found: BTreeSet<String> = found.into_iter().collect();
        Ok(ids.iter().map(|id| found.contains(id.as_str())).collect())
    }

    async fn earliest_received(&self) -> Result<Option<SystemTime>, Failure> {
        let due: Option<i64> =
            sqlx::query_scalar("SELECT due FROM federate_received WHERE state = 0 ORDER BY due LIMIT 1")
                .fetch_optional(&self.read)
                .await?;
        Ok(due.map(time))
    }

    async fn read_dead_received(&self, max: usize) -> Result<Vec<DeadActivity>, Failure> {
        let rows: Vec<(String, i64, Option<String>, Vec<u8>)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT r.id, r.attempt, r.reason, coalesce({ENVELOPE}, x'') FROM federate_received r {WITH_ENVELOPE}
             WHERE r.state = 2 ORDER BY r.no LIMIT ?1"
        )))
        .bind(limit(max))
        .fetch_all(&self.read)
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

    async fn revive_received(&self, ids: &str) -> Result<usize, Failure> {
        let done = sqlx::query(
            "UPDATE federate_received SET state = 0, due = 0, attempt = 0
             WHERE state = 2 AND id IN (SELECT value FROM json_each(?1))",
        )
        .bind(ids)
        .execute(&self.write)
        .await?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }

    async fn end_dead(&self, before: SystemTime, max: usize) -> Result<usize, Failure> {
        let mut connection = clean::acquire(&self.write).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        let old = "SELECT no FROM federate_received WHERE state = 2 AND received < ?1 ORDER BY no LIMIT ?2";
        let mut ended = 0;
        for what in [
            "DELETE FROM federate_envelopes",
            // A reason, of which nothing is kept, says that it was not handled.
            "UPDATE federate_received SET state = 1, reason = ''",
        ] {
            let done = sqlx::query(sqlx::AssertSqlSafe(format!("{what} WHERE no IN ({old})")))
                .bind(micros(before))
                .bind(limit(max))
                .execute(&mut *tx)
                .await?;
            ended = done.rows_affected();
        }
        tx.commit().await?;
        Ok(usize::try_from(ended).unwrap_or(usize::MAX))
    }

    async fn prune_received(&self, before: SystemTime, max: usize) -> Result<usize, Failure> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT no, id FROM federate_received WHERE state = 1 AND received < ?1 ORDER BY no LIMIT ?2",
        )
        .bind(micros(before))
        .bind(limit(max))
        .fetch_all(&self.read)
        .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let (numbers, ids): (Vec<i64>, Vec<String>) = rows.into_iter().unzip();
        let [numbers, ids] = [Value::from(numbers), Value::from(ids)].map(|list| list.to_string());
        // The marks first: dying in between leaves dedup keys without marks, and those still answer `Duplicate`.
        sqlx::query("DELETE FROM federate_handled WHERE id IN (SELECT value FROM json_each(?1))")
            .bind(ids)
            .execute(&self.application)
            .await?;
        let done = sqlx::query(
            // What another process removed may have left its number to one that arrived since. The last keeps its number while anybody has
            // anything in hand, which is given back by number: so no number that may be given back is another's.
            "DELETE FROM federate_received
             WHERE state = 1 AND received < ?2 AND no IN (SELECT value FROM json_each(?1))
             AND (no < (SELECT max(no) FROM federate_received)
                  OR NOT EXISTS (SELECT 1 FROM federate_shards WHERE worker IS NOT NULL))",
        )
        .bind(numbers)
        .bind(micros(before))
        .execute(&self.write)
        .await?;
        Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
    }
}

fn json<'a>(ids: impl Iterator<Item = &'a ReceivedId>) -> String {
    let ids: Vec<&str> = ids.map(ReceivedId::as_str).collect();
    Value::from(ids).to_string()
}
