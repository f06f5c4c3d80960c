//! Copies: made by us while everything goes on, or by somebody with `cp`.

use crate::{at, iri, outgoing};
use federate_sqlite::{BackupError, Sqlite};
use federate_store::{
    Accepted, Backend, Delivery, Hold, Inbox, Iri, LEASE, ReceivedId, Sealed, Settled, Settlement,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

fn deliveries(number: usize) -> [Delivery; 2] {
    [1, 2].map(|n| {
        let inbox = iri(&format!("https://h{}.example/{n}", number % 5));
        Delivery::new(outgoing(number).id, "alice", inbox, at(0))
    })
}

/// All that an application does, as fast as it can.
async fn work(store: Sqlite, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) {
    let stores = store.stores();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        stores.outbox.record(&outgoing(number)).await.unwrap();
        stores.queue.enqueue(&deliveries(number), at(0)).await.unwrap();
        stores.outbox.expanded(&outgoing(number).id).await.unwrap();
        let like = iri(&format!("https://b.example/likes/{number}"));
        let sealed = Sealed::from_bytes("sealed");
        let accepted = stores
            .inbox
            .accept("https://b.example", &like, &sealed, at(0))
            .await;
        let Accepted::New(id) = accepted.unwrap() else {
            unreachable!("each is new")
        };
        sqlx::query("INSERT INTO effects (id) VALUES (?1)")
            .bind(id.as_str())
            .execute(store.pool())
            .await
            .unwrap();
        // With a mark, or without.
        if number % 2 == 0 {
            stores.inbox.ack(&id, &[]).await.unwrap();
            stores.inbox.settle(&id, Settlement::Done).await.unwrap();
        } else {
            let claimed = stores.inbox.claim("w", 9, at(0)).await.unwrap().remove(0);
            let (inbox, claim) = (&stores.inbox, claimed.claim.unwrap());
            assert!(inbox.finish_unmarked(claim, &[], &[id]).await.unwrap());
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_a_backup_in_the_middle_of_everything_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("app.db")).await.unwrap();
    sqlx::query("CREATE TABLE effects (id TEXT PRIMARY KEY)")
        .execute(store.pool())
        .await
        .unwrap();
    let (stop, done) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
    let working = tokio::spawn(work(store.clone(), stop.clone(), done.clone()));
    for round in 0..12 {
        let (before, copy) = (
            done.load(Ordering::Relaxed),
            directory.path().join(format!("{round}.db")),
        );
        store.backup(&copy).await.unwrap();
        is_whole(&copy, before).await;
        assert!(!directory.path().join(format!("{round}.db.partial")).exists());
    }
    assert!(done.load(Ordering::Relaxed) > 12, "writers went on");
    stop.store(true, Ordering::Relaxed);
    working.await.unwrap();
}

async fn is_whole(copy: &Path, at_least: usize) {
    let store = Sqlite::open(copy).await.unwrap();
    let stores = store.stores();
    assert_eq!(stores.binding.hold().await.unwrap(), Some(Hold::Restored));
    assert_eq!(stores.queue.lease("w", 9, at(1)).await.unwrap(), []);
    assert!(stores.queue.counts().await.unwrap().conserved());
    sqlx::query("ATTACH ?1 AS queue")
        .bind(format!("{}-federate", copy.display()))
        .execute(store.pool())
        .await
        .unwrap();
    let number = async |question: &'static str| -> i64 {
        // Attached to one connection of the pool; ask until it is that one.
        loop {
            if let Ok(number) = sqlx::query_scalar(question).fetch_one(store.pool()).await {
                return number;
            }
        }
    };
    let recorded = number("SELECT count(*) FROM federate_outbox").await;
    assert!(
        usize::try_from(recorded).unwrap() >= at_least,
        "what was there before is there"
    );
    let lost = number(
        "SELECT count(*) FROM federate_outbox o WHERE state = 1
         AND NOT EXISTS (SELECT 1 FROM queue.federate_activities a WHERE a.iri = o.id)",
    )
    .await;
    assert_eq!(lost, 0, "expanded, and in no queue");
    let lost = number(
        "SELECT count(*) FROM queue.federate_received r WHERE state = 1
         AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.id = r.id)",
    )
    .await;
    assert_eq!(lost, 0, "done, and its effects are not there");
    store.close().await;
}

/// Two deliveries, of which one was made.
async fn half_done(store: &Sqlite) -> [Delivery; 2] {
    let stores = store.stores();
    let both = deliveries(1);
    stores.binding.bind("https://a.example").await.unwrap();
    stores.outbox.record(&outgoing(1)).await.unwrap();
    stores.queue.enqueue(&both, at(0)).await.unwrap();
    stores.outbox.expanded(&outgoing(1).id).await.unwrap();
    both
}

