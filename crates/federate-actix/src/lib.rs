//! A federate instance in actix-web.
//!
//! [`middleware`] goes around the application, or around a scope of it, as the last `wrap`: the outermost one sees the
//! request as it was on the wire, before another one has changed its path. [`run`] runs the web server and the engine
//! together:
//!
//! ```no_run
//! # use federate_server::{Directory, Engine, Federation};
//! use actix_web::{App, HttpServer, web};
//!
//! # async fn run<D: Directory>(federation: Federation<D>, engine: Engine) -> std::io::Result<()> {
//! let server = HttpServer::new(move || {
//!     App::new()
//!         .route("/", web::get().to(async || "hello"))
//!         .wrap(federate_actix::middleware(&federation))
//! })
//! .bind("127.0.0.1:8080")?
//! .run();
//! federate_actix::run(server, engine).await
//! # }
//! ```
//!
//! # Slow clients
//!
//! Of the settings of actix's `HttpServer` these matter, and their defaults are good: `client_request_timeout` (5 seconds for the head of
//! a request), `keep_alive` (5 seconds), `client_disconnect_timeout` (1 second), `max_connections` (25,000 for each worker).
//! Setting one of the times to zero turns it off: do not. `shutdown_timeout` (30 seconds) is how long a stop waits for
//! requests under way. A body that is posted to an inbox has the cap and the deadline of the instance (1 MiB, half a minute;
//! [`Builder::inbox_deadline`](federate_server::Builder::inbox_deadline)).
//!
//! actix sets no deadline on writing. An answer of federation's that is longer than 32 KiB is dropped where its peer stands still, or
//! reads too slowly: [`Pace`] has the figures. So a [media file](federate_server::Builder::media_proxy) is not held by who does not read
//! it, by HTTP/1.1 and by HTTP/2. The connection itself, with the 64 KiB at most that actix has copied of it, remains until the peer reads on or
//! goes, and what the application answers is the application's: bound it by a proxy in front that has a deadline (nginx's
//! `send_timeout`).
//!
//! # Who connected
//!
//! The address of a request's connection counts for [`RateLimits::address`](federate_server::RateLimits::address); behind proxies of
//! ours that is the last of them, and [`RateLimits::trusted_proxies`](federate_server::RateLimits::trusted_proxies) says how many there are.
//! What actix's `ConnectionInfo` reads of headers is not asked.
#![deny(missing_docs)]

mod answer;
mod body;
mod convert;
mod middleware;

use actix_web::dev::Server;
use federate_server::{Directory, Engine, Federation};
use futures_util::future::join;
use tokio::sync::oneshot;

pub use answer::{AnswerBody, Unwritten};
pub use federate_server::{Pace, read_limited};
pub use middleware::{FederationMiddleware, FederationService};

/// What answers federation's requests and lets all others through. Make it in the closure of `HttpServer::new`: each worker has
/// one of its own, all of them of one instance.
pub fn middleware<D: Directory>(federation: &Federation<D>) -> FederationMiddleware<D> {
    FederationMiddleware::new(federation.clone())
}

/// Runs the server and the engine, until the server stops: by Ctrl-C or SIGTERM, which actix listens for, or by its handle. The
/// engine then finishes what is under way.
///
/// # Errors
///
/// The server's.
pub async fn run(server: Server, engine: Engine) -> std::io::Result<()> {
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = async {
        let ended = server.await;
        drop(stop);
        ended
    };
    let working = engine.run_until(async {
        // Nothing is ever sent: it ends with the server.
        let _ = stopped.await;
    });
    join(serving, working).await.0
}
