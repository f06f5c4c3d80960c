//! What a queue of deliveries promises.

use super::{at, both, iri};
use crate::{Counts, Delivery, DeliveryId, DeliveryQueue, LEASE, Lane, Settled, StoreErrorKind};
use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

/// Every promise of a [`DeliveryQueue`].
pub async fn delivery_queue(fresh: impl AsyncFn() -> Arc<dyn DeliveryQueue>) {
    enqueue_is_idempotent(&*fresh().await).await;
    a_lane_has_one_owner(&*fresh().await).await;
    a_stale_fence_is_refused(&*fresh().await).await;
    a_former_life_is_reclaimed(&*fresh().await).await;
    lanes_keep_their_order(&*fresh().await).await;
    what_is_new_needs_no_clock(&*fresh().await).await;
    a_lease_out_of_the_future_has_ended(&*fresh().await).await;
    a_retry_moves(&*fresh().await).await;
    a_closed_lane_waits(&*fresh().await).await;
    many_lanes_share(&*fresh().await).await;
    new_and_retried_lanes_do_not_starve_each_other(&*fresh().await).await;
    the_dead_are_listed_and_retried(&*fresh().await).await;
    cancel_takes_a_host_out_at_once(&*fresh().await).await;
    supersede_takes_only_the_untouched(&*fresh().await).await;
    settling_twice_counts_once(&*fresh().await).await;
    prune_forgets_only_what_is_settled(&*fresh().await).await;
    super::lanes::delivery_queue(&fresh).await;
    old_dead_letters_are_dropped(&*fresh().await).await;
    super::precedence::delivery_queue(&fresh).await;
    super::operator::delivery_queue(&fresh).await;
    nothing_is_lost_in_a_long_run(&*fresh().await).await;
}

/// The delivery of an activity to an inbox of a host. Numbers are not in the order of names.
pub(super) fn delivery(activity: usize, host: &str, inbox: usize) -> Delivery {
    let activity = iri(&format!(
        "https://a.example/activities/{:x}-{activity}",
        997 - activity % 997
    ));
    Delivery::new(
        activity,
        "alice",
        iri(&format!("https://{host}/inbox/{inbox}")),
        at(0),
    )
}

pub(super) async fn counts(queue: &dyn DeliveryQueue) -> Counts {
    let counts = queue.counts().await.expect("counts");
    assert!(
        counts.conserved(),
        "enqueued = pending + delivered + dead + superseded + cancelled: {counts:?}"
    );
    counts
}

pub(super) async fn lease_one(queue: &dyn DeliveryQueue, now: SystemTime) -> Lane {
    let mut lanes = queue.lease("worker", 1, now).await.expect("lease");
    assert_eq!(lanes.len(), 1, "there is a lane to lease");
    lanes.remove(0)
}

pub(super) async fn due(queue: &dyn DeliveryQueue, lane: &Lane, now: SystemTime) -> Vec<DeliveryId> {
    let due = queue.due(lane, 100, now).await.expect("due");
    due.into_iter().map(|delivery| delivery.id).collect()
}

fn fenced<T>(result: Result<T, crate::StoreError>) -> bool {
    result.is_err_and(|error| error.kind() == StoreErrorKind::Fenced)
}

pub(super) fn retry(seconds: u64) -> Settled {
    Settled::Retry {
        at: at(seconds),
        reason: "answered 503".into(),
    }
}

pub(super) fn dead(reason: &str) -> Settled {
    Settled::Dead {
        reason: reason.into(),
    }
}

