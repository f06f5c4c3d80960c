//! What a queue shows to an operator: who holds which lane, pages of dead letters, and one delivery.

use super::delivery::{counts, dead, delivery, lease_one, retry};
use super::{at, iri};
use crate::{
    Delivery, DeliveryId, DeliveryQueue, Inspection, LEASE, OrderKey, PendingDelivery, Settled, Waiting,
};
use std::{sync::Arc, time::SystemTime};

pub(super) async fn delivery_queue(fresh: &impl AsyncFn() -> Arc<dyn DeliveryQueue>) {
    what_a_living_worker_holds_is_in_flight(&*fresh().await).await;
    a_dead_worker_has_nothing_in_flight(&*fresh().await).await;
    the_backlog_is_the_sum(&*fresh().await).await;
    dead_letters_are_paged_by_host(&*fresh().await).await;
    one_delivery_is_followed_to_its_end(&*fresh().await).await;
    what_waits_behind_another_says_so(&*fresh().await).await;
}

async fn enqueue(queue: &dyn DeliveryQueue, batch: &[Delivery]) {
    queue.enqueue(batch, at(0)).await.expect("enqueue");
}

async fn shown(queue: &dyn DeliveryQueue, now: SystemTime) -> Waiting {
    let mut waiting = queue.waiting(9, now).await.expect("read");
    assert_eq!(waiting.len(), 1, "one host");
    waiting.remove(0)
}

async fn what_a_living_worker_holds_is_in_flight(queue: &dyn DeliveryQueue) {
    let batch: Vec<_> = (0..3).map(|n| delivery(n, "b.example", 1)).collect();
    enqueue(queue, &batch).await;
    let before = shown(queue, at(0)).await;
    assert_eq!(
        (before.in_flight, before.worker, before.leased_until),
        (0, None, None)
    );

    let lane = lease_one(queue, at(0)).await;
    let held = shown(queue, at(1)).await;
    assert_eq!((held.pending, held.in_flight), (3, 3), "pending includes those");
    assert_eq!(held.worker.as_deref(), Some("worker"));
    assert_eq!(held.leased_until, Some(at(0) + LEASE));

    let failed = [
        (batch[0].id.clone(), retry(600)),
        (batch[1].id.clone(), Settled::Delivered),
    ];
    queue.settle(&lane, &failed, at(2)).await.expect("settle");
    let settled = shown(queue, at(3)).await;
    assert_eq!(
        (settled.pending, settled.in_flight),
        (2, 1),
        "a retry waits for its time"
    );

    queue.release(lane, None).await.expect("release");
    let after = shown(queue, at(4)).await;
    assert_eq!((after.pending, after.in_flight, after.worker), (2, 0, None));
}

async fn a_dead_worker_has_nothing_in_flight(queue: &dyn DeliveryQueue) {
    enqueue(queue, &[delivery(1, "b.example", 1)]).await;
    let lane = lease_one(queue, at(0)).await;
    let last = lane.until - std::time::Duration::from_micros(1);
    assert_eq!(shown(queue, last).await.in_flight, 1, "to the end of the lease");
    assert_eq!(shown(queue, lane.until).await.in_flight, 0, "and no longer");
    // A lease that a clock made which was put back since holds nobody.
    assert_eq!(shown(queue, at(0) - LEASE * 5).await.in_flight, 0);
}

