//! One POST of 3 KiB, signed and verified by federate-signatures and by each peer, beside the raw operation of the
//! backend that each of them uses.
//!
//! A peer that fails is a bug of this bench: every signature that is made here is verified before it is measured.

mod case;
mod count;
mod message;
mod ours;
mod peers;
mod raw;
mod table;

pub use case::{Case, Task};
pub use count::{instructions, run_one};
pub use table::print;

/// Everything that is measured, in the order in which it is printed.
pub fn cases() -> Vec<Case> {
    let mut all = raw::cases();
    all.extend(ours::cases());
    all.extend(peers::cases());
    all
}
