//! The store of federate for many processes: PostgreSQL, in your database, inside your transactions.
//!
//! [`Postgres::in_database`] makes a store in the database that the application has already, [`Postgres::open`] one in
//! the database of a URL. Any number of processes, on any number of machines, work on it together: each host's
//! deliveries have one owner at a time (a leased *lane*), who is fenced off when another takes over.
//!
//! Everything lies in the schema `federate`, whatever the search path says: the application's tables and its own
//! migrations see nothing of it. Several processes may start at once; one of them makes or updates the tables. The role
//! needs the right to make a schema, or one of that name that it owns.
//!
//! # The application's transactions
//!
//! [`Backend::record`](federate_store::Backend::record) writes what is to be sent through the application's own
//! connection: a post and what it sends are committed together or not at all. At the commit all processes that
//! [listen](Postgres::listen) are told.
//!
//! ```no_run
//! use federate_postgres::Postgres;
//! use federate_store::{Backend, Iri, Outgoing};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = sqlx::PgPool::connect("postgres://localhost/forum").await?;
//! let store = Postgres::in_database(pool.clone()).await?;
//!
//! let mut tx = pool.begin().await?;
//! sqlx::query("INSERT INTO posts (text) VALUES ('hello')").execute(&mut *tx).await?;
//! let id = Iri::parse("https://a.example/activities/1")?;
//! let followers = Iri::parse("https://a.example/users/alice/followers")?;
//! let outgoing = Outgoing::new(id, "alice", "{}", vec![followers]);
//! Postgres::record(&mut tx, &outgoing).await?;
//! tx.commit().await?; // the post and what it sends, or neither
//!
//! assert_eq!(store.stores().outbox.unexpanded(10).await?.len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Durability
//!
//! Every connection of the store's own is made with `synchronous_commit=on` (or `remote_apply`, where that is the
//! server's setting) and refused where it does not stay so: what returned `Ok` is on the disk, and on the synchronous
//! standbys where there are any. That costs one sync of the disk for each transaction, or for several that come together.
//! What is recorded through the application's pool is as durable as that pool's connections; where they have
//! `synchronous_commit=off`, a warning says so. With `off` a crash of the server loses the last third of a second,
//! whole transactions only: the post is then as gone as what it sends. To speed up what may be lost, weaken your own
//! connections, never ours.
//!
//! Giving a lane back is the one write that does not wait: forgotten, it costs the rest of a lease. The cache is an unlogged table: after a crash of the server it is empty, on a standby that takes over too.
//!
//! # Copies
//!
//! `pg_dump` makes backups. A dump that is restored, into another database or in the place of the tables, delivers nothing until
//! somebody [says so](federate_store::Binding::allow): what was delivered since it was made would be sent again. (Then it is,
//! under the same ids.) It is noticed by the numbers of the cluster, the database and the table; so are a staging system, an upgrade
//! with a new cluster and a logical replica that takes over: there the answer is the same word. What cannot be told from a
//! standby that takes over is a copy of the whole cluster (`pg_basebackup`, a snapshot of the disk, recovery to a point in time): use
//! [`Binding::hold_back`](federate_store::Binding::hold_back) there.
//!
//! # Connections
//!
//! The store makes its own, as the same role to the same database ([`Builder::connections`]), and one more for
//! [`Postgres::listen`]. They prepare statements and keep settings, and listening needs a session: behind PgBouncer,
//! use session pooling for them. TLS is sqlx's: turn on one of its features (`sqlx/tls-rustls-ring`) in your own
//! `Cargo.toml`.
#![deny(missing_docs)]

mod backend;
mod binding;
mod cache;
mod claims;
mod error;
mod followers;
mod inbox;
mod keys;
mod listen;
mod migrate;
mod notify;
mod open;
mod outbox;
mod queue;
mod relations;
mod rules;
pub mod sql;
mod transfer;

use federate_store::stored as time;

pub use backend::{Durability, Postgres};
pub use error::OpenError;
pub use listen::Listening;
pub use open::{Builder, DangerousBuilder};
