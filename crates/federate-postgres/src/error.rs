//! What goes wrong, in the kinds of the seams.

use federate_store::{StoreError, StoreErrorKind};

/// Why a store was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The text is no URL of a database.
    #[error("cannot read the database's url")]
    Url(#[source] sqlx::Error),
    /// The server gives no connection, or none that is durable.
    #[error("cannot connect to the database")]
    Connect(#[source] sqlx::Error),
    /// The application's pool gives no connection, or a question to its database failed.
    #[error("cannot use the application's database")]
    Pool(#[source] sqlx::Error),
    /// A newer release has been here whose tables are not for this one, and nothing was touched. (Where it only added to
    /// them, it has noted so, and this release works on.)
    #[error("schema is at version {found}, this release knows {known}")]
    NewerSchema {
        /// What the database says.
        found: i32,
        /// The newest that this release knows.
        known: i32,
    },
    /// It cannot be told whose store it is and where it lies.
    #[error("cannot tell whether the store is a copy")]
    Binding(#[source] StoreError),
    /// The tables could not be brought up to date; they are as they were.
    #[error("cannot bring the tables to version {version}")]
    Migrate {
        /// The step that failed; 0 before the first.
        version: i32,
        /// What PostgreSQL says.
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
    /// Whether it is worth trying again at once. Whoever waited for a connection has waited enough.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Sql(sqlx::Error::PoolTimedOut) => false,
            Self::Sql(error) => kind(error) == StoreErrorKind::Busy,
            Self::Store(error) => error.kind() == StoreErrorKind::Busy,
        }
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

/// A server that is away is a server that comes back.
fn kind(error: &sqlx::Error) -> StoreErrorKind {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => StoreErrorKind::Busy,
        sqlx::Error::Database(error) => error.code().map_or(StoreErrorKind::Broken, |code| of_code(&code)),
        _ => StoreErrorKind::Broken,
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
fn of_code(code: &str) -> StoreErrorKind {
    match code {
        // disk_full; configuration_limit_exceeded (a quota of temporary files)
        "53100" | "53400" => StoreErrorKind::Full,
        // lock_not_available, object_in_use, query_canceled (a timeout), idle_in_transaction_session_timeout; and
        // read_only_sql_transaction: connected to a standby in the middle of a failover.
        "55P03" | "55006" | "57014" | "25P03" | "25006" => StoreErrorKind::Busy,
        // Connections; rollbacks for serialization or a deadlock; memory and connection slots; shutdowns and starts.
        _ if code.starts_with("08")
            || code.starts_with("40")
            || code.starts_with("53")
            || code.starts_with("57P") =>
        {
            StoreErrorKind::Busy
        }
        _ => StoreErrorKind::Broken,
    }
}

/// Runs an operation, and again while the failure is one that passes: seven times in about a second.
macro_rules! retrying {
    ($operation:expr) => {{
        let mut wait = std::time::Duration::from_millis(10);
        loop {
            match $operation.await {
                Err(failure) if failure.is_passing() && wait < std::time::Duration::from_millis(1_280) => {
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                other => break other.map_err(federate_store::StoreError::from),
            }
        }
    }};
}
pub(crate) use retrying;

#[cfg(test)]
mod tests {
    use super::{StoreErrorKind, of_code};

    #[test]
    fn codes_are_told_apart() {
        for (code, kind) in [
            ("53100", StoreErrorKind::Full),
            ("53400", StoreErrorKind::Full),
            ("53300", StoreErrorKind::Busy),
            ("40001", StoreErrorKind::Busy),
            ("40P01", StoreErrorKind::Busy),
            ("55P03", StoreErrorKind::Busy),
            ("57P01", StoreErrorKind::Busy),
            ("57P03", StoreErrorKind::Busy),
            ("08006", StoreErrorKind::Busy),
            ("25006", StoreErrorKind::Busy),
            ("42P01", StoreErrorKind::Broken),
            ("23505", StoreErrorKind::Broken),
            ("54000", StoreErrorKind::Broken),
            ("XX001", StoreErrorKind::Broken),
        ] {
            assert_eq!(of_code(code), kind, "{code}");
        }
    }
}
