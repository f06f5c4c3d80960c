//! What was handled, many in one transaction.

use crate::{
    backend::{Files, record},
    clean,
    error::{Failure, retrying},
    together::{Together, Written},
};
use federate_store::{Outgoing, ReceivedId, StoreError, StoreErrorKind};
use sqlx::{Connection as _, SqliteConnection, SqlitePool};
use std::collections::BTreeSet;

/// Those that wait to be marked; `false` is answered where it was marked before.
pub(crate) type Acks = Together<Ack, bool>;

/// A mark, and what goes out with it; or marks of several with which nothing does.
#[derive(Clone, Debug)]
pub(crate) struct Ack {
    pub(crate) ids: Vec<ReceivedId>,
    pub(crate) outgoing: Vec<Outgoing>,
}

impl Written for Ack {}

impl Files {
    /// Marks it and records what goes out, with all that are marked meanwhile. `false`: it was marked before, and nothing was recorded.
    pub(crate) async fn write_ack(&self, ack: Ack) -> Result<bool, StoreError> {
        let write = || {
            let into = self.marks().clone();
            move |acks| write(into.clone(), acks)
        };
        self.acks.write(ack, write).await
    }
}

async fn write(into: SqlitePool, acks: Vec<Ack>) -> Result<Vec<Result<bool, StoreError>>, StoreError> {
    let error = match retrying!(mark(&into, &acks)) {
        Ok(new) => return Ok(new.into_iter().map(Ok).collect()),
        // Where there is no lock or no room, each by itself would only find the same, one second after the other.
        Err(error)
            if matches!(acks.as_slice(), [Ack { ids, .. }] if ids.len() == 1)
                || matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::Full) =>
        {
            return Err(error);
        }
        Err(error) => error,
    };
    // What the application's database does not take of one (a trigger, a constraint of its own) keeps no other out.
    tracing::debug!(reason = %error, count = acks.len(), "marking one by one");
    let mut answers = Vec::with_capacity(acks.len());
    for ack in &acks {
        answers.push(mark_alone(&into, ack).await);
    }
    Ok(answers)
}

/// Of several with which nothing goes out, each by itself. The first error, behind all of them.
async fn mark_alone(into: &SqlitePool, ack: &Ack) -> Result<bool, StoreError> {
    let outgoing = &ack.outgoing;
    let mut all_new = Ok(true);
    for id in &ack.ids {
        let one = Ack {
            ids: vec![id.clone()],
            outgoing: outgoing.clone(),
        };
        let marked: Result<Vec<bool>, StoreError> = retrying!(mark(into, std::slice::from_ref(&one)));
        all_new = match (all_new, marked) {
            (Ok(all), Ok(new)) => Ok(all && new.first().copied().unwrap_or(false)),
            (Err(e), _) | (Ok(_), Err(e)) => Err(e),
        };
    }
    all_new
}

/// Which of them were not marked before: the first of those of one name.
async fn mark(into: &SqlitePool, acks: &[Ack]) -> Result<Vec<bool>, Failure> {
    let mut connection = clean::acquire(into).await?;
    if acks.iter().all(|ack| ack.outgoing.is_empty()) {
        // One statement is atomic by itself. Nearly always all are new, and no row has to say so: each crosses by itself.
        if insert_new(&mut connection, acks).await? {
            return Ok(vec![true; acks.len()]);
        }
        let marked = insert(&mut connection, acks).await?;
        return Ok(are_new(acks, marked).collect());
    }
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    let marked = insert(&mut tx, acks).await?;
    let new: Vec<bool> = are_new(acks, marked).collect();
    let told = acks.iter().zip(&new).filter(|(_, is_new)| **is_new);
    for outgoing in told.flat_map(|(ack, _)| &ack.outgoing) {
        record(&mut tx, outgoing).await?;
    }
    tx.commit().await?;
    Ok(new)
}

