//! Several statements in one turn of a connection's thread.
//!
//! Each statement crosses to that thread and back, and on a busy machine both ways wait for their turn. What is known beforehand is sent as
//! one text, whose statements share their numbered parameters.

use crate::{clean, error::Failure};
use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use sqlx::{
    Either, Executor as _, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    sqlite::{SqliteQueryResult, SqliteRow},
};

/// How a statement begins that changes several rows, in a transaction that is taken back whole where one of them is refused: SQLite need not
/// copy each page that it changes so as to take back the statement alone.
pub(crate) const INSERT: &str = "INSERT OR FAIL";
pub(crate) const UPDATE: &str = "UPDATE OR FAIL";

/// Statements of one transaction, and what they are given.
pub(crate) struct Script {
    sql: String,
    given: Vec<Given>,
    statements: usize,
}

/// What a parameter stands for.
pub(crate) enum Given {
    Number(i64),
    Text(String),
    Blob(Bytes),
    Nothing,
}

impl Script {
    /// With nothing in it but the begin of a transaction that writes.
    pub(crate) fn new() -> Self {
        Self {
            sql: "BEGIN IMMEDIATE;".to_owned(),
            given: Vec::new(),
            statements: 1,
        }
    }

    /// Adds a statement: its place in what is [done](Outcome::done).
    pub(crate) fn push(&mut self, statement: &str) -> usize {
        self.sql.push_str(statement);
        self.sql.push(';');
        self.statements += 1;
        self.statements - 1
    }

    /// The parameter that stands for it in all statements: `$` and its number. (With `?` and a number those of a statement would have to be
    /// without gaps.)
    pub(crate) fn number(&mut self, number: i64) -> String {
        self.give(Given::Number(number))
    }

    pub(crate) fn text(&mut self, text: impl Into<String>) -> String {
        self.give(Given::Text(text.into()))
    }

    /// What stands for itself, before all else is given: `?` in the statements takes it, from the first to the last. SQLite looks
    /// for the name of a parameter among all, so that many are to have none.
    pub(crate) fn begin_with(given: Vec<Given>) -> Self {
        Self { given, ..Self::new() }
    }

    fn give(&mut self, given: Given) -> String {
        self.given.push(given);
        format!("${}", self.given.len())
    }

    /// Runs all of it, and commits. With an error nothing was written.
    pub(crate) async fn run(mut self, pool: &SqlitePool) -> Result<Outcome, Failure> {
        self.push("COMMIT");
        let mut query = sqlx::query(sqlx::AssertSqlSafe(self.sql));
        for given in self.given {
            query = match given {
                Given::Number(number) => query.bind(number),
                Given::Text(text) => query.bind(text),
                Given::Blob(blob) => query.bind(Vec::from(blob)),
                Given::Nothing => query.bind(None::<i64>),
            };
        }
        let mut running = Running(Some(clean::acquire(pool).await?));
        let outcome = match &mut running.0 {
            Some(connection) => gather(connection.fetch_many(query)).await,
            None => Err(sqlx::Error::WorkerCrashed),
        };
        // The thread of a connection that ends in the middle says nothing more, not even why: what it did is taken back.
        if outcome
            .as_ref()
            .is_ok_and(|outcome| outcome.done.len() != self.statements)
        {
            return Err(sqlx::Error::WorkerCrashed.into());
        }
        if let Some(connection) = &mut running.0
            && (outcome.is_ok() || ends(connection).await)
        {
            running.0.take();
        }
        Ok(outcome?)
    }
}

/// What the statements of a script gave.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Of all statements, one after the other.
    pub(crate) rows: Vec<SqliteRow>,
    /// Of each, the begin of the transaction first: how many rows it changed, and the number of the last that was inserted so far.
    pub(crate) done: Vec<SqliteQueryResult>,
}

async fn gather(
    mut given: impl Stream<Item = Result<Either<SqliteQueryResult, SqliteRow>, sqlx::Error>> + Unpin,
) -> Result<Outcome, sqlx::Error> {
    let mut outcome = Outcome::default();
    while let Some(one) = given.try_next().await? {
        match one {
            Either::Left(done) => outcome.done.push(done),
            Either::Right(row) => outcome.rows.push(row),
        }
    }
    Ok(outcome)
}

