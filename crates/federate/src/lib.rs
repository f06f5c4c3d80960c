//! Federation for your application: with this crate a program is an instance of the fediverse.
//!
//! # A bot that people can find and follow
//!
//! ```no_run
//! use federate::{Sqlite, prelude::*};
//! use tokio::net::TcpListener;
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let bot = Profile::bot("echo").name("Echo").summary("I repeat what you tell me.");
//!     let (federation, engine) =
//!         Federation::builder("https://bot.example", Sqlite::open("bot.db").await?, Actors::new([bot]))
//!             .manage_followers()
//!             .on::<Create<Note>>(|cx, create| async move {
//!                 let note = create.object();
//!                 for me in cx.mentioned(note) {
//!                     let reply = cx
//!                         .note(&me)
//!                         .mention(create.by())
//!                         .in_reply_to(note)
//!                         .text(note.plain_text());
//!                     cx.send(&me, Create::new(reply)).await?;
//!                 }
//!                 Ok(())
//!             })
//!             .build()
//!             .await?;
//!     let app = axum::Router::new().route("/", axum::routing::get(async || "@echo@bot.example"));
//!     let listener = TcpListener::bind("127.0.0.1:8080").await?;
//!     federate::axum::serve(listener, app.layer(federation.layer()), engine).await?;
//!     Ok(())
//! }
//! ```
//!
//! Put a reverse proxy with a certificate for `bot.example` before it, and `@echo@bot.example` can be found, followed and
//! talked to from Mastodon and the rest.
//!
//! # An application with its own data
//!
//! Implement [`Directory`] for it: the application owns its people, their posts and the order of both, at its own
//! URLs ([`Paths`]). Handlers ([`Builder::on`]) are given what others sent, once it is proven who sent it and decided
//! that they may. What the application sends goes into its own transaction
//! ([`Draft::enqueue_in`]): a post and its deliveries are committed together or not at all.
//!
//! # Ready-made behaviour
//!
//! Followers, follows, reactions, blocks, moves, reports, quotes and what was deleted: a program without tables of its own leaves them to the
//! library, each by a word at the [`Builder`]. [`server`] has the table of what each keeps and sends.
//!
//! # What you need not care for
//!
//! Signatures, keys, WebFinger, NodeInfo, retries, blocked addresses, replays: see the crates beneath, each of which can be used
//! alone: [`activitystreams`], [`signatures`], [`webfinger`], [`protocol`], [`store`], [`http`], [`fetch`],
//! [`delivery`], [`server`].
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `sqlite` | yes | [`Sqlite`], the embedded store |
//! | `postgres` | no | [`Postgres`], the store for many processes |
//! | `axum` | yes | [`axum`](mod@axum), the adapter |
//! | `actix` | no | `actix`, the adapter for actix-web |
//! | `keygen` | yes | `server::AwsLc`: keys for new actors, and a verifier to choose, by aws-lc-rs (needs a C compiler) |
//! | `jsonld` | no | `Object::meant`: documents whose context renames things, expanded by JSON-LD |
#![deny(missing_docs)]

pub use federate_activitystreams as activitystreams;
#[cfg(feature = "actix")]
pub use federate_actix as actix;
#[cfg(feature = "axum")]
pub use federate_axum as axum;
pub use federate_delivery as delivery;
pub use federate_fetch as fetch;
pub use federate_http as http;
pub use federate_protocol as protocol;
pub use federate_server as server;
pub use federate_signatures as signatures;
pub use federate_store as store;
pub use federate_webfinger as webfinger;

#[cfg(feature = "postgres")]
pub use federate_postgres::Postgres;
pub use federate_server::{
    Actors, Ask, Authenticated, Blocks, BuildError, Builder, Collection, Cursor, Cx, Directory, Document,
    Draft, Engine, Enqueued, Entropy, Error, Evidence, Failure, Federation, FederationLayer, FollowersHere,
    Found, Handler, Item, Known, Local, ObjectRef, Outcome, Ownership, Page, Paths, Profile, RemoteActor,
    Resolved, Uris, Usage,
};
#[cfg(feature = "sqlite")]
pub use federate_sqlite::Sqlite;
pub use federate_store::{Backend, Memory};

/// What nearly every program needs.
pub mod prelude {
    pub use federate_activitystreams::{
        Accept, Activity, Announce, Article, Block, Create, Delete, EmojiReact, Flag, Follow, Iri, Kind,
        Like, Move, Note, NoteBuilder, Object, PUBLIC, Question, Reject, Undo, Update,
    };
    pub use federate_server::{
        Actors, Ask, Authenticated, Collection, Cursor, Cx, Directory, Failure, Federation, Found, Item,
        Known, Local, ObjectRef, Outcome, Page, Profile, Uris, Usage, async_trait,
    };
    pub use federate_store::Follower;
}
