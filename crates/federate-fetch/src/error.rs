//! Why something could not be fetched.

use federate_http::{HttpError, HttpErrorKind, Phase};
use federate_protocol::FetchRefusal;
use federate_protocol::signatures::SignError;
use federate_protocol::webfinger::BadHandle;

/// Why something could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct FetchError {
    #[source]
    kind: FetchErrorKind,
}

/// Why something could not be fetched, as a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchErrorKind {
    /// Something came, or was asked for, that must not be believed.
    #[error("refused: {0}")]
    Refused(#[source] FetchRefusal),
    /// It was there once: 410.
    #[error("gone")]
    Gone,
    /// The request failed.
    #[error("request failed: {0}")]
    Http(#[source] HttpError),
    /// The deadline of the whole fetch passed.
    #[error("the deadline of the whole fetch passed in request {request}, {phase}")]
    Deadline {
        /// In which of its requests: the first is 1, each redirect and each look-up is one more.
        request: usize,
        /// What that request was about.
        phase: Phase,
    },
    /// What was typed is no handle.
    #[error("not a handle")]
    Handle(#[source] BadHandle),
    /// The request could not be signed or put together.
    #[error("request could not be signed")]
    Sign(#[source] SignError),
    /// The key to sign with could not be had.
    #[error("the key to sign with could not be had")]
    Signer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// So much of media files is held for those who read them that there is no room for another; see
    /// [`Limits::media_held`](federate_protocol::Limits::media_held).
    #[error("too much of media files is held for others")]
    Busy,
    /// Something of a later release than this one's.
    #[error("a step that this release does not know")]
    Unknown,
    /// The same was tried a short while ago and failed; it was not tried again.
    #[error("failed a short while ago: {reason}")]
    Lately {
        /// What happened then.
        reason: String,
        /// Whether it would happen again.
        permanent: bool,
    },
}

impl FetchError {
    /// Why.
    pub fn kind(&self) -> &FetchErrorKind {
        &self.kind
    }

    /// Whether it was there once and is no more (410).
    pub fn is_gone(&self) -> bool {
        matches!(self.kind, FetchErrorKind::Gone)
    }

    /// Whether it failed for want of a turn or a key of our own, before the peer was asked.
    pub(crate) fn is_of_our_own(&self) -> bool {
        match &self.kind {
            FetchErrorKind::Deadline { phase, .. } => *phase == Phase::Queue,
            FetchErrorKind::Http(error) => error.kind() == HttpErrorKind::Timeout(Phase::Queue),
            FetchErrorKind::Signer(_) | FetchErrorKind::Busy => true,
            _ => false,
        }
    }

    /// Whether trying again later would not help.
    pub fn is_permanent(&self) -> bool {
        match &self.kind {
            FetchErrorKind::Refused(refusal) => refusal.is_permanent(),
            FetchErrorKind::Gone | FetchErrorKind::Handle(_) => true,
            // A document that is too long is too long tomorrow (S5); for a delivery's answer that means less.
            FetchErrorKind::Http(error) => {
                error.is_permanent() || matches!(error.kind(), HttpErrorKind::TooLarge)
            }
            FetchErrorKind::Deadline { .. }
            | FetchErrorKind::Sign(_)
            | FetchErrorKind::Signer(_)
            | FetchErrorKind::Busy
            | FetchErrorKind::Unknown => false,
            FetchErrorKind::Lately { permanent, .. } => *permanent,
        }
    }
}

impl From<FetchErrorKind> for FetchError {
    fn from(kind: FetchErrorKind) -> Self {
        Self { kind }
    }
}

impl From<FetchRefusal> for FetchError {
    fn from(refusal: FetchRefusal) -> Self {
        FetchErrorKind::Refused(refusal).into()
    }
}
