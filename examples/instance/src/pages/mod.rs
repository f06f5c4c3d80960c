//! What a browser sees. Everything is escaped by maud; only HTML that was made safe before it was stored goes in as it is.

mod front;
mod health;
mod layout;
mod post;
mod profile;
mod routes;

pub(crate) use layout::frame;
pub(crate) use routes::routes;
