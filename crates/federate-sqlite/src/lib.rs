//! The embedded store of federate: SQLite, durable, in your database or in its own.
//!
//! [`Sqlite::open`] makes a store in a file of its own, [`Sqlite::in_database`] one in the database that the
//! application has already. Two files are used:
//!
//! - *the application's database* holds what must share the fate of the application's own rows: what is to be
//!   sent (`federate_outbox`), what was handled with it (`federate_handled`), keys and followers;
//! - *`<file>-federate`* beside it holds what is hot: deliveries, received activities, the cache. A backup needs
//!   both, and each from its own time loses something: [`Sqlite::backup`] makes them fit.
//!
//! Our tables begin with `federate_`, our migrations are noted in `_federate_migrations`. An application that
//! lists its own tables or migrations sees nothing else.
//!
//! # Durability
//!
//! Every connection that this crate opens is in WAL mode with `synchronous=FULL`: what returned `Ok` survives
//! the loss of power, for one sync of the disk for each transaction. (One is excepted, which is used for nothing but
//! [claims](federate_store::Inbox::claim) and for putting away what a mark that is on the disk says is handled.) What is recorded through the application's pool is
//! as durable as that pool's connections; where they are weaker, a warning says so. To speed up what may be
//! lost, weaken your own connections, never ours.
//!
//! # Locks
//!
//! SQLite has one writer at a time. Our transactions are short and begin with `BEGIN IMMEDIATE`; so should the
//! application's (`pool.begin_with("BEGIN IMMEDIATE")`): one that reads first and writes later can fail with
//! `SQLITE_BUSY` at once, whatever its busy timeout.
//!
//! # When the disk is full
//!
//! What is written is refused as [`Full`](federate_store::StoreErrorKind::Full), nothing of it is there, and what follows is
//! written when there is space again. SQLite rolls back by itself what cannot go on, of which sqlx does not know: in a pool
//! of the application's a connection to which that happened refuses `BEGIN` for ever after. Our own pools close it. Let
//! yours do the same:
//!
//! ```
//! # use sqlx::{Connection, sqlite::SqlitePoolOptions};
//! let options = SqlitePoolOptions::new().after_release(|connection, _| {
//!     Box::pin(async move {
//!         connection.ping().await?; // a rollback that was begun has ended
//!         Ok(!connection.is_in_transaction())
//!     })
//! });
//! # let _ = options;
//! ```
//!
//! # Copies
//!
//! A copy of the files delivers nothing until somebody [says so](federate_store::Binding::allow): it would send what the original
//! sends. The copy that [`Sqlite::backup`] makes is marked; a plain copy is noticed by the number of the file and the time
//! of its birth. So are files that were moved to another disk, and a staging system: there the answer is the same word. What
//! cannot be noticed is a snapshot that is put back in its place, or a file that is written over in place: use
//! [`Binding::hold_back`](federate_store::Binding::hold_back) there.
//!
//! # Example
//!
//! ```
//! use federate_sqlite::Sqlite;
//! use federate_store::{Backend, Iri, Outgoing};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let pool = sqlx::SqlitePool::connect("sqlite::memory:").await?;
//! let store = Sqlite::in_database(pool.clone()).await?;
//!
//! let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
//! sqlx::query("CREATE TABLE posts (id INTEGER PRIMARY KEY, text TEXT)").execute(&mut *tx).await?;
//! sqlx::query("INSERT INTO posts (text) VALUES ('hello')").execute(&mut *tx).await?;
//! let followers = Iri::parse("https://a.example/users/alice/followers")?;
//! let outgoing = Outgoing::new(Iri::parse("https://a.example/activities/1")?, "alice", "{}", vec![followers]);
//! Sqlite::record(&mut tx, &outgoing).await?;
//! tx.commit().await?; // the post and what it sends, or neither
//!
//! assert_eq!(store.stores().outbox.unexpanded(10).await?.len(), 1);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(example()).unwrap();
//! ```
#![deny(missing_docs)]

mod acks;
mod arrivals;
mod backend;
mod backup;
mod batches;
mod binding;
mod cache;
mod claims;
mod clean;
mod digest;
mod error;
mod followers;
mod gathering;
mod hand;
mod inbox;
mod keys;
mod migrate;
mod open;
mod outbox;
mod place;
mod queue;
mod relations;
mod rounds;
mod rules;
mod script;
pub mod sql;
mod together;
mod transfer;

use federate_store::stored as time;

pub use backend::Sqlite;
pub use backup::BackupError;
pub use error::OpenError;
pub use open::{Builder, DangerousBuilder};
