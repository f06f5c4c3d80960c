//! When to try again: the scheduler of outgoing deliveries, without a clock and without a socket.
//!
//! Three decisions stand here, each a pure function of its arguments:
//!
//! - [`classify`] says what one attempt meant: delivered, worth another try, or never. Its table is the
//!   documented meaning of every status and every way in which a connection can fail.
//! - [`next_attempt`] says when the next try is due ([`backoff`], [`retry_after`]), and when to stop trying.
//! - [`LaneState`] says how many requests may be under way to one host at this moment: a window that grows with
//!   success and halves with failure, and a breaker that lets exactly one probe through to a host that was down.
//!
//! Time comes in as `now`, chance comes in as `entropy`; the engine in `federate-delivery` drives this.
//!
//! ```
//! use federate_protocol::delivery::{Attempt, Verdict, classify};
//! use std::time::{Duration, SystemTime};
//!
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
//! let verdict = classify(&Attempt::Answered { status: 429, retry_after: Some("120") }, now);
//! assert!(matches!(verdict, Verdict::Retry { after: Some(after), .. } if after.as_secs() == 120));
//! assert!(classify(&Attempt::Answered { status: 202, retry_after: None }, now).is_delivered());
//! ```

mod backoff;
mod classify;
mod lane;
mod retry_after;

pub use backoff::{FIRST_RETRY, HORIZON, LONGEST_BACKOFF, MIN_TRIES, Next, Schedule, backoff, next_attempt};
pub use classify::{Attempt, Fault, Verdict, classify};
pub use lane::{LaneLimits, LaneState, LaneView, Standing, Ticket};
pub use retry_after::{LONGEST_RETRY_AFTER, retry_after};
