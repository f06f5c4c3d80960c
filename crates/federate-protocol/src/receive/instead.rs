//! A post that is to be had where the activity that tells of it is not.

use super::created::{Said, said_of};
use super::forwarded::NotRefetched;
use super::{Forwarded, Receiving};
use crate::Authenticated;
use crate::activitystreams::{Activity, Iri, Object};
use crate::fetch::Document;
use crate::refused::{Refused, RefusedKind};

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
    /// It is written here, and holds nothing of what was passed on but which of the two it was. A `Create` is that of
    /// [`created`](super::created), and handled once whichever way it came; an `Update` is handled once for each change.
    ///
    /// # Errors
    /// [`Refused`]: nothing that somebody wrote for everybody is there, or its author is of another origin, of a suspended host or of this
    /// instance.
    pub fn found(&self, document: &Document, config: &Receiving) -> Result<Authenticated<Activity>, Refused> {
        let object = Object::parse(document.bytes()).map_err(RefusedKind::Document)?;
        if *document.id() != self.object || !object.actor().is_empty() {
            return Err(RefusedKind::NotRefetched(NotRefetched::SomethingElse).into());
        }
        let said = match self.is_new {
            true => Said::Created,
            false => Said::Updated,
        };
        said_of(&object, said, document, config)
    }
}