async fn enqueue_is_idempotent(queue: &dyn DeliveryQueue) {
    assert_eq!(counts(queue).await, Counts::default());
    assert_eq!(queue.next_due().await.expect("read"), None);
    queue.enqueue(&[], at(0)).await.expect("enqueue nothing");
    let batch = [
        delivery(1, "b.example", 1),
        delivery(1, "b.example", 2),
        delivery(1, "b.example", 1),
    ];
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    queue.enqueue(&batch, at(5)).await.expect("enqueue again");
    let (first, second) = both(queue.enqueue(&batch, at(6)), queue.enqueue(&batch, at(6))).await;
    first.and(second).expect("enqueue at once");
    assert_eq!(
        (counts(queue).await.enqueued, counts(queue).await.pending),
        (2, 2)
    );
    assert!(
        queue
            .next_due()
            .await
            .expect("read")
            .is_some_and(|due| due <= at(0))
    );

    let lane = lease_one(queue, at(0)).await;
    let found = queue.due(&lane, 100, at(0)).await.expect("due");
    assert_eq!(found.len(), 2);
    assert!(
        found.contains(&batch[0]) && found.contains(&batch[1]),
        "whole: {found:?}"
    );
    queue
        .settle(&lane, &[(batch[0].id.clone(), Settled::Delivered)], at(1))
        .await
        .expect("settle");
    queue
        .enqueue(&batch, at(7))
        .await
        .expect("enqueue what was delivered");
    assert_eq!(
        due(queue, &lane, at(7)).await,
        [batch[1].id.clone()],
        "what was delivered is not sent again"
    );
    assert_eq!(counts(queue).await.delivered, 1);
}

async fn a_lane_has_one_owner(queue: &dyn DeliveryQueue) {
    queue
        .enqueue(&[delivery(1, "b.example", 1)], at(0))
        .await
        .expect("enqueue");
    let (first, second) = both(queue.lease("one", 5, at(0)), queue.lease("two", 5, at(0))).await;
    let (first, second) = (first.expect("lease"), second.expect("lease"));
    assert_eq!(first.len() + second.len(), 1, "one lane, one owner");
    let lane = first.into_iter().chain(second).next().expect("a lane");
    assert_eq!((lane.host.as_str(), lane.until), ("b.example", at(0) + LEASE));

    queue
        .enqueue(&[delivery(2, "b.example", 1)], at(1))
        .await
        .expect("enqueue");
    let later = at(0) + LEASE - std::time::Duration::from_secs(1);
    assert!(
        queue.lease("two", 5, later).await.expect("lease").is_empty(),
        "not before the lease ends"
    );
    assert_eq!(
        due(queue, &lane, later).await.len(),
        2,
        "its owner sees what came since"
    );
    let lane = queue.renew(&lane, later).await.expect("renew");
    assert_eq!(lane.until, later + LEASE);
    assert!(
        queue
            .lease("two", 5, at(0) + LEASE)
            .await
            .expect("lease")
            .is_empty(),
        "renewed"
    );
    queue.release(lane, None).await.expect("release");
    assert_eq!(
        queue.lease("two", 5, later).await.expect("lease").len(),
        1,
        "given back"
    );
}

async fn a_stale_fence_is_refused(queue: &dyn DeliveryQueue) {
    let one = delivery(1, "b.example", 1);
    queue
        .enqueue(std::slice::from_ref(&one), at(0))
        .await
        .expect("enqueue");
    let stale = lease_one(queue, at(0)).await;
    let fresh = lease_one(queue, at(0) + LEASE).await;
    assert!(fresh.fence > stale.fence);
    let outcome = [(one.id.clone(), Settled::Delivered)];
    assert!(fenced(queue.settle(&stale, &outcome, at(61)).await));
    assert!(fenced(
        queue
            .settle(&stale, &[(one.id.clone(), retry(900))], at(61))
            .await
    ));
    assert!(fenced(queue.due(&stale, 1, at(61)).await));
    assert!(fenced(queue.renew(&stale, at(61)).await));
    queue
        .release(stale, Some(at(9_000)))
        .await
        .expect("releasing what is lost is no error");
    assert_eq!(
        due(queue, &fresh, at(61)).await,
        std::slice::from_ref(&one.id),
        "and nothing was changed"
    );
    assert_eq!(counts(queue).await.pending, 1);
    queue.settle(&fresh, &outcome, at(62)).await.expect("settle");
    let kept = fresh.clone();
    queue.release(fresh, None).await.expect("release");
    assert!(
        fenced(queue.due(&kept, 1, at(63)).await),
        "whoever gave it back has no say"
    );
    assert_eq!(counts(queue).await.delivered, 1);
}

