//! A page that was read.

use crate::activitystreams::{Iri, Object, Ref};
use std::collections::HashSet;

/// What one page lists.
///
/// An item is a **claim of membership**, by the collection's server, and nothing else: that a follower is listed does not say that he follows, and that
/// an activity is listed does not say that its actor sent it. Ask for the object by its id before it is shown or stored (I12).
/// What stands embedded is what the collection's own origin, and its owner where one claims it, can answer for; all else stands as an id.
#[derive(Debug, Clone)]
pub struct ReadPage {
    object: Object,
    items: Vec<Ref>,
}

impl ReadPage {
    /// The items of a page, each id once in all the reading; and whether some were left out because they are more than `most`.
    pub(super) fn new(object: Object, listed: &mut HashSet<Iri>, most: usize) -> (Self, bool) {
        let mut items = Vec::new();
        for item in object.members() {
            let id = item.id();
            if id.is_none() && item.object().is_none() || id.as_ref().is_some_and(|id| listed.contains(id)) {
                continue;
            }
            if items.len() == most {
                return (Self { object, items }, true);
            }
            listed.extend(id);
            items.push(item);
        }
        (Self { object, items }, false)
    }

    /// Its items, in the order of the page: ids, and embedded objects, of which some have no id. Items that an earlier page listed are left out, and what cannot be
    /// read is too.
    pub fn items(&self) -> &[Ref] {
        &self.items
    }

    /// The ids of its items.
    pub fn ids(&self) -> impl Iterator<Item = Iri> + '_ {
        self.items.iter().filter_map(Ref::id)
    }

    /// The page, or the collection that holds items itself: reduced to what its origin and its owner can answer for.
    pub fn object(&self) -> &Object {
        &self.object
    }
}
