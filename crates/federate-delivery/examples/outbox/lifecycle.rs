//! A store that moves, is copied, or was.

use crate::store::Store;
use federate_store::transfer::{Export, Import, TransferError, transfer};
use federate_store::{LEASE, Retention, Stores};
use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

/// How often a source is looked at that a worker has in hand.
const LOOK: Duration = Duration::from_millis(500);

/// How often old things are forgotten.
const TIDY: Duration = Duration::from_secs(3_600);

/// Moves everything, and waits for the workers of the source as long as their leases can last.
pub(crate) async fn move_to(source: &Store, target: &str) -> Result<(), Box<dyn Error>> {
    let target = Store::open(target).await?;
    let (from, into): (&dyn Export, &dyn Import) = (source.export(), target.import());
    let patience = now() + 2 * LEASE;
    let moved = loop {
        match transfer(from, into, now()).await {
            Err(TransferError::InUse { .. }) if now() < patience => tokio::time::sleep(LOOK).await,
            done => break done?,
        }
    };
    target.close().await;
    let _ = writeln!(std::io::stdout(), "moved {moved}");
    Ok(())
}

pub(crate) async fn backup(store: &Store, to: &str) -> Result<(), Box<dyn Error>> {
    match store {
        Store::Sqlite(store) => Ok(store.backup(to).await?),
        Store::Postgres(_) => {
            Err("pg_dump makes backups of PostgreSQL; one that is restored waits for allow".into())
        }
    }
}

/// Forgets what is old, every hour.
pub(crate) async fn tidy(stores: Stores) {
    loop {
        // What fails is the next hour's.
        let _ = Retention::default().run(&stores, now(), &|_, _| false).await;
        tokio::time::sleep(TIDY).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
fn now() -> SystemTime {
    SystemTime::now()
}
