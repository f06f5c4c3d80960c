//! What keys and followers promise.

use super::{both, iri};
use crate::{Follower, Followers, KeyStore};
use std::sync::Arc;

/// Every promise of a [`KeyStore`].
pub async fn keys(fresh: impl AsyncFn() -> Arc<dyn KeyStore>) {
    let keys = fresh().await;
    assert_eq!(keys.get("alice").await.expect("read"), None);
    let (first, second) = both(
        keys.get_or_insert("alice", b"one\0"),
        keys.get_or_insert("alice", b"two\0"),
    )
    .await;
    let (first, second) = (first.expect("insert"), second.expect("insert"));
    assert_eq!(first, second, "all get the same key");
    assert!(first == b"one\0" || first == b"two\0");
    assert_eq!(
        keys.get_or_insert("alice", b"three").await.expect("insert"),
        first
    );
    assert_eq!(keys.get("alice").await.expect("read"), Some(first));
    assert_eq!(keys.get_or_insert("bob", b"four").await.expect("insert"), b"four");
    one_replaces_what_is_there(&*fresh().await).await;
    what_is_forgotten_is_gone(&*fresh().await).await;
}

async fn one_replaces_what_is_there(keys: &dyn KeyStore) {
    assert!(
        !keys.replace("alice", b"", b"two").await.expect("replace"),
        "nothing is there"
    );
    assert_eq!(keys.get("alice").await.expect("read"), None);
    keys.get_or_insert("alice", b"one\0").await.expect("insert");
    keys.get_or_insert("bob", b"one\0").await.expect("insert");
    assert!(
        !keys.replace("alice", b"one", b"two").await.expect("replace"),
        "another is there"
    );
    let (left, right) = both(
        keys.replace("alice", b"one\0", b"left\0"),
        keys.replace("alice", b"one\0", b"right\0"),
    )
    .await;
    let (left, right) = (left.expect("replace"), right.expect("replace"));
    assert_ne!(left, right, "one of them replaces it");
    let now: &[u8] = if left { b"left\0" } else { b"right\0" };
    assert_eq!(keys.get("alice").await.expect("read").as_deref(), Some(now));
    assert_eq!(keys.get_or_insert("alice", b"three").await.expect("read"), now);
    assert_eq!(
        keys.get("bob").await.expect("read").as_deref(),
        Some(&b"one\0"[..])
    );
}

async fn what_is_forgotten_is_gone(keys: &dyn KeyStore) {
    assert!(!keys.remove("alice").await.expect("remove"));
    keys.get_or_insert("alice", b"one").await.expect("insert");
    keys.get_or_insert("bob", b"two").await.expect("insert");
    assert!(keys.remove("alice").await.expect("remove"));
    assert_eq!(keys.get("alice").await.expect("read"), None);
    assert!(!keys.remove("alice").await.expect("remove"));
    assert_eq!(
        keys.get_or_insert("alice", b"three").await.expect("insert"),
        b"three"
    );
    assert_eq!(keys.get("bob").await.expect("read").as_deref(), Some(&b"two"[..]));
}

/// Every promise of [`Followers`].
pub async fn followers(fresh: impl AsyncFn() -> Arc<dyn Followers>) {
    add_update_remove(&*fresh().await).await;
    a_walk_sees_who_stays_exactly_once(&*fresh().await).await;
}

fn follower(number: usize) -> Follower {
    Follower {
        actor: iri(&format!("https://b.example/users/{number}")),
        inbox: iri(&format!("https://b.example/users/{number}/inbox")),
        shared_inbox: number.is_multiple_of(2).then(|| iri("https://b.example/inbox")),
    }
}

async fn add_update_remove(followers: &dyn Followers) {
    assert_eq!(followers.count("alice").await.expect("count"), 0);
    assert!(
        !followers
            .remove("alice", &follower(1).actor)
            .await
            .expect("remove")
    );
    followers.add("alice", &follower(1)).await.expect("add");
    followers.add("alice", &follower(1)).await.expect("add again");
    followers.add("bob", &follower(2)).await.expect("add");
    assert_eq!(followers.count("alice").await.expect("count"), 1);
    assert!(
        followers
            .contains("alice", &follower(1).actor)
            .await
            .expect("read")
    );
    assert!(
        !followers
            .contains("alice", &follower(2).actor)
            .await
            .expect("read")
    );
    let moved = Follower {
        inbox: iri("https://b.example/elsewhere"),
        ..follower(1)
    };
    followers.add("alice", &moved).await.expect("update");
    let page = followers.page("alice", None, 10).await.expect("page");
    assert_eq!(
        page.into_iter().map(|(_, f)| f).collect::<Vec<_>>(),
        std::slice::from_ref(&moved)
    );
    let elsewhere = Follower {
        shared_inbox: Some(iri("https://b.example/shared")),
        ..moved
    };
    followers.add("bob", &follower(1)).await.expect("add");
    assert_eq!(followers.refresh(&elsewhere).await.expect("refresh"), 2);
    let page = followers.page("bob", None, 10).await.expect("page");
    let everywhere = [follower(2), elsewhere];
    assert_eq!(page.into_iter().map(|(_, f)| f).collect::<Vec<_>>(), everywhere);
    assert!(followers.remove("bob", &follower(1).actor).await.expect("remove"));
    assert_eq!(followers.refresh(&follower(7)).await.expect("refresh"), 0);
    assert_eq!(followers.count("alice").await.expect("count"), 1, "added nowhere");
    assert!(
        followers
            .remove("alice", &follower(1).actor)
            .await
            .expect("remove")
    );
    assert_eq!(followers.count("alice").await.expect("count"), 0);
    assert_eq!(followers.count("bob").await.expect("count"), 1);
    assert!(
        followers
            .page("alice", Some("no cursor of ours"), 1)
            .await
            .is_err()
    );
}

async fn a_walk_sees_who_stays_exactly_once(followers: &dyn Followers) {
    for number in 0..20 {
        followers.add("alice", &follower(number)).await.expect("add");
    }
    let mut seen = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = followers.page("alice", after.as_deref(), 6).await.expect("page");
        assert!(page.len() <= 6);
        let Some((cursor, _)) = page.last() else {
            break;
        };
        after = Some(cursor.clone());
        seen.extend(page.into_iter().map(|(_, f)| f));
        // People come, go and move their inboxes while somebody walks.
        followers
            .remove("alice", &follower(3).actor)
            .await
            .expect("remove");
        followers.add("alice", &follower(4)).await.expect("update");
        if seen.len() < 40 {
            followers
                .add("alice", &follower(100 + seen.len()))
                .await
                .expect("add");
        }
        assert!(seen.len() < 100, "a walk ends");
    }
    for number in (0..20).filter(|number| *number != 3) {
        let times = seen.iter().filter(|f| **f == follower(number)).count();
        assert_eq!(times, 1, "who stays is seen exactly once");
    }
}
