//! What goes wrong, in the kinds of the seams.

use federate_store::{StoreError, StoreErrorKind};
use std::path::PathBuf;

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be opened or made.
    #[error("cannot open database {path:?}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
    /// The application's pool gives no connection, or a question to its database failed.
    #[error("cannot use the application's database")]
    Pool(#[source] sqlx::Error),
    /// A newer release has been here whose tables are not for this one, and nothing was touched. (Where it only added to
    /// them, it has noted so, and this release works on.)
    #[error("schema of `{part}` is at version {found}, this release knows {known}")]
    NewerSchema {
        /// `application` or `queue`.
        part: &'static str,
        /// What the database says.
        found: i64,
        /// The newest that this release knows.
        known: i64,
    },
    /// It cannot be told whose store it is and where it lies.
    #[error("cannot tell whether the store is a copy")]
    Binding(#[source] StoreError),
    /// The tables could not be brought up to date; they are as they were.
    #[error("cannot bring the tables of `{part}` to version {version}")]
    Migrate {
        /// `application` or `queue`.
        part: &'static str,
        /// The step that failed.
        version: i64,
        /// What SQLite says.
        source: sqlx::Error,
    },
}

/// What an operation inside this crate fails with, before the edge makes a [`StoreError`] of it.
#[derive(Debug)]
pub(crate) enum Failure {
    Sql(sqlx::Error),
    Store(StoreError),
}

impl Failure {
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Self::Sql(error) if is_busy(error))
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sql(error) => StoreError::new(kind(&error), error),
            Failure::Store(error) => error,
        }
    }
}

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    Failure::Sql(error).into()
}

/// Whether another process, or another connection, has the lock.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    kind(error) == StoreErrorKind::Busy
}

/// <https://www.sqlite.org/rescode.html>: the low byte is the primary code.
fn kind(error: &sqlx::Error) -> StoreErrorKind {
    match error {
        sqlx::Error::PoolTimedOut => StoreErrorKind::Busy,
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse::<i32>().ok());
            match code.map(|code| code & 0xff) {
                Some(5 | 6) => StoreErrorKind::Busy,
                Some(13) => StoreErrorKind::Full,
                _ => StoreErrorKind::Broken,
            }
        }
        _ => StoreErrorKind::Broken,
    }
}

/// Runs an operation, and again while another process has the lock: six times in about a second, each after the
/// connection's own busy timeout.
macro_rules! retrying {
    ($operation:expr) => {{
        let mut wait = std::time::Duration::from_millis(10);
        loop {
            match $operation.await {
                Err(failure) if failure.is_busy() && wait < std::time::Duration::from_millis(640) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                other => break other.map_err(federate_store::StoreError::from),
            }
        }
    }};
}
pub(crate) use retrying;
