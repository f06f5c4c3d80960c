//! `Undo` of what is remembered, by its id or by what it was; and of what has not come yet (W14).

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_store::{Relation, RelationKey, RelationKind as Kind, Which};

use super::reactions;
use crate::{Cx, Directory, Failure, relay};

/// How many relations one activity can have made: one, if its sender is honest.
const MADE_BY_ONE: usize = 8;

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    undo: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let kinds = kinds(cx);
    if kinds.is_empty() {
        return Ok(());
    }
    let (id, embedded) = (undo.object().id(), undo.object().object());
    let mut taken_back = false;
    if let Some(id) = &id {
        for kind in &kinds {
            // Whatever it names: only what the same actor did is taken back (I14).
            let which = Which::of(*kind).made_by(id).with(undo.by());
            let found = cx
                .federation
                .stores()
                .relations
                .page(&which, None, MADE_BY_ONE)
                .await?;
            for (_, relation) in found {
                taken_back |= take_back(cx, &relation.key).await?;
            }
        }
    }
    let said = embedded
        .as_ref()
        .and_then(|embedded| key_of(cx, undo.by(), embedded))
        .filter(|key| kinds.contains(&key.kind));
    if !taken_back && let Some(key) = &said {
        taken_back = take_back(cx, key).await?;
    }
    // It may be on its way still. What is embedded and not about us never concerns us; what is embedded without what it was about is
    // as good as its mere id.
    let says_nothing = embedded
        .as_ref()
        .is_none_or(|embedded| embedded.object().is_empty());
    if !taken_back
        && let Some(id) = id
        && (said.is_some() || says_nothing)
    {
        let now = cx.now();
        let key = RelationKey::new(Kind::Undone, id.as_str(), undo.by());
        let undone = Relation {
            until: Some(now + cx.federation.inner.managed.limits.undone),
            ..Relation::new(key, now)
        };
        cx.federation.stores().relations.put(&undone).await?;
    }
    Ok(())
}

/// Whether this activity was undone by its actor before it came.
pub(crate) async fn was_undone<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<bool, Failure> {
    let Some(id) = (**activity).id() else {
        return Ok(false);
    };
    let key = RelationKey::new(Kind::Undone, id.as_str(), activity.by());
    Ok(cx.federation.stores().relations.get(&key).await?.is_some())
}

/// What of all that is managed an `Undo` can take back.
fn kinds<App: Directory>(cx: &Cx<App>) -> Vec<Kind> {
    let inner = &cx.federation.inner;
    let mut kinds = Vec::new();
    if inner.manage_followers {
        kinds.push(Kind::FollowRequest);
    }
    if inner.managed.reactions {
        kinds.extend([Kind::Like, Kind::Announce, Kind::EmojiReact]);
    }
    if inner.managed.blocks {
        kinds.push(Kind::BlockedBy);
    }
    if inner.relaying.serves.is_some() {
        kinds.push(Kind::Subscriber);
    }
    kinds
}

/// The relation that an activity of this actor would make.
fn key_of<App: Directory>(cx: &Cx<App>, by: &Iri, activity: &Object) -> Option<RelationKey> {
    let me = || cx.local_actor(activity.object().id());
    match activity.type_name() {
        "Follow" => match me() {
            Some(me) => Some(RelationKey::new(Kind::FollowRequest, me, by)),
            None => relay::key_of(cx.uris(), by, activity),
        },
        "Block" => Some(RelationKey::new(Kind::BlockedBy, me()?, by)),
        _ => reactions::key_of(cx, by, activity),
    }
}

async fn take_back<App: Directory>(cx: &Cx<App>, key: &RelationKey) -> Result<bool, Failure> {
    let stores = cx.federation.stores();
    if key.kind == Kind::Subscriber {
        return leave(cx, key).await;
    }
    let removed = stores.relations.remove(&Which::exactly(key), 1).await? > 0;
    // Those who followed before this was written down have no relation.
    let unfollowed =
        key.kind == Kind::FollowRequest && stores.followers.remove(&key.subject, &key.actor).await?;
    Ok(removed || unfollowed)
}

/// Somebody does not subscribe to our relay any more, and we do not follow them back.
async fn leave<App: Directory>(cx: &Cx<App>, key: &RelationKey) -> Result<bool, Failure> {
    let federation = &cx.federation;
    let relations = &federation.stores().relations;
    let Some(subscriber) = relations.get(key).await? else {
        return Ok(false);
    };
    // Before: a crash in between leaves what can be taken back again. And after: until then it may be accepted, and followed back.
    federation.take_back_ours(&subscriber).await?;
    let removed = relations.remove(&Which::exactly(key), 1).await? > 0;
    federation.take_back_ours(&subscriber).await?;
    federation.inner.subscribed.forget();
    Ok(removed)
}