async fn a_former_life_is_reclaimed(queue: &dyn DeliveryQueue) {
    let batch = [delivery(1, "b.example", 1), delivery(1, "c.example", 1)];
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    let left = queue.lease("one", 1, at(0)).await.expect("lease").remove(0);
    let held = queue.lease("two", 1, at(0)).await.expect("lease").remove(0);
    assert_eq!(queue.reclaim("one").await.expect("reclaim"), 1);
    assert!(
        fenced(queue.due(&left, 1, at(1)).await),
        "the former life has no say"
    );
    assert_eq!(
        due(queue, &held, at(1)).await.len(),
        1,
        "another worker's lease stands"
    );
    let mut again = queue.lease("one", 5, at(1)).await.expect("lease");
    assert_eq!(again.len(), 1, "before the lease has ended");
    let again = again.remove(0);
    assert_eq!(again.host, left.host);
    assert_eq!(due(queue, &again, at(1)).await.len(), 1);
    queue.release(again, None).await.expect("release");
    assert_eq!(queue.reclaim("one").await.expect("reclaim"), 0, "nothing is held");
    counts(queue).await;
}

async fn lanes_keep_their_order(queue: &dyn DeliveryQueue) {
    let order: Vec<Delivery> = [7, 3, 9, 1].map(|n| delivery(n, "b.example", 1)).into();
    for one in &order {
        queue
            .enqueue(std::slice::from_ref(one), at(0))
            .await
            .expect("enqueue");
    }
    let more: Vec<Delivery> = [12, 2, 14].map(|n| delivery(n, "b.example", 1)).into();
    queue.enqueue(&more, at(0)).await.expect("enqueue");
    let ids: Vec<DeliveryId> = order.iter().chain(&more).map(|d| d.id.clone()).collect();
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(due(queue, &lane, at(0)).await, ids, "as they were enqueued");
    let two = queue.due(&lane, 2, at(0)).await.expect("due");
    assert_eq!(two.into_iter().map(|d| d.id).collect::<Vec<_>>(), ids[..2]);
    queue
        .settle(&lane, &[(ids[0].clone(), retry(30))], at(1))
        .await
        .expect("settle");
    assert_eq!(due(queue, &lane, at(29)).await, ids[1..]);
    assert_eq!(
        due(queue, &lane, at(30)).await,
        ids,
        "a retry is back in its place"
    );
}

async fn what_is_new_needs_no_clock(queue: &dyn DeliveryQueue) {
    queue
        .enqueue(&[delivery(1, "b.example", 1)], at(86_400))
        .await
        .expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(
        due(queue, &lane, at(0)).await.len(),
        1,
        "a clock that was put back stalls nothing"
    );
}

async fn a_lease_out_of_the_future_has_ended(queue: &dyn DeliveryQueue) {
    queue
        .enqueue(&[delivery(1, "b.example", 1)], at(0))
        .await
        .expect("enqueue");
    let year = 365 * 86_400;
    let jumped = lease_one(queue, at(year)).await;
    assert!(
        queue
            .lease("w", 5, at(year - 60))
            .await
            .expect("lease")
            .is_empty(),
        "clocks differ a little"
    );
    let lane = lease_one(queue, at(0)).await;
    assert!(fenced(queue.due(&jumped, 1, at(0)).await));
    assert_eq!(due(queue, &lane, at(0)).await.len(), 1);
}

async fn a_retry_moves(queue: &dyn DeliveryQueue) {
    let (one, two) = (delivery(1, "b.example", 1), delivery(2, "b.example", 1));
    queue
        .enqueue(&[one.clone(), two.clone()], at(0))
        .await
        .expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    queue
        .settle(
            &lane,
            &[(one.id.clone(), retry(100)), (two.id.clone(), retry(200))],
            at(1),
        )
        .await
        .expect("settle");
    assert!(due(queue, &lane, at(99)).await.is_empty());
    queue.release(lane, None).await.expect("release");
    assert!(queue.lease("w", 5, at(99)).await.expect("lease").is_empty());
    assert_eq!(queue.next_due().await.expect("read"), Some(at(100)));
    let lane = lease_one(queue, at(100)).await;
    let found = queue.due(&lane, 9, at(100)).await.expect("due");
    assert_eq!((found.len(), &found[0].id, found[0].attempt), (1, &one.id, 1));
    assert_eq!(
        found[0].first_enqueued, one.first_enqueued,
        "the horizon counts from the beginning"
    );
    queue
        .settle(&lane, &[(one.id.clone(), retry(300))], at(101))
        .await
        .expect("settle");
    let found = queue.due(&lane, 9, at(300)).await.expect("due");
    assert_eq!(found.iter().map(|d| d.attempt).collect::<Vec<_>>(), [2, 1]);
    queue
        .settle(&lane, &[(one.id.clone(), Settled::Delivered)], at(301))
        .await
        .expect("settle");
    assert_eq!(due(queue, &lane, at(300)).await, [two.id]);
    assert_eq!(
        (counts(queue).await.pending, counts(queue).await.delivered),
        (1, 1)
    );
}

