//! What an inbox promises.

use super::{at, both, iri, outbox::outgoing};
use crate::{Accepted, Inbox, InboxBacklog, Iri, Outbox, ReceivedId, Sealed, Settlement};
use std::{sync::Arc, time::SystemTime};

const ORIGIN: &str = "https://b.example";

/// Every promise of an [`Inbox`], with the outbox that its [`ack`](Inbox::ack) writes to.
pub async fn inbox(fresh: impl AsyncFn() -> (Arc<dyn Inbox>, Arc<dyn Outbox>)) {
    exactly_one_of_two_is_new(&*fresh().await.0).await;
    the_same_id_of_another_origin_is_new(&*fresh().await.0).await;
    pending_until_settled(&*fresh().await.0).await;
    what_is_new_needs_no_clock(&*fresh().await.0).await;
    a_failed_run_is_put_off(&*fresh().await.0).await;
    dedup_survives_settle(&*fresh().await.0).await;
    the_dead_are_listed_and_retried(&*fresh().await.0).await;
    let (inbox, outbox) = fresh().await;
    ack_is_atomic_and_once(&*inbox, &*outbox).await;
    prune_forgets_only_what_is_done_and_old(&*fresh().await.0).await;
    a_store_that_tells_its_backlog_tells_the_truth(&*fresh().await.0).await;
    the_old_dead_end(&*fresh().await.0).await;
}

async fn a_store_that_tells_its_backlog_tells_the_truth(inbox: &dyn Inbox) {
    let Some(nothing) = inbox.backlog().await.expect("read") else {
        return;
    };
    assert_eq!(nothing, InboxBacklog::default());
    let first = accept(inbox, 1, at(5)).await;
    let second = accept(inbox, 2, at(6)).await;
    accept(inbox, 3, at(7)).await;
    let backlog = inbox.backlog().await.expect("read");
    assert_eq!(backlog, Some(InboxBacklog::new(3, 0, Some(at(5)))));
    inbox.settle(&first, Settlement::Done).await.expect("settle");
    // What is put off waits.
    inbox.retry(&second, at(999), "not now").await.expect("retry");
    let backlog = inbox.backlog().await.expect("read");
    assert_eq!(backlog, Some(InboxBacklog::new(2, 0, Some(at(6)))));
    let reason = "no".to_owned();
    inbox
        .settle(&second, Settlement::Dead { reason })
        .await
        .expect("settle");
    let backlog = inbox.backlog().await.expect("read");
    assert_eq!(backlog, Some(InboxBacklog::new(1, 1, Some(at(7)))));
}

fn id(number: usize) -> Iri {
    iri(&format!("https://b.example/likes/{number}"))
}

fn sealed(number: usize) -> Sealed {
    Sealed::from_bytes(format!("sealed\0{number}"))
}

async fn accept(inbox: &dyn Inbox, number: usize, now: SystemTime) -> ReceivedId {
    match inbox
        .accept(ORIGIN, &id(number), &sealed(number), now)
        .await
        .expect("accept")
    {
        Accepted::New(id) => id,
        Accepted::Duplicate => ReceivedId::from_stored("a duplicate where none was expected".into()),
    }
}

async fn pending(inbox: &dyn Inbox, now: SystemTime) -> Vec<(ReceivedId, u32)> {
    let pending = inbox.pending(100, now).await.expect("read");
    pending.into_iter().map(|p| (p.id, p.attempt)).collect()
}

async fn exactly_one_of_two_is_new(inbox: &dyn Inbox) {
    for number in 0..20 {
        let (id, sealed) = (id(number), sealed(number));
        let first = inbox.accept(ORIGIN, &id, &sealed, at(0));
        let second = inbox.accept(ORIGIN, &id, &sealed, at(0));
        let (first, second) = both(first, second).await;
        let answers = [first.expect("accept"), second.expect("accept")];
        let new = answers
            .iter()
            .filter(|answer| matches!(answer, Accepted::New(_)))
            .count();
        assert_eq!(new, 1, "of two at once exactly one is new");
    }
    assert_eq!(pending(inbox, at(0)).await.len(), 20);
}

async fn the_same_id_of_another_origin_is_new(inbox: &dyn Inbox) {
    accept(inbox, 1, at(0)).await;
    let other = inbox
        .accept("https://c.example", &id(1), &sealed(1), at(0))
        .await
        .expect("accept");
    assert!(
        matches!(other, Accepted::New(_)),
        "nobody can use up another's ids"
    );
}

