//! What the library answers with, and what the application answers with.

use std::error::Error as StdError;
use std::fmt;

use federate_fetch::FetchError;
use federate_protocol::activitystreams::{BadIri, ParseError};
use federate_store::{StoreError, StoreErrorKind};

use crate::Cursor;

/// What a handler answers with.
pub type Outcome = Result<(), Failure>;

/// An operation of the library failed.
///
/// [`is_permanent`](Error::is_permanent) says whether trying again can help; the cause is in `source()`.
#[derive(Debug)]
pub struct Error {
    permanent: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl Error {
    /// An error that trying again does not cure.
    pub fn permanent(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error {
            permanent: true,
            source: cause.into(),
        }
    }

    /// An error that may be gone at the next attempt.
    pub fn passing(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Error {
            permanent: false,
            source: cause.into(),
        }
    }

    /// Whether trying again is useless.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.permanent {
            "federation failed for good"
        } else {
            "federation failed for now"
        })
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// A cursor that somebody made up is their error, not the store's.
pub(crate) fn of_cursor(from: &Cursor, e: StoreError) -> Error {
    match from.as_str() {
        Some(_) if e.kind() == StoreErrorKind::Broken => Error::permanent(e),
        _ => e.into(),
    }
}

impl From<StoreError> for Error {
    fn from(e: StoreError) -> Self {
        // A lost database may come back; nothing is given up on for it.
        Error {
            permanent: false,
            source: Box::new(e),
        }
    }
}

impl From<FetchError> for Error {
    fn from(e: FetchError) -> Self {
        Error {
            permanent: e.is_permanent(),
            source: Box::new(e),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Error {
            permanent: failure.permanent,
            source: failure.source,
        }
    }
}

impl From<BadIri> for Error {
    fn from(e: BadIri) -> Self {
        Error::permanent(e)
    }
}

impl From<ParseError> for Error {
    fn from(e: ParseError) -> Self {
        Error::permanent(e)
    }
}

/// What your code gives the library.
///
/// Not itself a `std::error::Error`: that is what lets `?` take any error, text and `anyhow::Error` included.
/// A handler's failure is tried again with back-off, unless it is [permanent](Failure::permanent).
pub struct Failure {
    permanent: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl Failure {
    /// A failure that trying again does not cure: the activity goes to the dead letters with this reason.
    pub fn permanent(why: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Failure {
            permanent: true,
            source: why.into(),
        }
    }

    /// Whether trying again is useless.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// What kind of store error is in the chain, if one is.
    pub(crate) fn store_error(&self) -> Option<StoreErrorKind> {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&*self.source);
        while let Some(e) = cause {
            if let Some(store) = e.downcast_ref::<StoreError>() {
                return Some(store.kind());
            }
            cause = e.source();
        }
        None
    }

    /// The failure with its whole chain of causes, on one line.
    pub fn chain(&self) -> String {
        chain(&*self.source)
    }
}

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for Failure {
    fn from(e: E) -> Self {
        let source = e.into();
        let permanent = source.downcast_ref::<Error>().is_some_and(Error::is_permanent)
            || source
                .downcast_ref::<FetchError>()
                .is_some_and(FetchError::is_permanent);
        Failure { permanent, source }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)
    }
}

/// An error and its causes on one line, for the log.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        text.push_str(": ");
        text.push_str(&e.to_string());
        cause = e.source();
    }
    // A peer's or a driver's words must not begin a line of their own.
    text.replace(char::is_control, " ")
}
