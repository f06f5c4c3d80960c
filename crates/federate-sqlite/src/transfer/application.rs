//! What lies in the application's database.

use crate::{
    backend::Files,
    error::Failure,
    relations, rules,
    time::{limit, micros, time},
};
use federate_store::{
    OrderKey, Priority, ReceivedId,
    transfer::{OutgoingState, Record},
};
use sqlx::{FromRow, SqliteConnection};

#[derive(FromRow)]
struct OutboxRow {
    no: i64,
    id: String,
    sender: String,
    audience: String,
    state: i64,
    priority: i64,
    ordered: Option<i64>,
    kept_until: Option<i64>,
    body: Vec<u8>,
}

type FollowerRow = (i64, String, String, String, Option<String>);

impl Files {
    pub(super) async fn read_keys(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(
            "SELECT name, secret FROM federate_keys WHERE ?1 IS NULL OR name > ?1 ORDER BY name LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let records = rows
            .into_iter()
            .map(|(name, secret)| (name.clone(), Record::Key { name, secret }));
        Ok(records.collect())
    }

    pub(super) async fn read_followers(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<FollowerRow> = sqlx::query_as(
            "SELECT no, followed, actor, inbox, shared_inbox FROM federate_followers WHERE no > ?1 ORDER BY no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let records = rows.into_iter().map(|(no, of, actor, inbox, shared_inbox)| {
            let follower = Record::Follower {
                of,
                actor,
                inbox,
                shared_inbox,
            };
            (no.to_string(), follower)
        });
        Ok(records.collect())
    }

    pub(super) async fn read_relations(
        &self,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<relations::Row> = sqlx::query_as(
            "SELECT no, kind, subject, actor, name, activity, state, since, until, note FROM federate_relations
             WHERE no > ?1 ORDER BY no LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let records = rows.into_iter().map(|row| {
            let relation = Record::Relation {
                kind: row.kind,
                subject: row.subject,
                actor: row.actor,
                name: row.name,
                activity: row.activity,
                state: row.state,
                at: time(row.since),
                until: row.until.map(time),
                note: row.note,
            };
            (row.no.to_string(), relation)
        });
        Ok(records.collect())
    }

    pub(super) async fn read_outbox(&self, after: i64, max: usize) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<OutboxRow> =
            sqlx::query_as("SELECT * FROM federate_outbox WHERE no > ?1 ORDER BY no LIMIT ?2")
                .bind(after)
                .bind(limit(max))
                .fetch_all(&self.application)
                .await?;
        let records = rows.into_iter().map(|row| {
            let outgoing = Record::Outgoing {
                id: row.id,
                sender: row.sender,
                audience: row.audience,
                body: row.body.into(),
                priority: Priority::of_rank(row.priority),
                order: row.ordered.map(OrderKey::from_stored),
                state: match row.state {
                    0 => OutgoingState::Recorded,
                    1 => OutgoingState::Expanded,
                    _ => OutgoingState::SetAside,
                },
                kept_until: row.kept_until.map(time),
            };
            (row.no.to_string(), outgoing)
        });
        Ok(records.collect())
    }

    pub(super) async fn read_handled(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM federate_handled WHERE ?1 IS NULL OR id > ?1 ORDER BY id LIMIT ?2",
        )
        .bind(after)
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let records = rows
            .into_iter()
            .map(|id| (id.clone(), Record::Handled(ReceivedId::from_stored(id))));
        Ok(records.collect())
    }

    pub(super) async fn read_rules(&self, after: i64, max: usize) -> Result<Vec<(String, Record)>, Failure> {
        let rows: Vec<rules::Row> =
            sqlx::query_as("SELECT no, host, verdict, reason, author, decided FROM federate_rules WHERE no > ?1 ORDER BY no LIMIT ?2")
                .bind(after)
                .bind(limit(max))
                .fetch_all(&self.application)
                .await?;
        let records = rows
            .into_iter()
            .map(|row| (row.no.to_string(), Record::Rule(row.into())));
        Ok(records.collect())
    }
}

pub(super) async fn write(connection: &mut SqliteConnection, record: &Record) -> Result<(), Failure> {
    let query = match record {
        Record::Key { name, secret } => {
            sqlx::query("INSERT INTO federate_keys (name, secret) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
                .bind(name)
                .bind(secret)
        }
        Record::Follower {
            of,
            actor,
            inbox,
            shared_inbox,
        } => sqlx::query(
            "INSERT INTO federate_followers (followed, actor, inbox, shared_inbox) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )
        .bind(of)
        .bind(actor)
        .bind(inbox)
        .bind(shared_inbox),
        Record::Relation {
            kind,
            subject,
            actor,
            name,
            activity,
            state,
            at,
            until,
            note,
        } => sqlx::query(
            "INSERT INTO federate_relations (kind, subject, actor, name, activity, state, since, until, note)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )
        .bind(kind)
        .bind(subject)
        .bind(actor)
        .bind(name)
        .bind(activity)
        .bind(state)
        .bind(micros(*at))
        .bind(until.map(micros))
        .bind(note),
        Record::Outgoing {
            id,
            sender,
            audience,
            body,
            priority,
            order,
            state,
            kept_until,
        } => sqlx::query(
            "INSERT INTO federate_outbox (id, sender, audience, state, priority, ordered, body, kept_until)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(sender)
        .bind(audience)
        .bind(match state {
            OutgoingState::Recorded => 0,
            OutgoingState::Expanded => 1,
            OutgoingState::SetAside => 2,
        })
        .bind(i64::from(priority.rank()))
        .bind(order.map(OrderKey::to_stored))
        .bind(body.as_ref())
        .bind(kept_until.map(micros)),
        Record::Handled(id) => {
            sqlx::query("INSERT INTO federate_handled (id) VALUES (?1) ON CONFLICT DO NOTHING")
                .bind(id.as_str())
        }
        Record::Rule(rule) => return Ok(rules::insert(connection, rule).await?),
        _ => return Ok(()),
    };
    query.execute(connection).await?;
    Ok(())
}
