//! Hearing that there is something to do.

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, task::JoinHandle, time::sleep};

/// The least time between two calls.
const PAUSE: Duration = Duration::from_millis(20);

/// How long to wait before a lost connection is made anew, at first and at most.
const RECONNECT: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// From [`Postgres::listen`](crate::Postgres::listen): it listens until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it ends the listening"]
pub struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

pub(crate) fn spawn(options: PgConnectOptions, wake: impl Fn() + Send + Sync + 'static) -> Listening {
    Listening(tokio::spawn(run(options, wake)))
}

async fn run(options: PgConnectOptions, wake: impl Fn() + Send + Sync) {
    let heard = Arc::new(Notify::new());
    let hearing = async {
        let (mut wait, longest) = RECONNECT;
        loop {
            match subscribe(&options).await {
                Ok(listener) => {
                    wait = RECONNECT.0;
                    let error = hear(listener, &heard).await;
                    tracing::info!(%error, "the connection that listens was lost");
                }
                Err(error) => {
                    tracing::warn!(%error, again_in = ?wait, "cannot listen for what others do");
                }
            }
            sleep(wait).await;
            wait = (wait * 2).min(longest);
        }
    };
    // Beside it, so that what comes in bursts is answered once.
    let answering = async {
        loop {
            heard.notified().await;
            wake();
            sleep(PAUSE).await;
        }
    };
    tokio::join!(hearing, answering);
}

async fn subscribe(options: &PgConnectOptions) -> Result<PgListener, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(options.clone())
        .await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    // A lost connection is ours to make anew: what was missed meanwhile must be answered afterwards, not before.
    listener.eager_reconnect(false);
    listener.listen("federate").await?;
    Ok(listener)
}

/// Until the connection is lost.
async fn hear(mut listener: PgListener, heard: &Notify) -> sqlx::Error {
    // Something may have happened before it stood.
    heard.notify_one();
    loop {
        match listener.try_recv().await {
            Ok(Some(_)) => heard.notify_one(),
            Ok(None) => return sqlx::Error::Io(std::io::ErrorKind::ConnectionAborted.into()),
            Err(error) => return error,
        }
    }
}
