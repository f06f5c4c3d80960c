//! Who blocks whom; see [`Builder::manage_blocks`](crate::Builder::manage_blocks).

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Block, Iri, Object, terms};
use federate_store::{Relation, RelationKey, RelationKind as Kind, Which};

use super::{Listed, undo};
use crate::{Builder, Cursor, Cx, Directory, Enqueued, Error, Failure, Federation};

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let Some(block) = activity.cast::<Block>() else {
        return Ok(());
    };
    let Some(me) = cx.local_actor(block.object_id()) else {
        return Ok(());
    };
    if undo::was_undone(cx, activity).await? {
        return Ok(());
    }
    let stores = cx.federation.stores();
    let blocked = Relation {
        activity: (**block).id(),
        ..Relation::new(RelationKey::new(Kind::BlockedBy, &*me, block.by()), cx.now())
    };
    stores.relations.put(&blocked).await?;
    // Their server has cut both already: nothing is sent.
    stores.followers.remove(&me, block.by()).await?;
    for kind in [Kind::FollowRequest, Kind::Following] {
        let key = RelationKey::new(kind, &*me, block.by());
        stores.relations.remove(&Which::exactly(&key), 1).await?;
    }
    Ok(())
}

/// Whether one of the two blocks the other, as far as that is kept.
pub(crate) async fn keeps_apart<App: Directory>(
    federation: &Federation<App>,
    me: &str,
    who: &Iri,
) -> Result<bool, Error> {
    if !federation.inner.managed.blocks {
        return Ok(false);
    }
    for kind in [Kind::Block, Kind::BlockedBy] {
        let key = RelationKey::new(kind, me, who);
        if federation.stores().relations.get(&key).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether whoever asks is to have nothing of the actor of ours that wrote this.
pub(crate) async fn keeps_from<App: Directory>(
    federation: &Federation<App>,
    viewer: Option<&Iri>,
    object: &Object,
) -> Result<bool, Error> {
    match (viewer, federation.author_of(object)) {
        (Some(viewer), Some(author)) => keeps_apart(federation, &author, viewer).await,
        _ => Ok(false),
    }
}

impl<App: Directory> Builder<App> {
    /// The library keeps who blocks whom: a `Block` of one of ours ends the follows between the two in both directions; what one of ours
    /// writes to them is not delivered any more, and is not shown to who asks for it by that name; [`block`](Federation::block) does the same the other way round. A
    /// `Follow` between the two is rejected, their reactions are not kept. `Undo` ends it.
    ///
    /// What goes to all followers at a server's shared inbox is for that server to show to whom it may. Handlers of the application for
    /// `Block` run as well, afterwards.
    pub fn manage_blocks(mut self) -> Self {
        self.managed.blocks = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    /// The actor `me` of ours blocks somebody, and tells their server by a `Block`, as Mastodon does; follows between the two end
    /// (`Undo`, `Reject`).
    ///
    /// # Errors
    ///
    /// A permanent one where [`manage_blocks`](Builder::manage_blocks) is off, or the store's.
    pub async fn block(&self, me: &str, who: &Iri) -> Result<Enqueued, Error> {
        let id = self.activity_id(me, "block")?;
        self.cut(me, who, Some(&id)).await?;
        self.send(me, Block::new(who)).id(id).await
    }

    /// The same, without a `Block` that tells them: they notice that the follows are gone.
    ///
    /// # Errors
    ///
    /// As [`block`](Federation::block).
    pub async fn block_quietly(&self, me: &str, who: &Iri) -> Result<(), Error> {
        self.cut(me, who, None).await
    }

    /// Ends a block of ours, and tells who was told of it. `None`: nobody was to be told.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn unblock(&self, me: &str, who: &Iri) -> Result<Option<Enqueued>, Error> {
        let relations = &self.stores().relations;
        let key = RelationKey::new(Kind::Block, me, who);
        let Some(blocked) = relations.get(&key).await? else {
            return Ok(None);
        };
        let mut told = None;
        if let Some(id) = blocked.activity {
            let block = Block::new(who)
                .with(&terms::ACTOR, self.uris().actor(me))
                .with_id(&id);
            told = Some(self.undo(me, block).to(who.clone()).await?);
        }
        relations.remove(&Which::exactly(&key), 1).await?;
        Ok(told)
    }

    /// Whether the actor `me` of ours and somebody are to have nothing of each other: one of the two blocks the other.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn is_blocked(&self, me: &str, who: &Iri) -> Result<bool, Error> {
        keeps_apart(self, me, who).await
    }

    /// Whom the actor `me` of ours blocks.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn blocked(&self, me: &str, from: &Cursor) -> Result<Listed<Iri>, Error> {
        let which = Which::of(Kind::Block).about(me);
        self.listed(&which, from, |relation| relation.key.actor).await
    }

    async fn cut(&self, me: &str, who: &Iri, id: Option<&Iri>) -> Result<(), Error> {
        if !self.inner.managed.blocks {
            return Err(Error::permanent("`manage_blocks` is not switched on"));
        }
        let block = Relation {
            activity: id.cloned(),
            ..Relation::new(RelationKey::new(Kind::Block, me, who), self.now())
        };
        // First of all: nothing of theirs comes through from here on.
        self.stores().relations.put(&block).await?;
        self.unfollow(me, who).await?;
        self.remove_follower(me, who).await?;
        Ok(())
    }
}