async fn a_closed_lane_waits(queue: &dyn DeliveryQueue) {
    queue
        .enqueue(&[delivery(1, "b.example", 1)], at(0))
        .await
        .expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    queue.release(lane, Some(at(500))).await.expect("release");
    queue
        .enqueue(&[delivery(2, "b.example", 1)], at(1))
        .await
        .expect("enqueue");
    assert!(
        queue.lease("w", 5, at(499)).await.expect("lease").is_empty(),
        "new deliveries open no breaker"
    );
    assert_eq!(queue.next_due().await.expect("read"), Some(at(500)));
    queue
        .probe("unknown.example", at(1))
        .await
        .expect("probe an unknown host");
    queue
        .probe("b.example", at(900))
        .await
        .expect("a probe never closes");
    assert_eq!(queue.next_due().await.expect("read"), Some(at(500)));
    queue.probe("b.example", at(50)).await.expect("probe");
    assert_eq!(queue.next_due().await.expect("read"), Some(at(50)));
    assert!(queue.lease("w", 5, at(49)).await.expect("lease").is_empty());
    let lane = lease_one(queue, at(50)).await;
    queue.release(lane, None).await.expect("release");
    assert!(
        queue
            .next_due()
            .await
            .expect("read")
            .is_some_and(|due| due <= at(50)),
        "open again"
    );
}

async fn many_lanes_share(queue: &dyn DeliveryQueue) {
    let batch: Vec<Delivery> = (0..10)
        .map(|n| delivery(1, &format!("h{n}.example"), 1))
        .collect();
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    let first = queue.lease("one", 4, at(0)).await.expect("lease");
    let second = queue.lease("two", 100, at(0)).await.expect("lease");
    assert_eq!((first.len(), second.len()), (4, 6));
    let mut hosts: Vec<&str> = first
        .iter()
        .chain(&second)
        .map(|lane| lane.host.as_str())
        .collect();
    hosts.sort_unstable();
    hosts.dedup();
    assert_eq!(hosts.len(), 10);
    for lane in first.iter().chain(&second) {
        let found = queue.due(lane, 9, at(0)).await.expect("due");
        assert!(
            found.len() == 1 && found[0].lane() == lane.host,
            "its own and no other's"
        );
    }
    let other = [(batch[9].id.clone(), Settled::Delivered)];
    let foreign = first
        .iter()
        .chain(&second)
        .find(|lane| lane.host != "h9.example")
        .expect("a lane");
    queue.settle(foreign, &other, at(1)).await.expect("settle");
    assert_eq!(
        counts(queue).await.delivered,
        0,
        "nobody settles in another's lane"
    );
}

async fn new_and_retried_lanes_do_not_starve_each_other(queue: &dyn DeliveryQueue) {
    let old: Vec<Delivery> = (0..4)
        .map(|n| delivery(1, &format!("old{n}.example"), 1))
        .collect();
    queue.enqueue(&old, at(0)).await.expect("enqueue");
    for lane in queue.lease("w", 9, at(0)).await.expect("lease") {
        let found = queue.due(&lane, 1, at(0)).await.expect("due");
        queue
            .settle(&lane, &[(found[0].id.clone(), retry(10))], at(1))
            .await
            .expect("settle");
        queue.release(lane, None).await.expect("release");
    }
    // Each round a new host turns up, and a worker takes two lanes.
    let mut retried = 0;
    for round in 0..8 {
        let new = [
            delivery(2, &format!("new{round}a.example"), 1),
            delivery(2, &format!("new{round}b.example"), 1),
        ];
        queue.enqueue(&new, at(20)).await.expect("enqueue");
        for lane in queue.lease("w", 2, at(20)).await.expect("lease") {
            retried += usize::from(lane.host.starts_with("old"));
            let found = queue.due(&lane, 1, at(20)).await.expect("due");
            queue
                .settle(&lane, &[(found[0].id.clone(), Settled::Delivered)], at(20))
                .await
                .expect("settle");
            queue.release(lane, None).await.expect("release");
        }
    }
    assert_eq!(retried, 4, "retries get their turn in a flood of new hosts");
    assert_eq!(counts(queue).await.delivered, 16);
}

