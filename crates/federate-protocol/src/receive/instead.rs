//! A post that is to be had where the activity that tells of it is not.

use super::forwarded::{NotRefetched, urn};
use super::{Forwarded, Receiving, shape};
use crate::activitystreams::{Activity, Iri, Object};
use crate::authenticated::Proof;
use crate::fetch::{Document, is_actor};
use crate::refused::{Refused, RefusedKind};
use crate::{Authenticated, Evidence};
use bytes::Bytes;
use serde_json::{Value, json};

/// Where to look if a `Create` or an `Update` cannot be had at its own id, as most servers keep posts and not what was said of them: at what it
/// is about. A hint as the activity itself: what is at that place is believed, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instead {
    object: Iri,
    is_new: bool,
}

impl Forwarded {
    /// Where else to look; `None` where the activity is no `Create` or `Update` of one thing of its actor's origin.
    #[must_use]
    pub fn instead(&self) -> Option<Instead> {
        let claimed = Object::parse(self.body()).ok()?;
        let is_new = claimed.is("Create");
        if !is_new && !claimed.is("Update") {
            return None;
        }
        let about = claimed.object();
        let object = about.id().filter(|_| about.len() == 1)?;
        let of_its_actor = object.same_origin(self.actor()) && object != *self.actor();
        of_its_actor.then_some(Instead { object, is_new })
    }
}

impl Instead {
    /// What to look up, at its own place.
    pub fn object(&self) -> &Iri {
        &self.object
    }

    /// Whether it is said to be new: of something that is known already, nothing is to be learnt.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The `Create` or the `Update`, by whoever the place says has written it, of what is there. To be accepted under the origin of *its* actor.
    ///
    /// It is written here, and holds nothing of what was passed on but which of the two it was. A `Create` has an id of the
    /// author and the object, so that it is handled once; an `Update` also of what is there, so that it is handled once for each change.
    ///
    /// # Errors
    /// [`Refused`]: nothing that somebody wrote is there, or its author is of another origin, of a suspended host or of this instance.
    pub fn found(&self, document: &Document, config: &Receiving) -> Result<Authenticated<Activity>, Refused> {
        let object = document.object();
        let another = *document.id() != self.object;
        // Not a person, not another activity, and not what is left of something.
        if another || is_actor(object) || !object.actor().is_empty() || object.is("Tombstone") {
            return Err(RefusedKind::NotRefetched(NotRefetched::SomethingElse).into());
        }
        let authors = object.attributed_to();
        let author = document.owner().filter(|owner| authors.contains(owner));
        let author = author.filter(|author| author.same_origin(&self.object));
        let author = author.ok_or(RefusedKind::NotRefetched(NotRefetched::SomethingElse))?;
        shape::admit_actor(author, config)?;
        let (kind, change): (_, &[u8]) = match self.is_new {
            true => ("Create", b""),
            false => ("Update", document.bytes()),
        };
        let (by, what) = (author.as_str().as_bytes(), self.object.as_str().as_bytes());
        let id = urn(&[b"found", kind.as_bytes(), by, what, change]);
        let id = id.ok_or(RefusedKind::Activity(crate::BadActivity::NoId))?;
        let whole: Value = serde_json::from_slice(document.bytes())
            .map_err(|_| RefusedKind::NotRefetched(NotRefetched::SomethingElse))?;
        let addressed = |ids: Vec<Iri>| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
        let activity = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": id.as_str(), "type": kind, "actor": author.as_str(),
            "to": addressed(object.to().ids()), "cc": addressed(object.cc().ids()), "object": whole,
        });
        let body = Bytes::from(activity.to_string());
        let activity = Object::parse(&body).map_err(RefusedKind::Document)?;
        let proof = Proof {
            by: author.clone(),
            id,
            evidence: Evidence::Refetched {
                from: self.object.clone(),
            },
            body,
            said: None,
            forwarder: None,
        };
        Ok(Authenticated::new(activity, proof))
    }
}
