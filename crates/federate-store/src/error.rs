//! Why a store did not do what it was asked.

use std::fmt;

/// What kind of failure a [`StoreError`] is, which is all that a caller has to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else holds what is needed: a lock, a connection. The same call may succeed soon.
    Busy,
    /// There is no room (disk, quota). The same call may succeed when somebody has made some.
    Full,
    /// The lane was leased to somebody else meanwhile, so this caller's word on it no longer counts.
    Fenced,
    /// Anything else: a damaged file, a lost server, a schema of a newer release.
    Broken,
}

/// A store's refusal. Nothing was changed by the call that returned it.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl StoreError {
    /// A failure of the given kind with what caused it.
    pub fn new(kind: StoreErrorKind, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            kind,
            source: Some(cause.into()),
        }
    }

    /// A failure of kind [`StoreErrorKind::Broken`] with what caused it.
    pub fn broken(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::new(StoreErrorKind::Broken, cause)
    }

    /// The lane's lease went to somebody else.
    pub fn fenced() -> Self {
        Self {
            kind: StoreErrorKind::Fenced,
            source: None,
        }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether the same call will fail again however often it is repeated. A full disk is not permanent.
    pub fn is_permanent(&self) -> bool {
        match self.kind {
            StoreErrorKind::Busy | StoreErrorKind::Full => false,
            StoreErrorKind::Fenced | StoreErrorKind::Broken => true,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Busy => "store is busy",
            StoreErrorKind::Full => "store has no room left",
            StoreErrorKind::Fenced => "lease of the lane went to another worker",
            StoreErrorKind::Broken => "store failed",
        })
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
