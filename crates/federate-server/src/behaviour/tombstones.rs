//! What was deleted stays deleted; see [`Builder::manage_tombstones`](crate::Builder::manage_tombstones).

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Iri};
use federate_store::{Relation, RelationKey, RelationKind as Kind, Which};

use crate::{Builder, Cx, Directory, Failure, Federation};

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
    let now = cx.now();
    let deleted = Relation {
        until: Some(now + cx.federation.inner.managed.limits.tombstones),
        ..Relation::new(RelationKey::new(Kind::Tombstone, id.as_str(), activity.by()), now)
    };
    cx.federation.stores().relations.put(&deleted).await?;
    Ok(())
}

/// Whether what this activity is about was deleted, as far as it concerns its sender: nobody may bring back what they deleted, and
/// nobody may share it. Whoever deletes in advance what a neighbour will write keeps nothing of the neighbour's out.
pub(crate) async fn was_deleted<App: Directory>(
    federation: &Federation<App>,
    activity: &Authenticated<Activity>,
    id: &Iri,
) -> Result<bool, Failure> {
    if !federation.inner.managed.tombstones {
        return Ok(false);
    }
    let which = Which::of(Kind::Tombstone).about(id.as_str());
    let which = match activity.is("Create") || activity.is("Update") {
        true => which.with(activity.by()),
        false => which,
    };
    Ok(!federation
        .stores()
        .relations
        .page(&which, None, 1)
        .await?
        .is_empty())
}

impl<App: Directory> Builder<App> {
    /// The library remembers for a month what others deleted: an authorised `Delete` is written down, and a later `Create` or `Update` of
    /// it by who deleted it, and an `Announce` or a reaction by anybody, is refused, also where
    /// [`Directory::known`] says nothing. So is what comes before its `Create` in the wrong order.
    ///
    /// The application's handler for `Delete` runs as well, afterwards.
    pub fn manage_tombstones(mut self) -> Self {
        self.managed.tombstones = true;
        self
    }
}
