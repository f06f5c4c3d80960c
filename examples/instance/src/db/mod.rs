//! The instance's own tables. Federation's tables lie in the same database under names of their own.

pub(crate) mod accounts;
pub(crate) mod aliases;
pub(crate) mod apps;
pub(crate) mod follows;
pub(crate) mod interactions;
pub(crate) mod notifications;
mod open;
pub(crate) mod statuses;
pub(crate) mod timelines;
pub(crate) mod tokens;

pub(crate) use open::{Db, Tx, begin, open};
