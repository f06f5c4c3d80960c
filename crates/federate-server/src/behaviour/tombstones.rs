//! What was deleted stays deleted; see [`Builder::manage_tombstones`](crate::Builder::manage_tombstones).

use federate_protocol::activitystreams::{Activity, Iri};
use federate_protocol::{Authenticated, Evidence, Known};
use federate_store::{Relation, RelationKey, RelationKind as Kind, Which};

use crate::{Builder, Cx, Directory, Failure, Federation};

/// In the note of a tombstone: it was known to be theirs to delete, or to be gone.
const THEIRS: &str = "theirs";

/// How many actors' tombstones of one object are looked at.
const LOOKED_AT: usize = 100;

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let Some(id) = activity.object().id().filter(|_| activity.is("Delete")) else {
        return Ok(());
    };
    // An actor that deletes itself and then signs again is there again: only its server can say so.
    if id == *activity.by() {
        return Ok(());
    }
    // What nobody here knew, and nobody asked for, may be another's: any person of that server could say so.
    let gone = matches!(activity.evidence(), Evidence::Refetched { from } if *from == id);
    let theirs = gone || matches!(cx.app().known(&id).await?, Known::Owner(_) | Known::Object { .. });
    let now = cx.now();
    let deleted = Relation {
        note: if theirs { THEIRS.to_owned() } else { String::new() },
        until: Some(now + cx.federation.inner.managed.limits.tombstones),
        ..Relation::new(RelationKey::new(Kind::Tombstone, id.as_str(), activity.by()), now)
    };
    cx.federation.stores().relations.put(&deleted).await?;
    Ok(())
}

/// Whether what this activity is about was deleted, as far as it concerns its sender: nobody may bring back what they deleted, and
/// nobody may share it. Whoever deletes in advance what a neighbour will write keeps nothing of the neighbour's out, nor shares of it.
pub(crate) async fn was_deleted<App: Directory>(
    federation: &Federation<App>,
    activity: &Authenticated<Activity>,
    id: &Iri,
) -> Result<bool, Failure> {
    if !federation.inner.managed.tombstones {
        return Ok(false);
    }
    let which = Which::of(Kind::Tombstone).about(id.as_str());
    let relations = &federation.stores().relations;
    if activity.is("Create") || activity.is("Update") {
        let own = relations.page(&which.with(activity.by()), None, 1).await?;
        return Ok(!own.is_empty());
    }
    let all = relations.page(&which, None, LOOKED_AT).await?;
    Ok(all.iter().any(|(_, deleted)| deleted.note == THEIRS))
}

impl<App: Directory> Builder<App> {
    /// The library remembers for a month what others deleted: an authorised `Delete` is written down, and a later `Create` or `Update` of
    /// it by who deleted it is refused, also where [`Directory::known`] says nothing. So is an `Announce` or a reaction by anybody, where
    /// the object was known when it was deleted, or its own place says that it is gone. So is what comes before its `Create` in the wrong order.
    ///
    /// The application's handler for `Delete` runs as well, afterwards.
    pub fn manage_tombstones(mut self) -> Self {
        self.managed.tombstones = true;
        self
    }
}
