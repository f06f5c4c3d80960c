//! One running instance.

use crate::{api, cli::Stop, db, federation::Network, pages, site::Site, urls::Urls};
use axum::Router;
use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// How an instance runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) data: PathBuf,
    pub(crate) extra_root_ca: Option<Vec<u8>>,
    pub(crate) allow_loopback: bool,
}

/// The log goes to stderr; `RUST_LOG` says how much.
pub(crate) fn logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// Runs until Ctrl-C or SIGTERM.
pub(crate) async fn serve(listen: SocketAddr, settings: &Settings) -> Result<(), Stop> {
    let urls = Urls::parse(&settings.base_url).map_err(Stop::usage)?;
    let db = db::open(&settings.data).await.map_err(Stop::usage)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| Stop::usage(format!("cannot listen on {listen}: {e}")))?;
    let address = listener
        .local_addr()
        .map_err(|e| Stop::failed(format!("the listener has no address: {e}")))?;
    let site = Site {
        db: db.clone(),
        urls: Arc::new(urls),
        network: Network::default(),
    };
    writeln!(std::io::stdout(), "listening on http://{address}")
        .and_then(|()| std::io::stdout().flush())
        .map_err(|e| Stop::failed(format!("cannot write to stdout: {e}")))?;
    axum::serve(listener, router(site))
        .with_graceful_shutdown(stop())
        .await
        .map_err(|e| Stop::failed(format!("the server failed: {e}")))?;
    db.close().await;
    Ok(())
}

fn router(site: Site) -> Router {
    Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .with_state(site)
}

/// Ctrl-C or SIGTERM.
async fn stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
    tracing::info!("stopping: requests and deliveries in progress are finished");
}
