//! What a binding promises.

use super::{at, both, delivery::delivery};
use crate::{Hold, Stores};

/// Every promise of a [`Binding`](crate::Binding), with the queue that it holds back.
pub async fn binding(fresh: impl AsyncFn() -> Stores) {
    the_first_instance_stays(&fresh().await).await;
    a_hold_stops_the_queue_and_nothing_else(&fresh().await).await;
}

async fn the_first_instance_stays(stores: &Stores) {
    let binding = &*stores.binding;
    assert_eq!(binding.instance().await.expect("read"), None);
    let (one, other) = both(
        binding.bind("https://a.example"),
        binding.bind("https://b.example"),
    )
    .await;
    let first = one.expect("bind");
    assert_eq!(first, other.expect("bind"), "both are told the same");
    assert_eq!(binding.bind("https://c.example").await.expect("bind"), first);
    assert_eq!(binding.instance().await.expect("read"), Some(first));
    binding.rebind("https://c.example").await.expect("rebind");
    assert_eq!(
        binding.bind("https://a.example").await.expect("bind"),
        "https://c.example"
    );
}

async fn a_hold_stops_the_queue_and_nothing_else(stores: &Stores) {
    let (binding, queue) = (&*stores.binding, &*stores.queue);
    assert_eq!(binding.hold().await.expect("read"), None);
    let before = delivery(1, "b.example", 1);
    queue
        .enqueue(std::slice::from_ref(&before), at(0))
        .await
        .expect("enqueue");
    for _ in 0..2 {
        binding.hold_back().await.expect("hold back");
        assert_eq!(binding.hold().await.expect("read"), Some(Hold::Restored));
    }
    let after = delivery(2, "c.example", 1);
    queue.enqueue(&[after], at(1)).await.expect("enqueue");
    for _ in 0..2 {
        assert_eq!(queue.lease("w", 9, at(2)).await.expect("lease"), []);
    }
    assert_eq!(queue.counts().await.expect("counts").pending, 2);
    for _ in 0..2 {
        binding.allow().await.expect("allow");
        assert_eq!(binding.hold().await.expect("read"), None);
    }
    let lanes = queue.lease("w", 9, at(3)).await.expect("lease");
    assert_eq!(lanes.len(), 2, "at once: nothing was put off");
    let lane = lanes
        .iter()
        .find(|lane| lane.host == "b.example")
        .expect("its lane");
    assert_eq!(queue.due(lane, 9, at(3)).await.expect("due"), [before]);
}
