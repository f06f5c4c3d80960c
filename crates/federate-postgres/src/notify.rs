//! Telling others that there is something to do.

use sqlx::PgPool;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The least time between two notifications of one process.
const PAUSE: Duration = Duration::from_millis(25);

/// Notifies after the fact, once for whatever happened within [`PAUSE`].
///
/// A transaction that notifies holds a lock of the whole server while it commits: in the transactions of the queue it
/// would put all processes in one line, and once for each delivery.
#[derive(Debug, Clone)]
pub(crate) struct Notifier(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    wanted: AtomicBool,
    running: AtomicBool,
}

impl Notifier {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self(Arc::new(Inner {
            pool,
            wanted: AtomicBool::new(false),
            running: AtomicBool::new(false),
        }))
    }

    /// Says that something was committed. Must be called inside a tokio runtime; never waits.
    pub(crate) fn tell(&self) {
        self.0.wanted.store(true, Ordering::SeqCst);
        if !self.0.running.swap(true, Ordering::SeqCst) {
            tokio::spawn(Arc::clone(&self.0).run());
        }
    }
}

impl Inner {
    async fn run(self: Arc<Self>) {
        loop {
            while self.wanted.swap(false, Ordering::SeqCst) {
                // Nothing that must last: this commit need not wait for the disk.
                let told = sqlx::query(
                    "SELECT set_config('synchronous_commit', 'off', true), pg_notify('federate', '')",
                )
                .execute(&self.pool)
                .await;
                if let Err(error) = told {
                    tracing::debug!(%error, "others were not told: they find it when they look");
                }
                tokio::time::sleep(PAUSE).await;
            }
            self.running.store(false, Ordering::SeqCst);
            // Somebody may have asked in between, and seen this task running.
            if !self.wanted.load(Ordering::SeqCst) || self.running.swap(true, Ordering::SeqCst) {
                return;
            }
        }
    }
}
