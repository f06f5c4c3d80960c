//! The delivery engine: accepted means delivered, or you are told why not.
//!
//! What the application recorded in its [`Outbox`](federate_store::Outbox) is expanded into one delivery for each
//! inbox, and each delivery is tried until the peer has it, or says no, or a week has passed. Nothing is gone
//! silently: `enqueued = delivered + pending + dead + superseded + cancelled`, in the store, at every instant.
//!
//! - **A destination is the unit of fairness.** Each host has its lane with its own window of concurrency, breaker
//!   and retry clock ([`federate_protocol::delivery`] decides, this crate drives). Thousands of dead hosts cost the
//!   living ones nothing.
//! - **Each attempt is signed afresh**, with the key and the date of that moment, on whatever core is free. No key
//!   is in a row or in a log.
//! - **One bad row hurts itself.** What cannot be sent becomes a dead letter with a reason; a panic costs one attempt.
//! - **At least once.** A crash between the peer's answer and our commit sends an activity twice, with the same id.
//!
//! - **An operator sees it.** Metrics through the `metrics` facade ([`Engine`] has their table), a span for each attempt,
//!   [`Engine::health`] for whoever restarts and balances, [`Engine::snapshot`] for what is under way, and [`Operator`] for
//!   a page with what waits, what is dead and why.
//!
//! The application runs the engine: [`Engine::run_until`] in a web process, a worker, or both (several processes
//! share one store: lanes are leased and fenced), or [`Engine::step`] where a test owns the time.
//!
//! ```no_run
//! # use federate_delivery::{Engine, Expansion, ExpandError, Inboxes, SenderError, Senders, SystemClock};
//! # use federate_protocol::{activitystreams::Iri, signatures::Signer};
//! # use federate_store::{Backend, Memory, Outgoing};
//! # use std::sync::Arc;
//! # #[derive(Debug)] struct App;
//! # #[async_trait::async_trait] impl Senders for App {
//! #     async fn signer(&self, _: &str) -> Result<Arc<dyn Signer>, SenderError> { Err(SenderError::Unknown) }
//! # }
//! # #[async_trait::async_trait] impl Inboxes for App {
//! #     async fn expand(&self, _: &Outgoing, _: Option<&str>) -> Result<Expansion, ExpandError> { Ok(Expansion::default()) }
//! # }
//! # async fn example(client: Arc<dyn federate_http::HttpClient>, app: Arc<App>) {
//! let engine = Engine::builder(Memory::new().stores(), client, app.clone(), app, Arc::new(SystemClock))
//!     .in_flight(256)
//!     .build();
//! engine.run_until(async { let _ = tokio::signal::ctrl_c().await; }).await;
//! # }
//! ```
#![deny(missing_docs)]

mod attempt;
mod board;
mod bodies;
mod builder;
mod clock;
mod driver;
mod engine;
mod expand;
mod failure;
mod health;
mod held;
mod metered;
mod observer;
mod operator;
mod peers;
mod progress;
mod random;
mod seams;
mod signals;
mod snapshot;
mod spans;
mod target;

pub use builder::Builder;
pub use clock::{Clock, SystemClock};
pub use engine::{Drained, Engine};
pub use health::{Health, StoreRefusal, Unready};
pub use metered::describe_metrics;
pub use observer::{DeliveryEvent, Observer, Outcome};
pub use operator::{Operator, Purged, Status};
pub use progress::Progress;
pub use seams::{ExpandError, Expansion, Forbidden, Inboxes, ResolveError, SenderError, Senders};
use signals::Signals;
pub use snapshot::{HostView, Snapshot};
