//! What arrives, many in one transaction.

use crate::{
    backend::Files,
    batches::{Batch, Place},
    digest::digest,
    error::Failure,
    rounds::{Granted, Wish},
    script::{Given, INSERT, Script},
    time::limit,
};
use bytes::Bytes;
use federate_store::StoreError;
use sqlx::{SqlitePool, sqlite::SqliteQueryResult};
use std::collections::BTreeSet;

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
        let granted = self.wish(Wish::Arrive(arrival)).await?;
        Ok(matches!(granted, Granted::Arrived(true)))
    }
}

/// What the statements that [write] them are given, before all others. `places`: of each its envelope's, in `batches`.
pub(crate) fn given(arrivals: &[&Arrival], batches: &[Batch], places: &[Place]) -> Vec<Given> {
    let of_arrivals = 6 * rows(arrivals.len());
    let of_all = of_arrivals + 5 * rows_of_batches(batches.len());
    let mut given = Vec::with_capacity(of_all);
    for (one, place) in arrivals.iter().zip(places) {
        let digest = digest(&one.id);
        given.push(Given::Text(one.id.clone()));
        given.push(Given::Blob(Bytes::copy_from_slice(&digest)));
        let numbers = [one.received, one.shard, place.batch, place.bytes];
        given.extend(numbers.map(Given::Number));
    }
    given.resize_with(of_arrivals, || Given::Nothing);
    let mut before = 0;
    for batch in batches {
        let count = places.iter().filter(|place| place.batch == batch.no).count();
        let numbers = [arrivals.len(), before, count].map(limit);
        given.push(Given::Number(batch.no));
        given.extend(numbers.map(Given::Number));
        given.push(Given::Blob(batch.sealed.clone()));
        before += count;
    }
    given.resize_with(of_all, || Given::Nothing);
    given
}

/// A connection keeps its statements prepared: there are to be few of them.
fn rows(count: usize) -> usize {
    match count {
        0 => 0,
        some => some.next_power_of_two(),
    }
}

/// As many statements again for each number of batches: there are few numbers.
fn rows_of_batches(count: usize) -> usize {
    match count {
        2..=8 => 8,
        9..=64 => 64,
        other => rows(other),
    }
}

/// Inserts those that are not known, `count` in so many `batches`: the place of the statement that does. None where nothing arrives.
pub(crate) fn write(script: &mut Script, count: usize, batches: usize) -> Option<usize> {
    if count == 0 {
        return None;
    }
    let list = |row, rows| vec![row; rows].join(", ");
    let inserting = script.push(&format!(
        "{INSERT} INTO federate_received (id, digest, received, shard, batch, place)
         SELECT column1, column2, column3, column4, column5, column6 FROM (VALUES {})
         WHERE column1 IS NOT NULL ON CONFLICT (digest) DO NOTHING",
        list("(?, ?, ?, ?, ?, ?)", rows(count))
    ));
    // What was inserted has the last numbers. Where all were new (as many as `column2` says), each batch has its own of them, so many behind so
    // many; where not, any. A batch of which all were known is not needed.
    script.push(&format!(
        "{INSERT} INTO federate_batches (no, first, last, sealed)
         SELECT v.column1,
             CASE new.count WHEN v.column2 THEN new.before + v.column3 + 1 ELSE new.before + 1 END,
             CASE new.count WHEN v.column2 THEN new.before + v.column3 + v.column4 ELSE new.before + new.count END,
             v.column5
         FROM (SELECT max(no) - changes() AS before, changes() AS count FROM federate_received) new
         CROSS JOIN (VALUES {}) v
         WHERE v.column1 IS NOT NULL AND (new.count = v.column2 OR EXISTS (
             SELECT 1 FROM federate_received r WHERE r.no > new.before AND r.batch = v.column1))",
        list("(?, ?, ?, ?, ?)", rows_of_batches(batches))
    ));
    Some(inserting)
}

