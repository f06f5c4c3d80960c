//! The store alone: through its traits, without anybody who sends.

use std::time::{Duration, Instant, SystemTime};

use federate_store::{Delivery, DeliveryId, DeliveryQueue, Iri, Lane, Outgoing, Settled, Settling};

use crate::alice;
use crate::parent::Parent;
use crate::store::Store;

const DELIVERIES: usize = 200_000;
/// Deliveries of one activity.
const INBOXES: usize = 10_000;
const HOSTS: usize = 100;
/// Deliveries that are enqueued at once.
const BATCH: usize = 1_000;
/// Deliveries of a lane that are read and settled at once.
const READ: usize = 500;
/// The same where all lanes are read at once.
const READ_OF_EACH: usize = 64;
/// Whom one activity is for, in `record`.
pub const AUDIENCE: usize = 100_000;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Enqueues; then leases, reads and settles, lane by lane (`singly`) or all lanes at once (`together`); prints how many
/// nanoseconds each delivery took.
pub fn rate(store: &str, how: &str) {
    let deliveries: Vec<Delivery> = (0..DELIVERIES)
        .map(|number| {
            let (activity, inbox) = (number / INBOXES, number % INBOXES);
            let inbox = format!("https://host{}.example/users/{inbox}/inbox", inbox % HOSTS);
            let inbox = Iri::parse(&inbox).unwrap();
            Delivery::new(alice::activity_id(activity), alice::NAME, inbox, now())
        })
        .collect();
    runtime().block_on(async {
        let _parent = Parent::listen();
        let store = Store::open(store).await;
        let queue = store.stores().queue;
        let began = Instant::now();
        for batch in deliveries.chunks(BATCH) {
            queue.enqueue(batch, now()).await.unwrap();
        }
        println!("{}", began.elapsed().as_nanos() / DELIVERIES as u128);
        let began = Instant::now();
        loop {
            let lanes = queue.lease("bench", HOSTS, now()).await.unwrap();
            if lanes.is_empty() {
                break;
            }
            match how {
                "singly" => singly(&*queue, lanes).await,
                "together" => together(&*queue, lanes).await,
                other => panic!("there is no {other}"),
            }
        }
        println!("{}", began.elapsed().as_nanos() / DELIVERIES as u128);
        let counts = queue.counts().await.unwrap();
        assert_eq!((counts.delivered, counts.pending), (DELIVERIES as u64, 0));
        store.close().await;
        std::future::pending::<()>().await;
    });
}

async fn singly(queue: &dyn DeliveryQueue, lanes: Vec<Lane>) {
    for lane in lanes {
        loop {
            let due = queue.due(&lane, READ, now()).await.unwrap();
            if due.is_empty() {
                break;
            }
            queue.settle(&lane, &delivered(due), now()).await.unwrap();
        }
        queue.release(lane, None).await.unwrap();
    }
}

async fn together(queue: &dyn DeliveryQueue, lanes: Vec<Lane>) {
    let questions: Vec<(Lane, usize)> = lanes.iter().map(|lane| (lane.clone(), READ_OF_EACH)).collect();
    loop {
        let due = queue.due_all(&questions, now()).await.unwrap();
        let batch: Vec<Settling> = due
            .into_iter()
            .zip(&lanes)
            .map(|(due, lane)| Settling {
                lane: lane.clone(),
                outcomes: delivered(due.unwrap()),
            })
            .filter(|settling| !settling.outcomes.is_empty())
            .collect();
        if batch.is_empty() {
            break;
        }
        let settled = queue.settle_all(&batch, now()).await.unwrap();
        assert!(settled.iter().all(|ours| *ours));
    }
    let lanes: Vec<_> = lanes.into_iter().map(|lane| (lane, None)).collect();
    queue.release_all(&lanes).await.unwrap();
}

fn delivered(due: Vec<Delivery>) -> Vec<(DeliveryId, Settled)> {
    due.into_iter().map(|one| (one.id, Settled::Delivered)).collect()
}

/// Accepts one activity durably, for followers (`collection`) or with everybody named (`listed`); prints the nanoseconds.
pub fn record(store: &str, how: &str) {
    let audience: Vec<Iri> = match how {
        "collection" => vec![Iri::parse(alice::FOLLOWERS).unwrap()],
        "listed" => (0..AUDIENCE)
            .map(|number| {
                let host = number % 5_000;
                Iri::parse(&format!("https://host{host}.example/users/{number}")).unwrap()
            })
            .collect(),
        other => panic!("there is no {other}"),
    };
    runtime().block_on(async {
        let _parent = Parent::listen();
        let store = Store::open(store).await;
        let stores = store.stores();
        let began = Instant::now();
        let outgoing = Outgoing::new(alice::activity_id(0), alice::NAME, alice::body(0), audience);
        stores.outbox.record(&outgoing).await.unwrap();
        println!("{}", began.elapsed().as_nanos());
        let kept = stores.outbox.unexpanded(1).await.unwrap();
        assert_eq!(kept, [outgoing]);
        store.close().await;
        std::future::pending::<()>().await;
    });
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}
