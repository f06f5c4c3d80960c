//! What every request needs: the database, our addresses, the way out.

use crate::{
    db::{Db, Tx},
    federation::Network,
    urls::Urls,
};
use std::sync::Arc;

/// One running instance. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) db: Db,
    pub(crate) urls: Arc<Urls>,
    pub(crate) network: Network,
}

impl Site {
    /// Commits a deed; what it sends leaves at once.
    pub(crate) async fn commit(&self, tx: Tx) -> Result<(), sqlx::Error> {
        tx.commit().await?;
        self.network.wake();
        Ok(())
    }
}
