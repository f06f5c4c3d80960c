//! Handles, WebFinger, host-meta and NodeInfo: how servers and the people on them are found.
//!
//! Sans-io: bytes in, values out, and the other way round. Nothing here asks the network.
//!
//! * [`Handle`]: `@alice@example.org` and `acct:alice@example.org` ([RFC 7565]), checked and canonical,
//!   and whether one [looks like another](Handle::skeleton).
//! * [`request_url`], [`Request`], [`Jrd`]: the client's side of WebFinger ([RFC 7033]).
//! * [`parse_query`], [`Jrd::for_actor`]: the server's side.
//! * [`Request::url`], [`Jrd::server_actor_link`], [`nodeinfo::Index::application`]: the actor of a whole server
//!   ([FEP-d556], [FEP-2677]).
//! * [`Interaction`]: where a visitor from another server follows, replies and likes ([FEP-3b86] and the template of
//!   OStatus); [`Template`]: which templates of others may be filled; [`Link::intent`]: one's own.
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
//! [FEP-2677]: https://w3id.org/fep/2677
//! [FEP-3b86]: https://w3id.org/fep/3b86
//! [FEP-d556]: https://w3id.org/fep/d556
//! [RFC 6415]: https://www.rfc-editor.org/rfc/rfc6415
//! [RFC 7033]: https://www.rfc-editor.org/rfc/rfc7033
//! [RFC 7565]: https://www.rfc-editor.org/rfc/rfc7565
#![deny(missing_docs)]

mod handle;
pub mod host_meta;
mod interaction;
mod jrd;
mod link;
mod lookalike;
pub mod nodeinfo;
mod percent;
mod query;
pub mod rel;
mod request;
mod template;

pub use handle::{BadHandle, Handle};
pub use interaction::{CLOSE, Interaction, NoInteraction};
pub use jrd::{BadJrd, Jrd};
pub use link::Link;
pub use query::{BadQuery, Query, parse_query, parse_rels};
pub use request::{Request, request_url};
pub use template::{BadTemplate, Template};

/// The most bytes that are read of a WebFinger or NodeInfo answer.
pub const MAX_BYTES: usize = 64 * 1024;
