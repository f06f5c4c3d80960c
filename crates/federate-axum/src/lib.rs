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

use axum::Router;
use axum::extract::OriginalUri;
use federate_server::{Directory, Engine, Federation};
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use federate_server::{FederationLayer, FederationService, read_limited};

/// The layer of an instance, which also works on a nested router: what was signed is the target as it was on the
/// wire, and a nested router strips it.
pub fn layer<App: Directory>(federation: &Federation<App>) -> FederationLayer<App> {
    federation
        .layer()
        .with_target(|extensions| extensions.get::<OriginalUri>().map(|uri| uri.0.clone()))
}

/// Serves the application and runs the engine, until Ctrl-C or SIGTERM: then no request is taken any more, what has
/// begun is finished, and the function returns.
///
/// # Errors
///
/// Where the signals cannot be listened for, or the server fails.
pub async fn serve(listener: TcpListener, app: Router, engine: Engine) -> std::io::Result<()> {
    let stop = signals()?;
    serve_until(listener, app, engine, stop).await
}

/// Serves the application and runs the engine, until `stop` is done; see [`serve`].
///
/// # Errors
///
/// Where the server fails.
pub async fn serve_until(
    listener: TcpListener,
    app: Router,
    engine: Engine,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<()> {
    let (stopped, watching) = watch::channel(false);
    let serving = axum::serve(listener, app).with_graceful_shutdown(stopping(watching.clone()));
    let serving = async {
        let result = serving.await;
        // Without a server nothing arrives: the engine ends too.
        stopped.send_replace(true);
        result
    };
    let stopping_all = async {
        let mut ended = watching.clone();
        tokio::select! {
            () = stop => tracing::info!("stopping"),
            _ = ended.wait_for(|stopped| *stopped) => {}
        }
        stopped.send_replace(true);
    };
    let (result, (), ()) = tokio::join!(
        serving,
        engine.run_until(stopping(watching.clone())),
        stopping_all
    );
    result
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
