//! What people do here. Whatever leaves this instance is written in the transaction of the deed itself.

pub(crate) mod follows;
pub(crate) mod moves;
pub(crate) mod people;
pub(crate) mod posts;
pub(crate) mod profiles;
pub(crate) mod reactions;
