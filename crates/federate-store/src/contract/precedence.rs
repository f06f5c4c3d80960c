//! What a queue promises of what goes before what, of pauses, and of what an operator sees.

use super::delivery::{counts, dead, delivery, due, lease_one, retry};
use super::{at, iri};
use crate::{AGES, Delivery, DeliveryId, DeliveryQueue, LEASE, Lane, OrderKey, Priority, Settled};
use std::{sync::Arc, time::Duration};

pub(super) async fn delivery_queue(fresh: &impl AsyncFn() -> Arc<dyn DeliveryQueue>) {
    a_higher_priority_goes_first(&*fresh().await).await;
    an_urgent_lane_comes_first_and_does_not_starve_the_rest(&*fresh().await).await;
    an_order_is_kept(&*fresh().await).await;
    an_order_holds_for_one_inbox_and_one_key(&*fresh().await).await;
    what_is_given_up_on_holds_up_nothing(&*fresh().await).await;
    what_is_superseded_holds_up_nothing(&*fresh().await).await;
    what_is_revived_is_in_its_order_again(&*fresh().await).await;
    a_paused_host_waits(&*fresh().await).await;
    an_operator_sees_what_waits(&*fresh().await).await;
    an_operator_sees_why_letters_are_dead(&*fresh().await).await;
}

fn key() -> OrderKey {
    OrderKey::of(&iri("https://a.example/notes/1"))
}

/// The `number`th activity about the same object.
fn ordered(number: usize, host: &str) -> Delivery {
    delivery(number, host, 1).in_order(key())
}

fn ids(deliveries: &[&Delivery]) -> Vec<DeliveryId> {
    deliveries.iter().map(|delivery| delivery.id.clone()).collect()
}

async fn enqueue(queue: &dyn DeliveryQueue, batch: &[Delivery]) {
    queue.enqueue(batch, at(0)).await.expect("enqueue");
}

async fn a_higher_priority_goes_first(queue: &dyn DeliveryQueue) {
    let low = delivery(1, "b.example", 1).with_priority(Priority::Low);
    let usual = delivery(2, "b.example", 1);
    let later = delivery(3, "b.example", 1).with_priority(Priority::High);
    enqueue(queue, &[low.clone(), usual.clone()]).await;
    enqueue(queue, std::slice::from_ref(&later)).await;
    let lane = lease_one(queue, at(0)).await;
    let found = queue.due(&lane, 100, at(0)).await.expect("due");
    assert_eq!(
        found,
        [later.clone(), usual.clone(), low.clone()],
        "whole, and in this order"
    );
    assert_eq!(
        queue.due(&lane, 1, at(0)).await.expect("due"),
        std::slice::from_ref(&later),
        "where there is room for one"
    );
    let outcomes: Vec<_> = ids(&[&low, &later, &usual])
        .into_iter()
        .map(|id| (id, retry(60)))
        .collect();
    queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    assert_eq!(
        due(queue, &lane, at(60)).await,
        ids(&[&later, &usual, &low]),
        "retries too"
    );
}

async fn an_urgent_lane_comes_first_and_does_not_starve_the_rest(queue: &dyn DeliveryQueue) {
    let flood: Vec<_> = (0..20)
        .map(|n| delivery(1, &format!("flood-{n}.example"), 1).with_priority(Priority::Low))
        .collect();
    enqueue(queue, &flood).await;
    let urgent: Vec<_> = (0..20)
        .map(|n| delivery(2, &format!("urgent-{n}.example"), 1).with_priority(Priority::High))
        .collect();
    enqueue(queue, &urgent).await;
    // A lane that waits already becomes urgent.
    enqueue(
        queue,
        &[delivery(3, "flood-19.example", 1).with_priority(Priority::High)],
    )
    .await;
    let lanes = queue.lease("worker", 10, at(0)).await.expect("lease");
    let is_urgent = |lane: &&Lane| lane.host.starts_with("urgent") || lane.host == "flood-19.example";
    let count = lanes.iter().filter(is_urgent).count();
    assert_eq!((lanes.len(), count), (10, 5), "every other one: {lanes:?}");
    let first = lanes.first().expect("ten").clone();
    assert!(is_urgent(&&first), "and the first: {}", first.host);
    let rest = queue.lease("worker", 100, at(0)).await.expect("lease");
    assert_eq!(rest.len(), 30, "nothing is forgotten");
    let urgent = rest.iter().take(28).filter(is_urgent).count();
    assert_eq!(urgent, 14, "every other one while there are any");
    // Given back with nothing done, it is as urgent as before.
    queue.release(first.clone(), None).await.expect("release");
    assert_eq!(lease_one(queue, at(0)).await.host, first.host);
}

