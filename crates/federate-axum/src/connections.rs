//! Connections of others to us: how many at once, and how long one may take to say what it wants, and to read the answer.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use federate_server::PeerAddress;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::paced::Paced;

/// How long the head of a request may take, from the moment from which it could have come. An idle connection ends
/// after this time too.
const HEAD: Duration = Duration::from_secs(30);
/// How many connections are open at once. Further ones wait in the listener's queue.
const MOST: usize = 10_000;
/// What the kernel is asked to keep of what a peer has not taken yet, in bytes; Linux doubles it. That a peer goes on reading is seen
/// when a third of it is free: of the 4 MiB to which it would grow, a slow but honest one takes minutes for that.
const UNSENT: usize = 256 << 10;
/// How long a request that is under way may take after the stop. Then its connection is dropped: nothing of the
/// application runs any more when [`serve`] returns. A stranger who never ends his head delays every stop by as much, so it
/// is shorter than what a supervisor waits before it kills.
const DRAIN: Duration = Duration::from_secs(10);
/// How long to wait where the process has no file descriptor left: one connection more or less will end in the meantime.
const EXHAUSTED: Duration = Duration::from_secs(1);

/// Takes connections until `stopped` says so, then lets what is under way end.
pub(crate) async fn serve(listener: TcpListener, app: Router, stopped: watch::Receiver<bool>) {
    at_most(MOST, listener, app, stopped).await;
}

async fn at_most(most: usize, listener: TcpListener, app: Router, stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(most));
    let (open, mut all_closed) = mpsc::channel::<()>(1);
    let stopping = stopped.clone();
    tokio::select! {
        () = crate::stopping(stopped) => {}
        () = async {
            loop {
                // The semaphore is never closed.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                let (stream, address) = accept(&listener).await;
                let (app, stopping, open) = (app.clone(), stopping.clone(), open.clone());
                tokio::spawn(async move {
                    one(stream, address, app, stopping).await;
                    drop((place, open));
                });
            }
        } => {}
    }
    drop((listener, open));
    // Nobody sends: it ends when the last connection has let go of its end.
    let _ = all_closed.recv().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, PeerAddress) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => return (stream, PeerAddress(from.ip())),
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

async fn one(stream: TcpStream, address: PeerAddress, app: Router, stopping: watch::Receiver<bool>) {
    // What is written is whole answers: waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    // Where a system refuses, a slow reader has less time, and all else goes on.
    let _ = SockRef::from(&stream).set_send_buffer_size(UNSENT);
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(address);
        app.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(Paced::new(stream)), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = crate::stopping(stopping) => {
            connection.as_mut().graceful_shutdown();
            let Ok(ended) = tokio::time::timeout(DRAIN, connection).await else {
                tracing::warn!(after = ?DRAIN, "a connection is cut off");
                return;
            };
            ended
        }
    };
    if let Err(error) = ended {
        // What a peer does with its connection is no fault of ours.
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    use super::*;

    async fn ask(host: &str) -> TcpStream {
        let mut socket = TcpStream::connect(host).await.unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        socket
    }

    /// At the limit all are answered; one past it waits until another ends. The clock is virtual.
    #[tokio::test(start_paused = true)]
    async fn r22_so_many_connections_and_no_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = watch::channel(false);
        let app = Router::new().route("/", get(async || "here"));
        let serving = at_most(2, listener, app, stopped);
        let asking = async {
            let mut answer = [0; 12];
            let (mut one, mut two) = (ask(&host).await, ask(&host).await);
            one.read_exact(&mut answer).await.unwrap();
            two.read_exact(&mut answer).await.unwrap();
            let mut three = ask(&host).await;
            let waiting = timeout(Duration::from_secs(5), three.read_exact(&mut answer)).await;
            assert!(waiting.is_err(), "{waiting:?}");
            drop(one);
            three.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200");
            stop.send_replace(true);
        };
        tokio::join!(serving, asking);
    }
}
