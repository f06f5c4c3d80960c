//! What was refused, with the whole reason for the log and a short one for the peer.

use crate::activitystreams::{Iri, ParseError};
use crate::authorise::Broken;
use crate::signatures;
use bytes::Bytes;
use std::time::Duration;

/// A request or an activity that was refused.
///
/// `Display` is the whole reason, for the log. [`peer_message`](Refused::peer_message) is what the sender may read:
/// it names what was wrong with what they sent, and nothing of what we know.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct Refused {
    #[source]
    kind: Box<RefusedKind>,
    retry_after: Option<Duration>,
}

/// Why something was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedKind {
    /// Not a POST.
    #[error("method is not POST")]
    Method,
    /// The body is longer than the limit.
    #[error("body of {len} bytes is over the limit of {limit}")]
    TooLarge {
        /// Bytes that came.
        len: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// A `Content-Encoding`: the digest is over what was sent, and nothing is decoded here (S12).
    #[error("content encoding is not taken")]
    ContentEncoding,
    /// A media type that is none of ActivityPub's two.
    #[error("content type is not one of ActivityPub")]
    ContentType,
    /// There is no signature, it cannot be read, or it does not hold.
    #[error("signature: {0}")]
    Signature(signatures::Refusal),
    /// The body is not a document that is read.
    #[error("document: {0}")]
    Document(ParseError),
    /// The body is JSON, and no activity.
    #[error("activity: {0}")]
    Activity(BadActivity),
    /// A host that this instance has suspended.
    #[error("{what} is of the suspended host {entry}")]
    Blocked {
        /// What is of that host.
        what: &'static str,
        /// The entry that covers it.
        entry: String,
    },
    /// The activity claims one of our own origins as its sender's (I13).
    #[error("the actor {0} is of this instance")]
    OwnActor(Iri),
    /// A key id from which no key may be fetched (S30).
    #[error("key id cannot be used: {0}")]
    KeyId(crate::fetch::NotAdmitted),
    /// The key was fetched, or its document read, and must not be believed.
    #[error("key refused: {0}")]
    Key(String),
    /// The key cannot be had for now.
    #[error("key unavailable for now: {0}")]
    KeyUnavailable(String),
    /// The key's server says that it is gone.
    #[error("key is gone")]
    KeyGone,
    /// The request was signed by somebody else than the activity's actor, and this is nothing that others pass on: it has no id, or is of a
    /// type that is meant for one recipient alone (S2, I20).
    #[error("signed by {signer}, but the actor is {actor}, and this is nothing that others pass on")]
    NotTheActor {
        /// Whose key signed.
        signer: Iri,
        /// Who is said to act.
        actor: Iri,
    },
    /// The actor may not do this.
    #[error("not allowed: {0}")]
    NotAllowed(Broken),
    /// More activities without a proof of their own than one domain may pass on in a minute.
    #[error("too many forwarded activities without a proof of their own from {0}")]
    TooManyForwarded(String),
    /// What its own place answers is not the activity that was passed on.
    #[error("forwarded: {0}")]
    NotRefetched(crate::receive::NotRefetched),
}

/// What makes a document no activity that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadActivity {
    /// There is no `type`.
    #[error("no type")]
    NoType,
    /// There is no `actor`, or it has no id.
    #[error("no actor with an id")]
    NoActor,
    /// There is more than one `actor` (I8).
    #[error("more than one actor")]
    ManyActors,
    /// The actor's id is not an http URL with a host, or it carries credentials or a fragment alone.
    #[error("the actor's id is not an https URL")]
    ActorId,
    /// There is an `id`, and it is not one absolute https URL (I7).
    #[error("the id is not one absolute https URL")]
    Id,
    /// There is no `id`, and this type needs one.
    #[error("no id")]
    NoId,
    /// The id's origin is not the actor's (I9).
    #[error("the id is of another origin than the actor")]
    IdOrigin,
    /// The activity is its own object, or its actor (I9).
    #[error("the id is that of the object or of the actor")]
    IdReused,
    /// The activity is attributed to somebody else than its actor (I8).
    #[error("attributed to somebody else than the actor")]
    Attributed,
}