/// Marks all of them, or, where one of them is marked or comes twice, none.
async fn insert_new(connection: &mut SqliteConnection, acks: &[Ack]) -> Result<bool, Failure> {
    let inserted = sqlx::query("INSERT INTO federate_handled (id) SELECT value FROM json_each(?1)")
        .bind(ids(acks))
        .execute(connection)
        .await;
    match inserted {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn ids(acks: &[Ack]) -> String {
    let ids = acks.iter().flat_map(|ack| &ack.ids);
    let ids: Vec<&str> = ids.map(ReceivedId::as_str).collect();
    serde_json::Value::from(ids).to_string()
}

async fn insert(connection: &mut SqliteConnection, acks: &[Ack]) -> Result<BTreeSet<String>, Failure> {
    let marked: Vec<String> = sqlx::query_scalar(
        "INSERT INTO federate_handled (id) SELECT value FROM json_each(?1) WHERE true
         ON CONFLICT (id) DO NOTHING RETURNING id",
    )
    .bind(ids(acks))
    .fetch_all(connection)
    .await?;
    Ok(marked.into_iter().collect())
}

fn are_new(acks: &[Ack], mut marked: BTreeSet<String>) -> impl Iterator<Item = bool> {
    acks.iter().map(move |ack| {
        // Each is taken out, also behind one that was marked.
        let new = ack.ids.iter().filter(|id| marked.remove(id.as_str()));
        new.count() == ack.ids.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sqlite;
    use federate_store::{Backend as _, Bytes, Iri, Priority};
    use std::sync::Arc;

    fn id(number: usize) -> ReceivedId {
        let iri = Iri::parse(&format!("https://a.example/{number}")).unwrap();
        ReceivedId::new("https://a.example", &iri)
    }

    fn outgoing(name: &str) -> Outgoing {
        Outgoing {
            id: Iri::parse(&format!("https://our.example/{name}")).unwrap(),
            sender: "alice".into(),
            audience: Vec::new(),
            body: Bytes::from_static(b"{}"),
            priority: Priority::default(),
            order: None,
        }
    }

    /// The application's database takes no row with such an id.
    async fn refuses(store: &Sqlite, table: &str, ids: &str) {
        let sql = format!(
            "CREATE TRIGGER refuses BEFORE INSERT ON {table} WHEN new.id LIKE '{ids}'
             BEGIN SELECT raise(ABORT, 'not this one'); END"
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .execute(store.pool())
            .await
            .unwrap();
    }

    async fn recorded(store: &Sqlite) -> Vec<String> {
        sqlx::query_scalar("SELECT id FROM federate_outbox ORDER BY id")
            .fetch_all(store.pool())
            .await
            .unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn p2_of_many_marked_at_once_each_is_marked_once_with_what_it_sends() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        let marking: Vec<_> = (0..400)
            .map(|number| {
                let inbox = store.stores().inbox;
                let out = outgoing(&format!("{number}"));
                tokio::spawn(async move { inbox.ack(&id(number / 2), &[out]).await.unwrap() })
            })
            .collect();
        let mut new = Vec::new();
        for one in marking {
            new.push(one.await.unwrap());
        }
        assert!(new.chunks(2).all(|pair| pair[0] != pair[1]), "{new:?}");
        let sent = recorded(&store).await;
        let expected = (0..400).filter(|number| new[*number]);
        let mut expected: Vec<_> = expected.map(|n| format!("https://our.example/{n}")).collect();
        expected.sort();
        assert_eq!(sent, expected);
        assert!(!store.files().acks.is_written());
    }

    #[tokio::test]
    async fn one_that_the_database_does_not_take_keeps_no_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        refuses(&store, "federate_outbox", "%bad").await;
        let acks = ["a", "bad", "c"]
            .into_iter()
            .enumerate()
            .map(|(number, name)| Ack {
                ids: vec![id(number)],
                outgoing: vec![outgoing(name)],
            });
        let answers = write(store.pool().clone(), acks.collect()).await.unwrap();
        let taken: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(taken, [true, false, true]);
        assert_eq!(
            recorded(&store).await,
            ["https://our.example/a", "https://our.example/c"]
        );
        let inbox = Arc::clone(&store.stores().inbox);
        assert!(inbox.handled(&id(0)).await.unwrap() && !inbox.handled(&id(1)).await.unwrap());
    }

    /// Also of those that are marked together.
    #[tokio::test]
    async fn of_several_one_that_the_database_does_not_take_keeps_no_other_out() {
        let folder = tempfile::tempdir().unwrap();
        let store = Sqlite::open(folder.path().join("a.db")).await.unwrap();
        refuses(&store, "federate_handled", "%/1").await;
        let inbox = store.stores().inbox;
        let all = [id(0), id(1), id(2)];
        inbox.ack_all(&all).await.unwrap_err();
        assert_eq!(inbox.handled_of(&all).await.unwrap(), [true, false, true]);
    }

    #[tokio::test]
    async fn without_a_room_for_all_none_is_tried_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(folder.path().join("a.db"))
            .create_if_missing(true);
        let pool = sqlx::sqlite::SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .unwrap();
        let store = Sqlite::in_database(pool.clone()).await.unwrap();
        let mut large = outgoing("large");
        large.body = Bytes::from(vec![b'x'; 1 << 20]);
        let acks = |first: Outgoing| {
            vec![
                Ack {
                    ids: vec![id(0)],
                    outgoing: vec![first],
                },
                Ack {
                    ids: vec![id(1)],
                    outgoing: vec![outgoing("small")],
                },
            ]
        };
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
            .fetch_one(&pool)
            .await
            .unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "PRAGMA max_page_count = {}",
            pages + 20
        )))
        .execute(&pool)
        .await
        .unwrap();
        let refused = write(pool.clone(), acks(large)).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Full);
        assert!(recorded(&store).await.is_empty());
        let answers = write(pool.clone(), acks(outgoing("a"))).await.unwrap();
        assert!(answers.into_iter().all(|answer| answer.unwrap()));
    }
}
