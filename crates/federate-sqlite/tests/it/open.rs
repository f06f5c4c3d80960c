//! Opening: durability of every connection, migrations, and what is refused.

use crate::{at, iri, logged, outgoing};
use federate_sqlite::{OpenError, Sqlite};
use federate_store::{Backend, Delivery, Sealed, contract};
use sqlx::SqlitePool;
use std::sync::atomic::{AtomicUsize, Ordering};

async fn connect(file: &std::path::Path) -> SqlitePool {
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true);
    SqlitePool::connect_with(options).await.unwrap()
}

#[tokio::test]
async fn p1_every_connection_is_wal_and_full() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("app.db")).await.unwrap();
    let checked = store.durability().await.unwrap();
    assert!(checked.len() >= 10, "all connections of all pools: {checked:?}");
    for (journal, synchronous, foreign_keys) in checked {
        assert_eq!((journal.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
    }
}

#[tokio::test]
async fn p1_an_application_that_may_lose_what_it_records_is_told() {
    use sqlx::sqlite::{
        SqliteConnectOptions, SqliteJournalMode as Journal, SqliteSynchronous as Synchronous,
    };
    for (journal, synchronous, told) in [
        (Journal::Wal, Synchronous::Full, None),
        (Journal::Wal, Synchronous::Extra, None),
        (Journal::Wal, Synchronous::Normal, Some("below synchronous=FULL")),
        (Journal::Wal, Synchronous::Off, Some("below synchronous=FULL")),
        (
            Journal::Memory,
            Synchronous::Full,
            Some("keeps no journal on disk"),
        ),
        (Journal::Delete, Synchronous::Full, Some("not in WAL mode")),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let options = SqliteConnectOptions::new()
            .filename(directory.path().join("app.db"))
            .create_if_missing(true)
            .journal_mode(journal)
            .synchronous(synchronous);
        let pool = SqlitePool::connect_with(options).await.unwrap();
        let (lines, guard) = logged();
        let store = Sqlite::in_database(pool).await.unwrap();
        drop(guard);
        let lines = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
        let warned: Vec<&str> = lines.lines().filter(|line| line.contains("WARN")).collect();
        match told {
            Some(what) => assert!(warned.len() == 1 && warned[0].contains(what), "{lines}"),
            None => assert_eq!(warned, [""; 0]),
        }
        // The queue's own file is ours.
        let said = store.durability().await.unwrap();
        let ours = said.iter().rev().take(5);
        assert!(
            ours.clone().all(|one| (one.0.as_str(), one.1) == ("wal", 2)),
            "{said:?}"
        );
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    {
        let store = Sqlite::open(&file).await.unwrap();
        let stores = store.stores();
        stores.outbox.record(&outgoing(1)).await.unwrap();
        let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/inbox"), at(0));
        stores.queue.enqueue(&[delivery], at(0)).await.unwrap();
        stores.keys.get_or_insert("alice", b"secret").await.unwrap();
        store.close().await;
    }
    assert!(
        directory.path().join("app.db-federate").exists(),
        "the hot half stands beside it"
    );
    let stores = Sqlite::open(&file).await.unwrap().stores();
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap(), [outgoing(1)]);
    assert_eq!(stores.queue.counts().await.unwrap().pending, 1);
    assert_eq!(stores.keys.get("alice").await.unwrap().unwrap(), b"secret");
}

#[tokio::test]
async fn our_migrations_leave_the_application_alone() {
    let directory = tempfile::tempdir().unwrap();
    let pool = connect(&directory.path().join("app.db")).await;
    sqlx::raw_sql("CREATE TABLE posts (text TEXT); CREATE TABLE _sqlx_migrations (version INTEGER)")
        .execute(&pool)
        .await
        .unwrap();
    for _ in 0..2 {
        Sqlite::in_database(pool.clone()).await.unwrap();
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table'
         AND name NOT LIKE 'federate\\_%' ESCAPE '\\' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(tables, ["_federate_migrations", "_sqlx_migrations", "posts"]);
    let theirs: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(theirs, 0);
}

#[tokio::test]
async fn p20_a_newer_schema_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let store = Sqlite::open(&file).await.unwrap();
    sqlx::raw_sql("INSERT INTO _federate_migrations (part, version) VALUES ('application', 99)")
        .execute(store.pool())
        .await
        .unwrap();
    store.close().await;
    let error = Sqlite::open(&file).await.unwrap_err();
    assert!(matches!(
        error,
        OpenError::NewerSchema {
            part: "application",
            found: 99,
            ..
        }
    ));
    assert_eq!(
        error.to_string(),
        "schema of `application` is at version 99, this release knows 4"
    );
}

/// What a later release may do while this one works on the files: it adds, and notes that this one may go on.
async fn migrate_further(file: &std::path::Path) {
    for (file, part, known) in [
        (file.to_owned(), "application", 4),
        (file.with_extension("db-federate"), "queue", 5),
    ] {
        let pool = connect(&file).await;
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'federate\\_%' ESCAPE '\\'",
        )
        .fetch_all(&pool)
        .await
        .unwrap();
        assert!(!tables.is_empty());
        let mut statements: Vec<String> = tables
            .iter()
            .map(|table| format!("ALTER TABLE {table} ADD COLUMN added_later INTEGER NOT NULL DEFAULT 7"))
            .collect();
        statements.push("CREATE TABLE federate_of_a_later_release (no INTEGER PRIMARY KEY)".to_owned());
        statements.push(format!(
            "INSERT INTO _federate_migrations (part, version, works_with) VALUES ('{part}', {known} + 1, {known})"
        ));
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements.join(";")))
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        pool.close().await;
    }
}