impl Refused {
    /// The HTTP status that answers it: 400, 401, 403, 405, 413, 415, 429 or 503.
    #[must_use]
    pub fn status(&self) -> u16 {
        match &*self.kind {
            RefusedKind::Method => 405,
            RefusedKind::TooLarge { .. } => 413,
            RefusedKind::ContentEncoding | RefusedKind::ContentType => 415,
            RefusedKind::Signature(refusal) if refusal.is_malformed() => 400,
            RefusedKind::Signature(_)
            | RefusedKind::KeyId(_)
            | RefusedKind::Key(_)
            | RefusedKind::KeyGone => 401,
            RefusedKind::Document(_) | RefusedKind::Activity(_) => 400,
            RefusedKind::Blocked { .. }
            | RefusedKind::OwnActor(_)
            | RefusedKind::NotTheActor { .. }
            | RefusedKind::NotAllowed(_)
            | RefusedKind::NotRefetched(_) => 403,
            RefusedKind::TooManyForwarded(_) => 429,
            RefusedKind::KeyUnavailable(_) => 503,
        }
    }

    /// When the sender should try again, where that can help.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> &RefusedKind {
        &self.kind
    }

    /// The whole reason, for the log; a signature's with what was signed, escaped.
    #[must_use]
    pub fn reason(&self) -> String {
        match &*self.kind {
            RefusedKind::Signature(refusal) => format!("signature: {}", refusal.explain()),
            kind => kind.to_string(),
        }
    }

    /// A short reason that the peer may read.
    #[must_use]
    pub fn peer_message(&self) -> String {
        match &*self.kind {
            RefusedKind::Signature(refusal) => refusal.peer_message(),
            RefusedKind::Blocked { .. } => "not accepted here".to_owned(),
            RefusedKind::Key(_) => "the key that signed could not be believed".to_owned(),
            RefusedKind::KeyUnavailable(_) => "the key that signed cannot be fetched for now".to_owned(),
            RefusedKind::NotTheActor { .. } => {
                "the request was signed by somebody else than the actor, and no proof helps: others do not pass this on"
                    .to_owned()
            }
            RefusedKind::TooManyForwarded(_) => {
                "too many forwarded activities without a proof of their own".to_owned()
            }
            kind => kind.to_string(),
        }
    }

    /// The JSON body that answers it: `{"error": "…"}`.
    #[must_use]
    pub fn body(&self) -> Bytes {
        Bytes::from(serde_json::json!({ "error": self.peer_message() }).to_string())
    }

    /// The whole answer: status, `Content-Type`, `Retry-After` and body.
    #[must_use]
    pub fn response(&self) -> http::Response<Bytes> {
        let mut response = http::Response::new(self.body());
        *response.status_mut() =
            http::StatusCode::from_u16(self.status()).unwrap_or(http::StatusCode::BAD_REQUEST);
        let headers = response.headers_mut();
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json; charset=utf-8"),
        );
        if let Some(after) = self.retry_after {
            headers.insert(
                http::header::RETRY_AFTER,
                http::HeaderValue::from(after.as_secs()),
            );
        }
        if matches!(*self.kind, RefusedKind::Method) {
            headers.insert(http::header::ALLOW, http::HeaderValue::from_static("POST"));
        }
        response
    }

    pub(crate) fn too_many_forwarded(domain: String, retry_after: Duration) -> Self {
        Self {
            kind: Box::new(RefusedKind::TooManyForwarded(domain)),
            retry_after: Some(retry_after),
        }
    }

    pub(crate) fn unavailable(reason: String, retry_after: Duration) -> Self {
        Self {
            kind: Box::new(RefusedKind::KeyUnavailable(reason)),
            retry_after: Some(retry_after),
        }
    }
}

impl From<RefusedKind> for Refused {
    fn from(kind: RefusedKind) -> Self {
        Self {
            kind: Box::new(kind),
            retry_after: None,
        }
    }
}

impl From<BadActivity> for Refused {
    fn from(bad: BadActivity) -> Self {
        RefusedKind::Activity(bad).into()
    }
}
