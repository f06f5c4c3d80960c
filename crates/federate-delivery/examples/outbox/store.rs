//! The store that was named.

use federate_postgres::{Listening, Postgres};
use federate_sqlite::Sqlite;
use federate_store::transfer::{Export, Import};
use federate_store::{Backend, Stores};
use std::error::Error;
use std::path::Path;

/// Either of the two.
#[derive(Debug)]
pub(crate) enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// One that is there: a name with a mistake in it is no empty store.
    pub(crate) async fn existing(name: &str) -> Result<Self, Box<dyn Error>> {
        match name.strip_prefix("sqlite:") {
            Some(file) if !Path::new(file).exists() => Err(format!("{file}: there is no such store").into()),
            _ => Self::open(name).await,
        }
    }

    /// Made, where it is not there.
    pub(crate) async fn open(name: &str) -> Result<Self, Box<dyn Error>> {
        Ok(match name.strip_prefix("sqlite:") {
            Some(file) => Self::Sqlite(Sqlite::open(file).await?),
            None => Self::Postgres(Postgres::open(name).await?),
        })
    }

    pub(crate) fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => store.stores(),
            Self::Postgres(store) => store.stores(),
        }
    }

    pub(crate) fn export(&self) -> &dyn Export {
        match self {
            Self::Sqlite(store) => store,
            Self::Postgres(store) => store,
        }
    }

    pub(crate) fn import(&self) -> &dyn Import {
        match self {
            Self::Sqlite(store) => store,
            Self::Postgres(store) => store,
        }
    }

    /// Calls `wake` when another process has written something. SQLite says nothing: the worker looks by itself.
    pub(crate) fn listen(&self, wake: impl Fn() + Send + Sync + 'static) -> Option<Listening> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => Some(store.listen(wake)),
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
