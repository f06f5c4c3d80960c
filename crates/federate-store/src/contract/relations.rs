//! What relations promise.

use super::{at, both, iri};
use crate::{
    MAX_NOTE, Relation, RelationKey, RelationKind as Kind, RelationState as State, Relations, StoreErrorKind,
    Which,
};
use federate_protocol::activitystreams::MAX_IRI_BYTES;
use std::sync::Arc;

/// Every promise of [`Relations`].
pub async fn relations(fresh: impl AsyncFn() -> Arc<dyn Relations>) {
    one_key_is_one_row(&*fresh().await).await;
    what_is_gone_does_not_advance(&*fresh().await).await;
    those_that_are_asked_for(&*fresh().await).await;
    a_walk_sees_what_stays_exactly_once(&*fresh().await).await;
    what_has_ended_is_forgotten(&*fresh().await).await;
    notes_are_bounded(&*fresh().await).await;
    long_keys_are_told_apart(&*fresh().await).await;
}

fn actor(number: usize) -> crate::Iri {
    iri(&format!("https://b.example/users/{number}"))
}

fn like(number: usize) -> Relation {
    let key = RelationKey::new(Kind::Like, "https://a.example/notes/1", &actor(number));
    Relation {
        activity: Some(iri(&format!("https://b.example/likes/{number}"))),
        ..Relation::new(key, at(number as u64))
    }
}

async fn all(relations: &dyn Relations, which: &Which) -> Vec<Relation> {
    let page = relations.page(which, None, 99).await.expect("page");
    page.into_iter().map(|(_, one)| one).collect()
}

async fn one_key_is_one_row(relations: &dyn Relations) {
    let (first, second) = both(relations.put(&like(1)), relations.put(&like(1))).await;
    let (first, second) = (first.expect("put"), second.expect("put"));
    assert!(first != second, "one of the two was first");
    for kind in Kind::ALL {
        let mut one = like(1);
        one.key.kind = kind;
        let new = relations.put(&one).await.expect("put");
        assert_eq!(new, kind != Kind::Like, "each kind by itself");
    }
    let named = Relation {
        key: like(1).key.named("✨"),
        ..like(1)
    };
    assert!(relations.put(&named).await.expect("put"), "each name by itself");
    let changed = Relation {
        activity: None,
        state: State::Pending,
        at: at(900),
        until: Some(at(1000)),
        note: "{\"a\": \"\u{1F98A}\"}".to_owned(),
        ..like(1)
    };
    assert!(!relations.put(&changed).await.expect("put"));
    assert_eq!(
        relations.get(&changed.key).await.expect("get"),
        Some(changed.clone())
    );
    assert_eq!(all(relations, &Which::of(Kind::Like)).await, [changed, named]);
    assert_eq!(relations.get(&like(2).key).await.expect("get"), None);
}

async fn what_is_gone_does_not_advance(relations: &dyn Relations) {
    let asked = Relation {
        state: State::Pending,
        ..like(1)
    };
    let accept = async || {
        relations
            .advance(&asked.key, State::Pending, State::Accepted, Some(at(77)))
            .await
    };
    assert!(!accept().await.expect("advance"), "never asked for");
    assert_eq!(relations.get(&asked.key).await.expect("get"), None);
    relations.put(&asked).await.expect("put");
    let (first, second) = both(accept(), accept()).await;
    assert!(first.expect("advance") != second.expect("advance"), "once");
    let accepted = Relation {
        until: Some(at(77)),
        ..like(1)
    };
    assert_eq!(relations.get(&asked.key).await.expect("get"), Some(accepted));
    let exactly = Which::exactly(&asked.key);
    assert_eq!(relations.remove(&exactly, 9).await.expect("remove"), 1);
    assert_eq!(relations.remove(&exactly, 9).await.expect("remove"), 0);
    assert!(!accept().await.expect("advance"), "removed meanwhile");
    assert_eq!(relations.get(&asked.key).await.expect("get"), None);
}

