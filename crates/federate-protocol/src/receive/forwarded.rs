//! An activity that somebody else passed on, and that nothing in it proves.

use super::{Receiving, shape};
use crate::activitystreams::{Activity, Iri, Object};
use crate::authenticated::Proof;
use crate::fetch::Document;
use crate::refused::{Refused, RefusedKind};
use crate::{Authenticated, Evidence, ids};
use bytes::Bytes;

/// An activity that was posted by somebody else than its actor, without a proof that holds.
///
/// It is a hint and no more: *look there*. [`wanted`](Forwarded::wanted) says where, and [`answered`](Forwarded::answered) makes an
/// [`Authenticated`] activity of what is there, or nothing. Not a word of the copy is ever believed (I20).
///
/// Keep it under the [`key`](Forwarded::key) of its forwarder, never under the activity's id: a forged copy must not stand in the
/// way of the genuine one (GHSA-4qhx-hhwf-8685).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarded {
    forwarder: Iri,
    id: Iri,
    actor: Iri,
    /// The object of a `Delete`.
    gone: Option<Iri>,
    body: Bytes,
}

/// What the place answered that was [`wanted`](Forwarded::wanted).
#[derive(Debug, Clone, Copy)]
pub enum Answer<'a> {
    /// This is there.
    Found(&'a Document),
    /// It was there once: 410, or a `Tombstone`.
    Gone,
}

/// Why what was passed on is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRefetched {
    /// Its own place does not have it any more.
    #[error("the activity is gone at its own place")]
    Gone,
    /// What is said to be deleted is still there.
    #[error("what is said to be deleted is still there")]
    StillThere,
    /// Something else is at its place.
    #[error("its own place has something else")]
    SomethingElse,
    /// Its own place has it, and it is nothing that others pass on.
    #[error("nothing that others pass on")]
    NotPassedOn,
}

/// What people tell everybody. All else (`Follow`, `Accept`, `Block`, `Flag` and the like) is between two, who tell each other: passed on by a
/// third, it could only be a repetition of what was taken back long ago.
const PASSED_ON: [&str; 11] = [
    "Add",
    "Announce",
    "Create",
    "Delete",
    "Dislike",
    "EmojiReact",
    "Like",
    "Move",
    "Remove",
    "Undo",
    "Update",
];

/// Whether others may pass on activities of this type: what people tell everybody, not what two tell each other.
#[must_use]
pub fn is_passed_on(activity: &Object) -> bool {
    PASSED_ON.contains(&ids::local_name(activity.type_name()))
}

impl Forwarded {
    /// `activity` has the shape of one, with this id and actor.
    pub(super) fn new(
        forwarder: Iri,
        id: Iri,
        actor: Iri,
        activity: &Object,
        body: Bytes,
    ) -> Result<Self, RefusedKind> {
        use crate::authorise::Broken;
        let gone = if activity.is("Delete") {
            let object = activity.object();
            let gone = object.id().filter(|_| object.len() == 1);
            let gone = gone.ok_or(RefusedKind::NotAllowed(Broken::NoObject))?;
            // Nobody deletes what is elsewhere, so that nobody is asked there.
            if !gone.same_origin(&actor) {
                return Err(RefusedKind::NotAllowed(Broken::ForeignObject));
            }
            Some(gone)
        } else {
            None
        };
        Ok(Self {
            forwarder,
            id,
            actor,
            gone,
            body,
        })
    }

    pub(crate) fn from_parts(forwarder: Iri, id: Iri, actor: Iri, gone: Option<Iri>, body: Bytes) -> Self {
        Self {
            forwarder,
            id,
            actor,
            gone,
            body,
        }
    }

    /// Who passed it on: whose key signed the request.
    pub fn forwarder(&self) -> &Iri {
        &self.forwarder
    }

    /// The id that it claims, of the origin of the actor that it claims.
    pub fn id(&self) -> &Iri {
        &self.id
    }

    /// Who is said to act.
    pub fn actor(&self) -> &Iri {
        &self.actor
    }

    /// What is said to be deleted.
    pub(crate) fn gone(&self) -> Option<&Iri> {
        self.gone.as_ref()
    }

    /// The bytes as they came. All that they say is claimed by the forwarder.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// What to look up: the activity, by its own id; of a `Delete`, the object, as a `Delete` is seldom to be had.
    pub fn wanted(&self) -> &Iri {
        self.gone.as_ref().unwrap_or(&self.id)
    }

    /// The id to keep it under, with the origin of the forwarder: made of the forwarder and the bytes, so that it is that of no
    /// activity, and what one forwarder sends hides nothing that another does.
    #[must_use]
    pub fn key(&self) -> Iri {
        urn(&[b"forwarded", self.forwarder.as_str().as_bytes(), &self.body])
            .unwrap_or_else(|| self.forwarder.clone())
    }

