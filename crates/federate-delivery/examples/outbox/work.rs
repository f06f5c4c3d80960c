//! A worker.

use crate::application::Application;
use crate::arguments::Work;
use crate::lifecycle;
use crate::store::Store;
use federate_delivery::{Engine, SystemClock};
use federate_http::{Guard, GuardedClient, user_agent};
use federate_protocol::delivery::{LaneLimits, Schedule};
use federate_store::Stores;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// How often a worker looks whether all is done.
const LOOK: Duration = Duration::from_millis(200);

/// Who tells a worker to stop. Listened to before the store is opened, so that a stop while it is ends as one, too.
pub(crate) struct Stop {
    terminated: Signal,
    interrupted: Signal,
}

impl Stop {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminated: signal(SignalKind::terminate())?,
            interrupted: signal(SignalKind::interrupt())?,
        })
    }
}

/// Works until it is told to stop, or until nothing waits any more.
pub(crate) async fn work(store: &Store, how: &Work, mut told: Stop) -> Result<(), Box<dyn Error>> {
    let stores = store.stores();
    if let Some(hold) = stores.binding.hold().await? {
        return Err(format!("nothing is delivered: {hold}; allow says that this is the one").into());
    }
    let application = Application::new(&stores).await?;
    let mut builder = Engine::builder(
        stores.clone(),
        Arc::new(client(how)?),
        Arc::clone(&application) as _,
        application,
        Arc::new(SystemClock),
    )
    .poll(Duration::from_secs(1));
    if let Some(name) = &how.worker {
        builder = builder.worker(name);
    }
    if let Some(wait) = how.first_retry {
        let mut limits = LaneLimits::default();
        limits.first_pause = wait;
        builder = builder
            .lane_limits(limits)
            .schedule(Schedule::default().first_retry(wait));
    }
    let engine = Arc::new(builder.build());
    let _listening = store.listen({
        let engine = Arc::clone(&engine);
        move || engine.wake()
    });
    let stop = async {
        tokio::select! {
            _ = told.terminated.recv() => {}
            _ = told.interrupted.recv() => {}
            () = emptied(&stores), if how.until_empty => {}
        }
    };
    let tidying = tokio::spawn(lifecycle::tidy(stores.clone()));
    engine.run_until(stop).await;
    tidying.abort();
    Ok(())
}

async fn emptied(stores: &Stores) {
    loop {
        tokio::time::sleep(LOOK).await;
        let unexpanded = stores.outbox.unexpanded(1).await;
        let counts = stores.queue.counts().await;
        // A store that does not answer is not empty.
        if unexpanded.is_ok_and(|rows| rows.is_empty()) && counts.is_ok_and(|counts| counts.pending == 0) {
            return;
        }
    }
}

fn client(how: &Work) -> Result<GuardedClient, Box<dyn Error>> {
    let mut guard = Guard::new();
    if let Some(path) = &how.extra_root_ca {
        let named = |error: &dyn Error| format!("--extra-root-ca {path}: {error}");
        let pem = std::fs::read(path).map_err(|error| named(&error))?;
        guard = guard.extra_root_ca(&pem).map_err(|error| named(&error))?;
    }
    if how.allow_loopback {
        guard = guard.dangerous().allow_loopback();
    }
    let agent = user_agent(
        "federate-outbox",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_REPOSITORY"),
    );
    Ok(GuardedClient::new(guard, &agent)?)
}
