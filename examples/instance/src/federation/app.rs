//! The application as the library knows it, and how it is put together.

use super::handlers;
use crate::{db::Db, urls::Urls};
use federate::{
    BuildError, Builder, Engine, Federation, Sqlite,
    server::{MediaFolder, RateLimits},
};
use std::{path::PathBuf, sync::Arc, time::Duration};

/// What the library asks for our data.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) urls: Arc<Urls>,
}

/// The kind of object that a post is; its key is `name/number`.
pub(super) const STATUS: &str = "status";

/// What whoever runs the instance decides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) extra_root_ca: Option<Vec<u8>>,
    pub(crate) allow_loopback: bool,
    pub(crate) authorized_fetch: bool,
}

/// The pictures of others that are kept, in bytes.
const MEDIA: u64 = 1 << 30;

/// Builds the federation of this instance on its own database; it keeps others' pictures in this folder.
pub(crate) async fn build(
    db: Db,
    urls: Arc<Urls>,
    media: PathBuf,
    options: &Options,
) -> Result<(Federation<App>, Engine), Box<dyn std::error::Error + Send + Sync>> {
    let store = Sqlite::in_database(db.clone()).await?;
    let base = urls.base().to_owned();
    let media = MediaFolder::open(media, MEDIA).await?;
    let mut builder = Federation::builder(&base, store, App { db, urls })
        .software("federate-instance", env!("CARGO_PKG_VERSION"))
        // One process for one data directory: what a crash interrupted is its own to take up again. And a neighbour that
        // restarts should hear of a post within seconds.
        .worker("instance")
        .first_retry(Duration::from_secs(2))
        .proofs()
        .synchronize_followers()
        .media_cache(Arc::new(media))
        .paths(|paths| {
            paths
                .actor("/users/{name}")
                .profile("/@{name}")
                .object(STATUS, "/users/{name}/statuses/{number}")
        });
    if let Some(pem) = &options.extra_root_ca {
        builder = builder.extra_root_ca(pem);
    }
    if options.authorized_fetch {
        builder = builder.authorized_fetch();
    }
    builder = if options.allow_loopback {
        builder.dangerous().allow_loopback()
    } else {
        // On loopback all neighbours are one host.
        builder.rate_limits(RateLimits::default())
    };
    Ok(finish(builder).await?)
}

async fn finish(builder: Builder<App>) -> Result<(Federation<App>, Engine), BuildError> {
    handlers::install(builder).build().await
}