async fn the_dead_are_listed_and_retried(queue: &dyn DeliveryQueue) {
    let batch = [
        delivery(1, "b.example", 1),
        delivery(2, "b.example", 1),
        delivery(3, "b.example", 1),
    ];
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    let outcomes = [
        (batch[1].id.clone(), dead("answered 410")),
        (batch[0].id.clone(), dead(&"\u{e9}".repeat(crate::MAX_REASON))),
        (batch[2].id.clone(), dead("answered 404")),
    ];
    queue.settle(&lane, &outcomes, at(7)).await.expect("settle");
    queue.release(lane, None).await.expect("release");
    assert_eq!(queue.next_due().await.expect("read"), None);
    assert_eq!((counts(queue).await.dead, counts(queue).await.pending), (3, 0));
    let letters = queue.dead(10).await.expect("dead");
    assert_eq!(letters.len(), 3);
    let letter = letters
        .iter()
        .find(|l| l.delivery.id == batch[1].id)
        .expect("its letter");
    assert_eq!(
        (letter.reason.as_str(), letter.died, letter.delivery.attempt),
        ("answered 410", at(7), 1)
    );
    assert!(letters.iter().all(|l| l.reason.len() <= crate::MAX_REASON));
    assert_eq!(queue.dead(2).await.expect("dead").len(), 2);

    queue.enqueue(&batch, at(8)).await.expect("enqueue the dead");
    assert_eq!(
        counts(queue).await.dead,
        3,
        "a repeated fan-out does not raise the dead"
    );
    let ids = [batch[0].id.clone(), delivery(9, "b.example", 1).id];
    assert_eq!(queue.retry_dead(&ids, at(100)).await.expect("retry"), 1);
    assert_eq!(queue.retry_dead(&ids, at(100)).await.expect("retry"), 0);
    assert_eq!(
        queue.discard_dead(&[batch[2].id.clone()]).await.expect("discard"),
        1
    );
    assert_eq!(
        queue.discard_dead(&[batch[2].id.clone()]).await.expect("discard"),
        0
    );
    let now = counts(queue).await;
    assert_eq!((now.pending, now.dead, now.cancelled), (1, 1, 1));
    let lane = lease_one(queue, at(100)).await;
    let found = queue.due(&lane, 9, at(100)).await.expect("due");
    assert_eq!(
        (&found[0].id, found[0].attempt, found[0].first_enqueued),
        (&batch[0].id, 0, at(100))
    );
}

async fn cancel_takes_a_host_out_at_once(queue: &dyn DeliveryQueue) {
    let (one, other) = (delivery(1, "bad.example", 1), delivery(1, "b.example", 1));
    queue
        .enqueue(&[one.clone(), delivery(2, "bad.example", 2), other], at(0))
        .await
        .expect("enqueue");
    let lanes = queue.lease("w", 9, at(0)).await.expect("lease");
    let lane = lanes
        .iter()
        .find(|lane| lane.host == "bad.example")
        .expect("its lane");
    assert_eq!(queue.cancel("bad.example").await.expect("cancel"), 2);
    assert_eq!(queue.cancel("bad.example").await.expect("cancel"), 0);
    assert_eq!(queue.cancel("unknown.example").await.expect("cancel"), 0);
    assert!(fenced(queue.due(lane, 9, at(0)).await), "its owner stops");
    assert!(fenced(
        queue.settle(lane, &[(one.id, Settled::Delivered)], at(1)).await
    ));
    let now = counts(queue).await;
    assert_eq!((now.pending, now.cancelled, now.delivered), (1, 2, 0));
    queue
        .enqueue(&[delivery(3, "bad.example", 1)], at(2))
        .await
        .expect("enqueue");
    let lanes = queue.lease("w", 9, at(2)).await.expect("lease");
    assert_eq!(lanes.len(), 1, "what comes later is not called off");
    assert_eq!(queue.due(&lanes[0], 9, at(2)).await.expect("due").len(), 1);
}

