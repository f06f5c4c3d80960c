//! One object that is the instance: inbox, actors, collections, discovery, sending.
//!
//! [`Federation::builder`] takes the base URL, a store and the application, which implements [`Directory`]; [`Builder::build`] gives
//! the [`Federation`], which answers requests and sends, and the [`Engine`], which the application runs.
//!
//! - [`Federation::layer`] puts it before an application as a tower layer; [`Federation::service`] is the instance alone;
//!   [`Federation::answer`] is what adapters to other frameworks call, and [`Federation::handle`] the same for a request whose body is read.
//! - What is posted to an inbox is proven, stored durably and answered with 202; only then, in the engine, it is judged against what the
//!   application [knows](Directory::known) and handed to the [`Handler`] for its type.
//! - What the application sends is a [`Draft`]: awaited, or written in the application's own transaction.
//! - What is not for everybody is shown to those whom it names ([`Directory::may_see`]); with [`Builder::authorized_fetch`] nothing is shown
//!   to those who do not sign. [`Builder::rate_limits`] bounds what comes, [`Builder::answers`] loops, and [`Builder::synchronize_followers`] keeps
//!   followers the same on both sides.
//!
//! ```
//! use federate_protocol::activitystreams::Like;
//! use federate_server::{Actors, Federation, Profile};
//! use federate_store::Memory;
//!
//! # #[derive(Debug)] struct Keys;
//! # impl federate_server::signatures::KeyGenerator for Keys {
//! #     fn generate_rsa_2048(&self) -> Result<federate_server::signatures::GeneratedKey, federate_server::signatures::SignError> {
//! #         Ok(federate_server::signatures::GeneratedKey::from_pkcs8(include_bytes!("../tests/keys/a.pk8").to_vec()))
//! #     }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let people = Actors::new([Profile::person("alice").name("Alice")]);
//! let (federation, engine) = Federation::builder("https://a.example", Memory::new(), people)
//!     .manage_followers()
//!     .on::<Like>(|_cx, like| async move {
//!         println!("{} likes {:?}", like.by(), like.object_id());
//!         Ok(())
//!     })
//! #   .keygen(std::sync::Arc::new(Keys))
//!     .build()
//!     .await?;
//!
//! let request = http::Request::get("/.well-known/webfinger?resource=acct:alice@a.example").body(Default::default())?;
//! let response = federation.handle(request).await.ok_or("not federation's")?;
//! assert_eq!(response.status(), 200);
//! assert!(engine.step().await.is_idle());
//! # Ok(())
//! # }
//! ```
//!
#![doc = include_str!("behaviour.md")]
#![deny(missing_docs)]

mod admin;
mod adopted;
mod answers;
mod behaviour;
mod buckets;
mod builder;
mod cipher;
mod cx;
mod decision;
mod directory;
mod document;
mod draft;
mod engine;
mod entropy;
mod erase;
mod error;
mod federation;
mod forwarded;
mod forwarding;
mod fresh;
mod front;
mod groups;
mod guards;
mod handler;
mod health;
mod keys;
mod layer;
mod limit;
mod media;
mod metered;
mod moderation;
mod origins;
mod pace;
mod peers;
mod profile;
mod proofs;
mod rate_limits;
mod reach;
mod relay;
mod rotation;
mod serve;
mod spans;
mod submission;
mod synchronization;
mod tidy;
mod time_check;
mod unmarked;
mod uris;
mod worker;
mod written;

pub use async_trait::async_trait;

pub use admin::Admin;
pub use adopted::AdoptedKey;
pub use behaviour::{
    Approval, BehaviourLimits, FollowRequest, Following, Listed, MoveRefused, Quote, Reacted, Reaction,
    Reactions, Report, ReportRules,
};
pub use buckets::Rate;
pub use builder::{BuildError, Builder, DangerousBuilder, Software};
pub use cipher::{CipherError, KeyCipher, SecretCipher};
pub use cx::Cx;
pub use decision::Decision;
pub use directory::{Ask, Collection, Cursor, Directory, FollowersHere, Found, Item, Page, Usage};
pub use draft::{Draft, Enqueued};
pub use engine::{Engine, Progress};
pub use entropy::{Entropy, SystemEntropy};
pub use erase::Erased;
pub use error::{Error, Failure, Outcome};
/// Makes the RSA keys of new actors, unless [`Builder::keygen`] is given something else, and verifies where it is given to
/// [`Builder::verifier`].
#[cfg(feature = "keygen")]
pub use federate_protocol::signatures::aws_lc::AwsLc;
pub use federation::{Federation, RemoteActor};
pub use front::Turn;
pub use handler::Handler;
pub use health::{Health, InboxHealth, Part};
pub use layer::{FederationLayer, FederationService, Nothing};
pub use limit::{ReadError, read_limited};
pub use metered::describe_metrics;
pub use pace::Pace;
pub use profile::{Actors, Profile};
pub use rate_limits::{PeerAddress, RateLimits};
pub use relay::{Admission, Relay, RelayKind, Subscriber};
pub use uris::{Local, ObjectRef, Paths, Uris};

// For the adapters, which reach the crates beneath through this one.
pub use federate_protocol::signatures;
pub use federate_store as store;

pub use federate_delivery::{HostView, Operator, Purged, Snapshot, Status, Unready};
pub use federate_fetch::media::{MediaCache, MediaFolder, MediaPurge};
pub use federate_fetch::{Ancestors, CollectionReader, Resolved};
pub use federate_protocol::authorise::Ownership;
pub use federate_protocol::drift::Drift;
pub use federate_protocol::{Authenticated, Blocks, Document, Evidence, Known};

/// The name of the instance's own actor, where the identifier of an actor of ours is asked for: it [sends](Federation::send), and its
/// [keys are rotated](Federation::rotate_keys). No actor of the application can have it.
pub const INSTANCE: &str = "@instance";

/// The same of the actor by which the instance relays, or speaks to relays.
pub(crate) const RELAY: &str = "@relay";
