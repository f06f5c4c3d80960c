//! What of a document its sender can answer for.
//!
//! An object is believed when it is fetched from its own origin, when it is signed by its owner, or when it is embedded in a
//! document of the same origin and the same owner ([FEP-fe34]). All else that is embedded here becomes its id, for
//! somebody to fetch; what has no id to become is left out.
//!
//! [FEP-fe34]: https://codeberg.org/fediverse/fep/src/branch/main/fep/fe34/fep-fe34.md

use crate::activitystreams::{Iri, Member, Object, terms};
use crate::fetch::{CONTROLLER, OWNER};
use crate::prune::{Judge, Verdict, prune};

/// The view of an activity that `by` sent.
pub(crate) fn of_activity(object: &Object, by: &Iri) -> Object {
    let owner = Some(by);
    prune(object, &Believed { origin: by, owner })
}

/// The view of a document that was fetched from `id`; `owner` is who answers for it, where somebody does.
pub(crate) fn of_document(object: &Object, id: &Iri, owner: Option<&Iri>) -> Object {
    prune(object, &Believed { origin: id, owner })
}

struct Believed<'a> {
    origin: &'a Iri,
    owner: Option<&'a Iri>,
}

impl Judge for Believed<'_> {
    fn keeps(&self, _: Member<'_>) -> bool {
        true
    }

    fn object(&self, object: &Object) -> Verdict {
        if !object.has(&terms::ID) {
            return if self.owned(object, None) {
                Verdict::Keep
            } else {
                Verdict::Drop
            };
        }
        // An id that is no string names nothing, and must not be read as "without an id" (I7).
        let Some(id) = object.id() else {
            return Verdict::Drop;
        };
        if id.same_origin(self.origin) && self.owned(object, Some(&id)) {
            Verdict::Keep
        } else {
            Verdict::Reference(id.into())
        }
    }
}

impl Believed<'_> {
    /// Whether nobody but the owner of the whole claims this object.
    fn owned(&self, object: &Object, id: Option<&Iri>) -> bool {
        if object.is_actor() || object.has(&terms::INBOX) {
            return match (id, self.owner) {
                (Some(id), Some(owner)) => id == owner,
                (Some(_), None) => false,
                (None, _) => true,
            };
        }
        let (mut claimed, mut ours) = (false, false);
        for property in [&terms::ATTRIBUTED_TO, &terms::ACTOR, &OWNER, &CONTROLLER] {
            let claimants = object.refer(property);
            // Somebody whose name cannot be read claims it too, and is not us.
            claimed |= !claimants.is_empty();
            ours |= self.owner.is_some_and(|owner| claimants.contains(owner));
        }
        !claimed || ours
    }
}
