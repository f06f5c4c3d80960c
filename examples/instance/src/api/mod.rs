//! Mastodon's client API: <https://docs.joinmastodon.org/client/intro/>.

mod accounts;
mod auth;
mod cors;
mod empty;
mod follow_requests;
mod instance;
mod moves;
mod notifications;
mod oauth;
mod paged;
mod params;
mod routes;
mod search;
mod slashes;
mod statuses;
mod timelines;

pub(crate) use routes::routes;
pub(crate) use slashes::untrailed;