async fn an_order_is_kept(queue: &dyn DeliveryQueue) {
    let (create, update, delete) = (
        ordered(1, "b.example"),
        ordered(2, "b.example"),
        ordered(3, "b.example"),
    );
    let other = delivery(4, "b.example", 1);
    // In one batch, and in two.
    enqueue(queue, &[create.clone(), update.clone()]).await;
    enqueue(queue, &[delete.clone(), other.clone()]).await;
    let lane = lease_one(queue, at(0)).await;
    let found = queue.due(&lane, 100, at(0)).await.expect("due");
    assert_eq!(
        found,
        [create.clone(), other.clone()],
        "whole, and the first of the order only"
    );
    assert_eq!(counts(queue).await.pending, 4);
    let settle = async |delivery: &Delivery, outcome: Settled| {
        let outcomes = [(delivery.id.clone(), outcome)];
        queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    };
    settle(&other, Settled::Delivered).await;
    settle(&create, retry(3_600)).await;
    assert_eq!(
        due(queue, &lane, at(60)).await,
        [],
        "what waits for a retry waits with it"
    );
    queue.release(lane.clone(), None).await.expect("release");
    assert!(
        queue.lease("worker", 9, at(60)).await.expect("lease").is_empty(),
        "nor is its lane leased"
    );
    let next = queue.next_due().await.expect("read");
    assert!(
        next.is_some_and(|next| next > at(60) && next <= at(3_600)),
        "{next:?}"
    );

    let lane = lease_one(queue, at(3_600)).await;
    assert_eq!(due(queue, &lane, at(3_600)).await, ids(&[&create]));
    for (one, next) in [
        (&create, Some(&update)),
        (&update, Some(&delete)),
        (&delete, None),
    ] {
        let outcomes = [(one.id.clone(), Settled::Delivered)];
        queue.settle(&lane, &outcomes, at(3_601)).await.expect("settle");
        let expected = next.map(|next| ids(&[next])).unwrap_or_default();
        assert_eq!(due(queue, &lane, at(3_601)).await, expected);
    }
    assert_eq!(counts(queue).await.delivered, 4);
}

async fn an_order_holds_for_one_inbox_and_one_key(queue: &dyn DeliveryQueue) {
    let first = ordered(1, "b.example");
    let elsewhere = delivery(2, "b.example", 2).in_order(key());
    let another = delivery(3, "b.example", 1).in_order(OrderKey::of(&iri("https://a.example/notes/2")));
    enqueue(queue, &[first.clone(), elsewhere.clone(), another.clone()]).await;
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(
        due(queue, &lane, at(0)).await,
        ids(&[&first, &elsewhere, &another])
    );
}

async fn what_is_given_up_on_holds_up_nothing(queue: &dyn DeliveryQueue) {
    let (create, update) = (ordered(1, "b.example"), ordered(2, "b.example"));
    enqueue(queue, &[create.clone(), update.clone()]).await;
    let lane = lease_one(queue, at(0)).await;
    let outcomes = [(create.id.clone(), dead("answered 410"))];
    queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    assert_eq!(due(queue, &lane, at(1)).await, ids(&[&update]));
    // A host that is called off leaves nothing behind that others would wait for.
    queue.cancel("b.example").await.expect("cancel");
    enqueue(queue, &[ordered(3, "b.example")]).await;
    let lane = lease_one(queue, at(2)).await;
    assert_eq!(due(queue, &lane, at(2)).await.len(), 1);
}

async fn what_is_superseded_holds_up_nothing(queue: &dyn DeliveryQueue) {
    let (create, update, delete) = (
        ordered(1, "b.example"),
        ordered(2, "b.example"),
        ordered(3, "b.example"),
    );
    enqueue(queue, &[create.clone(), update.clone(), delete.clone()]).await;
    for (taken, n) in [(&update, 1), (&create, 1), (&create, 0)] {
        assert_eq!(queue.supersede(&taken.activity).await.expect("supersede"), n);
    }
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(
        due(queue, &lane, at(0)).await,
        ids(&[&delete]),
        "a Delete is always sent"
    );
    assert_eq!(counts(queue).await.superseded, 2);
}

async fn what_is_revived_is_in_its_order_again(queue: &dyn DeliveryQueue) {
    let (create, update) = (ordered(1, "b.example"), ordered(2, "b.example"));
    enqueue(queue, &[create.clone(), update.clone()]).await;
    let lane = lease_one(queue, at(0)).await;
    let outcomes = [(create.id.clone(), dead("answered 410"))];
    queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    let revived = queue.retry_dead(&ids(&[&create]), at(2)).await.expect("retry");
    assert_eq!(revived, 1);
    let found = due(queue, &lane, at(2)).await;
    assert_eq!(found.len(), 1, "one at a time: {found:?}");
    let outcomes = [(found[0].clone(), Settled::Delivered)];
    queue.settle(&lane, &outcomes, at(3)).await.expect("settle");
    let then = due(queue, &lane, at(3)).await;
    assert_eq!(then.len(), 1);
    assert_ne!(then, found, "and the other after it");
}

