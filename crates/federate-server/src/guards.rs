//! What protects an instance from those who ask it, as the builder was told.

use std::time::Duration;

use federate_protocol::Limits;

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
    /// How long what is posted may take to come, where that is not the usual time.
    pub(crate) inbox_deadline: Option<Duration>,
}

impl Guards {
    /// The limits of the protocol, as far as they are not told otherwise.
    pub(crate) fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(deadline) = self.inbox_deadline {
            limits.inbox_deadline = deadline;
        }
        limits
    }
}
