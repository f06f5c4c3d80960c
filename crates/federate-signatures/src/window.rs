//! When a proof of a document counts: what object proofs and Linked Data signatures have in common.

use std::time::{Duration, SystemTime};

/// How old a proof may be, and how far ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) future: Duration,
    pub(crate) past: Option<Duration>,
}

/// Why a time is not taken.
pub(crate) enum Untimely {
    Undated,
    TooNew { ahead: Duration, limit: Duration },
    TooOld { age: Duration, limit: Duration },
    Expired { ago: Duration },
}

impl Window {
    /// With a limit to its age, a proof must say when it was created.
    pub(crate) fn check(
        self,
        created: Option<SystemTime>,
        expires: Option<SystemTime>,
        now: SystemTime,
    ) -> Result<(), Untimely> {
        match created.map(|created| now.duration_since(created)) {
            Some(Err(ahead)) if ahead.duration() > self.future => {
                return Err(Untimely::TooNew {
                    ahead: ahead.duration(),
                    limit: self.future,
                });
            }
            Some(Ok(age)) => {
                if let Some(limit) = self.past.filter(|limit| age > *limit) {
                    return Err(Untimely::TooOld { age, limit });
                }
            }
            None if self.past.is_some() => return Err(Untimely::Undated),
            _ => {}
        }
        match expires.map(|expires| now.duration_since(expires)) {
            Some(Ok(ago)) => Err(Untimely::Expired { ago }),
            _ => Ok(()),
        }
    }
}
