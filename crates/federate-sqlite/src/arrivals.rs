//! What arrives, many in one transaction.

use crate::{
    backend::Files,
    clean,
    error::{Failure, retrying},
    together::Together,
};
use bytes::Bytes;
use federate_store::StoreError;
use sqlx::{Connection as _, SqliteConnection, SqlitePool};

/// Those that wait to be written; `false` is answered where it was there.
pub(crate) type Arrivals = Together<Arrival, bool>;

/// A row of what was received, before it is one.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) id: String,
    /// When, in microseconds.
    pub(crate) received: i64,
    pub(crate) sealed: Bytes,
    pub(crate) shard: i64,
}

impl Files {
    /// Writes it, with all that arrive meanwhile. `false`: it was there.
    pub(crate) async fn write_arrival(&self, arrival: Arrival) -> Result<bool, StoreError> {
        let into = self.write.clone();
        let write = move |arrivals| write(into.clone(), arrivals);
        self.arrivals.write(arrival, write).await
    }
}

async fn write(
    into: SqlitePool,
    arrivals: Vec<Arrival>,
) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let new: Vec<bool> = retrying!(insert(&into, &arrivals))?;
    Ok(new.into_iter().map(Ok).collect())
}

/// Which of them are new. All of them are durable then, or none was written.
async fn insert(into: &SqlitePool, arrivals: &[Arrival]) -> Result<Vec<bool>, Failure> {
    let mut connection = clean::acquire(into).await?;
    // A turn of the connection's thread for each statement: one, as nearly always all are new. There are as many such statements as
    // there are sizes, fewer than a connection keeps prepared.
    if insert_new(&mut connection, arrivals).await? {
        return Ok(vec![true; arrivals.len()]);
    }
    // Some were there, and all were left out: which?
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut new = Vec::with_capacity(arrivals.len());
    for one in arrivals {
        new.push(insert_new(&mut tx, std::slice::from_ref(one)).await?);
    }
    tx.commit().await?;
    Ok(new)
}

/// Inserts all of them, or, where one of them is there or comes twice, none.
async fn insert_new(connection: &mut SqliteConnection, some: &[Arrival]) -> Result<bool, Failure> {
    // One statement is atomic by itself: `ABORT` takes back what it did, and no more.
    let mut sql =
        String::from("INSERT INTO federate_received (id, received, sealed, shard) VALUES (?, ?, ?, ?)");
    for _ in some.iter().skip(1) {
        sql.push_str(", (?, ?, ?, ?)");
    }
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for one in some {
        query = query
            .bind(one.id.as_str())
            .bind(one.received)
            .bind(&one.sealed[..])
            .bind(one.shard);
    }
    match query.execute(connection).await {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sqlite;
    use std::sync::Arc;

    fn arrival(name: &str) -> Arrival {
        Arrival {
            id: name.to_owned(),
            received: 1,
            sealed: Bytes::from_static(b"sealed"),
            shard: 0,
        }
    }

    async fn rows(store: &Sqlite) -> Vec<String> {
        sqlx::query_scalar("SELECT id FROM federate_received ORDER BY no")
            .fetch_all(&store.files().read)
            .await
            .unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn p2_of_many_that_arrive_at_once_each_is_written_once_and_knows_whether_it_was_new() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let arrivals = Arc::<Arrivals>::default();
        let writing: Vec<_> = (0..1_000)
            .map(|number| {
                let (arrivals, pool) = (Arc::clone(&arrivals), store.files().write.clone());
                // Each twice, beside each other or far apart.
                let one = arrival(&(number / 2 % 300 + number / 600 * 300).to_string());
                tokio::spawn(async move {
                    (
                        one.id.clone(),
                        arrivals
                            .write(one, move |all| write(pool.clone(), all))
                            .await
                            .unwrap(),
                    )
                })
            })
            .collect();
        let mut new = std::collections::BTreeMap::<String, usize>::new();
        for one in writing {
            let (id, is_new) = one.await.unwrap();
            *new.entry(id).or_default() += usize::from(is_new);
        }
        assert!(new.values().all(|times| *times == 1), "{new:?}");
        let mut rows = rows(&store).await;
        rows.sort();
        assert_eq!(rows, new.into_keys().collect::<Vec<_>>());
        assert!(!arrivals.is_written());
    }

    #[tokio::test]
    async fn one_that_is_there_keeps_no_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let pool = &store.files().write;
        for (names, new) in [
            (&["a"][..], &[true][..]),
            (&["a"], &[false]),
            (&["b", "a"], &[true, false]),
            (&["c", "c", "d"], &[true, false, true]),
            (
                &["e", "f", "g", "h", "i", "d", "j"],
                &[true, true, true, true, true, false, true],
            ),
        ] {
            let arrivals: Vec<_> = names.iter().map(|name| arrival(name)).collect();
            assert_eq!(insert(pool, &arrivals).await.unwrap(), new, "{names:?}");
        }
        assert_eq!(rows(&store).await.concat(), "abcdefghij");
    }

    #[tokio::test]
    async fn whoever_gives_up_takes_nothing_from_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let arrivals = Arc::<Arrivals>::default();
        for number in 0..100 {
            let (arrivals, pool) = (Arc::clone(&arrivals), store.files().write.clone());
            let gives_up = tokio::spawn({
                let (arrivals, pool) = (Arc::clone(&arrivals), pool.clone());
                async move {
                    arrivals
                        .write(arrival(&format!("gone {number}")), move |all| {
                            write(pool.clone(), all)
                        })
                        .await
                }
            });
            tokio::task::yield_now().await;
            let stays = arrivals.write(arrival(&format!("stays {number}")), move |all| {
                write(pool.clone(), all)
            });
            gives_up.abort();
            assert!(stays.await.unwrap());
        }
        let stayed = rows(&store)
            .await
            .iter()
            .filter(|id| id.starts_with("stays"))
            .count();
        assert_eq!(stayed, 100);
    }
}
