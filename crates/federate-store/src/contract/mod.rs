//! The suite that every backend passes (feature `contract`).
//!
//! Each function takes a closure that makes a *fresh, empty* store and panics where a promise is broken. A backend
//! runs [`all`] in its tests; whoever replaces a single seam runs that seam's function. No test needs a clock or
//! a runtime of its own.
//!
//! ```
//! # async fn example() {
//! use federate_store::{Backend, Memory, contract};
//! contract::all(async || Memory::with_cache(32).stores()).await;
//! # }
//! ```
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test suite: a broken promise ends in a panic"
)]

mod binding;
mod cache;
mod claims;
mod delivery;
mod inbox;
mod keys;
mod lanes;
mod operator;
mod outbox;
mod precedence;
mod relations;
mod rules;
mod transfer;

use crate::{Iri, Stores};
use std::{
    future::Future,
    pin::pin,
    task::Poll,
    time::{Duration, SystemTime},
};

pub use binding::binding;
pub use cache::cache;
pub use claims::claims;
pub use delivery::delivery_queue;
pub use inbox::inbox;
pub use keys::{followers, keys};
pub use outbox::outbox;
pub use relations::relations;
pub use rules::rules;
pub use transfer::stores_move;

/// Every promise of every seam. The cache of the stores should hold at most a few hundred entries, or filling it
/// takes long.
pub async fn all(fresh: impl AsyncFn() -> Stores) {
    outbox(async || fresh().await.outbox).await;
    inbox(async || {
        let stores = fresh().await;
        (stores.inbox, stores.outbox)
    })
    .await;
    claims(async || {
        let stores = fresh().await;
        (stores.inbox, stores.outbox)
    })
    .await;
    rules(async || fresh().await.rules).await;
    delivery_queue(async || fresh().await.queue).await;
    keys(async || fresh().await.keys).await;
    followers(async || fresh().await.followers).await;
    relations(async || fresh().await.relations).await;
    cache(async || fresh().await.cache).await;
    binding(&fresh).await;
}

fn iri(text: &str) -> Iri {
    Iri::parse(text).expect("a test's own IRI")
}

/// So many seconds after an instant of 2023.
fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds)
}

/// Both at once, on whatever runtime this is.
async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    std::future::poll_fn(move |cx| {
        if first.is_none()
            && let Poll::Ready(out) = a.as_mut().poll(cx)
        {
            first = Some(out);
        }
        if second.is_none()
            && let Poll::Ready(out) = b.as_mut().poll(cx)
        {
            second = Some(out);
        }
        match (first.take(), second.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (first, second) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}
