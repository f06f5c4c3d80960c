//! A fediverse in your tests: instances that talk without sockets, on a virtual clock, from a seed.
//!
//! A [`World`] holds simulated hosts. [`World::host`] builds *your* instance into it, with your router and your
//! database; [`World::peer`] adds somebody on an instance that others run: a [`Peer`] signs what it sends, fetches your
//! keys and verifies what it receives, and refuses what does not verify. Nothing leaves the process, nothing sleeps:
//! time is what [`World::advance`] says, and what the network does wrong ([`Weather`]) follows from the seed.
//!
//! ```no_run
//! # async fn example(builder: federate_server::Builder<federate_server::Actors<federate_store::Memory>>, router: axum::Router) {
//! let world = federate_testkit::World::new(7);
//! let site = world.host("https://forum.test", builder, |federation| router.layer(federation.layer())).await;
//! let bob = world.peer("bob@mastodon.test");
//! bob.follow(&site.url("/users/alice")).await.accepted();
//! world.settle().await;
//! assert_eq!(bob.received(), ["Accept"]);
//! # }
//! ```
//!
//! What a simulation cannot show (a peer that drips, resets, redirects, lies about lengths) is in [`hostile`]: servers on
//! real sockets of loopback that misbehave as a test says. Whoever puts an instance into a web framework runs the suite in [`adapter`].
#![deny(missing_docs)]
#![expect(clippy::panic, reason = "what a test expects and does not get ends the test")]
#![expect(
    clippy::indexing_slicing,
    reason = "of a JSON value that is indexed, what is missing is null"
)]

pub mod adapter;
mod clock;
mod held;
pub mod hostile;
mod keys;
mod peer;
mod random;
mod wire;
mod world;

pub use clock::VirtualClock;
pub use held::held;
pub use keys::TestKeys;
pub use peer::{Peer, Sent};
pub use wire::{Weather, Wire};
pub use world::{Host, World};

#[cfg(test)]
mod tests;