async fn supersede_takes_only_the_untouched(queue: &dyn DeliveryQueue) {
    let hosts = ["new.example", "tried.example", "held.example"];
    let batch = hosts.map(|host| delivery(1, host, 1));
    queue.enqueue(&batch[1..2], at(0)).await.expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    queue
        .settle(&lane, &[(batch[1].id.clone(), retry(10))], at(1))
        .await
        .expect("settle");
    queue.release(lane, None).await.expect("release");
    queue.enqueue(&batch[2..], at(0)).await.expect("enqueue");
    let held = lease_one(queue, at(0)).await;
    assert_eq!(held.host, "held.example");
    queue.enqueue(&batch[..1], at(0)).await.expect("enqueue");
    queue
        .enqueue(&[delivery(2, "new.example", 1)], at(0))
        .await
        .expect("enqueue another");

    assert_eq!(queue.supersede(&batch[0].activity).await.expect("supersede"), 1);
    assert_eq!(queue.supersede(&batch[0].activity).await.expect("supersede"), 0);
    let now = counts(queue).await;
    assert_eq!((now.pending, now.superseded), (3, 1));
    assert_eq!(due(queue, &held, at(2)).await, [batch[2].id.clone()]);
    let lane = lease_one(queue, at(5)).await;
    assert_eq!(due(queue, &lane, at(5)).await, [delivery(2, "new.example", 1).id]);
}

async fn settling_twice_counts_once(queue: &dyn DeliveryQueue) {
    let one = delivery(1, "b.example", 1);
    queue
        .enqueue(std::slice::from_ref(&one), at(0))
        .await
        .expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    let outcome = (one.id.clone(), Settled::Delivered);
    queue
        .settle(&lane, &[outcome.clone(), outcome.clone()], at(1))
        .await
        .expect("settle");
    queue.settle(&lane, &[outcome], at(2)).await.expect("settle");
    queue
        .settle(&lane, &[(one.id.clone(), dead("late"))], at(2))
        .await
        .expect("settle");
    queue
        .settle(&lane, &[(one.id, retry(3))], at(2))
        .await
        .expect("settle");
    queue
        .settle(
            &lane,
            &[(delivery(5, "b.example", 5).id, Settled::Delivered)],
            at(2),
        )
        .await
        .expect("settle");
    let now = counts(queue).await;
    assert_eq!((now.delivered, now.dead, now.pending), (1, 0, 0));
}

async fn prune_forgets_only_what_is_settled(queue: &dyn DeliveryQueue) {
    let batch: Vec<Delivery> = (0..4).map(|n| delivery(n, "b.example", 1)).collect();
    queue.enqueue(&batch[..3], at(0)).await.expect("enqueue");
    queue.enqueue(&batch[3..], at(1_000)).await.expect("enqueue");
    let lane = lease_one(queue, at(1_000)).await;
    let outcomes = [
        (batch[0].id.clone(), Settled::Delivered),
        (batch[1].id.clone(), dead("answered 410")),
        (batch[2].id.clone(), retry(5_000)),
        (batch[3].id.clone(), Settled::Delivered),
    ];
    queue.settle(&lane, &outcomes, at(1_001)).await.expect("settle");
    let all: Vec<_> = batch.iter().map(|d| d.activity.clone()).collect();
    let mut unsettled = queue.unsettled(&all).await.expect("read");
    unsettled.sort();
    let mut expected = vec![all[1].clone(), all[2].clone()];
    expected.sort();
    assert_eq!(unsettled, expected, "whose bodies are still needed");
    let before = counts(queue).await;
    assert_eq!(queue.prune(at(500), 100).await.expect("prune"), 1);
    assert_eq!(counts(queue).await, before, "forgetting ids changes no figure");
    queue.enqueue(&batch, at(1_002)).await.expect("enqueue");
    assert_eq!(
        counts(queue).await.enqueued,
        5,
        "only the pruned one is new again"
    );
}

