//! What waits for another of its order, while several work on it.

use crate::{at, cluster::database, iri, outgoing};
use federate_postgres::Postgres;
use federate_store::{Backend, Delivery, DeliveryId, DeliveryQueue, OrderKey, Settled};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// A delivery about an object, to an inbox.
fn ordered(activity: usize, object: usize, inbox: &str) -> Delivery {
    let key = OrderKey::of(&iri(&format!("https://a.example/notes/{object}")));
    Delivery::new(outgoing(activity).id, "alice", iri(inbox), at(0)).in_order(key)
}

fn first(activity: usize) -> Delivery {
    ordered(activity, 1, "https://b.example/1")
}

fn dead(delivery: &Delivery) -> (DeliveryId, Settled) {
    let reason = "as the test wants".to_owned();
    (delivery.id.clone(), Settled::Dead { reason })
}

fn delivered(delivery: &Delivery) -> (DeliveryId, Settled) {
    (delivery.id.clone(), Settled::Delivered)
}

/// Waits until so many connections to this database wait for a lock.
async fn until_waiting(pool: &PgPool, number: i64) {
    for _ in 0..100_000 {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(pool)
        .await
        .unwrap();
        if waiting >= number {
            return;
        }
    }
    unreachable!("nobody waits for a lock");
}

/// Of a settle and an enqueue that want the same lane, the other one first.
async fn settled_beside_an_enqueue(enqueue_first: bool) {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let queue = store.stores().queue;
    for round in 0..8 {
        let (create, update) = (first(2 * round), first(2 * round + 1));
        queue.enqueue(std::slice::from_ref(&create), at(0)).await.unwrap();
        let lane = queue.lease("w", 1, at(0)).await.unwrap().remove(0);
        // A third holds the lane's row, so that both begin before either of them ends.
        let mut held = store.pool().begin().await.unwrap();
        sqlx::query("UPDATE federate.lanes SET enqueued = enqueued")
            .execute(&mut *held)
            .await
            .unwrap();
        let outcome = if round % 2 == 0 {
            delivered(&create)
        } else {
            dead(&create)
        };
        let settle = {
            let (queue, lane) = (Arc::clone(&queue), lane.clone());
            async move { queue.settle(&lane, &[outcome], at(1)).await.unwrap() }
        };
        let enqueue = {
            let (queue, update) = (Arc::clone(&queue), update.clone());
            async move { queue.enqueue(&[update], at(1)).await.unwrap() }
        };
        let tasks = if enqueue_first {
            let enqueue = tokio::spawn(enqueue);
            until_waiting(store.pool(), 1).await;
            [enqueue, tokio::spawn(settle)]
        } else {
            let settle = tokio::spawn(settle);
            until_waiting(store.pool(), 1).await;
            [settle, tokio::spawn(enqueue)]
        };
        until_waiting(store.pool(), 2).await;
        held.commit().await.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        let due = queue.due(&lane, 9, at(1)).await.unwrap();
        assert_eq!(due, std::slice::from_ref(&update), "round {round}");
        queue.settle(&lane, &[delivered(&update)], at(1)).await.unwrap();
        queue.release(lane, None).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_enqueued_before_its_predecessor_is_settled_follows_it() {
    settled_beside_an_enqueue(true).await;
}

#[tokio::test]
async fn what_is_enqueued_after_its_predecessor_was_settled_is_due() {
    settled_beside_an_enqueue(false).await;
}

#[tokio::test]
async fn what_follows_while_the_lane_is_given_back_is_not_forgotten() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let queue = store.stores().queue;
    let (create, update) = (first(1), first(2));
    queue
        .enqueue(&[create.clone(), update.clone()], at(0))
        .await
        .unwrap();
    let lane = queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    // Put off, and attempted before its time, by a clock that was put back: the lane of before has nothing due.
    let reason = "answered 503".to_owned();
    let again = (
        create.id.clone(),
        Settled::Retry {
            at: at(3_600),
            reason,
        },
    );
    queue.settle(&lane, &[again], at(0)).await.unwrap();
    let mut held = store.pool().begin().await.unwrap();
    sqlx::query("SELECT no FROM federate.lanes FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    // Nothing counts as delivered, so only what follows writes the lane.
    let settle = {
        let (queue, lane, outcome) = (Arc::clone(&queue), lane.clone(), dead(&create));
        tokio::spawn(async move { queue.settle(&lane, &[outcome], at(1)).await })
    };
    until_waiting(store.pool(), 1).await;
    let release = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move { queue.release(lane, None).await })
    };
    until_waiting(store.pool(), 2).await;
    held.rollback().await.unwrap();
    settle.await.unwrap().unwrap();
    release.await.unwrap().unwrap();
    let lane = queue.lease("w", 1, at(1)).await.unwrap().remove(0);
    assert_eq!(queue.due(&lane, 9, at(1)).await.unwrap(), [update]);
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_nothing_of_its_order() {
    let Some(database) = database() else { return };
    let store = Postgres::open(&database.url).await.unwrap();
    let queue = store.stores().queue;
    queue.enqueue(&[first(1), first(2)], at(0)).await.unwrap();
    sqlx::raw_sql(
        "UPDATE federate.activities SET iri = 'damaged' WHERE iri = 'https://a.example/activities/1'",
    )
    .execute(store.pool())
    .await
    .unwrap();
    let lane = queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    assert_eq!(queue.due(&lane, 9, at(0)).await.unwrap(), []);
    assert_eq!(queue.due(&lane, 9, at(0)).await.unwrap(), [first(2)]);
}

#[tokio::test]
async fn a_retry_at_the_end_of_time_is_no_place_in_a_line() {
    let Some(database) = database() else { return };
    let queue = Postgres::open(&database.url).await.unwrap().stores().queue;
    queue.enqueue(&[first(1)], at(0)).await.unwrap();
    let lane = queue.lease("w", 1, at(0)).await.unwrap().remove(0);
    let never = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1 << 60);
    let reason = "far off".to_owned();
    let outcome = (first(1).id, Settled::Retry { at: never, reason });
    queue.settle(&lane, &[outcome], at(0)).await.unwrap();
    queue.enqueue(&[first(2)], at(0)).await.unwrap();
    assert_eq!(
        queue.due(&lane, 9, at(0)).await.unwrap(),
        [],
        "the second waits for it"
    );
}

