//! What protects an instance from those who ask it, as the builder was told.

use crate::answers::Answers;
use crate::rate_limits::Limiter;

/// The settings of [`Builder`](crate::Builder) that say who gets what, and how much of it.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    /// Documents are for those who sign.
    pub(crate) authorized_fetch: bool,
    /// Followers are synchronised.
    pub(crate) synchronizes: bool,
    /// How much of what comes is taken.
    pub(crate) limiter: Option<Limiter>,
    pub(crate) answers: Answers,
}
