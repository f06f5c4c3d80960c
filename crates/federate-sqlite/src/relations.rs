//! Relations, in the application's database.

use crate::{
    backend::Files,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{
    Iri, MAX_NOTE, Relation, RelationKey, RelationKind, RelationState, Relations, StoreError, Which,
};
use sqlx::{FromRow, QueryBuilder, Sqlite};
use std::time::SystemTime;

#[federate_store::async_trait]
impl Relations for Files {
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

impl Files {
    async fn put_relation(&self, relation: &Relation) -> Result<bool, Failure> {
        loop {
            for (statement, new) in [(INSERT, true), (UPDATE, false)] {
                let done = sqlx::query(statement)
                    .bind(relation.key.kind.number())
                    .bind(&*relation.key.subject)
                    .bind(relation.key.actor.as_str())
                    .bind(&*relation.key.name)
                    .bind(relation.activity.as_ref().map(Iri::as_str))
                    .bind(relation.state.number())
                    .bind(micros(relation.at))
                    .bind(relation.until.map(micros))
                    .bind(&*relation.note)
                    .execute(&self.application)
                    .await?;
                if done.rows_affected() > 0 {
                    return Ok(new);
                }
            }
            // It was there, and somebody removed it between the two.
        }
    }

    async fn advance_relation(
        &self,
        key: &RelationKey,
        from: RelationState,
        to: RelationState,
        until: Option<SystemTime>,
    ) -> Result<bool, Failure> {
        let done = sqlx::query(
            "UPDATE federate_relations SET state = ?6, until = ?7
             WHERE kind = ?1 AND subject = ?2 AND actor = ?3 AND name = ?4 AND state = ?5",
        )
        .bind(key.kind.number())
        .bind(&*key.subject)
        .bind(key.actor.as_str())
        .bind(&*key.name)
        .bind(from.number())
        .bind(to.number())
        .bind(until.map(micros))
        .execute(&self.application)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    async fn remove_relations(&self, which: &Which, max: usize) -> Result<u64, Failure> {
        let mut query = QueryBuilder::new(
            "DELETE FROM federate_relations WHERE no IN (SELECT no FROM federate_relations",
        );
        those(&mut query, which);
        query.push(" ORDER BY no LIMIT ").push_bind(limit(max)).push(")");
        let done = query.build().execute(&self.application).await?;
        Ok(done.rows_affected())
    }

    async fn relation_page(
        &self,
        which: &Which,
        after: i64,
        max: usize,
    ) -> Result<Vec<(String, Relation)>, Failure> {
        let mut query = QueryBuilder::new(
            "SELECT no, kind, subject, actor, name, activity, state, since, until, note FROM federate_relations",
        );
        those(&mut query, which);
        query.push(" AND no > ").push_bind(after);
        query.push(" ORDER BY no LIMIT ").push_bind(limit(max));
        let rows: Vec<Row> = query.build_query_as().fetch_all(&self.application).await?;
        rows.into_iter().map(|row| read(row, which.kind)).collect()
    }

    async fn relation_count(&self, which: &Which) -> Result<i64, Failure> {
        let mut query = QueryBuilder::new("SELECT count(*) FROM federate_relations");
        those(&mut query, which);
        let count = query.build_query_scalar().fetch_one(&self.application).await?;
        Ok(count)
    }

    async fn prune_relations(&self, now: SystemTime, max: usize) -> Result<u64, Failure> {
        let done = sqlx::query(
            "DELETE FROM federate_relations WHERE no IN
             (SELECT no FROM federate_relations WHERE until < ?1 ORDER BY until LIMIT ?2)",
        )
        .bind(micros(now))
        .bind(limit(max))
        .execute(&self.application)
        .await?;
        Ok(done.rows_affected())
    }
}

const INSERT: &str =
    "INSERT INTO federate_relations (kind, subject, actor, name, activity, state, since, until, note)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (kind, subject, actor, name) DO NOTHING";

const UPDATE: &str =
    "UPDATE federate_relations SET activity = ?5, state = ?6, since = ?7, until = ?8, note = ?9
     WHERE kind = ?1 AND subject = ?2 AND actor = ?3 AND name = ?4";

/// Only what is said stands in the statement, so that the index for it is found.
fn those(query: &mut QueryBuilder<Sqlite>, which: &Which) {
    query.push(" WHERE kind = ").push_bind(which.kind.number());
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
