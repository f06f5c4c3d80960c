//! Dumps that are restored, elsewhere and in their place.

use crate::{at, cluster::Cluster, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{Backend, Delivery, Hold, Settled};

fn deliveries() -> [Delivery; 2] {
    ["https://b.example/1", "https://b.example/2"]
        .map(|inbox| Delivery::new(outgoing(1).id, "alice", iri(inbox), at(0)))
}

#[tokio::test]
async fn a_restored_dump_delivers_nothing_until_told_and_then_the_same_ids() {
    let Some(cluster) = Cluster::start() else { return };
    let database = cluster.database();
    let store = Postgres::open(&database.url).await.unwrap();
    let stores = store.stores();
    stores.binding.bind("https://a.example").await.unwrap();
    stores.outbox.record(&outgoing(1)).await.unwrap();
    stores.queue.enqueue(&deliveries(), at(0)).await.unwrap();
    let dump = cluster.dump(&database);
    // Life goes on: it is delivered.
    let lane = stores.queue.lease("w", 1, at(1)).await.unwrap().remove(0);
    let outcomes = deliveries().map(|one| (one.id, Settled::Delivered));
    stores.queue.settle(&lane, &outcomes, at(1)).await.unwrap();

    let elsewhere = cluster.database();
    cluster.restore(&dump, &elsewhere);
    store.close().await;
    let again = Postgres::open(&database.url).await.unwrap();
    assert_eq!(again.stores().binding.hold().await.unwrap(), None, "the original");
    sqlx::raw_sql("DROP SCHEMA federate CASCADE")
        .execute(again.pool())
        .await
        .unwrap();
    again.close().await;
    cluster.restore(&dump, &database);
    for restored in [&elsewhere, &database] {
        let store = Postgres::open(&restored.url).await.unwrap();
        let stores = store.stores();
        assert_eq!(stores.binding.hold().await.unwrap(), Some(Hold::Copied));
        assert_eq!(stores.queue.lease("w", 9, at(100)).await.unwrap(), []);
        stores.outbox.record(&outgoing(2)).await.unwrap();
        stores.binding.allow().await.unwrap();
        let lane = stores.queue.lease("w", 9, at(100)).await.unwrap().remove(0);
        assert_eq!(stores.queue.due(&lane, 9, at(100)).await.unwrap(), deliveries());
        store.close().await;
        // It was told once: the next start is as any other.
        let store = Postgres::open(&restored.url).await.unwrap();
        assert_eq!(store.stores().binding.hold().await.unwrap(), None);
        store.close().await;
    }
}

#[tokio::test]
async fn a_crash_of_the_server_and_a_trusted_place_are_no_copies() {
    let Some(cluster) = Cluster::start() else { return };
    let database = cluster.database();
    let store = Postgres::open(&database.url).await.unwrap();
    cluster.crash_and_restart();
    store.close().await;
    let store = Postgres::open(&database.url).await.unwrap();
    assert_eq!(store.stores().binding.hold().await.unwrap(), None);
    store.close().await;
    let elsewhere = cluster.database();
    cluster.restore(&cluster.dump(&database), &elsewhere);
    let trusting = Postgres::builder().dangerous().trust_place();
    let store = trusting.open(&elsewhere.url).await.unwrap();
    assert_eq!(store.stores().binding.hold().await.unwrap(), None);
    store.close().await;
}