async fn pending_until_settled(inbox: &dyn Inbox) {
    assert_eq!(inbox.next_due().await.expect("read"), None);
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(accept(inbox, number, at(0)).await);
    }
    let first = inbox.pending(3, at(0)).await.expect("read");
    assert_eq!(
        first.iter().map(|p| p.id.clone()).collect::<Vec<_>>(),
        ids[..3],
        "in order, at most max"
    );
    assert_eq!(first[2].sealed, sealed(2));
    assert_eq!(
        pending(inbox, at(0)).await.len(),
        5,
        "what was not settled comes again"
    );
    inbox.settle(&ids[1], Settlement::Done).await.expect("settle");
    inbox
        .settle(&ids[1], Settlement::Done)
        .await
        .expect("settle again");
    let late = Settlement::Dead {
        reason: "late".into(),
    };
    inbox.settle(&ids[1], late).await.expect("settle otherwise");
    assert!(
        inbox.dead(9).await.expect("read").is_empty(),
        "the first settlement stays"
    );
    let left: Vec<ReceivedId> = pending(inbox, at(0))
        .await
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(left, [0, 2, 3, 4].map(|n: usize| ids[n].clone()));
}

async fn what_is_new_needs_no_clock(inbox: &dyn Inbox) {
    accept(inbox, 1, at(86_400)).await;
    assert_eq!(
        pending(inbox, at(0)).await.len(),
        1,
        "a clock that was put back stalls nothing"
    );
}

async fn a_failed_run_is_put_off(inbox: &dyn Inbox) {
    let first = accept(inbox, 1, at(0)).await;
    inbox
        .retry(&first, at(60), "database was away")
        .await
        .expect("retry");
    assert_eq!(inbox.next_due().await.expect("read"), Some(at(60)));
    assert!(pending(inbox, at(59)).await.is_empty());
    let second = accept(inbox, 2, at(0)).await;
    assert_eq!(
        pending(inbox, at(59)).await,
        [(second.clone(), 0)],
        "one that waits holds up no other"
    );
    assert_eq!(pending(inbox, at(60)).await, [(first, 1), (second, 0)]);
    assert!(
        inbox
            .next_due()
            .await
            .expect("read")
            .is_some_and(|due| due <= at(60))
    );
}

async fn dedup_survives_settle(inbox: &dyn Inbox) {
    let received = accept(inbox, 1, at(0)).await;
    inbox.settle(&received, Settlement::Done).await.expect("settle");
    let again = inbox
        .accept(ORIGIN, &id(1), &sealed(1), at(600_000))
        .await
        .expect("accept");
    assert_eq!(again, Accepted::Duplicate);
    assert!(
        pending(inbox, at(600_000)).await.is_empty(),
        "a replay is not handled again"
    );
}

async fn the_dead_are_listed_and_retried(inbox: &dyn Inbox) {
    let received = accept(inbox, 1, at(0)).await;
    inbox.retry(&received, at(1), "first").await.expect("retry");
    let dead = Settlement::Dead {
        reason: "x".repeat(10_000),
    };
    inbox.settle(&received, dead).await.expect("settle");
    assert!(pending(inbox, at(9)).await.is_empty());
    let listed = inbox.dead(9).await.expect("read");
    assert_eq!(
        (listed.len(), &listed[0].id, &listed[0].sealed),
        (1, &received, &sealed(1))
    );
    assert_eq!(listed[0].reason, "x".repeat(crate::MAX_REASON));
    assert_eq!(
        inbox
            .retry_dead(std::slice::from_ref(&received))
            .await
            .expect("retry"),
        1
    );
    assert_eq!(
        inbox
            .retry_dead(std::slice::from_ref(&received))
            .await
            .expect("retry"),
        0
    );
    assert_eq!(pending(inbox, at(0)).await, [(received, 0)]);
    assert!(inbox.dead(9).await.expect("read").is_empty());
}

