//! Deliveries: an activity for many inboxes, from a queue to a sink that answers 202; beside peers, and beside the same
//! without a queue.
//!
//! What is measured runs in processes of its own; see `delivery-child`.

pub mod alice;
pub mod app;
pub mod candidates;
pub mod clock;
pub mod dead;
pub mod parent;
pub mod queue;
pub mod sink;
pub mod store;
pub mod town;
pub mod worker;
