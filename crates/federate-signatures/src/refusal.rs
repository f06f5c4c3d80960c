//! Why a signature was refused.

/// Why a signature was refused. `Display` is the full reason, for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("refused")]
pub struct Refusal {
    kind: RefusalKind,
}

impl Refusal {
    /// The reason as a value.
    #[must_use]
    pub fn kind(&self) -> &RefusalKind {
        &self.kind
    }
    /// A short reason that is safe to send to the peer.
    #[must_use]
    pub fn peer_message(&self) -> String {
        todo!()
    }
    /// Whether the request could not be read (400) rather than not be believed (401).
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        todo!()
    }
    /// The reason with all that is known, and the signed string escaped: for the log and the command line.
    #[must_use]
    pub fn explain(&self) -> String {
        todo!()
    }
}

/// The reason as a value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The request carries no signature.
    Unsigned,
}