/// sqlx does not know of the transaction: where nobody ends it, its connection is closed, and SQLite takes it back.
struct Running(Option<PoolConnection<Sqlite>>);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// Takes back what a script that failed did. Whether the connection is of use again.
async fn ends(connection: &mut SqliteConnection) -> bool {
    // Refused where the transaction did not begin, or SQLite took it back by itself: then, and only then, another can begin.
    let _ = connection.execute("ROLLBACK").await;
    let begins = connection.execute("BEGIN; COMMIT").await;
    begins.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sqlite;
    use federate_store::StoreErrorKind;

    async fn inboxes(pool: &SqlitePool) -> Vec<String> {
        sqlx::query_scalar("SELECT iri FROM federate_inboxes ORDER BY no")
            .fetch_all(pool)
            .await
            .unwrap()
    }

    fn inserting(iri: &str) -> Script {
        let mut script = Script::new();
        let iri = script.text(iri);
        let lane = script.number(1);
        script.push(&format!("SELECT {lane}"));
        script.push(&format!(
            "INSERT INTO federate_inboxes (lane, iri) VALUES ({lane}, {iri}) RETURNING no"
        ));
        script
    }

    #[tokio::test]
    async fn the_statements_share_what_they_are_given_and_say_what_they_find() {
        for file in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = match file {
                true => folder.path().join("a.db"),
                false => ":memory:".into(),
            };
            let store = Sqlite::open(path).await.unwrap();
            let pool = &store.files().write;
            let outcome = inserting("https://a.example/inbox").run(pool).await.unwrap();
            assert_eq!(outcome.rows.len(), 2);
            let changed: Vec<u64> = outcome
                .done
                .iter()
                .map(SqliteQueryResult::rows_affected)
                .collect();
            assert_eq!((changed.len(), changed[2]), (4, 1), "{changed:?}");
            assert_eq!(outcome.done[2].last_insert_rowid(), 1);
            assert_eq!(inboxes(pool).await, ["https://a.example/inbox"]);
        }
    }

    #[tokio::test]
    async fn p2_of_a_script_that_fails_nothing_is_written_and_the_next_one_is() {
        for memory in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let path = match memory {
                true => ":memory:".into(),
                false => folder.path().join("a.db"),
            };
            let store = Sqlite::open(path).await.unwrap();
            let pool = &store.files().write;
            let mut bad = inserting("https://a.example/inbox");
            bad.push("INSERT INTO federate_inboxes (lane, iri) VALUES (1, NULL)");
            let error = federate_store::StoreError::from(bad.run(pool).await.unwrap_err());
            assert_eq!(error.kind(), StoreErrorKind::Broken);
            assert!(inboxes(pool).await.is_empty());
            inserting("https://b.example/inbox").run(pool).await.unwrap();
            assert_eq!(inboxes(pool).await, ["https://b.example/inbox"]);
        }
    }

    #[tokio::test]
    async fn p2_a_script_that_nobody_waits_for_any_more_leaves_no_transaction_open() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let pool = &store.files().write;
        for number in 0..50 {
            let mut script = inserting(&format!("https://gone.example/{number}"));
            // More rows than a connection's thread hands over before somebody takes them.
            script.push(
                "WITH RECURSIVE n (x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 500) SELECT x FROM n",
            );
            {
                let mut running = std::pin::pin!(script.run(pool));
                // Begun, and dropped where it waits.
                for _ in 0..number % 5 {
                    let pause = std::pin::pin!(tokio::task::yield_now());
                    tokio::select! {
                        biased;
                        _ = &mut running => break,
                        () = pause => {}
                    }
                }
            }
            inserting(&format!("https://stays.example/{number}"))
                .run(pool)
                .await
                .unwrap();
        }
        let stayed = inboxes(pool).await;
        let stayed = stayed.iter().filter(|iri| iri.starts_with("https://stays"));
        assert_eq!(stayed.count(), 50);
    }
}