#[tokio::test]
async fn a_restored_backup_waits_until_told_and_repeats_the_same_ids() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("app.db")).await.unwrap();
    let both = half_done(&store).await;
    let copy = directory.path().join("backup.db");
    store.backup(&copy).await.unwrap();
    // Life goes on: it is delivered.
    let queue = store.stores().queue;
    let lane = queue.lease("w", 1, at(1)).await.unwrap().remove(0);
    let outcomes = both.clone().map(|one| (one.id, Settled::Delivered));
    queue.settle(&lane, &outcomes, at(1)).await.unwrap();

    let restored = Sqlite::open(&copy).await.unwrap().stores();
    assert_eq!(restored.binding.hold().await.unwrap(), Some(Hold::Restored));
    assert_eq!(
        restored.binding.instance().await.unwrap().as_deref(),
        Some("https://a.example")
    );
    assert_eq!(restored.queue.lease("w", 9, at(100)).await.unwrap(), []);
    restored.outbox.record(&outgoing(2)).await.unwrap();
    restored.binding.allow().await.unwrap();
    let lane = restored.queue.lease("w", 9, at(100)).await.unwrap().remove(0);
    assert_eq!(restored.queue.due(&lane, 9, at(100)).await.unwrap(), both);
    // It was told once: the next start is as any other.
    let again = Sqlite::open(&copy).await.unwrap().stores();
    assert_eq!(again.binding.hold().await.unwrap(), None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_backup_is_for_no_more_eyes_than_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    Sqlite::open(file("app.db")).await.unwrap().close().await;
    let mode = |name: &str| std::fs::metadata(file(name)).unwrap().permissions().mode() & 0o777;
    for (end, mode) in [("", 0o600), ("-federate", 0o640)] {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(file(&format!("app.db{end}")), permissions).unwrap();
    }
    let store = Sqlite::open(file("app.db")).await.unwrap();
    store.backup(file("backup.db")).await.unwrap();
    assert_eq!((mode("backup.db"), mode("backup.db-federate")), (0o600, 0o640));
}

fn copy(from: &Path, to: &Path) {
    for end in ["", "-federate"] {
        let name = |path: &Path| format!("{}{end}", path.display());
        std::fs::copy(name(from), name(to)).unwrap();
    }
}

#[tokio::test]
async fn files_that_were_copied_deliver_nothing_and_moved_ones_do() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let store = Sqlite::open(file("app.db")).await.unwrap();
    half_done(&store).await;
    store.close().await;
    copy(&file("app.db"), &file("copy.db"));
    // Only one of the two comes out of a backup.
    copy(&file("app.db"), &file("half.db"));
    std::fs::remove_file(file("half.db-federate")).unwrap();
    for end in ["", "-federate"] {
        std::fs::rename(file(&format!("app.db{end}")), file(&format!("moved.db{end}"))).unwrap();
    }
    for (name, hold) in [
        ("moved.db", None),
        ("copy.db", Some(Hold::Copied)),
        ("half.db", Some(Hold::Copied)),
    ] {
        let stores = Sqlite::open(file(name)).await.unwrap().stores();
        assert_eq!(stores.binding.hold().await.unwrap(), hold, "{name}");
        if hold.is_some() {
            assert_eq!(stores.queue.lease("w", 9, at(0)).await.unwrap(), []);
            stores.binding.allow().await.unwrap();
            let again = Sqlite::open(file(name)).await.unwrap().stores();
            assert_eq!(again.binding.hold().await.unwrap(), None, "{name} was told");
        }
    }
    let moved = Sqlite::open(file("moved.db")).await.unwrap();
    let lanes = moved.stores().queue.lease("w", 9, at(0) + LEASE).await.unwrap();
    assert_eq!(lanes.len(), 1);
    moved.close().await;
    copy(&file("moved.db"), &file("trusted.db"));
    let trusted = Sqlite::builder().dangerous().trust_place();
    let stores = trusted.open(file("trusted.db")).await.unwrap().stores();
    assert_eq!(stores.binding.hold().await.unwrap(), None);
}