async fn those_that_are_asked_for(relations: &dyn Relations) {
    for number in 0..4 {
        relations.put(&like(number)).await.expect("put");
    }
    let other = Relation {
        key: RelationKey::new(Kind::Like, "https://a.example/notes/2", &actor(2)),
        state: State::Pending,
        ..like(9)
    };
    relations.put(&other).await.expect("put");
    let follow = RelationKey::new(Kind::FollowRequest, "alice", &actor(2));
    relations.put(&Relation::new(follow, at(0))).await.expect("put");

    let of = |kind| Which::of(kind);
    let first = "https://a.example/notes/1";
    for (which, expected) in [
        (
            of(Kind::Like),
            vec![like(0), like(1), like(2), like(3), other.clone()],
        ),
        (of(Kind::Announce), vec![]),
        (
            of(Kind::Like).about(first),
            vec![like(0), like(1), like(2), like(3)],
        ),
        (of(Kind::Like).about(first).since(at(2)), vec![like(2), like(3)]),
        (of(Kind::Like).with(&actor(2)), vec![like(2), other.clone()]),
        (of(Kind::Like).with(&actor(2)).about(first), vec![like(2)]),
        (of(Kind::Like).with(&actor(2)).named("x"), vec![]),
        (of(Kind::Like).in_state(State::Pending), vec![other.clone()]),
        (
            of(Kind::Like).made_by(&iri("https://b.example/likes/9")),
            vec![other.clone()],
        ),
        (
            of(Kind::Like)
                .made_by(&iri("https://b.example/likes/3"))
                .with(&actor(1)),
            vec![],
        ),
        (of(Kind::Like).made_by(&iri("https://b.example/likes/77")), vec![]),
    ] {
        assert_eq!(all(relations, &which).await, expected, "{which:?}");
        let count = relations.count(&which).await.expect("count");
        assert_eq!(count, expected.len() as u64, "{which:?}");
    }

    let by_one = of(Kind::Like).with(&actor(2));
    assert_eq!(relations.remove(&by_one, 1).await.expect("remove"), 1);
    assert_eq!(relations.remove(&by_one, 9).await.expect("remove"), 1);
    assert_eq!(all(relations, &of(Kind::Like)).await, [like(0), like(1), like(3)]);
    assert_eq!(
        relations.count(&of(Kind::FollowRequest)).await.expect("count"),
        1,
        "of another kind"
    );
}

async fn a_walk_sees_what_stays_exactly_once(relations: &dyn Relations) {
    for number in 0..20 {
        relations.put(&like(number)).await.expect("put");
    }
    let which = Which::of(Kind::Like).about("https://a.example/notes/1");
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = relations.page(&which, after.as_deref(), 6).await.expect("page");
        assert!(page.len() <= 6);
        let Some((cursor, _)) = page.last() else { break };
        after = Some(cursor.clone());
        seen.extend(page.into_iter().map(|(_, one)| one));
        // They come, go and change while somebody walks.
        let gone = Which::exactly(&like(3).key);
        relations.remove(&gone, 1).await.expect("remove");
        relations.put(&like(4)).await.expect("put again");
        if seen.len() < 40 {
            relations.put(&like(100 + seen.len())).await.expect("put");
        }
        assert!(seen.len() < 100, "a walk ends");
    }
    for number in (0..20).filter(|number| *number != 3) {
        let times = seen.iter().filter(|one| **one == like(number)).count();
        assert_eq!(times, 1, "what stays is seen exactly once");
    }
    let made_up = relations.page(&which, Some("no cursor of ours"), 1).await;
    assert!(made_up.is_err_and(|error| error.kind() == StoreErrorKind::Broken));
}

async fn what_has_ended_is_forgotten(relations: &dyn Relations) {
    for number in 0..4 {
        let one = Relation {
            until: (number > 0).then(|| at(10 * number as u64)),
            ..like(number)
        };
        relations.put(&one).await.expect("put");
    }
    assert_eq!(relations.prune(at(10), 9).await.expect("prune"), 0, "not yet");
    assert_eq!(relations.prune(at(99), 2).await.expect("prune"), 2);
    assert_eq!(relations.prune(at(99), 9).await.expect("prune"), 1);
    assert_eq!(all(relations, &Which::of(Kind::Like)).await, [like(0)]);
}

async fn notes_are_bounded(relations: &dyn Relations) {
    let noted = |bytes| Relation {
        note: "x".repeat(bytes),
        ..like(1)
    };
    relations.put(&noted(MAX_NOTE)).await.expect("at the limit");
    let refused = relations.put(&noted(MAX_NOTE + 1)).await;
    assert!(refused.is_err_and(|error| error.kind() == StoreErrorKind::Broken));
    let kept = relations.get(&like(1).key).await.expect("get");
    assert_eq!(kept, Some(noted(MAX_NOTE)), "nothing was changed");
}

/// Each part as long as an id can be, and of letters that no compression makes shorter.
async fn long_keys_are_told_apart(relations: &dyn Relations) {
    let long = |seed: u64| {
        let mut state = seed;
        let letters = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            char::from(b'a' + ((state >> 33) % 26) as u8)
        });
        let start = "https://b.example/";
        let rest: String = letters.take(MAX_IRI_BYTES - start.len()).collect();
        format!("{start}{rest}")
    };
    let one = |name| {
        let key = RelationKey::new(Kind::Quote, long(1), &iri(&long(2)));
        Relation {
            activity: Some(iri(&long(3))),
            ..Relation::new(key.named(long(name)), at(0))
        }
    };
    assert!(relations.put(&one(4)).await.expect("put"));
    assert!(relations.put(&one(5)).await.expect("put"));
    assert!(!relations.put(&one(4)).await.expect("put again"));
    assert_eq!(relations.get(&one(5).key).await.expect("get"), Some(one(5)));
}
