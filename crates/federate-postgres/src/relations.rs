//! Relations.

use crate::{
    backend::Tables,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{
    Iri, MAX_NOTE, Relation, RelationKey, RelationKind, RelationState, Relations, StoreError, Which,
};
use sha2::{Digest as _, Sha256};
use sqlx::{FromRow, Postgres, QueryBuilder};
use std::time::SystemTime;

#[federate_store::async_trait]
impl Relations for Tables {
    async fn put(&self, relation: &Relation) -> Result<bool, StoreError> {
        if relation.note.len() > MAX_NOTE {
            return Err(StoreError::broken("a note is too long"));
        }
        retrying!(self.put_relation(relation))
    }

    async fn advance(
        &self,
        key: &RelationKey,
        from: RelationState,
        to: RelationState,
        until: Option<SystemTime>,
    ) -> Result<bool, StoreError> {
        retrying!(self.advance_relation(key, from, to, until))
    }

    async fn remove(&self, which: &Which, max: usize) -> Result<usize, StoreError> {
        let count: u64 = retrying!(self.remove_relations(which, max))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    async fn page(
        &self,
        which: &Which,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Relation)>, StoreError> {
        let after: i64 = after
            .map(str::parse)
            .transpose()
            .map_err(StoreError::broken)?
            .unwrap_or(0);
        retrying!(self.relation_page(which, after, max))
    }

    async fn count(&self, which: &Which) -> Result<u64, StoreError> {
        let count: i64 = retrying!(self.relation_count(which))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    async fn prune(&self, now: SystemTime, max: usize) -> Result<usize, StoreError> {
        let count: u64 = retrying!(self.prune_relations(now, max))?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }
}

/// A row of the table, as it lies there.
#[derive(FromRow)]
pub(crate) struct Row {
    pub(crate) no: i64,
    pub(crate) kind: i16,
    pub(crate) subject: String,
    pub(crate) actor: String,
    pub(crate) name: String,
    pub(crate) activity: Option<String>,
    pub(crate) state: i16,
    pub(crate) since: i64,
    pub(crate) until: Option<i64>,
    pub(crate) note: String,
}

impl Tables {
    async fn put_relation(&self, relation: &Relation) -> Result<bool, Failure> {
        let key = &relation.key;
        let (kind, actor) = (key.kind.number(), key.actor.as_str());
        let new = sqlx::query_scalar(PUT)
            .bind(digest(kind, &key.subject, actor, &key.name))
            .bind(kind)
            .bind(&*key.subject)
            .bind(actor)
            .bind(&*key.name)
            .bind(relation.activity.as_ref().map(Iri::as_str))
            .bind(relation.state.number())
            .bind(micros(relation.at))
            .bind(relation.until.map(micros))
            .bind(&*relation.note)
            .fetch_one(&self.pool)
            .await?;
        Ok(new)
    }

    async fn advance_relation(
        &self,
        key: &RelationKey,
        from: RelationState,
        to: RelationState,
        until: Option<SystemTime>,
    ) -> Result<bool, Failure> {
        let done =
            sqlx::query("UPDATE federate.relations SET state = $3, until = $4 WHERE key = $1 AND state = $2")
                .bind(digest(
                    key.kind.number(),
                    &key.subject,
                    key.actor.as_str(),
                    &key.name,
                ))
                .bind(from.number())
                .bind(to.number())
                .bind(until.map(micros))
                .execute(&self.pool)
                .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_relations(&self, which: &Which, max: usize) -> Result<u64, Failure> {
        let mut query = QueryBuilder::new(
            "DELETE FROM federate.relations WHERE no IN (SELECT no FROM federate.relations",
        );
        those(&mut query, which);
        query.push(" ORDER BY no LIMIT ").push_bind(limit(max)).push(")");
        let done = query.build().execute(&self.pool).await?;
        Ok(done.rows_affected())
    }

    async fn relation_page(
        &self,
        which: &Which,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Relation)>, Failure> {
        let mut query = QueryBuilder::new(
            "SELECT no, kind, subject, actor, name, activity, state, since, until, note FROM federate.relations",
        );
        those(&mut query, which);
        query.push(" AND no > ").push_bind(after);
        query.push(" ORDER BY no LIMIT ").push_bind(limit(max));
        let rows: Vec<Row> = query.build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| read(row, which.kind)).collect()
    }

    async fn relation_count(&self, which: &Which) -> Result<i64, Failure> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM federate.relations");
        those(&mut query, which);
        let count = query.build_query_scalar().fetch_one(&self.pool).await?;
        Ok(count)
    }

    async fn prune_relations(&self, now: SystemTime, max: usize) -> Result<u64, Failure> {
        let done = sqlx::query(
            "DELETE FROM federate.relations WHERE no IN
             (SELECT no FROM federate.relations WHERE until < $1 ORDER BY until LIMIT $2)",
        )
        .bind(micros(now))
        .bind(limit(max))
        .execute(&self.pool)
        .await?;
        Ok(done.rows_affected())
    }
}

/// A row that nobody has changed yet is a new one.
const PUT: &str =
    "INSERT INTO federate.relations AS r (key, kind, subject, actor, name, activity, state, since, until, note)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO UPDATE
     SET activity = excluded.activity, state = excluded.state, since = excluded.since, until = excluded.until,
         note = excluded.note
     RETURNING r.xmax = 0";

/// What tells one relation from all others, in 32 bytes. Each part but the last has its length before it.
pub(crate) fn digest(kind: i16, subject: &str, actor: &str, name: &str) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(kind.to_be_bytes());
    for part in [subject, actor] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(name);
    digest.finalize().to_vec()
}

/// Only what is said stands in the statement, so that the index for it is found.
fn those(query: &mut QueryBuilder<Postgres>, which: &Which) {
    query.push(" WHERE kind = ").push_bind(which.kind.number());
    if let (Some(subject), Some(actor), Some(name)) = (&which.subject, &which.actor, &which.name) {
        let key = digest(which.kind.number(), subject, actor.as_str(), name);
        query.push(" AND key = ").push_bind(key);
    }
    let texts = [
        (" AND subject = ", which.subject.as_deref()),
        (" AND actor = ", which.actor.as_ref().map(Iri::as_str)),
        (" AND name = ", which.name.as_deref()),
        (" AND activity = ", which.activity.as_ref().map(Iri::as_str)),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            query.push(column).push_bind(text.to_owned());
        }
    }
    if let Some(state) = which.state {
        query.push(" AND state = ").push_bind(state.number());
    }
    if let Some(since) = which.since {
        query.push(" AND since >= ").push_bind(micros(since));
    }
}

fn read(row: Row, asked: RelationKind) -> Result<(String, Relation), Failure> {
    let iri = |text: &str| Iri::parse(text).map_err(StoreError::broken);
    let relation = Relation {
        key: RelationKey {
            kind: RelationKind::of_number(row.kind).unwrap_or(asked),
            subject: row.subject,
            actor: iri(&row.actor)?,
            name: row.name,
        },
        activity: row.activity.as_deref().map(iri).transpose()?,
        state: RelationState::of_number(row.state),
        at: time(row.since),
        until: row.until.map(time),
        note: row.note,
    };
    Ok((row.no.to_string(), relation))
}
