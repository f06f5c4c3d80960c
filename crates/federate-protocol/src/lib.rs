//! The decisions of federation, sans-io: who sent this, who may do what, whom to reach, when to try again.
#![deny(missing_docs)]

pub mod delivery;
pub mod limits;
mod sealed;

pub use federate_activitystreams as activitystreams;
pub use federate_signatures as signatures;
pub use federate_webfinger as webfinger;

pub use limits::Limits;
pub use sealed::{BadSeal, Sealed, Secret};
