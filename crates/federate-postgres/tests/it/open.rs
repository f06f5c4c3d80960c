//! Opening: durability of every connection, migrations, and what is refused.

use crate::{
    NEWER, at,
    cluster::{Cluster, database},
    iri, logged, outgoing,
};
use federate_postgres::{OpenError, Postgres};
use federate_store::{Backend, Delivery};
use sqlx::PgPool;

#[tokio::test]
async fn p1_every_connection_waits_for_the_disk() {
    let Some(database) = database() else { return };
    let pool = PgPool::connect(&database.url).await.unwrap();
    // Whatever the database says to whoever connects.
    let name: String = sqlx::query_scalar("SELECT current_database()")
        .fetch_one(&pool)
        .await
        .unwrap();
    for setting in [
        "synchronous_commit = off",
        "default_transaction_isolation = 'serializable'",
    ] {
        let statement = format!("ALTER DATABASE {name} SET {setting}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&pool)
            .await
            .unwrap();
    }
    for store in [
        Postgres::open(&database.url).await.unwrap(),
        Postgres::in_database(pool).await.unwrap(),
    ] {
        // Some of what it does need not wait: that must not stick to a connection.
        let queue = store.stores().queue;
        for number in 0..20 {
            let inbox = iri(&format!("https://h{number}.example/inbox"));
            let delivery = Delivery::new(outgoing(number).id, "alice", inbox, at(0));
            queue.enqueue(&[delivery], at(0)).await.unwrap();
            let lane = queue.lease("w", 1, at(0)).await.unwrap().remove(0);
            queue.release(lane, None).await.unwrap();
        }
        let said = store.durability().await.unwrap();
        assert_eq!(said.len(), 8, "all connections");
        for one in said {
            assert_eq!(one.synchronous_commit, "on");
            assert!(one.is_full(), "{one:?}");
        }
    }
}

#[tokio::test]
async fn p1_a_server_that_does_not_write_to_the_disk_is_told() {
    let options = "-c synchronous_commit=off -c fsync=off -c full_page_writes=off";
    let Some(cluster) = Cluster::start_with(options) else {
        return;
    };
    let (lines, guard) = logged();
    let store = Postgres::open(&cluster.database().url).await.unwrap();
    let pool = PgPool::connect(&cluster.database().url).await.unwrap();
    Postgres::in_database(pool).await.unwrap();
    drop(guard);
    let lines = String::from_utf8(lines.lock().unwrap().clone()).unwrap();
    let said = |what: &str| lines.lines().filter(|line| line.contains(what)).count();
    assert_eq!(said("the server does not write to the disk"), 2, "{lines}");
    assert_eq!(said("fsync=false full_page_writes=false"), 2, "{lines}");
    assert_eq!(
        said("the application's pool has synchronous_commit=off"),
        1,
        "{lines}"
    );
    for one in store.durability().await.unwrap() {
        assert_eq!(one.synchronous_commit, "on", "what a connection can do, ours do");
        assert!(!one.is_full());
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let Some(database) = database() else { return };
    {
        let store = Postgres::open(&database.url).await.unwrap();
        let stores = store.stores();
        stores.outbox.record(&outgoing(1)).await.unwrap();
        let delivery = Delivery::new(outgoing(1).id, "alice", iri("https://b.example/inbox"), at(0));
        stores.queue.enqueue(&[delivery], at(0)).await.unwrap();
        stores.keys.get_or_insert("alice", b"secret").await.unwrap();
        store.close().await;
    }
    let stores = Postgres::open(&database.url).await.unwrap().stores();
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap(), [outgoing(1)]);
    assert_eq!(stores.queue.counts().await.unwrap().pending, 1);
    assert_eq!(stores.keys.get("alice").await.unwrap().unwrap(), b"secret");
}

#[tokio::test]
async fn our_migrations_leave_the_application_alone() {
    let Some(database) = database() else { return };
    let pool = PgPool::connect(&database.url).await.unwrap();
    sqlx::raw_sql("CREATE TABLE outbox (text TEXT); CREATE TABLE _sqlx_migrations (version BIGINT)")
        .execute(&pool)
        .await
        .unwrap();
    for _ in 0..2 {
        Postgres::in_database(pool.clone()).await.unwrap();
    }
    let schemas: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_schema::text, table_name::text FROM information_schema.tables
         WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'federate') ORDER BY 1, 2",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let theirs = ["_sqlx_migrations", "outbox"].map(|table| ("public".to_owned(), table.to_owned()));
    assert_eq!(schemas, theirs);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn processes_that_start_at_once_migrate_once() {
    let Some(database) = database() else { return };
    let mut starting = Vec::new();
    for _ in 0..6 {
        let url = database.url.clone();
        starting.push(tokio::spawn(async move { Postgres::open(&url).await }));
    }
    for one in starting {
        one.await.unwrap().unwrap();
    }
    let pool = PgPool::connect(&database.url).await.unwrap();
    let versions: Vec<i32> = sqlx::query_scalar("SELECT version FROM federate.migrations ORDER BY version")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(versions, [1, 2, 3, 4]);
}

/// Each has but one connection, by which it saw that nothing is there.
#[tokio::test]
async fn who_waited_while_another_migrated_sees_what_it_made() {
    let Some(database) = database() else { return };
    Postgres::open(&database.url).await.unwrap();
    let pool = PgPool::connect(&database.url).await.unwrap();
    // Of all that a migration changes a session may be told in between: here nothing but a name is.
    let mut holds = pool.acquire().await.unwrap();
    for statement in [
        "ALTER SCHEMA federate RENAME TO elsewhere",
        // That whoever migrates holds.
        "SELECT pg_advisory_lock(x'6665646572617465'::bigint)",
    ] {
        sqlx::raw_sql(statement).execute(&mut *holds).await.unwrap();
    }
    let mut starting = Vec::new();
    for _ in 0..2 {
        let url = database.url.clone();
        let opens = async move { Postgres::builder().connections(1).open(&url).await };
        starting.push(tokio::spawn(opens));
    }
    loop {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
             WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        if waiting == 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    for statement in [
        "ALTER SCHEMA elsewhere RENAME TO federate",
        "SELECT pg_advisory_unlock(x'6665646572617465'::bigint)",
    ] {
        sqlx::raw_sql(statement).execute(&mut *holds).await.unwrap();
    }
    for one in starting {
        one.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn p20_a_newer_schema_is_refused_and_left_alone() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    sqlx::raw_sql("INSERT INTO federate.migrations (version) VALUES (99)")
        .execute(store.pool())
        .await
        .unwrap();
    let error = Postgres::open(&database.url).await.unwrap_err();
    assert!(matches!(error, OpenError::NewerSchema { found: 99, .. }));
    assert_eq!(error.to_string(), "schema is at version 99, this release knows 4");
    let versions: i64 = sqlx::query_scalar("SELECT count(*) FROM federate.migrations")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert_eq!(versions, 5);
}

#[tokio::test]
async fn p20_a_newer_schema_that_works_with_this_release_is_worked_on() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    database.execute(NEWER);
    let again = Postgres::open(&database.url).await.unwrap();
    again.stores().outbox.record(&outgoing(1)).await.unwrap();
    assert_eq!(store.stores().outbox.unexpanded(9).await.unwrap(), [outgoing(1)]);
    // The next one takes something away.
    database.execute("INSERT INTO federate.migrations (version, works_with) VALUES (6, 5)");
    let error = Postgres::open(&database.url).await.unwrap_err();
    assert!(
        matches!(error, OpenError::NewerSchema { found: 6, known: 4 }),
        "{error:?}"
    );
    store.stores().outbox.record(&outgoing(2)).await.unwrap();
}

#[tokio::test]
async fn p20_a_schema_from_before_it_noted_what_works_is_brought_up_to_date() {
    let Some(database) = database() else { return };
    database.execute(
        "CREATE SCHEMA federate;
         CREATE TABLE federate.migrations (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())",
    );
    let store = Postgres::open(&database.url).await.unwrap();
    let noted: Vec<(i32, i32)> =
        sqlx::query_as("SELECT version, works_with FROM federate.migrations ORDER BY version")
            .fetch_all(store.pool())
            .await
            .unwrap();
    assert_eq!(noted, [(1, 1), (2, 1), (3, 1), (4, 1)]);
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let Some(database) = database() else { return };
    let pool = PgPool::connect(&database.url).await.unwrap();
    sqlx::raw_sql("CREATE SCHEMA federate; CREATE TABLE federate.lanes (theirs TEXT)")
        .execute(&pool)
        .await
        .unwrap();
    let error = Postgres::in_database(pool.clone()).await.unwrap_err();
    assert!(
        matches!(error, OpenError::Migrate { version: 1, .. }),
        "{error:?}"
    );
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'federate'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(tables, ["lanes"]);
}

#[tokio::test]
async fn a_role_that_makes_no_schemas_uses_one_that_was_made_for_it() {
    let Some(database) = database() else { return };
    let pool = PgPool::connect(&database.url).await.unwrap();
    let role = format!("federate_test_role_{}", std::process::id());
    let statement = format!("CREATE ROLE {role} LOGIN; CREATE SCHEMA federate AUTHORIZATION {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&pool)
        .await
        .unwrap();
    let options = pool.connect_options().as_ref().clone().username(&role);
    let theirs = PgPool::connect_with(options).await.unwrap();
    let store = Postgres::in_database(theirs).await.unwrap();
    store.stores().outbox.record(&outgoing(1)).await.unwrap();
    store.close().await;
    store.pool().close().await;
    let statement = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
        .execute(&pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_cannot_be_reached_is_said() {
    let error = Postgres::open("no url").await.unwrap_err();
    assert!(matches!(error, OpenError::Url(_)), "{error:?}");
    let directory = "/nonexistent/federate";
    let error = Postgres::open(&format!("postgres://nobody@localhost/none?host={directory}"))
        .await
        .unwrap_err();
    assert!(matches!(error, OpenError::Connect(_)), "{error:?}");
}
