//! The client against real sockets on loopback. The names begin with the threat that a test covers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

mod budget;
mod classify;
mod egress;
mod limits;
mod names;
mod proxy;
mod registries;
mod request;
mod reuse;
mod server;
mod slow;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use federate_http::{Budget, Guard, GuardedClient, HttpClient, HttpError};

const BUDGET: Budget = Budget {
    deadline: Duration::from_secs(5),
    max_body: 64 * 1024,
};

fn client(guard: Guard) -> GuardedClient {
    GuardedClient::new(guard, "it/1.0 (+http://127.0.0.1/)").unwrap()
}

/// A client that may reach the servers of these tests.
fn near() -> GuardedClient {
    client(Guard::new().dangerous().allow_loopback())
}

fn get(url: &str) -> http::Request<Bytes> {
    http::Request::get(url).body(Bytes::new()).unwrap()
}

async fn fetch(client: &GuardedClient, url: &str) -> Result<http::Response<Bytes>, HttpError> {
    client.send(get(url), &BUDGET).await
}
