//! The memory backend against the suite, and its transactions.
#![cfg(feature = "contract")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use federate_store::{Backend, Iri, Memory, Outgoing, ReceivedId, StoreErrorKind, contract};

fn outgoing(number: usize) -> Outgoing {
    let id = Iri::parse(&format!("https://a.example/{number}")).unwrap();
    Outgoing::new(id, "alice", "{}", Vec::new())
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::all(async || Memory::with_cache(32).stores()).await;
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let store = Memory::new();
    let id = ReceivedId::new("https://b.example", &Iri::parse("https://b.example/1").unwrap());
    let mut tx = store.begin();
    Memory::record(&mut tx, &outgoing(1)).await.unwrap();
    assert!(Memory::handled(&mut tx, &id).await.unwrap());
    assert!(!Memory::handled(&mut tx, &id).await.unwrap());
    drop(tx);
    let stores = store.stores();
    assert!(stores.outbox.unexpanded(9).await.unwrap().is_empty());
    assert!(!stores.inbox.handled(&id).await.unwrap());

    let mut tx = store.begin();
    Memory::record(&mut tx, &outgoing(1)).await.unwrap();
    assert!(Memory::handled(&mut tx, &id).await.unwrap());
    tx.commit().unwrap();
    assert_eq!(stores.outbox.unexpanded(9).await.unwrap(), [outgoing(1)]);
    assert!(!stores.inbox.ack(&id, &[outgoing(2)]).await.unwrap());
}

#[tokio::test]
async fn of_two_transactions_that_mark_the_same_one_commits() {
    let store = Memory::new();
    let id = ReceivedId::new("https://b.example", &Iri::parse("https://b.example/1").unwrap());
    let (mut first, mut second) = (store.begin(), store.begin());
    assert!(Memory::handled(&mut first, &id).await.unwrap());
    assert!(Memory::handled(&mut second, &id).await.unwrap());
    Memory::record(&mut second, &outgoing(2)).await.unwrap();
    first.commit().unwrap();
    assert_eq!(second.commit().unwrap_err().kind(), StoreErrorKind::Busy);
    assert!(store.stores().outbox.unexpanded(9).await.unwrap().is_empty());
}
