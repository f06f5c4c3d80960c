//! What an inbox promises to several workers at once.

use super::{at, both, iri, outbox::outgoing};
use crate::{
    Accepted, Claim, Claimed, Ending, Inbox, Iri, LEASE, Outbox, ReceivedId, SHARDS, Sealed, Settlement,
    shard_of,
};
use std::{collections::BTreeSet, sync::Arc, time::SystemTime};

/// Every promise about claims of an [`Inbox`] that knows them, with the outbox that its [`ack`](Inbox::ack) writes to.
pub async fn claims(fresh: impl AsyncFn() -> (Arc<dyn Inbox>, Arc<dyn Outbox>)) {
    what_one_sender_sent_is_with_one_worker(&*fresh().await.0).await;
    two_at_once_share_nothing(&*fresh().await.0).await;
    a_claim_ends_with_its_lease(&*fresh().await.0).await;
    a_clock_that_was_put_back_stalls_nothing(&*fresh().await.0).await;
    who_lost_a_claim_writes_nothing(&*fresh().await.0).await;
    what_failed_comes_again(&*fresh().await.0).await;
    what_is_put_off_did_not_fail(&*fresh().await.0).await;
    a_worker_that_starts_again_takes_back_its_own(&*fresh().await.0).await;
    what_nobody_said_who_sent_is_claimed_too(&*fresh().await.0).await;
    one_sender_that_floods_hides_nobody(&*fresh().await.0).await;
    let (inbox, outbox) = fresh().await;
    a_mark_outlives_the_claim(&*inbox, &*outbox).await;
    what_is_done_without_a_mark_is_known(&*fresh().await.0).await;
    without_a_mark_who_lost_a_claim_ends_nothing(&*fresh().await.0).await;
}

/// Senders of one server, each in a shard of its own.
fn senders(count: usize) -> Vec<Iri> {
    let mut taken = BTreeSet::new();
    let candidates = (0..).map(|number| iri(&format!("https://b.example/users/{number}")));
    candidates
        .filter(|sender| taken.insert(shard_of(sender)))
        .take(count.min(usize::from(SHARDS)))
        .collect()
}

fn activity(sender: &Iri, number: usize) -> Iri {
    iri(&format!("{sender}/likes/{number}"))
}

async fn accept(inbox: &dyn Inbox, sender: &Iri, number: usize) -> ReceivedId {
    let sealed = Sealed::from_bytes(format!("{sender} {number}"));
    let accepted = inbox
        .accept_from(sender, &activity(sender, number), &sealed, at(0))
        .await;
    match accepted.expect("accept") {
        Accepted::New(id) => id,
        Accepted::Duplicate => ReceivedId::from_stored("a duplicate where none was expected".into()),
    }
}

async fn claim(inbox: &dyn Inbox, worker: &str, max: usize, now: SystemTime) -> Vec<(ReceivedId, Claim)> {
    let claimed = inbox.claim(worker, max, now).await.expect("claim");
    claimed.into_iter().map(named).collect()
}

fn named(claimed: Claimed) -> (ReceivedId, Claim) {
    let claim = claimed
        .claim
        .expect("a store that knows claims gives one with each");
    (claimed.pending.id, claim)
}

fn done(id: &ReceivedId) -> (ReceivedId, Ending) {
    (id.clone(), Ending::Settled(Settlement::Done))
}

