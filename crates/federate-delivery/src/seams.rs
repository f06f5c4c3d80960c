//! What the engine asks of the application: keys and inboxes.

use bytes::Bytes;
use federate_protocol::{activitystreams::Iri, signatures::Signer};
use federate_store::Outgoing;
use http::{HeaderName, HeaderValue};
use std::{error::Error, fmt::Debug, sync::Arc};

/// Who signs for a sender. Asked before every attempt, so that a rotated key is used from the next one on:
/// an implementation keeps what is costly to make.
#[async_trait::async_trait]
pub trait Senders: Debug + Send + Sync {
    /// The signer of a local actor, with the key of this moment.
    ///
    /// # Errors
    /// [`SenderError::Unknown`] makes the delivery a dead letter; [`SenderError::Unavailable`] costs a retry.
    async fn signer(&self, sender: &str) -> Result<Arc<dyn Signer>, SenderError>;

    /// The bytes that are sent of what is stored of an activity: with a proof of its own, for example. Asked before every attempt. The
    /// default sends what is stored.
    ///
    /// # Errors
    /// As [`signer`](Senders::signer).
    async fn body(&self, sender: &str, activity: &Iri, stored: Bytes) -> Result<Bytes, SenderError> {
        let _ = (sender, activity);
        Ok(stored)
    }
}

/// Why nobody signs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SenderError {
    /// There is no such sender, or it has no key and never will have.
    #[error("sender has no key")]
    Unknown,
    /// The key cannot be had for now.
    #[error("key of the sender cannot be had for now")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Where an activity goes.
#[async_trait::async_trait]
pub trait Inboxes: Debug + Send + Sync {
    /// One page of the inboxes that `outgoing.audience` means, shared inboxes collapsed. `after` is `None` for the
    /// first page, then [`Expansion::next`] of the page before. Must give the same inboxes when asked again
    /// (a crash repeats the expansion; what is enqueued already is not enqueued twice); must not go to the
    /// network: an actor whose inbox is not known goes to [`Expansion::actors`].
    ///
    /// # Errors
    /// The whole expansion is tried again later, with growing pauses; other activities go on.
    async fn expand(&self, outgoing: &Outgoing, after: Option<&str>) -> Result<Expansion, ExpandError>;

    /// The inbox of an actor that [`expand`](Inboxes::expand) returned in [`Expansion::actors`]. May go to the network:
    /// it is asked in the lane of the actor's host, and its failure counts as a failed attempt there.
    ///
    /// # Errors
    /// See [`ResolveError`]. The default resolves nothing.
    async fn resolve(&self, sender: &str, actor: &Iri) -> Result<Iri, ResolveError> {
        let _ = (sender, actor);
        Err(ResolveError::Refused {
            reason: "inboxes are not looked up here".to_owned(),
        })
    }

    /// Activities that `outgoing` makes needless: the `Create` of what it deletes. What of them was never attempted is
    /// [taken back](federate_store::DeliveryQueue::supersede) before its own deliveries are enqueued, which are always sent.
    /// The default names none.
    fn supersedes(&self, outgoing: &Outgoing) -> Vec<Iri> {
        let _ = outgoing;
        Vec::new()
    }

    /// Whether `sender` may deliver to this inbox now. Asked before every attempt, so that a host that was suspended since the
    /// activity was expanded gets nothing more, whatever is in hand already: an implementation looks at what lies in memory.
    ///
    /// # Errors
    /// [`Forbidden`] makes the delivery a dead letter. The default permits everything.
    async fn may_deliver(&self, sender: &str, inbox: &Iri) -> Result<(), Forbidden> {
        let _ = (sender, inbox);
        Ok(())
    }

    /// What the request that brings `body` to this inbox says beside the body, in headers that are signed with the rest. Asked before
    /// every attempt: an implementation looks at what lies in memory. The default says nothing.
    async fn headers(&self, sender: &str, inbox: &Iri, body: &Bytes) -> Vec<(HeaderName, HeaderValue)> {
        let _ = (sender, inbox, body);
        Vec::new()
    }
}

/// One page of an expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Inboxes to deliver to.
    pub inboxes: Vec<Iri>,
    /// Actors whose inbox has to be looked up first, each by its id. The look-up becomes part of the delivery: durable,
    /// retried, in the lane of the actor's host.
    pub actors: Vec<Iri>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

impl Expansion {
    /// A single page.
    #[must_use]
    pub fn of(inboxes: Vec<Iri>) -> Self {
        Self {
            inboxes,
            ..Self::default()
        }
    }
}

/// Why an activity could not be expanded now.
#[derive(Debug, thiserror::Error)]
#[error("audience cannot be expanded for now")]
pub struct ExpandError(#[source] Box<dyn Error + Send + Sync>);

impl ExpandError {
    /// An expansion that failed because of `cause`.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// Why an inbox gets nothing from this sender now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not to be delivered: {reason}")]
pub struct Forbidden {
    /// Why, for the operator.
    pub reason: String,
}

/// Why the inbox of an actor is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// It may be known later.
    #[error("inbox not found for now: {reason}")]
    Unavailable {
        /// Why, for the operator.
        reason: String,
        /// The host as a whole is to blame: it does not answer.
        host_failed: bool,
    },
    /// It will not: the actor is gone, or is none.
    #[error("no inbox: {reason}")]
    Refused {
        /// Why, for the operator.
        reason: String,
    },
}
