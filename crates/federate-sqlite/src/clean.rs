//! Connections on which a transaction can be begun.
//!
//! Where a transaction cannot go on (the disk is full, a read or a write failed) SQLite rolls it back by itself. sqlx does not
//! notice: it rolls back what is not there, which fails, and believes the connection to be in that transaction for ever.
//! `BEGIN` is refused on it from then on. Such a connection is closed, and the pool makes another.

use sqlx::{
    Connection, Sqlite, SqliteConnection, SqlitePool,
    pool::{PoolConnection, PoolConnectionMetadata},
};
use std::{future::Future, pin::Pin};

/// For `after_release` of a pool of ours: whether the connection goes back into it.
pub(crate) fn keeps<'c>(
    connection: &'c mut SqliteConnection,
    _: PoolConnectionMetadata,
) -> Pin<Box<dyn Future<Output = Result<bool, sqlx::Error>> + Send + 'c>> {
    Box::pin(async move {
        if !connection.is_in_transaction() {
            return Ok(true);
        }
        // A rollback that began when the transaction was dropped ends before this does.
        connection.ping().await?;
        Ok(!connection.is_in_transaction())
    })
}

/// A connection of a pool that is not ours, and that may hold some that are of no use any more.
pub(crate) async fn acquire(pool: &SqlitePool) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
    loop {
        let connection = pool.acquire().await?;
        if !connection.is_in_transaction() {
            return Ok(connection);
        }
        connection.close().await?;
    }
}
