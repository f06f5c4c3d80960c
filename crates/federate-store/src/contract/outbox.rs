//! What an outbox promises.

use super::{at, iri};
use crate::{Iri, OrderKey, Outbox, Outgoing, Priority};
use std::sync::Arc;

/// Every promise of an [`Outbox`].
pub async fn outbox(fresh: impl AsyncFn() -> Arc<dyn Outbox>) {
    recorded_until_expanded(&*fresh().await).await;
    the_first_record_of_an_id_stays(&*fresh().await).await;
    bodies_are_kept_until_forgotten(&*fresh().await).await;
    bodies_are_kept_as_long_as_was_said(&*fresh().await).await;
}

pub(super) fn outgoing(number: usize) -> Outgoing {
    Outgoing {
        id: iri(&format!("https://a.example/activities/{number}")),
        sender: "alice \"the first\"".into(),
        body: format!("{{\"n\":{number}}}\0\u{1F98A}").into(),
        audience: vec![
            iri("https://a.example/users/alice/followers"),
            iri("https://b.example/users/bob"),
        ],
        priority: [Priority::High, Priority::Usual, Priority::Low][number % 3],
        order: number
            .is_multiple_of(2)
            .then(|| OrderKey::of(&iri(&format!("https://a.example/notes/{number}")))),
    }
}

async fn recorded_until_expanded(outbox: &dyn Outbox) {
    assert!(outbox.unexpanded(10).await.expect("read").is_empty());
    for number in 0..5 {
        outbox.record(&outgoing(number)).await.expect("record");
    }
    let waiting = outbox.unexpanded(3).await.expect("read");
    assert_eq!(
        waiting,
        (0..3).map(outgoing).collect::<Vec<_>>(),
        "in order, whole, at most max"
    );
    assert_eq!(
        outbox.unexpanded(3).await.expect("read"),
        waiting,
        "reading takes nothing away"
    );
    outbox.expanded(&outgoing(1).id).await.expect("mark");
    outbox.expanded(&outgoing(1).id).await.expect("mark again");
    outbox
        .expanded(&iri("https://a.example/unknown"))
        .await
        .expect("mark an unknown one");
    let left: Vec<Iri> = outbox
        .unexpanded(10)
        .await
        .expect("read")
        .into_iter()
        .map(|o| o.id)
        .collect();
    assert_eq!(left, [0, 2, 3, 4].map(|n| outgoing(n).id));
}

async fn the_first_record_of_an_id_stays(outbox: &dyn Outbox) {
    outbox.record(&outgoing(1)).await.expect("record");
    let other = Outgoing {
        id: outgoing(1).id,
        ..outgoing(2)
    };
    outbox.record(&other).await.expect("record again");
    assert_eq!(outbox.unexpanded(10).await.expect("read"), [outgoing(1)]);
    outbox.expanded(&other.id).await.expect("mark");
    outbox.record(&other).await.expect("record after the expansion");
    assert!(
        outbox.unexpanded(10).await.expect("read").is_empty(),
        "what went out does not go out again"
    );
}

async fn bodies_are_kept_until_forgotten(outbox: &dyn Outbox) {
    for number in 0..4 {
        outbox.record(&outgoing(number)).await.expect("record");
    }
    for number in 0..3 {
        outbox.expanded(&outgoing(number).id).await.expect("mark");
    }
    for number in 0..4 {
        let body = outbox.body(&outgoing(number).id).await.expect("read");
        assert_eq!(
            body,
            Some(outgoing(number).body),
            "attempts need it long after the expansion"
        );
    }
    let first = outbox.kept(None, 2).await.expect("page");
    assert_eq!(
        first.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(),
        [0, 1].map(|n| outgoing(n).id)
    );
    let rest = outbox.kept(Some(&first[1].0), 2).await.expect("page");
    assert_eq!(
        rest.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>(),
        [outgoing(2).id]
    );
    outbox
        .forget(&[outgoing(0).id, outgoing(3).id])
        .await
        .expect("forget");
    assert_eq!(outbox.body(&outgoing(0).id).await.expect("read"), None);
    assert_eq!(
        outbox.unexpanded(9).await.expect("read"),
        [outgoing(3)],
        "what is not expanded is not forgotten"
    );
    assert_eq!(outbox.kept(None, 9).await.expect("page").len(), 2);
}

async fn bodies_are_kept_as_long_as_was_said(outbox: &dyn Outbox) {
    for number in 0..5 {
        outbox.record(&outgoing(number)).await.expect("record");
    }
    for number in 0..4 {
        outbox.expanded(&outgoing(number).id).await.expect("mark");
    }
    let ids = |page: Vec<(String, Iri)>| page.into_iter().map(|(_, id)| id).collect::<Vec<_>>();
    let first = outbox.undecided(None, 3).await.expect("page");
    let rest = outbox.undecided(Some(&first[2].0), 3).await.expect("page");
    assert_eq!(ids(first), [0, 1, 2].map(|n| outgoing(n).id));
    assert_eq!(ids(rest), [outgoing(3).id]);
    let some = [0, 2, 4].map(|n| outgoing(n).id);
    for until in [at(10), at(5), at(99)] {
        outbox.keep_until(&some, until).await.expect("say");
    }
    let left = outbox.undecided(None, 9).await.expect("page");
    assert_eq!(ids(left), [1, 3].map(|n| outgoing(n).id));
    assert!(outbox.expired(at(10), 9).await.expect("read").is_empty());
    assert_eq!(outbox.expired(at(11), 1).await.expect("read").len(), 1);
    let mut expired = outbox.expired(at(11), 9).await.expect("read");
    expired.sort();
    assert_eq!(
        expired,
        [0, 2].map(|n| outgoing(n).id),
        "what was said first; not what is not expanded"
    );
    outbox.forget(&expired).await.expect("forget");
    assert!(outbox.expired(at(99), 9).await.expect("read").is_empty());
    assert_eq!(outbox.kept(None, 9).await.expect("page").len(), 2);
}
