//! What a queue promises where it is asked and told about many lanes at once.

use super::{
    at,
    delivery::{counts, dead, delivery, retry},
};
use crate::{Delivery, DeliveryId, DeliveryQueue, LEASE, Lane, Settled, Settling};
use std::{sync::Arc, time::SystemTime};

pub(super) async fn delivery_queue(fresh: &impl AsyncFn() -> Arc<dyn DeliveryQueue>) {
    many_lanes_at_once(&*fresh().await).await;
    a_full_lane_leaves_the_others_their_share(&*fresh().await).await;
}

/// What is asked and said about many lanes is what would be asked and said about each.
async fn many_lanes_at_once(queue: &dyn DeliveryQueue) {
    let host = |n: usize| format!("h{n}.example");
    let batch: Vec<Delivery> = (0..6)
        .flat_map(|n| (0..3).map(move |inbox| (n, inbox)))
        .map(|(n, inbox)| delivery(1, &host(n), inbox))
        .collect();
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    let mut lanes = queue.lease("one", 10, at(0)).await.expect("lease");
    lanes.sort_by(|a, b| b.host.cmp(&a.host));
    assert_eq!(lanes.len(), 6);
    // One goes to somebody else.
    let lost = lanes[2].clone();
    queue.reclaim("nobody").await.expect("reclaim");
    queue.cancel(&lost.host).await.expect("cancel");
    let asked: Vec<(Lane, usize)> = lanes
        .iter()
        .zip([1, 2, 3, 4, 0, 9])
        .map(|(lane, max)| (lane.clone(), max))
        .collect();
    let due = queue.due_all(&asked, at(0)).await.expect("due");
    let found: Vec<Option<usize>> = due.iter().map(|due| due.as_ref().map(Vec::len)).collect();
    assert_eq!(found, [Some(1), Some(2), None, Some(3), Some(0), Some(3)]);
    for (due, lane) in due.iter().zip(&lanes) {
        assert!(due.iter().flatten().all(|one| one.lane() == lane.host));
    }
    let renewed = queue.renew_all(&lanes, at(30)).await.expect("renew");
    for (renewed, lane) in renewed.iter().zip(&lanes) {
        let expected = (lane.host != lost.host).then(|| Lane {
            until: at(30) + LEASE,
            ..lane.clone()
        });
        assert_eq!(*renewed, expected);
    }
    // Each lane of its own: all kinds of outcomes, and those of the lost lane, and of another one's.
    let of = |n: usize, inbox| delivery(1, &host(n), inbox).id;
    let settle = |place: usize, outcomes: Vec<(DeliveryId, Settled)>| Settling {
        lane: lanes[place].clone(),
        outcomes,
    };
    let said = [
        settle(
            0,
            vec![
                (of(5, 0), Settled::Delivered),
                (of(5, 1), retry(900)),
                (of(5, 2), dead("no")),
            ],
        ),
        settle(2, vec![(of(3, 0), Settled::Delivered)]),
        settle(3, vec![(of(2, 0), retry(50)), (of(1, 0), Settled::Delivered)]),
        settle(
            5,
            vec![(of(0, 0), Settled::Delivered), (of(0, 1), Settled::Delivered)],
        ),
        settle(4, vec![]),
    ];
    let heard = queue.settle_all(&said, at(31)).await.expect("settle");
    assert_eq!(heard, [true, false, true, true, true]);
    let figures = counts(queue).await;
    assert_eq!((figures.delivered, figures.dead, figures.cancelled), (3, 1, 3));
    assert_eq!(figures.pending, 18 - 7);
    let back: Vec<(Lane, Option<SystemTime>)> = lanes
        .iter()
        .map(|lane| (lane.clone(), (lane.host == host(1)).then(|| at(500))))
        .collect();
    queue.release_all(&back).await.expect("release");
    queue.release_all(&back).await.expect("twice is no error");
    let mut free = queue.lease("two", 10, at(60)).await.expect("lease");
    free.sort_by(|a, b| a.host.cmp(&b.host));
    let free: Vec<&str> = free.iter().map(|lane| lane.host.as_str()).collect();
    assert_eq!(
        free,
        [host(0), host(2), host(4)],
        "closed, put off, cancelled: not now"
    );
    let opened = queue.lease("three", 10, at(500)).await.expect("lease");
    assert!(
        opened.iter().any(|lane| lane.host == host(1)),
        "its time has come"
    );
    for none in [
        queue.due_all(&[], at(0)).await.expect("due").len(),
        queue.settle_all(&[], at(0)).await.expect("settle").len(),
        queue.renew_all(&[], at(0)).await.expect("renew").len(),
    ] {
        assert_eq!(none, 0);
    }
    queue.release_all(&[]).await.expect("release");
}

/// Of each lane as many as were asked for: new ones first, and of what waited for a time those due longest.
async fn a_full_lane_leaves_the_others_their_share(queue: &dyn DeliveryQueue) {
    let of = |host: &'static str| (0..20).map(move |inbox| delivery(1 + inbox % 3, host, inbox));
    let batch: Vec<Delivery> = of("a.example").chain(of("b.example")).collect();
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    let lanes = queue.lease("one", 2, at(0)).await.expect("lease");
    let retried: Vec<Settling> = lanes
        .iter()
        .map(|lane| {
            let outcome = |inbox: usize| {
                (
                    delivery(1 + inbox % 3, &lane.host, inbox).id,
                    retry(100 + inbox as u64),
                )
            };
            Settling {
                lane: lane.clone(),
                outcomes: (0..10).map(outcome).collect(),
            }
        })
        .collect();
    assert_eq!(
        queue.settle_all(&retried, at(1)).await.expect("settle"),
        [true, true]
    );
    let asked: Vec<(Lane, usize)> = lanes.iter().map(|lane| (lane.clone(), 4)).collect();
    for (now, timed) in [(at(50), 0), (at(102), 3), (at(900), 10)] {
        for (answer, lane) in queue.due_all(&asked, now).await.expect("due").iter().zip(&lanes) {
            let one = queue.due(lane, 4, now).await.expect("due");
            assert_eq!(answer.as_ref(), Some(&one), "as if it had been asked alone");
            assert_eq!(one.len(), 4);
            assert!(one.iter().filter(|one| one.attempt > 0).count() <= timed);
        }
        let all: Vec<(Lane, usize)> = lanes.iter().map(|lane| (lane.clone(), 100)).collect();
        for answer in queue.due_all(&all, now).await.expect("due") {
            assert_eq!(answer.expect("ours").len(), 10 + timed);
        }
    }
}