async fn what_one_sender_sent_is_with_one_worker(inbox: &dyn Inbox) {
    let senders = senders(2);
    let (alice, bob) = (&senders[0], &senders[1]);
    let first = accept(inbox, alice, 1).await;
    let second = accept(inbox, alice, 2).await;
    let other = accept(inbox, bob, 1).await;
    let again = inbox
        .accept(
            "https://b.example",
            &activity(alice, 1),
            &Sealed::from_bytes("x"),
            at(0),
        )
        .await;
    assert_eq!(again.expect("accept"), Accepted::Duplicate, "the key is the same");

    let mine = claim(inbox, "w1", 1, at(0)).await;
    assert_eq!(mine[0].0, first);
    let theirs = claim(inbox, "w2", 9, at(0)).await;
    let theirs: Vec<_> = theirs.iter().map(|(id, _)| id).collect();
    assert_eq!(
        theirs,
        [&other],
        "the second of a sender is not given out beside the first"
    );
    assert_eq!(claim(inbox, "w1", 9, at(0)).await, [], "nor to who has the first");
    assert!(inbox.finish(mine[0].1, &[done(&first)]).await.expect("finish"));
    let next = claim(inbox, "w3", 9, at(0)).await;
    assert_eq!((next.len(), &next[0].0), (1, &second));
    let third = accept(inbox, alice, 3).await;
    assert!(
        inbox.finish(next[0].1, &[]).await.expect("finish"),
        "given back unhandled"
    );
    let both: Vec<_> = claim(inbox, "w1", 9, at(0)).await;
    let both: Vec<_> = both.into_iter().map(|(id, _)| id).collect();
    assert_eq!(both, [second, third], "in the order in which they came");
}

async fn two_at_once_share_nothing(inbox: &dyn Inbox) {
    let senders = senders(16);
    for sender in &senders {
        for number in 0..4 {
            accept(inbox, sender, number).await;
        }
    }
    let mut handled = BTreeSet::new();
    for round in 0..200 {
        let (first, second) = both(inbox.claim("w1", 6, at(0)), inbox.claim("w2", 6, at(0))).await;
        let (first, second) = (first.expect("claim"), second.expect("claim"));
        let shards = |claimed: &[Claimed]| -> BTreeSet<_> {
            claimed
                .iter()
                .filter_map(|one| one.claim)
                .map(|claim| claim.shard)
                .collect()
        };
        assert!(
            shards(&first).is_disjoint(&shards(&second)),
            "a shard is with one of two"
        );
        for claimed in [first, second] {
            let claims: BTreeSet<Claim> = claimed.iter().filter_map(|one| one.claim).collect();
            for one in claims {
                let of_it = claimed.iter().filter(|claimed| claimed.claim == Some(one));
                let endings: Vec<_> = of_it.map(|claimed| done(&claimed.pending.id)).collect();
                for (id, _) in &endings {
                    assert!(handled.insert(id.clone()), "{id} is given out once");
                }
                assert!(inbox.finish(one, &endings).await.expect("finish"));
            }
        }
        if handled.len() == 64 {
            return;
        }
        assert!(round < 199, "{} of 64 came", handled.len());
    }
}

async fn a_claim_ends_with_its_lease(inbox: &dyn Inbox) {
    let sender = &senders(1)[0];
    let id = accept(inbox, sender, 1).await;
    let dead = claim(inbox, "w1", 9, at(0)).await;
    let almost = at(0) + LEASE - std::time::Duration::from_secs(1);
    assert_eq!(claim(inbox, "w2", 9, almost).await, []);
    assert_eq!(inbox.renew(&[dead[0].1], almost).await.expect("renew"), 1);
    assert_eq!(claim(inbox, "w2", 9, at(0) + LEASE).await, [], "it was renewed");
    let taken = claim(inbox, "w2", 9, almost + LEASE).await;
    assert_eq!(taken[0].0, id);
    assert_ne!(taken[0].1, dead[0].1);
    assert_eq!(inbox.renew(&[dead[0].1], almost).await.expect("renew"), 0);
    assert_eq!(
        inbox
            .renew(&[dead[0].1, taken[0].1], almost)
            .await
            .expect("renew"),
        1
    );
}

async fn a_clock_that_was_put_back_stalls_nothing(inbox: &dyn Inbox) {
    accept(inbox, &senders(1)[0], 1).await;
    assert_eq!(claim(inbox, "w1", 9, at(86_400)).await.len(), 1);
    assert_eq!(
        claim(inbox, "w2", 9, at(0)).await.len(),
        1,
        "nobody with this clock made that lease"
    );
}

