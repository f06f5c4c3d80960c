//! Fetching with authority: actors, keys, objects and handles, believed only where they may be.
//!
//! [`Fetcher`] drives the machines of [`federate_protocol::fetch`] over an [`HttpClient`](federate_http::HttpClient) and a
//! [`Cache`](federate_store::Cache). It decides nothing about belief; it adds what needs a clock and a socket:
//!
//! - **one deadline** for a logical fetch, all its redirects and look-ups together;
//! - **one byte budget** for all its answers;
//! - **a cache** with expiry;
//! - **a memory of failures**, bounded and of this process, so that a flood of one bad key id costs one request (R15);
//! - **what was read lately, parsed**, in front of it: bounded in bytes, and never older than a minute;
//! - **single flight**: a thousand that ask for one actor at once cost one request (R16);
//! - **so many requests at a time** for each domain, all its subdomains together (R9);
//! - **a limit on refetching** a key whose signature failed: once in an interval (S28);
//! - **a budget** for [collections](CollectionReader), which are read page by page (R6), and for [the posts above a reply](Ancestors) (R7);
//! - **signed requests** by the instance actor, where a signer is given: some peers answer nothing else (S31).
//!
//! [`media`] passes pictures, sounds and films on.
//!
//! Actors and keys stay in the cache after they have expired, as long as there is room: so a `Delete` by an actor that was known can be verified, and one
//! by an actor that never was costs nothing.
//!
//! ```
//! use federate_fetch::Fetcher;
//! use federate_http::HttpClient;
//! use federate_protocol::FetchRules;
//! use federate_store::Cache;
//! use std::{sync::Arc, time::SystemTime};
//!
//! async fn inbox_of(client: Arc<dyn HttpClient>, cache: Arc<dyn Cache>, now: SystemTime) -> Option<String> {
//!     let fetcher = Fetcher::new(client, cache, None, FetchRules::default());
//!     let actor = fetcher.handle("@alice@example.org", now).await.ok()?;
//!     Some(actor.inbox().to_string())
//! }
//! ```
//!
//! `examples/fetch` looks a handle or a URL up on the command line, and says what is believed and why.
#![deny(missing_docs)]

mod actors;
mod ancestors;
mod collection;
mod documents;
mod drive;
mod error;
mod fetcher;
mod flight;
mod handles;
mod key;
pub mod media;
mod memo;
mod nodeinfo;
mod recent;
mod record;
mod resolve;
mod row;
mod signers;

pub use ancestors::Ancestors;
pub use collection::CollectionReader;
pub use error::{FetchError, FetchErrorKind};
pub use fetcher::Fetcher;
pub use key::KeyLookup;
pub use resolve::Resolved;
pub use signers::Signers;
