//! Fetching with authority, sans-io: which request comes next, and what of the answer may be believed.
//!
//! | machine | from | to |
//! |---|---|---|
//! | [`DocumentFetch`] | a URL | a [`Document`] that its own origin answers for |
//! | [`KeyFetch`] | a key id | a [`ResolvedKey`](crate::receive::ResolvedKey), bound to its actor in both directions |
//! | [`HandleLookup`] | `@user@host` | a [`Found`] actor that the handle leads to, and that leads back to the handle |
//! | [`CollectionReading`] | the id of a collection | [pages](ReadPage) of items, each a claim, within a [budget](CollectionBudget) |
//! | [`ReplyChain`] | a post | the posts that it answers, each an id to be fetched, up to a depth |
//! | [`NodeInfoFetch`] | a server | what it says that it is: a claim |
//! | [`MediaFetch`] | a URL | a picture, a sound or a film, by its own bytes |
//!
//! A [`ReplyChain`] asks for documents; each of the others is either *waiting* for the answer to one GET, or ended. Whoever drives it sends a GET for [`url`](DocumentFetch::url) with the
//! `Accept` that it names, follows no redirects, and passes the answer to `on_response`. What a transport error means is the driver's to say: it ends the machine by dropping it.
//!
//! # What is believed (FEP-fe34)
//!
//! | rule | row |
//! |---|---|
//! | https only; no credentials, no IP literals; never our own origin, never a suspended host | I13, S30, N1, N6 |
//! | at most three redirects, a refetch at the stated id included; none from https to http | I2, R10 |
//! | exactly the two media types of ActivityPub | I3 |
//! | a page that somebody looks up names one document, of its own origin | I19 |
//! | the document's id is the final URL, character for character; else it is fetched once at that id, which must not redirect | I1 |
//! | who is named as its owner is of the document's origin | I8, fe34 |
//! | embedded objects that another origin or owner answers for are reduced to their ids | I5, I12 |
//! | an actor's inbox is of its origin; other endpoints that are not are dropped | I10 |
//! | 410 is told apart from 404 | S29 |

mod actor;
mod admit;
mod collection;
mod document;
mod handle;
mod key;
mod link_header;
mod media;
mod nodeinfo;
mod page;
mod place;
mod provenance;
mod refusal;
mod reply_chain;
#[cfg(test)]
mod tests;

pub use actor::{Actor, ActorKey};
pub(crate) use actor::{CONTROLLER, OWNER, is_actor};
pub use admit::{FetchRules, NotAdmitted};
pub use collection::{CollectionBudget, CollectionEnd, CollectionReading, CollectionStep, ReadPage};
pub use document::{Document, DocumentFetch, FetchStep};
pub use handle::{Found, HandleLookup, HandleStep, LoopbackScheme};
pub use key::{KeyFetch, KeyStep};
pub use media::{MediaFetch, MediaStep};
pub use nodeinfo::{NodeInfoFetch, NodeInfoStep};
pub use provenance::{Bond, Provenance};
pub use refusal::FetchRefusal;
pub use reply_chain::{ReplyChain, ReplyChainEnd, ReplyChainStep};