async fn who_lost_a_claim_writes_nothing(inbox: &dyn Inbox) {
    let sender = &senders(1)[0];
    let id = accept(inbox, sender, 1).await;
    let lost = claim(inbox, "w1", 9, at(0)).await[0].1;
    let held = claim(inbox, "w2", 9, at(1) + LEASE).await[0].1;
    let reason = "handler failed".to_owned();
    for late in [
        Ending::Settled(Settlement::Done),
        Ending::Settled(Settlement::Dead {
            reason: reason.clone(),
        }),
        Ending::Again { at: at(999), reason },
        Ending::Later { at: at(999) },
    ] {
        assert!(!inbox.finish(lost, &[(id.clone(), late)]).await.expect("finish"));
    }
    assert_eq!(inbox.pending(9, at(0)).await.expect("read").len(), 1);
    assert_eq!(inbox.dead(9).await.expect("read").len(), 0);
    assert_eq!(
        claim(inbox, "w3", 9, at(2) + LEASE).await,
        [],
        "nor gives it back"
    );
    assert!(inbox.finish(held, &[done(&id)]).await.expect("finish"));
    assert!(
        !inbox.finish(held, &[done(&id)]).await.expect("finish"),
        "a claim is finished once"
    );
    assert_eq!(inbox.pending(9, at(0)).await.expect("read").len(), 0);
}

async fn what_failed_comes_again(inbox: &dyn Inbox) {
    let sender = &senders(1)[0];
    let (fails, dies, works) = (
        accept(inbox, sender, 1).await,
        accept(inbox, sender, 2).await,
        accept(inbox, sender, 3).await,
    );
    let held = claim(inbox, "w1", 9, at(0)).await[0].1;
    let endings = [
        (
            fails.clone(),
            Ending::Again {
                at: at(60),
                reason: "database was away".to_owned(),
            },
        ),
        (
            dies.clone(),
            Ending::Settled(Settlement::Dead {
                reason: "handler failed".to_owned(),
            }),
        ),
        done(&works),
    ];
    assert!(inbox.finish(held, &endings).await.expect("finish"));
    assert_eq!(claim(inbox, "w1", 9, at(59)).await, []);
    let dead = inbox.dead(9).await.expect("read");
    assert_eq!(
        (dead.len(), &dead[0].id, dead[0].reason.as_str()),
        (1, &dies, "handler failed")
    );
    let again = inbox.claim("w1", 9, at(60)).await.expect("claim");
    assert_eq!(
        (again.len(), &again[0].pending.id, again[0].pending.attempt),
        (1, &fails, 1)
    );
    assert_eq!(again[0].pending.sealed, Sealed::from_bytes(format!("{sender} 1")));
}

async fn what_is_put_off_did_not_fail(inbox: &dyn Inbox) {
    let id = accept(inbox, &senders(1)[0], 1).await;
    for turn in 0..3 {
        let held = claim(inbox, "w1", 9, at(60 * turn)).await[0].1;
        let at = at(60 * (turn + 1));
        let later = [(id.clone(), Ending::Later { at })];
        assert!(inbox.finish(held, &later).await.expect("finish"));
        assert_eq!(inbox.next_due().await.expect("read"), Some(at));
    }
    assert_eq!(claim(inbox, "w1", 9, at(179)).await, []);
    let again = inbox.claim("w1", 9, at(180)).await.expect("claim");
    assert_eq!(
        (again.len(), &again[0].pending.id, again[0].pending.attempt),
        (1, &id, 0)
    );
}

async fn a_worker_that_starts_again_takes_back_its_own(inbox: &dyn Inbox) {
    let senders = senders(2);
    accept(inbox, &senders[0], 1).await;
    let mine = claim(inbox, "w1", 9, at(0)).await;
    accept(inbox, &senders[1], 1).await;
    claim(inbox, "w2", 9, at(0)).await;
    assert_eq!(inbox.reclaim("w1").await.expect("reclaim"), 1);
    assert_eq!(inbox.reclaim("w1").await.expect("reclaim"), 0);
    let again = claim(inbox, "w1", 9, at(0)).await;
    assert_eq!(
        (again.len(), &again[0].0),
        (1, &mine[0].0),
        "its own, and nobody else's"
    );
    let late = inbox.finish(mine[0].1, &[done(&mine[0].0)]).await;
    assert!(!late.expect("finish"), "the former life is fenced off");
}