#[tokio::test]
async fn p20_a_newer_schema_that_works_with_this_release_is_worked_on() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let store = Sqlite::open(&file).await.unwrap();
    migrate_further(&file).await;
    let again = Sqlite::open(&file).await.unwrap();
    again.stores().outbox.record(&outgoing(1)).await.unwrap();
    assert_eq!(store.stores().outbox.unexpanded(9).await.unwrap(), [outgoing(1)]);
    // The next one takes something away.
    sqlx::raw_sql(
        "INSERT INTO _federate_migrations (part, version, works_with) VALUES ('application', 6, 5)",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let error = Sqlite::open(&file).await.unwrap_err();
    assert!(
        matches!(
            error,
            OpenError::NewerSchema {
                part: "application",
                found: 6,
                known: 4
            }
        ),
        "{error:?}"
    );
    store.stores().outbox.record(&outgoing(2)).await.unwrap();
}

#[tokio::test]
async fn p20_what_a_newer_release_adds_breaks_nothing_that_runs() {
    let directory = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    contract::all(async || {
        let name = format!("{}.db", next.fetch_add(1, Ordering::SeqCst));
        let file = directory.path().join(name);
        let store = Sqlite::builder().cache_entries(32).open(&file).await.unwrap();
        migrate_further(&file).await;
        store.stores()
    })
    .await;
}

#[tokio::test]
async fn p20_a_schema_from_before_it_noted_what_works_is_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let pool = connect(&directory.path().join("app.db")).await;
    sqlx::raw_sql(
        "CREATE TABLE _federate_migrations (part TEXT NOT NULL, version INTEGER NOT NULL,
             applied INTEGER NOT NULL DEFAULT (unixepoch()), PRIMARY KEY (part, version)) WITHOUT ROWID",
    )
    .execute(&pool)
    .await
    .unwrap();
    Sqlite::in_database(pool.clone()).await.unwrap();
    let noted: Vec<(i64, i64)> =
        sqlx::query_as("SELECT version, works_with FROM _federate_migrations ORDER BY version")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(noted, [(1, 1), (2, 1), (3, 1), (4, 1)]);
}

