//! What moderators decided.

use crate::{
    backend::Tables,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{Rule, Rules, Ruling, StoreError, Verdict};
use sqlx::{FromRow, PgConnection, PgExecutor};

#[derive(FromRow)]
pub(crate) struct Row {
    pub(crate) no: i64,
    host: String,
    verdict: String,
    reason: String,
    author: String,
    decided: i64,
}

impl From<Row> for Rule {
    fn from(row: Row) -> Self {
        Rule::new(&row.host, Verdict::from_stored(&row.verdict), time(row.decided))
            .because(&row.reason)
            .by(&row.author)
    }
}

#[federate_store::async_trait]
impl Rules for Tables {
    async fn decide(&self, rules: &[Rule]) -> Result<u64, StoreError> {
        retrying!(self.write_rules(rules))
    }

    async fn version(&self) -> Result<u64, StoreError> {
        retrying!(self.version_of_rules())
    }

    async fn ruling(&self) -> Result<Ruling, StoreError> {
        retrying!(self.read_ruling())
    }

    async fn history(
        &self,
        host: Option<&str>,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<(u64, Rule)>, StoreError> {
        retrying!(self.read_history(host, before, max))
    }
}

impl Tables {
    async fn write_rules(&self, rules: &[Rule]) -> Result<u64, Failure> {
        let mut tx = self.pool.begin().await?;
        // One after the other: whoever sees a version sees all that is below it.
        sqlx::raw_sql("LOCK TABLE federate.rules IN SHARE ROW EXCLUSIVE MODE")
            .execute(&mut *tx)
            .await?;
        for rule in rules {
            let last: Option<Row> =
                sqlx::query_as("SELECT no, host, verdict, reason, author, decided FROM federate.rules WHERE host = $1 ORDER BY no DESC LIMIT 1")
                    .bind(&rule.host)
                    .fetch_optional(&mut *tx)
                    .await?;
            if last.is_none_or(|last| !Rule::from(last).says_the_same(rule)) {
                insert(&mut tx, rule).await?;
            }
        }
        let version = version(&mut *tx).await?;
        // Seldom enough to be told by the transaction itself: with it, everybody knows.
        sqlx::query("SELECT pg_notify('federate', '')")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(version)
    }

    async fn version_of_rules(&self) -> Result<u64, Failure> {
        version(&self.pool).await
    }

    async fn read_ruling(&self) -> Result<Ruling, Failure> {
        // Version and rules of one moment: both come out of one statement.
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT no, host, verdict, reason, author, decided FROM federate.rules r
             WHERE no = (SELECT max(no) FROM federate.rules WHERE host = r.host) ORDER BY host",
        )
        .fetch_all(&self.pool)
        .await?;
        let version = rows.iter().map(|row| row.no).max().unwrap_or(0);
        Ok(Ruling {
            version: version.unsigned_abs(),
            rules: rows.into_iter().map(Rule::from).collect(),
        })
    }

    async fn read_history(
        &self,
        host: Option<&str>,
        before: Option<u64>,
        max: usize,
    ) -> Result<Vec<(u64, Rule)>, Failure> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT no, host, verdict, reason, author, decided FROM federate.rules WHERE ($1::text IS NULL OR host = $1) AND no < $2 ORDER BY no DESC LIMIT $3",
        )
        .bind(host)
        .bind(before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX)))
        .bind(limit(max))
        .fetch_all(&self.pool)
        .await?;
        let numbered = rows.into_iter().map(|row| (row.no.unsigned_abs(), row.into()));
        Ok(numbered.collect())
    }
}

async fn version(on: impl PgExecutor<'_>) -> Result<u64, Failure> {
    let version: i64 = sqlx::query_scalar("SELECT coalesce(max(no), 0) FROM federate.rules")
        .fetch_one(on)
        .await?;
    Ok(version.unsigned_abs())
}

pub(crate) async fn insert(connection: &mut PgConnection, rule: &Rule) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO federate.rules (no, host, verdict, reason, author, decided)
         VALUES ((SELECT coalesce(max(no), 0) + 1 FROM federate.rules), $1, $2, $3, $4, $5)",
    )
    .bind(&rule.host)
    .bind(rule.verdict.as_str())
    .bind(&rule.reason)
    .bind(&rule.by)
    .bind(micros(rule.at))
    .execute(connection)
    .await?;
    Ok(())
}
