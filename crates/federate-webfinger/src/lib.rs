//! Handles, WebFinger, host-meta and NodeInfo: how servers and the people on them are found.
//!
//! Sans-io: bytes in, values out, and the other way round. Nothing here asks the network.
//!
//! * [`Handle`]: `@alice@example.org` and `acct:alice@example.org` ([RFC 7565]), checked and canonical,
//!   and whether one [looks like another](Handle::skeleton).
//! * [`request_url`], [`Jrd`]: the client's side of WebFinger ([RFC 7033]).
//! * [`parse_query`], [`Jrd::for_actor`]: the server's side.
//! * [`host_meta`]: out only ([RFC 6415]); no XML of a peer is ever read.
//! * [`nodeinfo`]: what software a server runs, both ways.
//!
//! ```
//! use federate_webfinger::{Handle, Jrd, Query, parse_query, request_url};
//!
//! // A person types a handle: whom do we ask, and for what?
//! let handle = Handle::parse("@Alice@Example.ORG")?;
//! let url = request_url(&handle, "https").ok_or("no URL")?;
//! assert_eq!(url.as_str(), "https://example.org/.well-known/webfinger?resource=acct:Alice@example.org");
//!
//! // The other side reads the query and answers.
//! let query = parse_query(url.query().unwrap_or_default())?;
//! assert_eq!(query, Query::Account { user: "Alice".into(), host: "example.org".into() });
//! let answer = Jrd::for_actor(&handle.folded(), "https://example.org/users/alice", None).to_bytes();
//!
//! // We read the answer.
//! let jrd = Jrd::parse(&answer)?;
//! assert_eq!(jrd.actor_link(), Some("https://example.org/users/alice"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An answer is a claim, not a proof. Who looks a handle up fetches the actor and asks WebFinger about the name
//! that the actor itself gives: only if both point at each other does the handle belong to the actor.
//!
//! [RFC 6415]: https://www.rfc-editor.org/rfc/rfc6415
//! [RFC 7033]: https://www.rfc-editor.org/rfc/rfc7033
//! [RFC 7565]: https://www.rfc-editor.org/rfc/rfc7565
#![deny(missing_docs)]

mod handle;
pub mod host_meta;
mod jrd;
mod lookalike;
pub mod nodeinfo;
mod percent;
mod query;

pub use handle::{BadHandle, Handle, request_url};
pub use jrd::{BadJrd, Jrd, Link, rel};
pub use query::{BadQuery, Query, parse_query, parse_rels};

/// The most bytes that are read of a WebFinger or NodeInfo answer.
pub const MAX_BYTES: usize = 64 * 1024;
