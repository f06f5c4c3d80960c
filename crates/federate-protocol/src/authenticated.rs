//! Who sent this: an activity whose sender is known, and how.

use crate::activitystreams::{Activity, Iri, Kind, Object, Ref, terms};
use crate::hashed::Hashed;
use crate::signatures::{Flavour, KeyId};
use crate::view;
use bytes::Bytes;
use std::ops::Deref;
use std::sync::OnceLock;
use std::time::SystemTime;

/// An activity that was proven to come from [`by`](Authenticated::by).
///
/// Only [`receive`](crate::receive::receive), [`Sealed::open`](crate::Sealed::open) and what was [fetched](crate::receive::refetched) from
/// its own place make one. It says who sent the bytes, not that they may do what the activity says: that is
/// [`authorise`](crate::authorise::authorise).
///
/// What it dereferences to is a *view* of the bytes: an embedded object that somebody else answers for is reduced to its id there, so that
/// a handler cannot read it by mistake (I5, I6). The bytes as they came are [`body`](Authenticated::body).
#[derive(Debug, Clone)]
pub struct Authenticated<A> {
    view: View<A>,
    proof: Proof,
}

/// What its sender answers for.
#[derive(Debug, Clone)]
enum View<A> {
    Made(A),
    /// Made when somebody looks: an inbox only stores what came.
    Unseen {
        made: OnceLock<A>,
        received: Object,
        make: fn(&Object, by: &Iri) -> A,
    },
}

/// What was proven, and about which bytes. The same for every view of them.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) by: Iri,
    pub(crate) id: Iri,
    pub(crate) evidence: Evidence,
    pub(crate) body: Hashed,
    /// What was proven, where that is not all that `body` holds.
    pub(crate) said: Option<Bytes>,
    /// Who signed the request that brought it, where that is not the actor.
    pub(crate) forwarder: Option<Iri>,
}

impl Proof {
    /// The document that was proven.
    pub(crate) fn said(&self) -> &Bytes {
        self.said.as_ref().unwrap_or(self.body.bytes())
    }
}

/// Why it is believed that the actor sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// The request was signed with a key that the actor lists as its own.
    RequestSignature {
        /// The key that signed.
        key_id: KeyId,
        /// The format of the signature.
        flavour: Flavour,
        /// When the peer says that it signed.
        signed_at: SystemTime,
    },
    /// The actor deletes itself, and its own server answers 410 where its key was (S29).
    Gone {
        /// The key that is gone.
        key_id: KeyId,
    },
    /// Somebody else passed it on, and it carries an object integrity proof (FEP-8b32) by a key that the actor lists.
    ObjectProof {
        /// The key that signed.
        key_id: KeyId,
    },
    /// Somebody else passed it on, and it carries a Linked Data Signature by a key that the actor lists. Only with the feature `ld`.
    LinkedDataSignature {
        /// The key that signed.
        key_id: KeyId,
    },
    /// Somebody else passed it on, or announced it, and this is what its own origin says of it: the activity as it was fetched, or the
    /// `Delete` of what is gone there (I20), or the `Create` of what is there and was announced by a relay.
    Refetched {
        /// Where it was asked for: the id of the activity, or of the object that is gone.
        from: Iri,
    },
}

impl Evidence {
    /// Whether the actor's own server sent it here. All else was passed on by others, and is not passed on again.
    #[must_use]
    pub fn is_first_hand(&self) -> bool {
        matches!(self, Self::RequestSignature { .. } | Self::Gone { .. })
    }
}

impl Authenticated<Activity> {
    /// The one place where an authenticated activity comes from.
    pub(crate) fn new(received: Object, proof: Proof) -> Self {
        let view = View::Unseen {
            made: OnceLock::new(),
            received,
            make: view::of_activity,
        };
        Self { view, proof }
    }
}

impl Authenticated<Activity> {
    /// The same activity with an object that *the caller* answers for in the place of its reference: its own `Follow` in an
    /// `Accept`. What the sender claims of an object of ours was reduced to its id; this puts what is true in its place.
    ///
    /// Nothing changes where the activity is about another id than that of `object`.
    #[must_use]
    pub fn with_object(self, object: &Object) -> Self {
        if object.id().is_none() || object.id() != self.object().id() {
            return self;
        }
        let activity = Activity::clone(&self).with(&terms::OBJECT, Ref::from(object));
        Self {
            view: View::Made(activity),
            proof: self.proof,
        }
    }
}

impl<A> Authenticated<A> {
    /// Who sent it.
    pub fn by(&self) -> &Iri {
        &self.proof.by
    }

    /// The id under which it is known: its own, or, where it came without one, a `urn:` made of its sender,
    /// its bytes and the time of its signature. With the sender's origin it is what duplicates are told by.
    pub fn id(&self) -> &Iri {
        &self.proof.id
    }

    /// Why it is believed that they did.
    pub fn evidence(&self) -> &Evidence {
        &self.proof.evidence
    }

    /// The bytes as they came: what to store, to forward, to verify again. Not a view: what is embedded
    /// in it is claimed, not proven.
    ///
    /// Where a Linked Data Signature proved less than the bytes say, these are the signed statements alone. A
    /// `Delete` of what is gone at its origin was written here.
    pub fn body(&self) -> &Bytes {
        self.proof.body.bytes()
    }

    /// Who passed it on, where it came with its actor's own proof in a request that somebody else signed: whom to count it for. Only
    /// what [`receive`](crate::receive::receive) made knows this; it is not [sealed](crate::Sealed).
    pub fn forwarder(&self) -> Option<&Iri> {
        self.proof.forwarder.as_ref()
    }

    pub(crate) fn proof(&self) -> &Proof {
        &self.proof
    }
}

impl<A: Kind> Authenticated<A> {
    /// The same activity as another type, or `None` where it is not of that type.
    pub fn cast<B: Kind>(&self) -> Option<Authenticated<B>> {
        let activity = B::from_object(self.as_object())?;
        Some(Authenticated {
            view: View::Made(activity),
            proof: self.proof.clone(),
        })
    }
}

impl<A> Deref for Authenticated<A> {
    type Target = A;

    fn deref(&self) -> &A {
        match &self.view {
            View::Made(activity) => activity,
            View::Unseen { made, received, make } => made.get_or_init(|| make(received, &self.proof.by)),
        }
    }
}
