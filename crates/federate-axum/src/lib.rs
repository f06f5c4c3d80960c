//! A federate instance in axum.
//!
//! [`serve`] runs the web server and the engine together, until Ctrl-C or SIGTERM; [`serve_until`] until a future of
//! yours is done. The layer goes on the outermost router:
//!
//! ```no_run
//! # use federate_server::{Directory, Engine, Federation};
//! # async fn run<App: Directory>(federation: Federation<App>, engine: Engine) -> std::io::Result<()> {
//! let app = axum::Router::new().layer(federate_axum::layer(&federation));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! federate_axum::serve(listener, app, engine).await
//! # }
//! ```
#![deny(missing_docs)]

mod connections;
mod paced;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, OriginalUri};
use federate_server::{Directory, Engine, Federation, PeerAddress};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use federate_server::{FederationLayer, FederationService, Nothing, Pace, read_limited};

/// The layer of an instance, which also works on a nested router: what was signed is the target as it was on the
/// wire, and a nested router strips it.
///
/// axum runs the layer of a nested router where the router answers: give it a `fallback` of its own, or the inboxes, for which it
/// has no route, are the outer router's. [`service`] needs none.
///
/// Who connected is known from [`serve`], and from axum's own where the application is served with
/// `into_make_service_with_connect_info::<SocketAddr>()`.
pub fn layer<App: Directory>(federation: &Federation<App>) -> FederationLayer<App> {
    federation
        .layer()
        .with_target(|extensions| extensions.get::<OriginalUri>().map(|uri| uri.0.clone()))
        .with_peer_address(|extensions| {
            let connected = extensions.get::<ConnectInfo<SocketAddr>>()?;
            Some(PeerAddress(connected.0.ip()))
        })
}

/// The instance as a service of its own, to be nested beside an application (`Router::nest_service`) or to be its
/// fallback (`Router::fallback_service`): 404 for what is not federation's.
pub fn service<App: Directory>(federation: &Federation<App>) -> FederationService<App, Nothing> {
    layer(federation).into_service()
}

/// Serves the application and runs the engine, until Ctrl-C or SIGTERM: then no request is taken any more, what has
/// begun is finished, for at most 10 seconds, and the function returns.
///
/// Upgrades (WebSocket) work. Each request has the [`PeerAddress`] of its connection as an extension.
///
/// | limit | | past it |
/// |---|---|---|
/// | connections that are open at once | 10,000 | wait until another ends |
/// | for the head of a request, and between two of them | 30 s | the connection is closed |
/// | for a peer that reads nothing of what is written to it | 60 s, and 8 KiB/s on the whole: [`Pace`] | the connection is reset, and what it held in memory is free |
/// | what the kernel keeps of what a peer has not taken yet | 256 KiB (`SO_SNDBUF`, which Linux doubles) | no more is written to it until about a third is free: with the 4 MiB to which Linux lets it grow, an honest peer below 23 KiB/s would seem to read nothing. Over 200 ms from here to there, one connection carries some 2 MB/s |
/// | for what is under way when it stops | 10 s | the connection is cut off |
///
/// axum's own `serve` has none of these: there, whoever reads nothing holds what was written to him until he goes. Of the
/// [media files](federate_server::Builder::media_proxy) of others no more than 256 MiB is held in this way (`Limits::media_held`), but
/// sixteen such peers are enough that everybody else is answered 503. Put a proxy in front of it that reads answers whole and sets a
/// deadline, as nginx does.
///
/// # HTTP/2
///
/// It speaks HTTP/1.1 and nothing else: what terminates TLS in front of it speaks HTTP/2 with the world, and HTTP/1.1 with what is
/// behind it unless it is told otherwise. HTTP/2 without TLS would bring nothing there, and take the deadlines away: hyper has none for the
/// preface, for a head that comes frame by frame, or for a connection without a stream; and a peer that opens no window for a stream
/// reads nothing of it while its connection stands, so that nothing is seen of that on the socket. Whoever needs it takes axum's
/// own `serve` with its feature `http2`, with hyper's limits (200 streams at once, 16 KiB of headers, and the connection is closed after
/// 1,024 resets of ours or 20 of its own that wait), which the suite of the adapters runs over; [`layer`] works there too.
///
/// # Errors
///
/// Where the signals cannot be listened for.
pub async fn serve(listener: TcpListener, app: Router, engine: Engine) -> std::io::Result<()> {
    let stop = signals()?;
    serve_until(listener, app, engine, stop).await
}

/// Serves the application and runs the engine, until `stop` is done; see [`serve`].
///
/// # Errors
///
/// None today.
pub async fn serve_until(
    listener: TcpListener,
    app: Router,
    engine: Engine,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let (stopped, watching) = watch::channel(false);
    let stopping_all = async {
        stop.await;
        tracing::info!("stopping");
        stopped.send_replace(true);
    };
    tokio::join!(
        connections::serve(listener, app, watching.clone()),
        engine.run_until(stopping(watching.clone())),
        stopping_all
    );
    Ok(())
}

async fn stopping(mut watching: watch::Receiver<bool>) {
    // An error means that nobody is left to say so.
    let _ = watching.wait_for(|stopped| *stopped).await;
}

/// Done when the process is told to stop: by Ctrl-C, or by SIGTERM where there is one.
///
/// It listens from the call on, not from the first poll: call it before you tell anybody that you are ready, and give
/// it to [`serve_until`].
///
/// # Errors
///
/// Where the process cannot listen for signals.
#[cfg(unix)]
pub fn signals() -> std::io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Done when the process is told to stop, by Ctrl-C.
///
/// # Errors
///
/// Never, here.
#[cfg(not(unix))]
pub fn signals() -> std::io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
