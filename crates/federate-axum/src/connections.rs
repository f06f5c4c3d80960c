//! Connections of others to us: how many at once, and how long one may take to say what it wants.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

/// How long the head of a request may take, from the moment from which it could have come. An idle connection ends
/// after this time too.
const HEAD: Duration = Duration::from_secs(30);
/// How many connections are open at once. Further ones wait in the listener's queue.
const MOST: usize = 10_000;
/// How long a request that is under way may take after the stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long to wait where the process has no file descriptor left: one connection more or less will end in the meantime.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// Takes connections until `stopped` says so, then lets what is under way end.
pub(crate) async fn serve(listener: TcpListener, app: Router, stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MOST));
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    let stopping = stopped.clone();
    tokio::select! {
        () = crate::stopping(stopped) => {}
        () = async {
            loop {
                // The semaphore is never closed.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let stream = accept(&listener).await;
                let (app, stopping, open) = (app.clone(), stopping.clone(), open.clone());
                tokio::spawn(async move {
                    one(stream, app, stopping).await;
                    drop((place, open));
                });
            }
        } => {}
    }
    drop((listener, open));
    if tokio::time::timeout(DRAIN, all_closed.recv()).await.is_err() {
        tracing::warn!(after = ?DRAIN, "connections are cut off");
    }
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The other side gave up before we took it.
            Err(e) if is_of_the_connection(&e) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken");
                tokio::time::sleep(EXHAUSTED).await;
            }
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

async fn one(stream: TcpStream, app: Router, stopping: watch::Receiver<bool>) {
    // What is written is whole answers: waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = crate::stopping(stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // What a peer does with its connection is no fault of ours.
        tracing::debug!(%error, "a connection ended early");
    }
}