    /// What to make of the answer: the genuine activity, to be accepted under the origin of *its* actor.
    ///
    /// # Errors
    /// [`Refused`]: there is nothing to believe. Asking again would not help.
    pub fn answered(
        &self,
        answer: Answer<'_>,
        config: &Receiving,
    ) -> Result<Authenticated<Activity>, Refused> {
        let refused = |why| Err(RefusedKind::NotRefetched(why).into());
        match (answer, &self.gone) {
            (Answer::Found(_), Some(_)) => refused(NotRefetched::StillThere),
            (Answer::Gone, None) => refused(NotRefetched::Gone),
            (Answer::Gone, Some(object)) => gone(&self.actor, object, config),
            (Answer::Found(document), None) if *document.id() != self.id => {
                refused(NotRefetched::SomethingElse)
            }
            (Answer::Found(document), None) => refetched(document, config),
        }
    }
}

/// The activity that an `Announce` embeds, as groups pass on what their members do (FEP-1b12). `None` where it announces something else: a post,
/// or an id alone.
///
/// It is a hint as any other. That the group is of the same origin as whoever is said to act changes nothing: a group speaks for itself,
/// and for no person of its server. What is believed is what the activity's own place says.
///
/// # Errors
/// [`Refused`]: what it embeds is an activity, and none that is passed on so; another `Announce`, for example (R8).
pub fn announced(
    announce: &Authenticated<Activity>,
    config: &Receiving,
) -> Result<Option<Forwarded>, Refused> {
    use crate::authorise::Broken;
    let proof = announce.proof();
    if !announce.is("Announce") {
        return Ok(None);
    }
    // The view has it reduced to its id; what it claims to be stands in the bytes.
    let whole = Object::parse(proof.said()).map_err(RefusedKind::Document)?;
    let reference = whole.object();
    let Some(inner) = reference.object().filter(|inner| !inner.actor().is_empty()) else {
        return Ok(None);
    };
    if reference.len() != 1 {
        return Err(RefusedKind::NotAllowed(Broken::TooMuch("objects")).into());
    }
    if inner.is("Announce") {
        return Err(RefusedKind::NotAllowed(Broken::NestedAnnounce).into());
    }
    let shape = shape::check(&inner, config)?;
    shape::admit_actor(&shape.actor, config)?;
    let (Some(id), true) = (shape.id, is_passed_on(&inner)) else {
        return Err(RefusedKind::NotRefetched(NotRefetched::NotPassedOn).into());
    };
    let body = inner.to_bytes().into();
    Ok(Some(Forwarded::new(
        proof.by.clone(),
        id,
        shape.actor,
        &inner,
        body,
    )?))
}

/// The activity that this document is, which was fetched from its own id: its actor answers for it, whoever led us there. To be accepted
/// under the origin of its actor, as if it had been posted by it.
///
/// # Errors
/// [`Refused`]: it is no activity, or none that others pass on, or of a suspended host or of this instance.
pub fn refetched(document: &Document, config: &Receiving) -> Result<Authenticated<Activity>, Refused> {
    let activity = Object::parse(document.bytes()).map_err(RefusedKind::Document)?;
    let shape = shape::check(&activity, config)?;
    if shape.id.as_ref() != Some(document.id()) {
        return Err(RefusedKind::NotRefetched(NotRefetched::SomethingElse).into());
    }
    if !is_passed_on(&activity) {
        return Err(RefusedKind::NotRefetched(NotRefetched::NotPassedOn).into());
    }
    shape::admit_actor(&shape.actor, config)?;
    let proof = Proof {
        by: shape.actor,
        id: document.id().clone(),
        evidence: Evidence::Refetched {
            from: document.id().clone(),
        },
        body: document.bytes().clone().into(),
        said: None,
        forwarder: None,
    };
    Ok(Authenticated::new(activity, proof))
}

/// The `Delete`, by `actor`, of what its own origin says is gone. It is written here and holds nothing of what was passed on: the id is
/// made of both, so that a forged one does not stand in the way of the actor's own.
///
/// # Errors
/// [`Refused`]: the actor is of another origin than the object, of a suspended host or of this instance.
pub fn gone(actor: &Iri, object: &Iri, config: &Receiving) -> Result<Authenticated<Activity>, Refused> {
    use crate::authorise::Broken;
    if !object.same_origin(actor) {
        return Err(RefusedKind::NotAllowed(Broken::ForeignObject).into());
    }
    shape::admit_actor(actor, config)?;
    let id = urn(&[b"gone", actor.as_str().as_bytes(), object.as_str().as_bytes()]);
    let id = id.ok_or(RefusedKind::Activity(crate::BadActivity::NoId))?;
    let delete = serde_json::json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": id.as_str(), "type": "Delete", "actor": actor.as_str(), "object": object.as_str(),
    });
    let body = Bytes::from(delete.to_string());
    let activity = Object::parse(&body).map_err(RefusedKind::Document)?;
    let proof = Proof {
        by: actor.clone(),
        id,
        evidence: Evidence::Refetched { from: object.clone() },
        body: body.into(),
        said: None,
        forwarder: None,
    };
    Ok(Authenticated::new(activity, proof))
}

/// An id that is made of these parts, and of no others.
pub(super) fn urn(parts: &[&[u8]]) -> Option<Iri> {
    use ring::digest::{Context, SHA256};
    use std::fmt::Write;
    let mut hash = Context::new(&SHA256);
    for part in parts {
        // With its length, so that no two lists of parts are the same bytes.
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut id = String::from("urn:sha256:");
    for byte in hash.finish().as_ref() {
        write!(id, "{byte:02x}").ok()?;
    }
    Iri::parse(&id).ok()
}
