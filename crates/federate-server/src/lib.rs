//! One object that is the instance: inbox, actors, collections, discovery, sending.
#![deny(missing_docs)]

mod admin;
mod builder;
mod cx;
mod directory;
mod draft;
mod engine;
mod entropy;
mod error;
mod federation;
mod followers;
mod handler;
#[cfg(feature = "keygen")]
mod keygen;
mod keys;
mod layer;
mod limit;
mod profile;
mod reach;
mod serve;
mod uris;
mod worker;

pub use async_trait::async_trait;

pub use admin::Admin;
pub use builder::{BuildError, Builder, DangerousBuilder, Software};
pub use cx::Cx;
pub use directory::{Ask, Collection, Cursor, Directory, Found, Item, Page, Usage};
pub use draft::{Draft, Enqueued};
pub use engine::{Engine, Progress};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{Error, Failure, Outcome};
pub use federation::{Federation, RemoteActor};
pub use handler::Handler;
#[cfg(feature = "keygen")]
pub use keygen::AwsLc;
pub use layer::{FederationLayer, FederationService};
pub use limit::{ReadError, read_limited};
pub use profile::{Actors, Profile};
pub use uris::{Local, ObjectRef, Paths, Uris};

// For the adapters, which reach the crates beneath through this one.
pub use federate_protocol::signatures;
pub use federate_store as store;

pub use federate_protocol::{Authenticated, Blocks, Document, Evidence, Known};

/// The name under which the stores keep the key of the instance's own actor. No actor can have it.
pub(crate) const INSTANCE: &str = "@instance";
