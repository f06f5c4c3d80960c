//! Ready-made behaviour: what an application without tables of its own switches on, one by one.

mod blocks;
mod departure;
mod followers;
mod following;
mod limits;
mod moves;
mod quotes;
mod reactions;
mod reports;
mod tombstones;
mod turn;
mod undo;

pub use followers::FollowRequest;
pub use following::Following;
pub use limits::BehaviourLimits;
pub use moves::MoveRefused;
pub use quotes::{Approval, Quote};
pub use reactions::{Reacted, Reaction, Reactions};
pub use reports::{Report, ReportRules};
pub use turn::Listed;
pub(crate) use turn::{Managed, Turn, received};
pub(crate) use {
    blocks::{keeps_apart, keeps_from},
    following::our_follow,
    quotes::stamp,
    tombstones::was_deleted,
    undo::was_undone,
};
