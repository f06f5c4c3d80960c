//! The application as the library knows it, and how it is put together.

use super::handlers;
use crate::{db::Db, urls::Urls};
use federate::{BuildError, Builder, Engine, Federation, Sqlite};
use std::{sync::Arc, time::Duration};

/// What the library asks for our data.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) urls: Arc<Urls>,
}

/// The kind of object that a post is; its key is `name/number`.
pub(super) const STATUS: &str = "status";

/// Builds the federation of this instance on its own database.
pub(crate) async fn build(
    db: Db,
    urls: Arc<Urls>,
    extra_root_ca: Option<&[u8]>,
    allow_loopback: bool,
) -> Result<(Federation<App>, Engine), Box<dyn std::error::Error + Send + Sync>> {
    let store = Sqlite::in_database(db.clone()).await?;
    let base = urls.base().to_owned();
    let mut builder = Federation::builder(&base, store, App { db, urls })
        .software("federate-instance", env!("CARGO_PKG_VERSION"))
        // One process for one data directory: what a crash interrupted is its own to take up again. And a neighbour that
        // restarts should hear of a post within seconds.
        .worker("instance")
        .first_retry(Duration::from_secs(2))
        .paths(|paths| {
            paths
                .actor("/users/{name}")
                .profile("/@{name}")
                .object(STATUS, "/users/{name}/statuses/{number}")
        });
    if let Some(pem) = extra_root_ca {
        builder = builder.extra_root_ca(pem);
    }
    if allow_loopback {
        builder = builder.dangerous().allow_loopback();
    }
    Ok(finish(builder).await?)
}

async fn finish(builder: Builder<App>) -> Result<(Federation<App>, Engine), BuildError> {
    handlers::install(builder).build().await
}
