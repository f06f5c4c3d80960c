//! Signed activities posted to an inbox: taken by us, by peers, and by a handler that does the least that can be done.
//!
//! Who is posted to and who posts run in processes of their own, on cores of their own; see `inbox-child`.

pub mod load;
pub mod parent;
pub mod path;
pub mod senders;
pub mod servers;
pub mod signed;
pub mod tally;
