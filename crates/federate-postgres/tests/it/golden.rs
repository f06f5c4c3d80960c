//! Databases of earlier releases: opened, brought up to date, and worked on.
//!
//! `tests/golden/<version>.sql` is what the release with that newest schema wrote, as [`fill`] does. A new one is written
//! by running this test with `FEDERATE_WRITE_GOLDEN=1`, before the release, and never changed after it.

use crate::{NEWER, at, cluster::Cluster, cluster::database, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{
    Accepted, Backend, CacheKind, Delivery, Entry, Follower, Hold, LEASE, OrderKey, Outgoing, Priority,
    Relation, RelationKey, RelationKind, Rule, Ruling, Sealed, Settled, Settlement, Stores, Verdict, Which,
};
use sqlx::PgPool;

const GOLDEN: [(&str, &str); 4] = [
    ("1", include_str!("../golden/1.sql")),
    ("2", include_str!("../golden/2.sql")),
    ("3", include_str!("../golden/3.sql")),
    ("4", include_str!("../golden/4.sql")),
];

#[tokio::test]
async fn p20_databases_of_earlier_releases_are_opened() {
    for (version, dump) in GOLDEN {
        let Some(database) = database() else { return };
        let pool = PgPool::connect(&database.url).await.unwrap();
        // What begins with a backslash is for psql.
        let lines: Vec<&str> = dump.lines().filter(|line| !line.starts_with('\\')).collect();
        let mut connection = pool.acquire().await.unwrap().detach();
        sqlx::raw_sql(sqlx::AssertSqlSafe(lines.join("\n")))
            .execute(&mut connection)
            .await
            .unwrap();
        let stores = Postgres::in_database(pool).await.unwrap().stores();
        a_restored_dump_waits_until_told(&stores, version).await;
        everything_is_there(&stores).await;
        if !matches!(version, "1" | "2") {
            relations_are_there(&stores).await;
        }
        the_rules_are_there(&stores, version).await;
        work_goes_on(&stores, &format!("version {version}")).await;
    }
}

#[tokio::test]
async fn p20_what_a_newer_release_adds_breaks_nothing_that_runs() {
    for migrated_when_full in [true, false] {
        let Some(database) = database() else { return };
        let stores = Postgres::open(&database.url).await.unwrap().stores();
        if migrated_when_full {
            fill(&stores).await;
            everything_is_there(&stores).await;
            database.execute(NEWER);
        } else {
            database.execute(NEWER);
            fill(&stores).await;
        }
        everything_is_there(&stores).await;
        relations_are_there(&stores).await;
        work_goes_on(&stores, "this release, with what a newer one added").await;
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "writing the file is asked for")]
async fn what_this_release_writes_is_the_newest_golden_database() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    fill(&store.stores()).await;
    everything_is_there(&store.stores()).await;
    relations_are_there(&store.stores()).await;
    let version: i32 = sqlx::query_scalar("SELECT max(version) FROM federate.migrations")
        .fetch_one(store.pool())
        .await
        .unwrap();
    let newest = GOLDEN.last().map(|(version, _)| (*version).to_owned());
    assert_eq!(newest, Some(version.to_string()), "one for each version");
    if std::env::var_os("FEDERATE_WRITE_GOLDEN").is_some() {
        let cluster = Cluster::start().unwrap();
        let database = cluster.database();
        let store = Postgres::open(&database.url).await.unwrap();
        fill(&store.stores()).await;
        let file = format!("{}/tests/golden/{version}.sql", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(file, cluster.dump(&database)).unwrap();
    }
}

fn delivery(activity: usize, inbox: &str) -> Delivery {
    Delivery::new(outgoing(activity).id, "alice", iri(inbox), at(0))
}

fn key() -> OrderKey {
    OrderKey::of(&iri("https://a.example/notes/1"))
}

/// One of those that go to an inbox one after the other.
fn in_order(activity: usize) -> Delivery {
    delivery(activity, "https://e.example/1").in_order(key())
}

fn urgent() -> Outgoing {
    Outgoing {
        priority: Priority::High,
        order: Some(key()),
        ..outgoing(3)
    }
}

fn follower() -> Follower {
    Follower::parse(
        "https://b.example/bob",
        "https://b.example/bob/inbox",
        Some("https://b.example/inbox"),
    )
    .unwrap()
}

fn like() -> Relation {
    let key = RelationKey::new(RelationKind::Like, "https://a.example/notes/1", &follower().actor);
    Relation {
        activity: Some(iri("https://b.example/likes/9")),
        until: Some(at(900)),
        note: "liked".to_owned(),
        ..Relation::new(key, at(3))
    }
}

/// Since the second version it is known where the tables were made.
async fn a_restored_dump_waits_until_told(stores: &Stores, version: &str) {
    let hold = stores.binding.hold().await.unwrap();
    if version == "1" {
        assert_eq!(hold, None);
        return;
    }
    assert_eq!(hold, Some(Hold::Copied));
    assert_eq!(stores.queue.lease("w", 9, at(900)).await.unwrap(), []);
    assert_eq!(
        stores.binding.instance().await.unwrap().as_deref(),
        Some("https://a.example")
    );
    stores.binding.allow().await.unwrap();
}

/// Something of everything.
async fn fill(stores: &Stores) {
    stores.binding.bind("https://a.example").await.unwrap();
    for one in [outgoing(1), outgoing(2), urgent()] {
        stores.outbox.record(&one).await.unwrap();
    }
    stores.outbox.expanded(&outgoing(1).id).await.unwrap();
    let inboxes = [
        "https://b.example/1",
        "https://b.example/2",
        "https://b.example/3",
        "https://c.example/1",
    ];
    let batch = inboxes.map(|inbox| delivery(1, inbox));
    stores.queue.enqueue(&batch, at(0)).await.unwrap();
    // After the lane of the first four, which comes first.
    let ordered = [5, 6].map(in_order);
    stores.queue.enqueue(&ordered, at(0)).await.unwrap();
    stores.queue.pause("paused.example").await.unwrap();
    let lane = stores.queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    let again = Settled::Retry {
        at: at(900),
        reason: "answered 503".into(),
    };
    let dead = Settled::Dead {
        reason: "answered 410".into(),
    };
    let outcomes = [Settled::Delivered, again, dead];
    let outcomes: Vec<_> = batch.iter().map(|one| one.id.clone()).zip(outcomes).collect();
    stores.queue.settle(&lane, &outcomes, at(1)).await.unwrap();
    stores.queue.release(lane, None).await.unwrap();
    for number in 0..3 {
        let id = iri(&format!("https://b.example/likes/{number}"));
        let sealed = Sealed::from_bytes(format!("sealed {number}"));
        let accepted = stores
            .inbox
            .accept("https://b.example", &id, &sealed, at(number))
            .await
            .unwrap();
        let Accepted::New(id) = accepted else {
            unreachable!("it is new")
        };
        if number == 1 {
            stores.inbox.ack(&id, &[]).await.unwrap();
            stores.inbox.settle(&id, Settlement::Done).await.unwrap();
        } else if number == 2 {
            let reason = "handler failed".to_owned();
            stores
                .inbox
                .settle(&id, Settlement::Dead { reason })
                .await
                .unwrap();
        }
    }
    stores.keys.get_or_insert("alice", b"secret").await.unwrap();
    stores.followers.add("alice", &follower()).await.unwrap();
    stores.relations.put(&like()).await.unwrap();
    let rule = Rule::new("evil.example", Verdict::Block, at(5));
    stores
        .rules
        .decide(&[rule.because("spam").by("mo")])
        .await
        .unwrap();
    let entry = Entry {
        bytes: "{}".into(),
        stored: at(0),
        expires: at(60),
    };
    stores
        .cache
        .put(CacheKind::Actor, "https://b.example/bob", &entry)
        .await
        .unwrap();
}

/// Since the fourth version.
async fn the_rules_are_there(stores: &Stores, version: &str) {
    let ruling = stores.rules.ruling().await.unwrap();
    match version {
        "1" | "2" | "3" => assert_eq!(ruling, Ruling::default()),
        _ => assert_eq!(ruling.rules.first().unwrap().reason, "spam"),
    }
    // What an earlier release has accepted is claimed as all else.
    let claimed = stores.inbox.claim("w", 9, at(9)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert!(
        stores
            .inbox
            .finish(claimed.first().unwrap().claim.unwrap(), &[])
            .await
            .unwrap()
    );
}

async fn everything_is_there(stores: &Stores) {
    assert_eq!(
        stores.outbox.unexpanded(9).await.unwrap(),
        [outgoing(2), urgent()]
    );
    assert_eq!(
        stores.outbox.body(&outgoing(1).id).await.unwrap(),
        Some(outgoing(1).body)
    );
    let counts = stores.queue.counts().await.unwrap();
    assert_eq!(
        (counts.enqueued, counts.pending, counts.delivered, counts.dead),
        (6, 4, 1, 1)
    );
    let letters = stores.queue.dead(9).await.unwrap();
    assert_eq!(letters.first().unwrap().reason, "answered 410");
    assert_eq!(stores.inbox.pending(9, at(9)).await.unwrap().len(), 1);
    let given_up = stores.inbox.dead(9).await.unwrap();
    assert_eq!(given_up.first().unwrap().reason, "handler failed");
    assert_eq!(stores.keys.get("alice").await.unwrap().unwrap(), b"secret");
    let followers = stores.followers.page("alice", None, 9).await.unwrap();
    assert_eq!(followers.first().unwrap().1, follower());
    assert_eq!(stores.cache.count().await.unwrap(), 1);
}

/// Since the third version.
async fn relations_are_there(stores: &Stores) {
    let likes = Which::of(RelationKind::Like);
    let found = stores.relations.page(&likes, None, 9).await.unwrap();
    let found: Vec<Relation> = found.into_iter().map(|(_, one)| one).collect();
    assert_eq!(found, [like()]);
}

async fn work_goes_on(stores: &Stores, version: &str) {
    stores.outbox.record(&outgoing(4)).await.unwrap();
    stores
        .queue
        .enqueue(
            &[
                delivery(1, "https://b.example/1"),
                delivery(4, "https://d.example/1"),
            ],
            at(10),
        )
        .await
        .unwrap();
    let mut delivered = Vec::new();
    for lane in stores.queue.lease("w", 9, at(900)).await.unwrap() {
        let due = stores.queue.due(&lane, 9, at(900)).await.unwrap();
        let outcomes: Vec<_> = due
            .iter()
            .map(|one| (one.id.clone(), Settled::Delivered))
            .collect();
        stores.queue.settle(&lane, &outcomes, at(900)).await.unwrap();
        delivered.extend(due.into_iter().map(|one| (one.inbox.to_string(), one.attempt)));
    }
    delivered.sort();
    let expected = [
        ("https://b.example/2", 1),
        ("https://c.example/1", 0),
        ("https://d.example/1", 0),
        ("https://e.example/1", 0),
    ];
    assert_eq!(
        delivered,
        expected.map(|(inbox, n)| (inbox.to_owned(), n)),
        "of {version}"
    );
    let lane = stores.queue.lease("w", 9, at(900) + 2 * LEASE).await.unwrap();
    let lane = lane.iter().find(|lane| lane.host == "e.example").unwrap();
    let due = stores.queue.due(lane, 9, at(900)).await.unwrap();
    assert_eq!(due, [in_order(6)], "the second after the first");
}
