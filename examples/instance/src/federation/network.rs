//! The way out.

use super::Letter;
use crate::{
    actions::people::Found,
    db::{Db, accounts::Account},
    error::ApiError,
    site::Site,
};
use sqlx::SqliteConnection;

/// Sends and looks up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Network {}

/// An activity could not be written.
pub(crate) type SendError = std::io::Error;

impl Network {
    /// Writes an activity on its way, in the transaction of what it tells.
    pub(crate) async fn send(
        &self,
        _tx: &mut SqliteConnection,
        _me: &Account,
        _letter: Letter,
    ) -> Result<(), SendError> {
        Ok(())
    }

    pub(crate) async fn lookup(&self, _db: &Db, _handle: &str) -> Result<Option<i64>, ApiError> {
        Ok(None)
    }

    pub(crate) async fn fetch(&self, _site: &Site, _address: &str) -> Result<Option<Found>, ApiError> {
        Ok(None)
    }

    pub(crate) async fn profile_changed(&self, _site: &Site, _me: &Account) -> Result<(), ApiError> {
        Ok(())
    }
}