#[tokio::test]
async fn a_backup_overwrites_nothing_and_leaves_nothing_half() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(directory.path().join("app.db")).await.unwrap();
    let to = directory.path().join("backup.db");
    std::fs::write(&to, "precious").unwrap();
    let refused = store.backup(&to).await.unwrap_err();
    assert!(
        matches!(&refused, BackupError::Exists { path } if *path == to),
        "{refused:?}"
    );
    assert_eq!(std::fs::read(&to).unwrap(), b"precious");
    let nowhere = directory.path().join("no/such/directory/backup.db");
    assert!(matches!(store.backup(&nowhere).await, Err(BackupError::Store(_))));
    let memory = Sqlite::open(":memory:").await.unwrap();
    let refused = memory.backup(directory.path().join("memory.db")).await;
    assert!(matches!(refused, Err(BackupError::InMemory)));
    let names = std::fs::read_dir(directory.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        names
            .iter()
            .all(|name| !name.to_string_lossy().contains("partial")),
        "{names:?}"
    );
}

#[tokio::test]
async fn p20_files_of_the_first_version_are_opened() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("app.db");
    let first = |path: &Path, part: &'static str, step: &'static str| {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true);
        async move {
            let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
            sqlx::raw_sql(step).execute(&pool).await.unwrap();
            sqlx::raw_sql(
                "CREATE TABLE _federate_migrations (part TEXT NOT NULL, version INTEGER NOT NULL,
                     PRIMARY KEY (part, version)) WITHOUT ROWID",
            )
            .execute(&pool)
            .await
            .unwrap();
            sqlx::query("INSERT INTO _federate_migrations VALUES (?1, 1)")
                .bind(part)
                .execute(&pool)
                .await
                .unwrap();
            pool
        }
    };
    let application = first(
        &file,
        "application",
        include_str!("../../migrations/application-1.sql"),
    )
    .await;
    sqlx::query("INSERT INTO federate_outbox (id, sender, audience, body) VALUES (?1, 'alice', ?2, ?3)")
        .bind(outgoing(1).id.as_str())
        .bind("https://a.example/users/alice/followers")
        .bind(outgoing(1).body.as_ref())
        .execute(&application)
        .await
        .unwrap();
    application.close().await;
    let queue = directory.path().join("app.db-federate");
    let queue = first(&queue, "queue", include_str!("../../migrations/queue-1.sql")).await;
    // 2,500, of each three one that waits, one that was handled and one that was given up.
    let received =
        "WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2499)
        INSERT INTO federate_received (id, received, state, reason, sealed)
        SELECT 'https://b.example https://b.example/' || n, 1, n % 3, iif(n % 3 = 2, 'no', NULL),
            iif(n % 3 = 1, NULL, 'sealed ' || n) FROM numbers";
    sqlx::query(received).execute(&queue).await.unwrap();
    queue.close().await;
    for _ in 0..2 {
        let store = Sqlite::open(&file).await.unwrap();
        let stores = store.stores();
        assert_eq!(stores.binding.hold().await.unwrap(), None);
        assert_eq!(stores.outbox.unexpanded(9).await.unwrap(), [outgoing(1)]);
        received_is_as_it_was(&*stores.inbox).await;
        store.close().await;
    }
}

async fn received_is_as_it_was(inbox: &dyn Inbox) {
    let name = |number: usize| format!("https://b.example https://b.example/{number}");
    let is_as_was = |id: &ReceivedId, sealed: &Sealed, state: usize| {
        let number: usize = id.as_str().rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!((id.as_str(), number % 3), (&*name(number), state));
        assert_eq!(sealed.as_bytes(), format!("sealed {number}").into_bytes());
    };
    for number in [0, 1, 2, 999, 1_000, 1_001, 2_499] {
        let id = Iri::parse(&format!("https://b.example/{number}")).unwrap();
        let sealed = Sealed::from_bytes("again");
        let again = inbox.accept("https://b.example", &id, &sealed, at(1));
        assert_eq!(again.await.unwrap(), Accepted::Duplicate);
        let handled = inbox.handled(&ReceivedId::from_stored(name(number))).await;
        assert_eq!(handled.unwrap(), number % 3 == 1);
    }
    let pending = inbox.pending(5_000, at(1)).await.unwrap();
    assert_eq!(pending.len(), 834);
    for one in &pending {
        is_as_was(&one.id, &one.sealed, 0);
    }
    let dead = inbox.dead(5_000).await.unwrap();
    assert_eq!(dead.len(), 833);
    for one in &dead {
        is_as_was(&one.id, &one.sealed, 2);
    }
    let claimed = inbox.claim("w", 5_000, at(1)).await.unwrap();
    assert_eq!(claimed.len(), 834);
    for one in &claimed {
        is_as_was(&one.pending.id, &one.pending.sealed, 0);
    }
    inbox.reclaim("w").await.unwrap();
}
