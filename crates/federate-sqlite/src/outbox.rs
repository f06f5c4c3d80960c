//! The outbox, in the application's database.

use crate::{
    backend::{Files, record},
    error::{Failure, retrying},
    time::{limit, micros},
};
use federate_store::{Bytes, Iri, OrderKey, Outbox, Outgoing, Priority, StoreError};
use std::time::SystemTime;

/// Number, id, sender, audience, body, priority, order.
type OutboxRow = (i64, String, String, String, Vec<u8>, i64, Option<i64>);

#[federate_store::async_trait]
impl Outbox for Files {
    async fn record(&self, outgoing: &Outgoing) -> Result<(), StoreError> {
        retrying!(self.record_alone(outgoing))
    }

    async fn unexpanded(&self, max: usize) -> Result<Vec<Outgoing>, StoreError> {
        let (outgoing, unreadable) = retrying!(self.read_unexpanded(max))?;
        if !unreadable.is_empty() {
            retrying!(self.set_aside(&unreadable))?;
        }
        Ok(outgoing)
    }

    async fn expanded(&self, id: &Iri) -> Result<(), StoreError> {
        self.expanded_all(std::slice::from_ref(id)).await
    }

    async fn expanded_all(&self, ids: &[Iri]) -> Result<(), StoreError> {
        let ids: Vec<&str> = ids.iter().map(Iri::as_str).collect();
        let ids = serde_json::Value::from(ids).to_string();
        retrying!(self.mark_expanded(&ids))
    }

    async fn body(&self, id: &Iri) -> Result<Option<Bytes>, StoreError> {
        retrying!(self.read_body(id))
    }

    async fn kept(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError> {
        let after: i64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        retrying!(self.read_kept(after, max))
    }

    async fn undecided(&self, after: Option<&str>, max: usize) -> Result<Vec<(String, Iri)>, StoreError> {
        let after: i64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        retrying!(self.read_undecided(after, max))
    }

    async fn keep_until(&self, ids: &[Iri], until: SystemTime) -> Result<(), StoreError> {
        let ids: Vec<&str> = ids.iter().map(Iri::as_str).collect();
        let ids = serde_json::Value::from(ids).to_string();
        retrying!(self.say_until(&ids, until))
    }

    async fn expired(&self, now: SystemTime, max: usize) -> Result<Vec<Iri>, StoreError> {
        retrying!(self.read_expired(now, max))
    }

    async fn forget(&self, ids: &[Iri]) -> Result<(), StoreError> {
        let ids: Vec<&str> = ids.iter().map(Iri::as_str).collect();
        let ids = serde_json::Value::from(ids).to_string();
        retrying!(self.drop_expanded(&ids))
    }
}

impl Files {
    async fn record_alone(&self, outgoing: &Outgoing) -> Result<(), Failure> {
        let mut connection = self.application.acquire().await?;
        Ok(record(&mut connection, outgoing).await?)
    }

    async fn read_unexpanded(&self, max: usize) -> Result<(Vec<Outgoing>, Vec<i64>), Failure> {
        let rows: Vec<OutboxRow> = sqlx::query_as(
            "SELECT no, id, sender, audience, body, priority, ordered FROM federate_outbox WHERE state = 0 ORDER BY no LIMIT ?1 + 0",
        )
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let mut unreadable = Vec::new();
        let mut outgoing = Vec::with_capacity(rows.len());
        for (no, id, sender, audience, body, priority, ordered) in rows {
            let Ok(id) = Iri::parse(&id) else {
                tracing::error!(no, "an outbox row has an id that is no IRI: set aside");
                unreadable.push(no);
                continue;
            };
            let audience = audience.lines().filter_map(|line| {
                Iri::parse(line)
                    .inspect_err(|_| tracing::warn!(%id, "an audience line is no IRI: skipped"))
                    .ok()
            });
            let audience = audience.collect();
            outgoing.push(Outgoing {
                id,
                sender,
                body: body.into(),
                audience,
                priority: Priority::of_rank(priority),
                order: ordered.map(OrderKey::from_stored),
            });
        }
        Ok((outgoing, unreadable))
    }

    /// A row that somebody else's driver wrote wrongly must not hold up those behind it.
    async fn set_aside(&self, rows: &[i64]) -> Result<(), Failure> {
        let rows = serde_json::Value::from(rows).to_string();
        sqlx::query("UPDATE federate_outbox SET state = 2 WHERE no IN (SELECT value FROM json_each(?1))")
            .bind(rows)
            .execute(&self.application)
            .await?;
        Ok(())
    }

    async fn mark_expanded(&self, ids: &str) -> Result<(), Failure> {
        sqlx::query(
            "UPDATE federate_outbox SET state = 1 WHERE id IN (SELECT value FROM json_each(?1)) AND state = 0",
        )
            .bind(ids)
            .execute(&self.application)
            .await?;
        Ok(())
    }

    async fn read_body(&self, id: &Iri) -> Result<Option<Bytes>, Failure> {
        let body: Option<Vec<u8>> = sqlx::query_scalar("SELECT body FROM federate_outbox WHERE id = ?1")
            .bind(id.as_str())
            .fetch_optional(&self.application)
            .await?;
        Ok(body.map(Bytes::from))
    }

    async fn read_kept(&self, after: i64, max: usize) -> Result<Vec<(String, Iri)>, Failure> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT no, id FROM federate_outbox WHERE no > ?1 AND state = 1 ORDER BY no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let readable = rows
            .into_iter()
            .filter_map(|(no, id)| Some((no.to_string(), Iri::parse(&id).ok()?)));
        Ok(readable.collect())
    }

    async fn read_undecided(&self, after: i64, max: usize) -> Result<Vec<(String, Iri)>, Failure> {
        let rows: Vec<(i64, String)> = sqlx::query_as(
            "SELECT no, id FROM federate_outbox WHERE no > ?1 AND state = 1 AND kept_until IS NULL ORDER BY no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let readable = rows
            .into_iter()
            .filter_map(|(no, id)| Some((no.to_string(), Iri::parse(&id).ok()?)));
        Ok(readable.collect())
    }

    async fn say_until(&self, ids: &str, until: SystemTime) -> Result<(), Failure> {
        sqlx::query(
            "UPDATE federate_outbox SET kept_until = ?2 WHERE id IN (SELECT value FROM json_each(?1)) AND state = 1 AND kept_until IS NULL",
        )
        .bind(ids)
        .bind(micros(until))
        .execute(&self.application)
        .await?;
        Ok(())
    }

    async fn read_expired(&self, now: SystemTime, max: usize) -> Result<Vec<Iri>, Failure> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM federate_outbox WHERE kept_until < ?1 ORDER BY kept_until LIMIT ?2",
        )
        .bind(micros(now))
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        Ok(rows.iter().filter_map(|id| Iri::parse(id).ok()).collect())
    }

    async fn drop_expanded(&self, ids: &str) -> Result<(), Failure> {
        sqlx::query(
            "DELETE FROM federate_outbox WHERE id IN (SELECT value FROM json_each(?1)) AND state = 1",
        )
        .bind(ids)
        .execute(&self.application)
        .await?;
        Ok(())
    }
}
