//! A hostile server on loopback, to try the real client, the real fetcher or a whole `Federation` against: on real
//! sockets, where a simulation proves nothing.
//!
//! A [`Hostile`] listens on a port that the kernel chose and answers each path as the test says: with documents that lie,
//! redirects, bodies without an end, one byte in five seconds, garbage, a reset. It remembers what it was asked, so that a
//! test can say what was *not* asked, and it ends with the test. Start several, and one is the attacker, another the
//! victim. Whoever embeds these libraries gives the URLs to his own `Fetcher` or `Federation`, whose guard allows loopback.
//!
//! | what | by |
//! |---|---|
//! | a well-formed actor, and one that lies in one property | [`Hostile::person`], [`Person::with`], [`Hostile::serve`] |
//! | what a path answers | [`Hostile::answer`], [`Hostile::otherwise`], [`Answer`] |
//! | what a connection meets before it can ask (TLS) | [`Hostile::greet`], [`Greeting`] |
//! | TLS with a certificate for any name | [`Hostile::start_tls`], [`Authority`] |
//! | public names that lead to loopback | [`Names`] |
//! | what was asked | [`Hostile::requests`], [`Hostile::asked`], [`Hostile::connections`] |
//!
//! An attacker whose actor says that it writes from the victim's inbox:
//!
//! ```
//! use federate_fetch::Fetcher;
//! use federate_http::{Guard, GuardedClient};
//! use federate_protocol::FetchRules;
//! use federate_store::{Backend, Memory};
//! use federate_testkit::hostile::{Answer, Hostile};
//! use std::{sync::Arc, time::{Duration, SystemTime}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (victim, evil) = (Hostile::start().await, Hostile::start().await);
//! let alice = victim.person("alice");
//! victim.serve(&alice);
//! evil.serve(&evil.person("mallory").with("/inbox", format!("{}/inbox", alice.id())));
//!
//! let client = GuardedClient::new(Guard::new().dangerous().allow_loopback(), "my-software/1.0")?;
//! let rules = FetchRules { allow_http_loopback: true, ..FetchRules::default() };
//! let fetcher = Fetcher::new(Arc::new(client), Memory::new().stores().cache, None, rules);
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
//! assert!(fetcher.actor(&evil.url("/users/mallory").parse()?, now).await.is_err());
//! assert_eq!((evil.asked("/users/mallory"), victim.connections()), (1, 0));
//!
//! // The interval of a slow peer is an argument: a test need not wait as long as its users would.
//! evil.answer("/slow", Answer::document("{}").dripping(Duration::from_millis(5)));
//! # Ok(())
//! # }
//! ```
//!
//! A whole `Federation` meets it in the same way: built with `Builder::dangerous().allow_loopback()`, it fetches by the real
//! client whatever key, actor or handle the test names, and [`Person::key`] signs what the attacker posts to it.
//!
//! With tokio's paused time (`#[tokio::test(start_paused = true)]`) a slow peer may drip in the intervals of real life: the
//! thirty seconds until the deadline pass at once.

mod answer;
mod names;
mod person;
mod read;
mod server;
mod speak;
#[cfg(test)]
mod tests;
mod tls;

pub use answer::{Answer, Body};
pub use names::Names;
pub use person::Person;
pub use server::{Greeting, Hostile};
pub use tls::Authority;
