//! One running instance.

use crate::{
    api,
    cli::Stop,
    db::{self, Db},
    federation::{self, Network},
    pages,
    site::Site,
    urls::Urls,
};
use axum::Router;
use federate::Engine;
use std::{
    io::{IsTerminal, Write},
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
};
use tokio::net::TcpListener;
use tower::util::MapRequest;
use tracing_subscriber::EnvFilter;

/// How an instance runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) base_url: String,
    pub(crate) data: PathBuf,
    pub(crate) federation: federation::Options,
}

/// The log goes to stderr; `RUST_LOG` says how much, else `usual`.
pub(crate) fn logging(usual: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

/// Runs until Ctrl-C or SIGTERM, then finishes what has begun.
pub(crate) async fn serve(listen: SocketAddr, settings: &Settings) -> Result<(), Stop> {
    // A port in use is said before anything is written.
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|e| Stop::usage(format!("cannot listen on {listen}: {e}")))?;
    let address = listener
        .local_addr()
        .map_err(|e| Stop::failed(format!("the listener has no address: {e}")))?;
    if settings.federation.allow_loopback {
        tracing::warn!(
            "DANGER: --dangerous-allow-loopback is on: peers can make this instance talk to this machine"
        );
    }
    let instance = assemble(settings).await?;
    // Before anybody is told that we listen: who then says stop is heard.
    let stop =
        federate::axum::signals().map_err(|e| Stop::failed(format!("cannot listen for signals: {e}")))?;
    writeln!(std::io::stdout(), "listening on http://{address}")
        .and_then(|()| std::io::stdout().flush())
        .map_err(|e| Stop::failed(format!("cannot write to stdout: {e}")))?;
    instance.run_until(listener, stop).await.map_err(Stop::failed)
}

/// An instance that is ready to run.
pub(crate) struct Instance {
    app: Router,
    engine: Engine,
    db: Db,
}

impl Instance {
    /// Runs behind this listener until `stop` is done, then finishes what has begun.
    pub(crate) async fn run_until(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), String> {
        let ended = federate::axum::serve_until(listener, self.app, self.engine, stop).await;
        self.db.close().await;
        ended.map_err(|e| format!("the server failed: {e}"))
    }
}

/// Opens the database and puts API, pages and federation together.
pub(crate) async fn assemble(settings: &Settings) -> Result<Instance, Stop> {
    let urls = Arc::new(Urls::parse(&settings.base_url).map_err(Stop::usage)?);
    let db = db::open(&settings.data).await.map_err(Stop::usage)?;
    let media = settings.data.join("media");
    let (federation, engine) = federation::build(db.clone(), Arc::clone(&urls), media, &settings.federation)
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
        .with_state(site);
    let app = Router::new()
        .fallback_service(MapRequest::new(app, api::untrailed))
        .layer(federation.layer());
    Ok(Instance { app, engine, db })
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