async fn ack_is_atomic_and_once(inbox: &dyn Inbox, outbox: &dyn Outbox) {
    let received = accept(inbox, 1, at(0)).await;
    assert!(!inbox.handled(&received).await.expect("read"));
    assert!(
        inbox
            .ack(&received, &[outgoing(1), outgoing(2)])
            .await
            .expect("ack")
    );
    assert!(inbox.handled(&received).await.expect("read"));
    let strange = ReceivedId::new("https://a.example", &iri("https://a.example/never-came"));
    let asked = [strange.clone(), received.clone(), strange, received.clone()];
    let of_many = inbox.handled_of(&asked).await.expect("read");
    assert_eq!(of_many, [false, true, false, true]);
    assert!(inbox.handled_of(&[]).await.expect("read").is_empty());
    assert_eq!(
        outbox.unexpanded(9).await.expect("read"),
        [outgoing(1), outgoing(2)]
    );
    assert_eq!(
        pending(inbox, at(0)).await.len(),
        1,
        "it is the settlement that ends it"
    );
    assert!(
        !inbox.ack(&received, &[outgoing(3)]).await.expect("ack"),
        "the second time it says no"
    );
    assert_eq!(
        outbox.unexpanded(9).await.expect("read").len(),
        2,
        "and writes nothing"
    );

    let other = accept(inbox, 2, at(0)).await;
    let (four, five) = ([outgoing(4)], [outgoing(5)]);
    let (first, second) = both(inbox.ack(&other, &four), inbox.ack(&other, &five)).await;
    assert!(
        first.expect("ack") != second.expect("ack"),
        "of two at once exactly one"
    );
    assert_eq!(outbox.unexpanded(9).await.expect("read").len(), 3);
    inbox.ack_all(&[]).await.expect("ack");
    // Some of them are marked, or named twice, or never came.
    let strange = ReceivedId::new("https://a.example", &iri("https://a.example/never-came-either"));
    let (third, fourth) = (accept(inbox, 3, at(0)).await, accept(inbox, 4, at(0)).await);
    let all = [third.clone(), other, strange.clone(), third.clone()];
    inbox.ack_all(&all).await.expect("ack");
    let of_many = inbox
        .handled_of(&[third.clone(), strange, fourth.clone()])
        .await
        .expect("read");
    assert_eq!(of_many, [true, true, false]);
    assert!(
        !inbox.ack(&third, &[outgoing(6)]).await.expect("ack"),
        "it was marked"
    );
    let (all, one) = both(
        inbox.ack_all(std::slice::from_ref(&fourth)),
        inbox.ack(&fourth, &[]),
    )
    .await;
    all.expect("ack");
    one.expect("ack");
    assert!(inbox.handled(&fourth).await.expect("read"));
    assert_eq!(outbox.unexpanded(9).await.expect("read").len(), 3);
}

async fn prune_forgets_only_what_is_done_and_old(inbox: &dyn Inbox) {
    let (old, open, young) = (
        accept(inbox, 1, at(0)).await,
        accept(inbox, 2, at(0)).await,
        accept(inbox, 3, at(50)).await,
    );
    assert!(inbox.ack(&old, &[]).await.expect("ack"));
    inbox.settle(&old, Settlement::Done).await.expect("settle");
    inbox.settle(&young, Settlement::Done).await.expect("settle");
    assert_eq!(inbox.prune(at(10), 100).await.expect("prune"), 1);
    assert!(!inbox.handled(&old).await.expect("read"));
    assert_eq!(pending(inbox, at(0)).await, [(open, 0)]);
    let again = inbox
        .accept(ORIGIN, &id(3), &sealed(3), at(60))
        .await
        .expect("accept");
    assert_eq!(again, Accepted::Duplicate);
    let again = inbox
        .accept(ORIGIN, &id(1), &sealed(1), at(60))
        .await
        .expect("accept");
    assert!(matches!(again, Accepted::New(_)));
}

async fn the_old_dead_end(inbox: &dyn Inbox) {
    for number in 0..4 {
        let id = accept(inbox, number, at(number as u64)).await;
        if number != 1 {
            let reason = "handler failed".to_owned();
            inbox
                .settle(&id, Settlement::Dead { reason })
                .await
                .expect("settle");
        }
    }
    assert_eq!(inbox.prune_dead(at(3), 1).await.expect("prune"), 1);
    assert_eq!(inbox.prune_dead(at(3), 9).await.expect("prune"), 1);
    assert_eq!(inbox.prune_dead(at(3), 9).await.expect("prune"), 0);
    assert_eq!(inbox.dead(9).await.expect("read").len(), 1, "not what came then");
    assert_eq!(pending(inbox, at(9)).await.len(), 1, "nor what waits");
    let again = inbox.accept(ORIGIN, &id(0), &sealed(0), at(9)).await;
    assert_eq!(again.expect("accept"), Accepted::Duplicate, "its id stays known");
    assert_eq!(inbox.prune(at(3), 9).await.expect("prune"), 2);
}
