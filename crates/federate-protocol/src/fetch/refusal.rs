//! Why what was fetched is not believed.

use super::NotAdmitted;
use crate::activitystreams::{Iri, ParseError};
use crate::webfinger::BadJrd;

/// Why a fetch ended without something to believe.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FetchRefusal {
    /// The URL may not be fetched (I13, S30, N1, N6).
    #[error("{url} may not be fetched")]
    NotAdmitted {
        /// The URL, as it came.
        url: String,
        /// Why not.
        #[source]
        reason: NotAdmitted,
    },
    /// A redirect leads where nothing may be fetched, or from https to http (I2).
    #[error("redirected to what may not be fetched")]
    Redirect(#[source] NotAdmitted),
    /// A redirect without a `Location` that can be read.
    #[error("redirected to nowhere")]
    NoLocation,
    /// The budget of redirects is spent (I2).
    #[error("too many redirects")]
    TooManyRedirects,
    /// Another status than 200, 410 or a redirect.
    #[error("answered with status {0}")]
    Status(u16),
    /// Longer than the limit (R1).
    #[error("longer than the limit")]
    TooLarge,
    /// Not one of the two media types of ActivityPub, or of WebFinger's (I3).
    #[error("wrong content type")]
    ContentType,
    /// An HTML page that names no ActivityPub document.
    #[error("a page that names no document")]
    NoAlternate,
    /// An HTML page that names a document of another origin only (I19).
    #[error("a page that names a document of another origin")]
    ForeignAlternate,
    /// Not a document that is read.
    #[error("document cannot be read")]
    Document(#[source] ParseError),
    /// Without an id: nothing says what it is (I1).
    #[error("document without an id")]
    NoId,
    /// The id is not that of where it was fetched, and fetching it there did not settle it (I1).
    #[error("fetched from {url}, but it calls itself {id}")]
    WrongId {
        /// The final URL.
        url: String,
        /// The id in the document.
        id: Iri,
    },
    /// Attributed to somebody of another origin (I8).
    #[error("its owner is of another origin")]
    ForeignOwner,
    /// Not an actor.
    #[error("not an actor")]
    NotAnActor,
    /// Neither a collection nor a page of one.
    #[error("neither a collection nor a page of one")]
    NotACollection,
    /// A page that says that it is part of another collection (R6).
    #[error("a page of another collection")]
    OtherCollection,
    /// An actor without an inbox of its own origin (I10).
    #[error("an actor without an inbox of its own origin")]
    NoInbox,
    /// The actor does not list the key (S3, S4).
    #[error("the actor does not list this key")]
    KeyNotListed,
    /// The key's document names no owner of the key's origin (S1).
    #[error("the key names no owner of its origin")]
    KeyOwner,
    /// The key cannot be used: not PEM, too small, too big, of no known kind (S21).
    #[error("the key cannot be used")]
    BadKey,
    /// The WebFinger answer cannot be read.
    #[error("webfinger answer cannot be read: {0}")]
    Jrd(String),
    /// The WebFinger answer has no link to an actor (W3).
    #[error("webfinger answer without a link to an actor")]
    NoActorLink,
    /// The WebFinger answer is about somebody else, who does not confirm it (W1).
    #[error("webfinger answer about somebody else, who does not confirm it")]
    Subject,
    /// NodeInfo, or the index of it, cannot be read.
    #[error("nodeinfo cannot be read: {0}")]
    NodeInfo(String),
    /// The index of NodeInfo links to no document that is read, on its own origin (W6).
    #[error("no link to nodeinfo on the same origin")]
    NoNodeInfo,
    /// A redirect leads off the origin that was asked, where it may not (W6).
    #[error("redirected to another origin")]
    LeftOrigin,
    /// Neither a picture nor a sound nor a film, by its bytes (C8).
    #[error("neither a picture nor a sound nor a film")]
    NotMedia,
    /// The actor does not lead back to the handle (W4).
    #[error("the actor does not lead back to the handle")]
    NotBound,
}

impl FetchRefusal {
    /// Whether the same fetch would end the same way tomorrow. A status of 408, 425, 429 or 5xx would perhaps not.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        !matches!(self, Self::Status(408 | 425 | 429 | 500..))
    }

    pub(super) fn jrd(bad: &BadJrd) -> Self {
        Self::Jrd(bad.to_string())
    }
}
