//! The suite that every adapter to a web framework passes: over real sockets, against whatever serves the instance.
//!
//! An adapter's test says how it serves a [`Site`]; [`all`] asks of it what peers, browsers and attackers would, byte by byte where
//! it has to be, and panics where an answer is wrong. [`nested`] is for an instance below a path of a larger application; [`http2`]
//! and [`http2_nested`] ask the same by HTTP/2, [`counts_addresses`] is for an adapter that says who connected, and [`counts_what_is_held`]
//! and [`http2_counts_what_is_held`] are about those who do not read.
//!
//! Behind the instance stands an application that answers whatever comes with 200, `text/html` and the line
//! `{method} {target} {bytes}`: the path and query as they were on the wire, and how many bytes the body had. An adapter that has no application
//! behind it says so with [`Behind::Nothing`].
//!
//! ```
//! use federate_testkit::adapter::{Behind, Site, all};
//! use tokio::net::TcpListener;
//!
//! # async fn example() {
//! // `app` is the application that echoes.
//! # let app = axum::Router::new();
//! all(Behind::Application, async |site: Site| {
//!     let listener = TcpListener::from_std(site.listener).unwrap();
//!     let app = app.clone().layer(site.federation.layer());
//!     // Served until the suite drops it.
//!     tokio::task::JoinSet::from_iter([async move { axum::serve(listener, app).await }])
//! })
//! .await;
//! # }
//! ```

mod addresses;
mod bodies;
mod discovery;
mod inbox;
mod multiplexed;
mod pages;
mod slow;
mod socket;
mod stage;
mod streams;
#[cfg(test)]
mod tests;

use federate_server::store::Memory;
use federate_server::{Actors, Federation};

use stage::Stage;

/// What an adapter is to serve.
#[derive(Debug)]
pub struct Site {
    /// The socket to accept from. It does not block.
    pub listener: std::net::TcpListener,
    /// The instance.
    pub federation: Federation<Actors<Memory>>,
    /// The path below which the instance is mounted: empty, or `/fed`.
    pub prefix: &'static str,
}

/// What answers where federation does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// The application that echoes.
    Application,
    /// Nothing: 404.
    Nothing,
}

/// Everything by HTTP/1.1, for an instance that has the whole site. `serve` serves a site until what it returned is dropped.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn all<G>(behind: Behind, serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::new("", behind, &serve).await;
    discovery::all(&stage).await;
    pages::all(&stage).await;
    inbox::all(&stage).await;
    bodies::all(&stage).await;
    bodies::slow(&impatient("", behind, &serve).await).await;
}

/// The same below `/fed` of an application that has the rest of the site. Discovery is at the root of a site, and not asked.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn nested<G>(behind: Behind, serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::new("/fed", behind, &serve).await;
    pages::all(&stage).await;
    inbox::all(&stage).await;
    bodies::all(&stage).await;
    bodies::slow(&impatient("/fed", behind, &serve).await).await;
}

/// What [`all`] asks, by HTTP/2 with prior knowledge, where the host is in the target alone; and what only HTTP/2 has. For an adapter
/// whose framework speaks it.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn http2<G>(behind: Behind, serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::new("", behind, &serve).await.over_http2();
    discovery::all(&stage).await;
    pages::all(&stage).await;
    inbox::all(&stage).await;
    multiplexed::all(&stage).await;
    multiplexed::slow(&impatient("", behind, &serve).await).await;
}

/// The same below `/fed`.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn http2_nested<G>(behind: Behind, serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::new("/fed", behind, &serve).await.over_http2();
    pages::all(&stage).await;
    inbox::all(&stage).await;
    multiplexed::all(&stage).await;
    multiplexed::slow(&impatient("/fed", behind, &serve).await).await;
}

/// For an adapter that says who connected: whoever sends too much from one address is told to wait, whatever his headers say of
/// others behind him.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn counts_addresses<G>(serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::with("", Behind::Nothing, &serve, addresses::counted).await;
    addresses::all(&stage).await;
}

/// What somebody has asked for and does not read is in memory, and is counted as long as it is: so that the bound on it holds
/// (`Limits::media_held`). A framework that copies what it is given would hold more than that. By HTTP/1.1.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn counts_what_is_held<G>(serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::with("", Behind::Nothing, &serve, slow::passing_on).await;
    slow::all(&stage).await;
}

/// The same by HTTP/2.
///
/// # Panics
///
/// Where an answer is wrong, or none comes within ten seconds.
pub async fn http2_counts_what_is_held<G>(serve: impl AsyncFn(Site) -> G) {
    let stage = Stage::with("", Behind::Nothing, &serve, slow::passing_on).await;
    slow::streams(&stage).await;
}

/// An instance that waits for no body longer than a moment.
async fn impatient<G>(prefix: &'static str, behind: Behind, serve: &impl AsyncFn(Site) -> G) -> Stage<G> {
    Stage::with(prefix, behind, serve, |instance| {
        instance.inbox_deadline(bodies::DEADLINE)
    })
    .await
}
