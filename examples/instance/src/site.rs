//! What every request needs: the database, our addresses, the way out.

use crate::{db::Db, federation::Network, urls::Urls};
use std::sync::Arc;

/// One running instance. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) db: Db,
    pub(crate) urls: Arc<Urls>,
    pub(crate) network: Network,
}
