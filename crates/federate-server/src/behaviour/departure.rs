//! An actor that deletes itself is gone from everything; one that changes is reached where it is now.

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::Activity;
use federate_store::{Follower, RelationKind as Kind, Which};

use crate::{Cx, Directory, Failure, RemoteActor};

/// What an actor that is gone leaves behind: what others need to know of it. Reports stay until they are closed, tombstones until their
/// time has come. It may come back by signing again, and finds the blocks of ours where they were; and whither ours moved is
/// theirs.
const LEFT: [Kind; 5] = [
    Kind::Report,
    Kind::Tombstone,
    Kind::Undone,
    Kind::Block,
    Kind::Moved,
];

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    if activity.object().id().as_ref() != Some(activity.by()) {
        return Ok(());
    }
    let followers = &cx.federation.stores().followers;
    if activity.is("Delete") {
        if cx.federation.inner.manage_followers {
            followers.forget(activity.by()).await?;
        }
        for kind in Kind::ALL.into_iter().filter(|kind| !LEFT.contains(kind)) {
            let all = Which::of(kind).with(activity.by());
            let gone = cx.federation.forget_all(&all).await?;
            if gone > 0 && kind == Kind::Subscriber {
                cx.federation.inner.subscribed.forget();
            }
        }
    } else if activity.is("Update") && cx.federation.inner.manage_followers {
        // What its server said of it a moment ago; the activity itself only claims.
        if let Some(actor) = cx.federation.inner.fetcher.known_actor(activity.by()).await {
            followers
                .refresh(&Follower::from(&RemoteActor::from(&actor)))
                .await?;
        }
    }
    Ok(())
}
