//! Storage seams for federation: small traits with written contracts, a memory backend, and one test suite.
//!
//! Nine seams, each object-safe, each with what it promises written at its methods:
//! [`Outbox`], [`Inbox`], [`DeliveryQueue`], [`KeyStore`], [`Followers`], [`Relations`], [`Cache`], [`Binding`] and
//! [`Rules`]. A [`Backend`] bundles them and names the connection type of the application's own transactions, so that a post and what it sends
//! are committed together or not at all.
//!
//! [`Memory`] is a whole backend for tests and for bots that may forget. Whoever writes another runs the suite
//! in `contract` (feature `contract`) over it: what passes there is what the engine relies on.
//!
//! # The rules that hold for every method
//!
//! - *Durable when `Ok`*: a write that returned `Ok` survives the death of the process, and with a backend that
//!   says so, the loss of power. [`Memory`] is the named exception.
//! - *All or nothing*: a write that returned `Err` changed nothing.
//! - *Idempotent*: every write may be repeated with the same arguments; the second one changes nothing.
//! - *Cancel-safe*: a dropped future leaves either all of its effect or none.
//! - *Time is an argument*: no method reads a clock, so a test can use its own.
//!
//! # What happens to a store
//!
//! It belongs to one instance, and a copy of it is held back ([`Binding`]). It is moved into another one, of any kind that has
//! [`Export`](transfer::Export) and [`Import`](transfer::Import), by [`transfer::transfer`]. What has ended is forgotten after the times of
//! [`Retention`].
//!
//! # Example
//!
//! ```
//! use federate_store::{Backend, Iri, Memory, Outgoing};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Memory::new();
//! let mut tx = store.begin();
//! let followers = Iri::parse("https://a.example/users/alice/followers")?;
//! let outgoing = Outgoing::new(Iri::parse("https://a.example/activities/1")?, "alice", "{}", vec![followers]);
//! Memory::record(&mut tx, &outgoing).await?;
//! assert!(store.stores().outbox.unexpanded(10).await?.is_empty()); // not committed yet
//! tx.commit()?;
//! assert_eq!(store.stores().outbox.unexpanded(10).await?.len(), 1);
//! # Ok(())
//! # }
//! # struct Wake;
//! # impl std::task::Wake for Wake { fn wake(self: std::sync::Arc<Self>) {} }
//! # let waker = std::task::Waker::from(std::sync::Arc::new(Wake));
//! # let mut future = Box::pin(example());
//! # match future.as_mut().poll(&mut std::task::Context::from_waker(&waker)) {
//! #     std::task::Poll::Ready(done) => done.unwrap(),
//! #     std::task::Poll::Pending => unreachable!("the memory store never waits"),
//! # }
//! # use std::future::Future;
//! ```
#![deny(missing_docs)]

mod backend;
mod binding;
mod cache;
mod claim;
#[cfg(feature = "contract")]
pub mod contract;
mod delivery;
mod error;
mod followers;
mod inbox;
mod inspection;
mod keys;
mod memory;
mod outbox;
mod precedence;
mod relations;
mod retention;
mod rules;
pub mod stored;
pub mod transfer;
mod waiting;

pub use async_trait::async_trait;
pub use backend::{Backend, BoxFuture, Listening, Stores, Wake};
pub use binding::{Binding, Hold};
pub use bytes::Bytes;
pub use cache::{Cache, CacheKind, Entry};
pub use claim::{Claim, Claimed, Ending, SHARDS, shard_of};
pub use delivery::{
    Counts, DeadLetter, Delivery, DeliveryId, DeliveryQueue, LEASE, Lane, MAX_REASON, Settled, Settling,
    lane_of, shorten,
};
pub use error::{StoreError, StoreErrorKind};
pub use federate_protocol::{Sealed, activitystreams::Iri};
pub use followers::{Follower, Followers};
pub use inbox::{Accepted, DeadActivity, Inbox, InboxBacklog, Pending, ReceivedId, Settlement, origin_of};
pub use inspection::{DeadPage, Inspection, PendingDelivery};
pub use keys::KeyStore;
pub use memory::{Memory, MemoryConnection};
pub use outbox::{Outbox, Outgoing};
pub use precedence::{OrderKey, Priority};
pub use relations::{MAX_NOTE, Relation, RelationKey, RelationKind, RelationState, Relations, Which};
pub use retention::{Forgotten, Retention};
pub use rules::{Rule, Rules, Ruling, Verdict};
pub use waiting::{AGES, Backlog, Waiting};