/// The queue's file as the fourth step left it.
async fn of_the_fourth_step(file: &std::path::Path) -> SqlitePool {
    let queue = connect(&file.with_extension("db-federate")).await;
    sqlx::raw_sql(concat!(
        include_str!("../../migrations/queue-1.sql"),
        include_str!("../../migrations/queue-2.sql"),
        include_str!("../../migrations/queue-3.sql"),
        include_str!("../../migrations/queue-4.sql"),
        "CREATE TABLE _federate_migrations (part TEXT NOT NULL, version INTEGER NOT NULL,
             applied INTEGER NOT NULL DEFAULT (unixepoch()), works_with INTEGER,
             PRIMARY KEY (part, version)) WITHOUT ROWID;
         INSERT INTO _federate_migrations (part, version, works_with)
         VALUES ('queue', 1, 1), ('queue', 2, 1), ('queue', 3, 1), ('queue', 4, 4);",
    ))
    .execute(&queue)
    .await
    .unwrap();
    queue
}

/// By a process that still ran when the fourth step moved the envelopes.
#[tokio::test]
async fn p20_an_envelope_where_an_older_release_put_it_is_found() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let queue = of_the_fourth_step(&file).await;
    sqlx::raw_sql(
        "INSERT INTO federate_received (id, received, state, reason, sealed)
         VALUES ('a a/1', 1, 0, NULL, 'first'), ('a a/2', 1, 2, 'no', 'second')",
    )
    .execute(&queue)
    .await
    .unwrap();
    queue.close().await;
    let inbox = Sqlite::open(&file).await.unwrap().stores().inbox;
    let claimed = inbox.claim("w", 9, at(1)).await.unwrap();
    assert_eq!(
        (claimed.len(), claimed[0].pending.sealed.as_bytes()),
        (1, &b"first"[..])
    );
    assert_eq!(inbox.dead(9).await.unwrap()[0].sealed.as_bytes(), b"second");
}

#[tokio::test]
async fn p8_a_store_that_has_moved_stays_closed_when_a_newer_release_opens_it() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let queue = of_the_fourth_step(&file).await;
    sqlx::raw_sql(
        "CREATE TRIGGER federate_received_moved BEFORE INSERT ON federate_received
         BEGIN SELECT RAISE(ABORT, 'the store has moved'); END",
    )
    .execute(&queue)
    .await
    .unwrap();
    queue.close().await;
    let inbox = Sqlite::open(&file).await.unwrap().stores().inbox;
    let (id, sealed) = (iri("https://b.example/1"), Sealed::from_bytes("sealed"));
    let refused = inbox.accept("https://b.example", &id, &sealed, at(1)).await;
    let said = format!("{:?}", refused.unwrap_err());
    assert!(said.contains("the store has moved"), "{said}");
}

/// What it wrote would not be found.
#[tokio::test]
async fn p20_a_process_from_before_received_activities_had_digests_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let queue = of_the_fourth_step(&file).await;
    let _newer = Sqlite::open(&file).await.unwrap();
    for statement in [
        "INSERT INTO federate_received (id, received, shard) VALUES ('a', 1, 1) ON CONFLICT (id) DO NOTHING",
        "INSERT INTO federate_received (id, received, state, due, attempt, reason) VALUES ('a', 1, 0, 0, 0, NULL)
         ON CONFLICT DO NOTHING",
    ] {
        sqlx::query(statement).execute(&queue).await.unwrap_err();
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("no/such/directory/app.db");
    let error = Sqlite::open(&file).await.unwrap_err();
    assert!(
        matches!(&error, OpenError::Open { path, .. } if *path == file),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_memory_database_of_the_application_stays_in_memory() {
    // The named shared kind of sqlx, and SQLite's private one.
    let shared = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let named: String = sqlx::query_scalar("SELECT file FROM pragma_database_list")
        .fetch_one(&shared)
        .await
        .unwrap();
    assert_eq!(named, "");
    Sqlite::in_database(shared).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(":memory:");
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    let stores = Sqlite::in_database(pool).await.unwrap().stores();
    stores.outbox.record(&outgoing(1)).await.unwrap();
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap().len(), 1);
    assert!(!std::path::Path::new(":memory:-federate").exists());
    assert!(!std::path::Path::new("-federate").exists());
}
