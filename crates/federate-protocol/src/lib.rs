//! The decisions of federation, sans-io: who sent this, who may do what, whom to reach, when to try again.
//!
//! Nothing here reads a clock, opens a socket or remembers anything. Time comes in as an argument, work goes out as a
//! value, and what comes next is a step: that is why all of it can be tested, fuzzed and simulated.
//!
//! | module | question |
//! |---|---|
//! | [`receive`] | who sent this? |
//! | [`authorise`] | may they do it? |
//! | [`audience`] | whom does it reach? |
//! | [`fetch`] | what of an answer may be believed? |
//! | [`delivery`] | when is it tried again? |
//! | [`media`] | what is this file? |
//! | [`limits`] | how much of anything? |
//!
//! The leaves are re-exported, so that the crates above have one version of them.
//!
//! ```
//! use federate_protocol::receive::{Receiving, Step, receive};
//! use std::sync::Arc;
//! use std::time::SystemTime;
//!
//! let request = http::Request::post("/inbox").body(bytes::Bytes::from_static(b"{}")).unwrap();
//! let step = receive(request, &Arc::new(Receiving::default()), SystemTime::UNIX_EPOCH);
//! let Step::Refused(refused) = step else { panic!("nobody signed this") };
//! assert_eq!(refused.status(), 401);
//! ```
#![deny(missing_docs)]

pub mod audience;
mod authenticated;
pub mod authorise;
mod blocks;
pub mod delivery;
pub mod domain;
pub mod drift;
pub mod fetch;
mod hashed;
mod ids;
pub mod limits;
pub mod media;
pub mod media_type;
mod prune;
pub mod quotes;
pub mod receive;
mod refused;
mod sealed;
pub mod synchronization;
#[cfg(test)]
mod testing;
mod view;

pub use federate_activitystreams as activitystreams;
pub use federate_signatures as signatures;
pub use federate_webfinger as webfinger;

pub use authenticated::{Authenticated, Evidence};
pub use authorise::{Facts, Known};
pub use blocks::{BadHost, Blocks};
pub use fetch::{Actor, Document, FetchRefusal, FetchRules};
pub use limits::Limits;
pub use receive::{Forwarded, Forwarders, KeyFailure, NeedKey, Receiving, ResolvedKey, Step};
pub use refused::{BadActivity, Refused, RefusedKind};
pub use sealed::{BadSeal, Envelope, Sealed, Secret};