async fn what_nobody_said_who_sent_is_claimed_too(inbox: &dyn Inbox) {
    let likes = iri("https://b.example/likes/1");
    let sealed = Sealed::from_bytes("sealed");
    inbox
        .accept("https://b.example", &likes, &sealed, at(0))
        .await
        .expect("accept");
    let mine = claim(inbox, "w1", 9, at(0)).await;
    assert_eq!(mine.len(), 1);
    assert_eq!(claim(inbox, "w2", 9, at(0)).await, []);
    assert!(
        inbox
            .finish(mine[0].1, &[done(&mine[0].0)])
            .await
            .expect("finish")
    );
}

async fn one_sender_that_floods_hides_nobody(inbox: &dyn Inbox) {
    let senders = senders(2);
    for number in 0..40 {
        accept(inbox, &senders[0], number).await;
    }
    let behind = accept(inbox, &senders[1], 1).await;
    assert_eq!(claim(inbox, "w1", 8, at(0)).await.len(), 8);
    let others = claim(inbox, "w2", 8, at(0)).await;
    assert_eq!(others.iter().map(|(id, _)| id).collect::<Vec<_>>(), [&behind]);
}

async fn a_mark_outlives_the_claim(inbox: &dyn Inbox, outbox: &dyn Outbox) {
    let id = accept(inbox, &senders(1)[0], 1).await;
    claim(inbox, "w1", 9, at(0)).await;
    assert!(inbox.ack(&id, &[outgoing(1)]).await.expect("ack"));
    // It dies here: the next one asks for the mark before it runs anything.
    let again = claim(inbox, "w2", 9, at(0) + LEASE).await;
    assert!(inbox.handled(&again[0].0).await.expect("read"));
    assert!(!inbox.ack(&id, &[outgoing(2)]).await.expect("ack"));
    assert_eq!(outbox.unexpanded(9).await.expect("read"), [outgoing(1)]);
}

async fn what_is_done_without_a_mark_is_known(inbox: &dyn Inbox) {
    let sender = &senders(1)[0];
    let marked = accept(inbox, sender, 1).await;
    let unmarked = accept(inbox, sender, 2).await;
    let failed = accept(inbox, sender, 3).await;
    let (_, mine) = claim(inbox, "w1", 9, at(0)).await.remove(0);
    let again = (
        failed.clone(),
        Ending::Again {
            at: at(60),
            reason: "no".to_owned(),
        },
    );
    assert!(!inbox.handled(&unmarked).await.expect("read"));
    let finished = inbox
        .finish_unmarked(mine, &[done(&marked), again], std::slice::from_ref(&unmarked))
        .await;
    assert!(finished.expect("finish"));
    assert!(inbox.handled(&unmarked).await.expect("read"));
    assert!(!inbox.handled(&failed).await.expect("read"));
    let (activity, sealed) = (activity(sender, 2), Sealed::from_bytes("x"));
    let known = inbox.accept_from(sender, &activity, &sealed, at(0)).await;
    assert_eq!(known.expect("accept"), Accepted::Duplicate);
    let left: Vec<_> = claim(inbox, "w2", 9, at(60)).await;
    assert_eq!(left.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [failed]);
}

async fn without_a_mark_who_lost_a_claim_ends_nothing(inbox: &dyn Inbox) {
    let id = accept(inbox, &senders(1)[0], 1).await;
    let (_, mine) = claim(inbox, "w1", 9, at(0)).await.remove(0);
    let (_, theirs) = claim(inbox, "w2", 9, at(0) + LEASE).await.remove(0);
    let unmarked = std::slice::from_ref(&id);
    assert!(!inbox.finish_unmarked(mine, &[], unmarked).await.expect("finish"));
    assert!(
        inbox
            .finish_unmarked(theirs, &[], unmarked)
            .await
            .expect("finish")
    );
    assert!(inbox.handled(&id).await.expect("read"));
    assert_eq!(claim(inbox, "w1", 9, at(0) + LEASE + LEASE).await, []);
}
