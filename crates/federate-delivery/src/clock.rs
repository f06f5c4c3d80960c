//! Time, as a seam.

use std::{
    fmt::Debug,
    time::{Duration, SystemTime},
};

/// What time it is. A test's clock moves when the test says so.
#[async_trait::async_trait]
pub trait Clock: Debug + Send + Sync {
    /// The time of day. It may jump either way; nothing may rely on it to grow.
    fn now(&self) -> SystemTime;

    /// Returns once [`now`](Clock::now) is `at` or later. Cancel-safe.
    async fn sleep_until(&self, at: SystemTime);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

/// A sleeping machine and a corrected clock are noticed within this time.
const NAP: Duration = Duration::from_secs(30);

#[async_trait::async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the edge that reads the clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep_until(&self, at: SystemTime) {
        while let Ok(rest) = at.duration_since(self.now()) {
            if rest.is_zero() {
                return;
            }
            tokio::time::sleep(rest.min(NAP)).await;
        }
    }
}
