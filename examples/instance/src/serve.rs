//! One running instance.

use crate::{
    api,
    cli::Stop,
    db,
    federation::{self, Network},
    pages,
    site::Site,
    urls::Urls,
};
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

/// Runs until Ctrl-C or SIGTERM, then finishes what has begun.
pub(crate) async fn serve(listen: SocketAddr, settings: &Settings) -> Result<(), Stop> {
    let urls = Arc::new(Urls::parse(&settings.base_url).map_err(Stop::usage)?);
    let db = db::open(&settings.data).await.map_err(Stop::usage)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| Stop::usage(format!("cannot listen on {listen}: {e}")))?;
    let address = listener
        .local_addr()
        .map_err(|e| Stop::failed(format!("the listener has no address: {e}")))?;
    if settings.allow_loopback {
        tracing::warn!(
            "DANGER: --dangerous-allow-loopback is on: peers can make this instance talk to this machine"
        );
    }
    let ca = settings.extra_root_ca.as_deref();
    let (federation, engine) = federation::build(db.clone(), Arc::clone(&urls), ca, settings.allow_loopback)
        .await
        .map_err(|e| Stop::usage(format!("cannot start: {}", chain(&*e))))?;
    let site = Site {
        db: db.clone(),
        urls,
        network: Network::new(federation.clone()),
    };
    let app = Router::new()
        .merge(api::routes())
        .merge(pages::routes())
        .with_state(site)
        .layer(federation.layer());
    writeln!(std::io::stdout(), "listening on http://{address}")
        .and_then(|()| std::io::stdout().flush())
        .map_err(|e| Stop::failed(format!("cannot write to stdout: {e}")))?;
    federate::axum::serve(listener, app, engine)
        .await
        .map_err(|e| Stop::failed(format!("the server failed: {e}")))?;
    db.close().await;
    Ok(())
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
