//! Each time, at its end and a moment after it.

use super::{DAY, Forgotten, Retention};
use crate::{
    Accepted, Backend, Delivery, Iri, Memory, Outgoing, ReceivedId, Relation, RelationKey, RelationKind,
    Sealed, Settled, Settlement, Stores,
};
use std::time::{Duration, SystemTime};

const MOMENT: Duration = Duration::from_micros(1);

fn began() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

fn iri(number: usize) -> Iri {
    Iri::parse(&format!("https://a.example/{number}")).unwrap()
}

async fn run(stores: &Stores, now: SystemTime) -> Forgotten {
    let retention = Retention::default();
    retention
        .run(stores, now, &|_, body| body == b"published")
        .await
        .unwrap()
}

/// Recorded, expanded, enqueued and settled like this.
async fn send(stores: &Stores, number: usize, body: &'static str, settled: Settled) -> Delivery {
    let outgoing = Outgoing::new(iri(number), "alice", body, Vec::new());
    stores.outbox.record(&outgoing).await.unwrap();
    let inbox = Iri::parse("https://b.example/inbox").unwrap();
    let delivery = Delivery::new(outgoing.id, "alice", inbox, began());
    let batch = std::slice::from_ref(&delivery);
    stores.queue.enqueue(batch, began()).await.unwrap();
    stores.outbox.expanded(&delivery.activity).await.unwrap();
    let lane = stores.queue.lease("w", 1, began()).await.unwrap().remove(0);
    let outcome = [(delivery.id.clone(), settled)];
    stores.queue.settle(&lane, &outcome, began()).await.unwrap();
    stores.queue.release(lane, None).await.unwrap();
    delivery
}

async fn has_body(stores: &Stores, number: usize) -> bool {
    stores.outbox.body(&iri(number)).await.unwrap().is_some()
}

#[tokio::test]
async fn a_body_is_kept_for_a_month_after_its_end_and_what_is_published_for_ever() {
    let stores = Memory::new().stores();
    send(&stores, 1, "usual", Settled::Delivered).await;
    send(&stores, 2, "published", Settled::Delivered).await;
    let unexpanded = Outgoing::new(iri(3), "alice", "{}", Vec::new());
    stores.outbox.record(&unexpanded).await.unwrap();
    // It is counted from when it was seen to have ended, once.
    for days in 0..30 {
        run(&stores, began() + days * DAY).await;
    }
    assert_eq!(run(&stores, began() + 30 * DAY).await.bodies, 0);
    assert!(has_body(&stores, 1).await);
    assert_eq!(run(&stores, began() + 30 * DAY + MOMENT).await.bodies, 1);
    assert!(!has_body(&stores, 1).await);
    run(&stores, began() + 9_999 * DAY).await;
    assert!(has_body(&stores, 2).await && has_body(&stores, 3).await);
}

#[tokio::test]
async fn relations_are_forgotten_when_they_say_so() {
    let stores = Memory::new().stores();
    for (number, until) in [(1, Some(began() + DAY)), (2, None)] {
        let key = RelationKey::new(RelationKind::Tombstone, "x", &iri(number));
        let relation = Relation {
            until,
            ..Relation::new(key, began())
        };
        stores.relations.put(&relation).await.unwrap();
    }
    assert_eq!(run(&stores, began() + DAY).await.relations, 0);
    assert_eq!(run(&stores, began() + DAY + MOMENT).await.relations, 1);
    assert_eq!(run(&stores, began() + 9_999 * DAY).await.relations, 0);
}

#[tokio::test]
async fn what_is_published_can_have_an_end_too() {
    let stores = Memory::new().stores();
    send(&stores, 2, "published", Settled::Delivered).await;
    let retention = Retention::default().published(Some(90 * DAY)).bodies(DAY);
    let run = async |now| retention.run(&stores, now, &|_, _| true).await.unwrap().bodies;
    assert_eq!(run(began()).await, 0);
    assert_eq!(run(began() + 90 * DAY).await, 0);
    assert_eq!(run(began() + 90 * DAY + MOMENT).await, 1);
}