async fn the_backlog_is_the_sum(queue: &dyn DeliveryQueue) {
    assert_eq!(
        queue.backlog(at(0)).await.expect("read"),
        crate::Backlog::default()
    );
    let now = at(10_000);
    let old = |seconds: u64, n: usize, host: &str| Delivery {
        first_enqueued: at(10_000 - seconds),
        ..delivery(n, host, 1)
    };
    let batch = [
        old(0, 1, "b.example"),
        old(400, 2, "b.example"),
        old(9_000, 3, "c.example"),
    ];
    queue.enqueue(&batch, now).await.expect("enqueue");
    lease_one(queue, now).await;
    let backlog = queue.backlog(now).await.expect("read");
    let mut sum = crate::Backlog::default();
    for waiting in queue.waiting(9, now).await.expect("read") {
        sum.add(&waiting);
    }
    assert_eq!(backlog, sum);
    assert_eq!(
        (backlog.pending, backlog.hosts, backlog.oldest),
        (3, 2, Some(at(1_000)))
    );
    assert_eq!(backlog.by_age, [1, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert!(
        (1..=2).contains(&backlog.in_flight),
        "one of the lanes: {backlog:?}"
    );
}

async fn dead_letters_are_paged_by_host(queue: &dyn DeliveryQueue) {
    let hosts = ["b.example", "c.example", "b.example", "c.example", "b.example"];
    let batch: Vec<_> = (0..5).map(|n| delivery(n, hosts[n], 1)).collect();
    enqueue(queue, &batch).await;
    for lane in queue.lease("worker", 9, at(0)).await.expect("lease") {
        let outcomes: Vec<_> = batch
            .iter()
            .filter(|one| one.lane() == lane.host)
            .map(|one| (one.id.clone(), dead("answered 410")))
            .collect();
        queue.settle(&lane, &outcomes, at(1)).await.expect("settle");
    }
    let mut seen: Vec<DeliveryId> = Vec::new();
    let mut after: Option<String> = None;
    let mut pages = 0;
    loop {
        let page = queue
            .dead_page(Some("b.example"), after.as_deref(), 2)
            .await
            .expect("read");
        pages += 1;
        assert!(page.letters.len() <= 2);
        seen.extend(page.letters.into_iter().map(|letter| letter.delivery.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let theirs: Vec<_> = [0, 2, 4].iter().map(|n| batch[*n].id.clone()).collect();
    seen.sort();
    let mut expected = theirs.clone();
    expected.sort();
    assert_eq!((seen, pages), (expected, 2));
    let whole = queue.dead_page(None, None, 5).await.expect("read");
    assert_eq!(
        (whole.letters.len(), whole.next),
        (5, None),
        "the last page says so"
    );
    let first = queue.dead_page(None, None, 4).await.expect("read");
    assert!(first.next.is_some(), "there is a fifth");
    let none = queue.dead_page(Some("d.example"), None, 4).await.expect("read");
    assert_eq!((none.letters.len(), none.next), (0, None));
    assert!(queue.dead_page(None, Some("nonsense"), 4).await.is_err());
    let hosts = queue.dead_by_host(9).await.expect("read");
    assert_eq!(hosts, [("b.example".to_owned(), 3), ("c.example".to_owned(), 2)]);
    assert_eq!(queue.dead_by_host(1).await.expect("read").len(), 1);
}

async fn one_delivery_is_followed_to_its_end(queue: &dyn DeliveryQueue) {
    let one = delivery(1, "b.example", 1);
    assert_eq!(queue.inspect(&one.id).await.expect("read"), Inspection::Unknown);
    enqueue(queue, std::slice::from_ref(&one)).await;
    let found = queue.inspect(&one.id).await.expect("read");
    assert_eq!(found, Inspection::Pending(PendingDelivery::new(one.clone())));

    let lane = lease_one(queue, at(0)).await;
    queue
        .settle(&lane, &[(one.id.clone(), retry(60))], at(1))
        .await
        .expect("settle");
    let found = queue.inspect(&one.id).await.expect("read");
    let tried = PendingDelivery {
        not_before: Some(at(60)),
        reason: Some("answered 503".into()),
        leased_until: Some(lane.until),
        ..PendingDelivery::new(Delivery {
            attempt: 1,
            ..one.clone()
        })
    };
    assert_eq!(found, Inspection::Pending(tried.clone()));

    queue.release(lane, Some(at(90))).await.expect("release");
    queue.pause("b.example").await.expect("pause");
    let held_back = PendingDelivery {
        closed_until: Some(at(90)),
        paused: true,
        leased_until: None,
        ..tried
    };
    let found = queue.inspect(&one.id).await.expect("read");
    assert_eq!(found, Inspection::Pending(held_back));

    queue.resume("b.example").await.expect("resume");
    let lane = lease_one(queue, at(100)).await;
    let given_up = [(one.id.clone(), dead("answered 410 Gone"))];
    queue.settle(&lane, &given_up, at(101)).await.expect("settle");
    let Inspection::Dead(letter) = queue.inspect(&one.id).await.expect("read") else {
        panic!("it is dead");
    };
    assert_eq!(
        (letter.reason.as_str(), letter.died),
        ("answered 410 Gone", at(101))
    );
    assert_eq!(letter.delivery.attempt, 2);
    queue
        .discard_dead(std::slice::from_ref(&one.id))
        .await
        .expect("discard");
    assert_eq!(queue.inspect(&one.id).await.expect("read"), Inspection::Settled);
    counts(queue).await;
}

async fn what_waits_behind_another_says_so(queue: &dyn DeliveryQueue) {
    let key = OrderKey::of(&iri("https://a.example/notes/1"));
    let first = delivery(1, "b.example", 1).in_order(key);
    let second = delivery(2, "b.example", 1).in_order(key);
    enqueue(queue, &[first.clone(), second.clone()]).await;
    for (one, behind) in [(&first, false), (&second, true)] {
        let Inspection::Pending(found) = queue.inspect(&one.id).await.expect("read") else {
            panic!("it is pending");
        };
        assert_eq!((found.behind, found.not_before), (behind, None));
    }
    let lane = lease_one(queue, at(0)).await;
    assert_eq!(
        shown(queue, at(1)).await.in_flight,
        1,
        "what is behind is not in an attempt"
    );
    queue
        .settle(&lane, &[(first.id.clone(), retry(60))], at(1))
        .await
        .expect("settle");
    assert_eq!(shown(queue, at(2)).await.in_flight, 0);
}