async fn a_paused_host_waits(queue: &dyn DeliveryQueue) {
    queue
        .pause("b.example")
        .await
        .expect("pause a host that nobody knows");
    enqueue(queue, &[delivery(1, "b.example", 1), delivery(1, "c.example", 1)]).await;
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(lane.host, "c.example");
    let outcomes = [(delivery(1, "c.example", 1).id, Settled::Delivered)];
    queue.settle(&lane, &outcomes, at(0)).await.expect("settle");
    queue.release(lane, None).await.expect("release");
    assert!(queue.lease("worker", 9, at(0)).await.expect("lease").is_empty());
    queue.resume("b.example").await.expect("resume");
    queue
        .resume("nobody.example")
        .await
        .expect("resume what is not paused");
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(lane.host, "b.example");

    // While somebody holds it: nothing more is due, what is under way is settled.
    let one = delivery(1, "b.example", 1);
    enqueue(queue, &[delivery(2, "b.example", 1)]).await;
    queue.pause("b.example").await.expect("pause");
    assert_eq!(due(queue, &lane, at(1)).await, []);
    let outcomes = [(one.id.clone(), Settled::Delivered)];
    queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    queue.release(lane, None).await.expect("release");
    let later = at(1) + LEASE * 3;
    assert!(queue.lease("worker", 9, later).await.expect("lease").is_empty());
    queue.resume("b.example").await.expect("resume");
    let lane = lease_one(queue, later).await;
    assert_eq!(due(queue, &lane, later).await.len(), 1);
    // A holder that died does not end the pause.
    queue.pause("b.example").await.expect("pause");
    let much_later = later + LEASE * 3;
    assert!(
        queue
            .lease("worker", 9, much_later)
            .await
            .expect("lease")
            .is_empty()
    );
    assert_eq!(counts(queue).await.pending, 1);
    assert_eq!(
        queue.next_due().await.expect("read"),
        None,
        "nobody need look before it is resumed"
    );
}

async fn an_operator_sees_what_waits(queue: &dyn DeliveryQueue) {
    assert_eq!(queue.waiting(9, at(0)).await.expect("read"), []);
    let now = at(10_000_000);
    let old = |minutes: u64, n: usize, host: &str| Delivery {
        first_enqueued: now - Duration::from_secs(minutes * 60),
        ..delivery(n, host, 1)
    };
    let batch = [
        old(0, 1, "b.example"),
        old(6, 2, "b.example"),
        old(2_000, 3, "b.example"),
        old(1, 1, "c.example"),
        old(30, 2, "d.example"),
        old(30, 3, "d.example"),
    ];
    queue.enqueue(&batch, now).await.expect("enqueue");
    queue.pause("d.example").await.expect("pause");
    let waiting = queue.waiting(2, now).await.expect("read");
    let shown: Vec<_> = waiting
        .iter()
        .map(|one| (one.host.as_str(), one.pending, one.paused))
        .collect();
    assert_eq!(
        shown,
        [("b.example", 3, false), ("d.example", 2, true)],
        "those with most"
    );
    let ages = waiting.first().expect("two").by_age;
    assert_eq!(ages, [1, 1, 0, 0, 0, 0, 0, 0, 0, 1], "by the borders {AGES:?}");
    assert_eq!(waiting[0].oldest, now - Duration::from_secs(2_000 * 60));
    assert_eq!(waiting[1].by_age, [0, 0, 0, 2, 0, 0, 0, 0, 0, 0]);
}

async fn an_operator_sees_why_letters_are_dead(queue: &dyn DeliveryQueue) {
    let batch: Vec<_> = (0..4).map(|n| delivery(n, "b.example", 1)).collect();
    enqueue(queue, &batch).await;
    let lane = lease_one(queue, at(0)).await;
    let outcomes: Vec<_> = batch
        .iter()
        .zip(["answered 410", "answered 404", "answered 410", "no DNS"])
        .map(|(one, reason)| (one.id.clone(), dead(reason)))
        .collect();
    queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    let reasons = queue.dead_by_reason(2).await.expect("read");
    assert_eq!(
        reasons,
        [("answered 410".to_owned(), 2), ("answered 404".to_owned(), 1)]
    );
}