/// Which of them were not known: of those of one name the first. `inserted`: what the statement that [inserts](write) them did.
pub(crate) async fn are_new(
    arrivals: &[&Arrival],
    inserted: &SqliteQueryResult,
    read: &SqlitePool,
) -> Result<Vec<bool>, Failure> {
    // Nearly always.
    let new = inserted.rows_affected().cast_signed();
    if new == limit(arrivals.len()) {
        return Ok(vec![true; arrivals.len()]);
    }
    // In one transaction, so their numbers follow each other.
    let last = inserted.last_insert_rowid();
    let mut inserted: BTreeSet<String> = match new {
        0 => BTreeSet::new(),
        _ => sqlx::query_scalar("SELECT id FROM federate_received WHERE no > ?1 AND no <= ?2")
            .bind(last - new)
            .bind(last)
            .fetch_all(read)
            .await?
            .into_iter()
            .collect(),
    };
    Ok(arrivals.iter().map(|one| inserted.remove(&one.id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Sqlite,
        batches::{ENVELOPE, WITH_ENVELOPE},
    };

    fn arrival(name: &str) -> Arrival {
        Arrival {
            id: name.to_owned(),
            received: 1,
            sealed: Bytes::from(format!("sealed {name}")),
            shard: 0,
        }
    }

    /// Those that are there, in the order in which they came, each with its envelope.
    async fn rows(store: &Sqlite) -> Vec<String> {
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
            "SELECT r.id, {ENVELOPE} FROM federate_received r {WITH_ENVELOPE} ORDER BY r.no"
        )))
        .fetch_all(&store.files().read)
        .await
        .unwrap();
        let checked = rows.into_iter().map(|(id, sealed)| {
            assert_eq!(sealed, format!("sealed {id}").into_bytes());
            id
        });
        checked.collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn p2_of_many_that_arrive_at_once_each_is_written_once_and_knows_whether_it_was_new() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let writing: Vec<_> = (0..1_000)
            .map(|number| {
                let files = store.files().clone();
                // Each twice, beside each other or far apart.
                let one = arrival(&(number / 2 % 300 + number / 600 * 300).to_string());
                tokio::spawn(async move { (one.id.clone(), files.write_arrival(one).await.unwrap()) })
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
        assert!(!store.files().rounds.is_written());
    }

    #[tokio::test]
    async fn one_that_is_there_keeps_no_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
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
            let wishes = names.iter().map(|name| Wish::Arrive(arrival(name))).collect();
            let granted = crate::rounds::write(store.files().clone(), wishes).await.unwrap();
            let granted = granted
                .into_iter()
                .map(|one| matches!(one, Ok(Granted::Arrived(true))));
            assert_eq!(granted.collect::<Vec<_>>(), new, "{names:?}");
        }
        assert_eq!(rows(&store).await.concat(), "abcdefghij");
    }

    /// Also where it was handled since.
    #[tokio::test]
    async fn what_comes_again_gets_no_envelope() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let files = store.files();
        sqlx::query("INSERT INTO federate_received (id, digest, received, state) VALUES ('done', ?1, 1, 1)")
            .bind(digest("done").to_vec())
            .execute(&files.write)
            .await
            .unwrap();
        for (name, is_new) in [("done", false), ("new", true), ("new", false)] {
            assert_eq!(
                files.write_arrival(arrival(name)).await.unwrap(),
                is_new,
                "{name}"
            );
        }
        assert_eq!(batches(files).await, 1);
    }

    async fn batches(files: &Files) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM federate_batches")
            .fetch_one(&files.read)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn whoever_gives_up_takes_nothing_from_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        for number in 0..100 {
            let files = store.files().clone();
            let gives_up = tokio::spawn({
                let files = files.clone();
                async move { files.write_arrival(arrival(&format!("gone {number}"))).await }
            });
            tokio::task::yield_now().await;
            let stays = files.write_arrival(arrival(&format!("stays {number}")));
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
