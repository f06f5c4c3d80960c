//! The server dies and comes back in the middle of everything.

use crate::{at, cluster::Cluster, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{Backend, Delivery, StoreErrorKind};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

const WRITERS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p15_a_server_that_dies_loses_nothing_and_is_busy_meanwhile() {
    let Some(cluster) = Cluster::start() else { return };
    let cluster = Arc::new(cluster);
    let database = cluster.database();
    let store = Postgres::builder()
        .patience(Duration::from_secs(1))
        .open(&database.url)
        .await
        .unwrap();
    let (stop, stopped) = watch::channel(false);
    let (promise, mut promises) = watch::channel(0_usize);
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (stores, stopped, promise) = (store.stores(), stopped.clone(), promise.clone());
        writers.push(tokio::spawn(async move {
            let mut kept = BTreeSet::new();
            for number in (0..).map(|n| n * WRITERS + writer) {
                if *stopped.borrow() {
                    break;
                }
                let one = outgoing(number);
                let inbox = iri(&format!("https://h{}.example/1", number % 7));
                let delivery = Delivery::new(one.id.clone(), "alice", inbox, at(0));
                let recorded = stores.outbox.record(&one).await;
                let enqueued = stores.queue.enqueue(std::slice::from_ref(&delivery), at(0)).await;
                for (ended, id) in [
                    (recorded, one.id.to_string()),
                    (enqueued, delivery.id.to_string()),
                ] {
                    match ended {
                        Ok(()) => {
                            kept.insert(id);
                            promise.send_modify(|n| *n += 1);
                        }
                        Err(error) => assert_eq!(error.kind(), StoreErrorKind::Busy, "{error:?}"),
                    }
                }
            }
            kept
        }));
    }
    for _ in 0..3 {
        let now = *promises.borrow();
        let more = timeout(Duration::from_secs(60), promises.wait_for(|n| *n > now + 100)).await;
        more.unwrap().unwrap();
        let cluster = Arc::clone(&cluster);
        tokio::task::spawn_blocking(move || cluster.crash_and_restart())
            .await
            .unwrap();
    }
    let now = *promises.borrow();
    let more = timeout(Duration::from_secs(60), promises.wait_for(|n| *n > now + 100)).await;
    more.unwrap().unwrap();
    stop.send(true).unwrap();
    let mut promised = BTreeSet::new();
    for writer in writers {
        promised.extend(writer.await.unwrap());
    }

    let stores = store.stores();
    let mut found: BTreeSet<String> = BTreeSet::new();
    for outgoing in stores.outbox.unexpanded(1_000_000).await.unwrap() {
        found.insert(outgoing.id.to_string());
    }
    for lane in stores.queue.lease("after", 99, at(1)).await.unwrap() {
        for delivery in stores.queue.due(&lane, 1_000_000, at(1)).await.unwrap() {
            found.insert(delivery.id.to_string());
        }
    }
    let lost: Vec<&String> = promised.difference(&found).collect();
    assert!(lost.is_empty(), "promised and lost: {lost:?}");
    assert!(stores.queue.counts().await.unwrap().conserved());
}