#[tokio::test]
async fn p8_a_dead_letter_lies_there_for_a_month_and_then_counts_as_cancelled() {
    let stores = Memory::new().stores();
    let reason = "answered 410".to_owned();
    send(&stores, 1, "usual", Settled::Dead { reason }).await;
    assert_eq!(run(&stores, began() + 30 * DAY).await, Forgotten::default());
    let dead = stores.queue.counts().await.unwrap();
    assert_eq!((dead.dead, dead.cancelled), (1, 0));
    assert!(has_body(&stores, 1).await, "it can still be tried again");
    let after = began() + 30 * DAY + MOMENT;
    assert_eq!(run(&stores, after).await.dead_letters, 1);
    let counts = stores.queue.counts().await.unwrap();
    assert_eq!((counts.dead, counts.cancelled), (0, 1));
    assert!(counts.conserved());
    // Its body ends with it, and has its own month.
    assert_eq!(run(&stores, after + 30 * DAY).await.bodies, 0);
    assert_eq!(run(&stores, after + 30 * DAY + MOMENT).await.bodies, 1);
}

#[tokio::test]
async fn ids_of_deliveries_are_known_for_two_days() {
    let stores = Memory::new().stores();
    let delivery = send(&stores, 1, "usual", Settled::Delivered).await;
    let again = async |now| {
        let batch = std::slice::from_ref(&delivery);
        stores.queue.enqueue(batch, now).await.unwrap();
        stores.queue.counts().await.unwrap().enqueued
    };
    assert_eq!(run(&stores, began() + 2 * DAY).await.delivered, 0);
    assert_eq!(again(began() + 2 * DAY).await, 1);
    assert_eq!(run(&stores, began() + 2 * DAY + MOMENT).await.delivered, 1);
    assert_eq!(again(began() + 2 * DAY + MOMENT).await, 2);
}

async fn accept(stores: &Stores, number: usize) -> Option<ReceivedId> {
    let sealed = Sealed::from_bytes("sealed");
    let accepted = stores
        .inbox
        .accept("https://a.example", &iri(number), &sealed, began())
        .await;
    match accepted.unwrap() {
        Accepted::New(id) => Some(id),
        Accepted::Duplicate => None,
    }
}

#[tokio::test]
async fn ids_and_marks_of_what_was_received_are_known_for_a_month() {
    let stores = Memory::new().stores();
    let id = accept(&stores, 1).await.unwrap();
    assert!(stores.inbox.ack(&id, &[]).await.unwrap());
    stores.inbox.settle(&id, Settlement::Done).await.unwrap();
    assert_eq!(run(&stores, began() + 30 * DAY).await.received, 0);
    assert!(stores.inbox.handled(&id).await.unwrap());
    assert_eq!(accept(&stores, 1).await, None);
    assert_eq!(run(&stores, began() + 30 * DAY + MOMENT).await.received, 1);
    assert!(!stores.inbox.handled(&id).await.unwrap());
    assert!(accept(&stores, 1).await.is_some());
}

#[tokio::test]
async fn what_was_received_and_given_up_on_lies_there_for_a_month() {
    let stores = Memory::new().stores();
    let id = accept(&stores, 1).await.unwrap();
    let reason = "handler failed".to_owned();
    let dead = Settlement::Dead { reason };
    stores.inbox.settle(&id, dead).await.unwrap();
    assert_eq!(run(&stores, began() + 30 * DAY).await.dead_received, 0);
    assert_eq!(stores.inbox.dead(9).await.unwrap().len(), 1);
    let forgotten = run(&stores, began() + 30 * DAY + MOMENT).await;
    assert_eq!((forgotten.dead_received, forgotten.received), (1, 1));
    assert!(stores.inbox.dead(9).await.unwrap().is_empty());
}

