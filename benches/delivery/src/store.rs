//! The stores that are measured, by name.

use federate_postgres::{Listening, Postgres};
use federate_sqlite::Sqlite;
use federate_store::{Backend as _, Stores};

/// Either of the two.
#[derive(Debug)]
pub enum Store {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

impl Store {
    /// `postgres://..`, or else the file of a SQLite database.
    pub async fn open(name: &str) -> Self {
        if name.starts_with("postgres") {
            Self::Postgres(Postgres::open(name).await.unwrap())
        } else {
            Self::Sqlite(Sqlite::open(name).await.unwrap())
        }
    }

    pub fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => store.stores(),
            Self::Postgres(store) => store.stores(),
        }
    }

    /// Calls `wake` when another process has written something. SQLite says nothing.
    pub fn listen(&self, wake: impl Fn() + Send + Sync + 'static) -> Option<Listening> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(store) => Some(store.listen(wake)),
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}