/// What went out: of each inbox and object the activities, in turn.
type Sent = Mutex<HashMap<(String, Option<OrderKey>), Vec<usize>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_kept_and_nothing_waits_for_ever_beside_many_workers() {
    let Some(database) = database() else { return };
    let sent: Arc<Sent> = Arc::default();
    let mut queues = Vec::new();
    for _ in 0..3 {
        queues.push(Postgres::open(&database.url).await.unwrap().stores().queue);
    }
    let mut tasks = Vec::new();
    for (number, queue) in queues.iter().cloned().enumerate() {
        // Each has objects of its own, whose activities it enqueues one after the other, to inboxes of all ...
        let enqueuer = Arc::clone(&queue);
        tasks.push(tokio::spawn(async move {
            for turn in 0..60 {
                let object = 10 * number + turn % 2;
                let batch: Vec<Delivery> = (0..10)
                    .map(|n| {
                        let inbox = format!("https://h{}.example/{n}", n % 3);
                        ordered(1_000 * number + turn, object, &inbox)
                    })
                    .collect();
                enqueuer.enqueue(&batch, at(0)).await.unwrap();
            }
        }));
        // ... and works on whatever there is.
        let sent = Arc::clone(&sent);
        tasks.push(tokio::spawn(async move {
            let mut idle = 0;
            while idle < 200 {
                let lanes = queue.lease(&format!("w{number}"), 2, at(1)).await.unwrap();
                idle = if lanes.is_empty() { idle + 1 } else { 0 };
                for lane in lanes {
                    work(&*queue, &lane, &sent).await;
                    queue.release(lane, None).await.unwrap();
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let queue = &queues[0];
    loop {
        let lanes = queue.lease("last", 99, at(2)).await.unwrap();
        if lanes.is_empty() {
            break;
        }
        for lane in lanes {
            work(&**queue, &lane, &sent).await;
            queue.release(lane, None).await.unwrap();
        }
    }
    let counts = queue.counts().await.unwrap();
    assert!(counts.conserved(), "{counts:?}");
    assert_eq!(
        (counts.enqueued, counts.pending),
        (3 * 60 * 10, 0),
        "nothing waits"
    );
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 3 * 2 * 10);
    for (line, activities) in sent.iter() {
        assert_eq!(activities.len(), 30);
        assert!(activities.is_sorted(), "{line:?}: {activities:?}");
    }
}

/// All of a lane, a few at a time; one in seven dies.
async fn work(queue: &dyn DeliveryQueue, lane: &federate_store::Lane, sent: &Sent) {
    loop {
        let due = queue.due(lane, 7, at(1)).await.unwrap();
        if due.is_empty() {
            return;
        }
        let mut outcomes = Vec::new();
        for (place, one) in due.iter().enumerate() {
            outcomes.push(if place == 6 { dead(one) } else { delivered(one) });
            let (_, number) = one.activity.as_str().rsplit_once('/').unwrap();
            let line = (one.inbox.to_string(), one.order);
            let mut sent = sent.lock().unwrap();
            sent.entry(line).or_default().push(number.parse().unwrap());
        }
        queue.settle(lane, &outcomes, at(1)).await.unwrap();
    }
}