async fn old_dead_letters_are_dropped(queue: &dyn DeliveryQueue) {
    let batch: Vec<Delivery> = (0..4).map(|n| delivery(n, "b.example", 1)).collect();
    queue.enqueue(&batch, at(0)).await.expect("enqueue");
    let lane = lease_one(queue, at(0)).await;
    for (n, one) in batch.iter().take(3).enumerate() {
        let outcome = (one.id.clone(), dead("answered 410"));
        queue
            .settle(&lane, &[outcome], at(n as u64))
            .await
            .expect("settle");
    }
    assert_eq!(queue.prune_dead(at(2), 1).await.expect("prune"), 1);
    assert_eq!(queue.prune_dead(at(2), 9).await.expect("prune"), 1);
    assert_eq!(
        queue.prune_dead(at(2), 9).await.expect("prune"),
        0,
        "not what died then"
    );
    let now = counts(queue).await;
    assert_eq!((now.dead, now.cancelled, now.pending), (1, 2, 1));
    assert_eq!(queue.dead(9).await.expect("dead")[0].delivery.id, batch[2].id);
}

async fn nothing_is_lost_in_a_long_run(queue: &dyn DeliveryQueue) {
    let mut random: u64 = 42;
    let mut next = move |below: u64| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let mut clock = 0;
    for round in 0..60 {
        clock += next(40);
        let batch: Vec<Delivery> = (0..next(20))
            .map(|_| {
                let host = format!("h{}.example", next(6));
                delivery(
                    round - usize::from(round > 0 && next(2) == 0),
                    &host,
                    usize::from(next(3) == 0),
                )
            })
            .collect();
        queue.enqueue(&batch, at(clock)).await.expect("enqueue");
        for lane in queue.lease("w", 3, at(clock)).await.expect("lease") {
            let found = queue.due(&lane, 5, at(clock)).await.expect("due");
            let outcomes: Vec<_> = found
                .into_iter()
                .map(|delivery| {
                    let settled = match next(5) {
                        0 => dead("gave up"),
                        1 | 2 => retry(clock + next(100)),
                        _ => Settled::Delivered,
                    };
                    (delivery.id, settled)
                })
                .collect();
            queue.settle(&lane, &outcomes, at(clock)).await.expect("settle");
            match next(4) {
                0 => {} // The worker dies.
                1 => queue
                    .release(lane, Some(at(clock + next(90))))
                    .await
                    .expect("release"),
                _ => queue.release(lane, None).await.expect("release"),
            }
        }
        if next(10) == 0 {
            queue
                .cancel(&format!("h{}.example", next(6)))
                .await
                .expect("cancel");
        }
        if next(5) == 0 {
            let letters = queue.dead(3).await.expect("dead");
            let ids: Vec<DeliveryId> = letters.into_iter().map(|l| l.delivery.id).collect();
            queue.retry_dead(&ids, at(clock)).await.expect("retry");
        }
        counts(queue).await;
    }
    // A worker that stays alive empties it.
    clock += 1_000;
    let mut empty = BTreeSet::new();
    loop {
        let lanes = queue.lease("w", 3, at(clock)).await.expect("lease");
        if lanes.is_empty() {
            break;
        }
        for lane in lanes {
            let found = queue.due(&lane, 100, at(clock)).await.expect("due");
            // Only where a worker died that had written down all that was due may there be nothing.
            assert!(
                !found.is_empty() || empty.insert(lane.host.clone()),
                "a lane that is leased has something due"
            );
            let outcomes: Vec<_> = found.into_iter().map(|d| (d.id, Settled::Delivered)).collect();
            queue.settle(&lane, &outcomes, at(clock)).await.expect("settle");
            queue.release(lane, None).await.expect("release");
        }
    }
    assert_eq!(counts(queue).await.pending, 0, "nothing is left behind");
    assert_eq!(queue.next_due().await.expect("read"), None);
}
