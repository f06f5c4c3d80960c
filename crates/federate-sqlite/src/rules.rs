//! What moderators decided, in the application's database: a backup of that one has it.

use crate::{
    backend::Files,
    clean,
    error::{Failure, retrying},
    time::{limit, micros, time},
};
use federate_store::{Rule, Rules, Ruling, StoreError, Verdict};
use sqlx::{Connection as _, FromRow, SqliteConnection};

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
impl Rules for Files {
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

impl Files {
    async fn write_rules(&self, rules: &[Rule]) -> Result<u64, Failure> {
        let mut connection = clean::acquire(&self.application).await?;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        for rule in rules {
            let last: Option<Row> =
                sqlx::query_as("SELECT no, host, verdict, reason, author, decided FROM federate_rules WHERE host = ?1 ORDER BY no DESC LIMIT 1")
                    .bind(&rule.host)
                    .fetch_optional(&mut *tx)
                    .await?;
            if last.is_none_or(|last| !Rule::from(last).says_the_same(rule)) {
                insert(&mut tx, rule).await?;
            }
        }
        let version = version(&mut tx).await?;
        tx.commit().await?;
        Ok(version)
    }

    async fn version_of_rules(&self) -> Result<u64, Failure> {
        let mut connection = clean::acquire(&self.application).await?;
        version(&mut connection).await
    }

    async fn read_ruling(&self) -> Result<Ruling, Failure> {
        // Version and rules of one moment: both come out of one statement.
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT no, host, verdict, reason, author, decided FROM federate_rules r
             WHERE no = (SELECT max(no) FROM federate_rules WHERE host = r.host) ORDER BY host",
        )
        .fetch_all(&self.application)
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
            "SELECT no, host, verdict, reason, author, decided FROM federate_rules WHERE (?1 IS NULL OR host = ?1) AND no < ?2 ORDER BY no DESC LIMIT ?3",
        )
        .bind(host)
        .bind(before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX)))
        .bind(limit(max))
        .fetch_all(&self.application)
        .await?;
        let numbered = rows.into_iter().map(|row| (row.no.unsigned_abs(), row.into()));
        Ok(numbered.collect())
    }
}

async fn version(connection: &mut SqliteConnection) -> Result<u64, Failure> {
    let version: i64 = sqlx::query_scalar("SELECT coalesce(max(no), 0) FROM federate_rules")
        .fetch_one(connection)
        .await?;
    Ok(version.unsigned_abs())
}

pub(crate) async fn insert(connection: &mut SqliteConnection, rule: &Rule) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO federate_rules (no, host, verdict, reason, author, decided)
         VALUES ((SELECT coalesce(max(no), 0) + 1 FROM federate_rules), ?1, ?2, ?3, ?4, ?5)",
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
