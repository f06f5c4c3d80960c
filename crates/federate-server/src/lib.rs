//! One object that is the instance: inbox, actors, collections, discovery, sending.
#![allow(clippy::todo, reason = "the skeleton is being filled in")]

mod builder;
mod cx;
mod directory;
mod draft;
mod engine;
mod entropy;
mod error;
mod federation;
mod handler;
mod layer;
mod profile;
mod uris;

pub use async_trait::async_trait;

pub use builder::{BuildError, Builder, DangerousBuilder, Software};
pub use cx::Cx;
pub use directory::{Ask, Collection, Cursor, Directory, Found, Item, Page, Usage};
pub use draft::{Draft, Enqueued};
pub use engine::{Engine, Progress};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{Error, Failure, Outcome};
pub use federation::{Federation, RemoteActor};
pub use handler::Handler;
pub use layer::{FederationLayer, FederationService};
pub use profile::{Actors, Profile};
pub use uris::{Local, ObjectRef, Paths, Uris};

pub use federate_protocol::{Authenticated, Blocks, Document, Evidence, Known};

/// The name under which the stores keep the key of the instance's own actor. No actor can have it.
pub(crate) const INSTANCE: &str = "@instance";