#[tokio::test]
async fn more_than_a_page_is_forgotten_in_one_run_and_what_waits_holds_nothing_up() {
    let stores = Memory::new().stores();
    let retry = Settled::Retry {
        at: began() + 6 * DAY,
        reason: "answered 503".into(),
    };
    // The oldest are those that are still needed.
    for number in 0..super::PAGE {
        let outgoing = Outgoing::new(iri(number), "alice", "{}", Vec::new());
        stores.outbox.record(&outgoing).await.unwrap();
        let inbox = Iri::parse(&format!("https://h{number}.example/inbox")).unwrap();
        let delivery = Delivery::new(outgoing.id, "alice", inbox, began());
        stores.queue.enqueue(&[delivery], began()).await.unwrap();
        stores.outbox.expanded(&iri(number)).await.unwrap();
    }
    let lanes = stores.queue.lease("w", super::PAGE, began()).await.unwrap();
    for lane in lanes {
        let due = stores.queue.due(&lane, 1, began()).await.unwrap();
        let outcome = [(due[0].id.clone(), retry.clone())];
        stores.queue.settle(&lane, &outcome, began()).await.unwrap();
        stores.queue.release(lane, None).await.unwrap();
    }
    for number in 0..2 * super::PAGE {
        let outgoing = Outgoing::new(iri(10_000 + number), "alice", "{}", Vec::new());
        stores.outbox.record(&outgoing).await.unwrap();
        stores.outbox.expanded(&outgoing.id).await.unwrap();
    }
    run(&stores, began()).await;
    let forgotten = run(&stores, began() + 31 * DAY).await;
    assert_eq!(forgotten.bodies, 2 * super::PAGE);
    assert_eq!(
        stores.outbox.kept(None, usize::MAX).await.unwrap().len(),
        super::PAGE
    );
}

#[tokio::test]
async fn nothing_is_forgotten_in_a_copy_and_no_ids_while_an_expansion_may_repeat() {
    let stores = Memory::new().stores();
    send(&stores, 1, "usual", Settled::Delivered).await;
    let waiting = Outgoing::new(iri(2), "alice", "{}", Vec::new());
    stores.outbox.record(&waiting).await.unwrap();
    let later = began() + 3 * DAY;
    assert_eq!(
        run(&stores, later).await.delivered,
        0,
        "whom it has reached is still to be known"
    );
    stores.outbox.expanded(&waiting.id).await.unwrap();
    stores.binding.hold_back().await.unwrap();
    assert_eq!(run(&stores, later).await, Forgotten::default(), "a copy");
    stores.binding.allow().await.unwrap();
    assert_eq!(run(&stores, later).await.delivered, 1);
}

#[tokio::test]
async fn a_run_that_stops_at_its_limit_says_that_there_may_be_more() {
    let stores = Memory::new().stores();
    for number in 0..=super::AT_ONCE {
        let key = RelationKey::new(RelationKind::Tombstone, number.to_string(), &iri(1));
        let relation = Relation {
            until: Some(began()),
            ..Relation::new(key, began())
        };
        stores.relations.put(&relation).await.unwrap();
    }
    let mut runs = Vec::new();
    for _ in 0..2 {
        let forgotten = run(&stores, began() + MOMENT).await;
        runs.push((forgotten.relations, forgotten.more));
    }
    assert_eq!(runs, [(super::AT_ONCE, true), (1, false)]);
}

/// What is to be forgotten later is decided about now, and is as much.
#[tokio::test]
async fn a_run_that_could_not_decide_about_all_says_that_there_may_be_more() {
    let stores = Memory::new().stores();
    for number in 0..=super::AT_ONCE {
        let outgoing = Outgoing::new(iri(number), "alice", "{}", Vec::new());
        stores.outbox.record(&outgoing).await.unwrap();
        stores.outbox.expanded(&outgoing.id).await.unwrap();
    }
    assert!(run(&stores, began()).await.more);
    assert_eq!(run(&stores, began()).await, Forgotten::default());
}
