//! Whom our people follow; see [`Builder::manage_following`](crate::Builder::manage_following).

use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Follow, Iri, Object, terms};
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use super::{Listed, keeps_apart};
use crate::{Ask, Builder, Cursor, Cx, Directory, Enqueued, Error, Failure, Federation, Item, Local, Page};

/// Somebody whom one of ours follows, or asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Following {
    /// Who is followed.
    pub actor: Iri,
    /// Whether they have accepted. Until they have, nothing of theirs is for our actor.
    pub state: State,
    /// Since when.
    pub at: SystemTime,
}

impl From<Relation> for Following {
    fn from(relation: Relation) -> Self {
        Following {
            actor: relation.key.actor,
            state: relation.state,
            at: relation.at,
        }
    }
}

/// The answer to a `Follow` of ours. That it comes from whom we asked was judged before; here, that it answers the last one that
/// we sent: a late `Accept` of a follow that was undone starts nothing (CVE-2025-30741, W13).
pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    let accepts = activity.is("Accept");
    if !accepts && !activity.is("Reject") {
        return Ok(());
    }
    let Some(follow) = activity.object().object().filter(|inner| inner.is("Follow")) else {
        return Ok(());
    };
    let Some(name) = cx.local_actor(follow.actor().id()) else {
        return Ok(());
    };
    let relations = &cx.federation.stores().relations;
    let key = key(&name, activity.by());
    let ours = relations.get(&key).await?;
    if ours.is_none_or(|ours| ours.activity.is_none() || ours.activity != follow.id()) {
        return Ok(());
    }
    if accepts {
        relations
            .advance(&key, State::Pending, State::Accepted, None)
            .await?;
        return Ok(());
    }
    let until = Some(cx.now() + cx.federation.inner.managed.limits.refused);
    for from in [State::Pending, State::Accepted] {
        relations.advance(&key, from, State::Rejected, until).await?;
    }
    Ok(())
}

/// A `Follow` that one of ours sent, where the outbox has forgotten it.
pub(crate) async fn our_follow<App: Directory>(
    federation: &Federation<App>,
    id: &Iri,
) -> Result<Option<Object>, Failure> {
    if !federation.inner.managed.following {
        return Ok(None);
    }
    let which = Which::of(Kind::Following).made_by(id);
    let found = federation.stores().relations.page(&which, None, 1).await?;
    Ok(found.into_iter().next().map(|(_, relation)| {
        let me = federation.uris().actor(&relation.key.subject);
        follow_of(&me, &relation.key.actor, Some(id))
    }))
}

fn key(me: &str, who: &Iri) -> RelationKey {
    RelationKey::new(Kind::Following, me, who)
}

fn follow_of(me: &Iri, who: &Iri, id: Option<&Iri>) -> Object {
    let follow = Follow::new(who).with(&terms::ACTOR, me);
    match id {
        Some(id) => follow.with_id(id).into(),
        None => follow.into(),
    }
}

impl<App: Directory> Builder<App> {
    /// The library keeps whom our people follow: [`follow`](Federation::follow) and [`unfollow`](Federation::unfollow) send, an `Accept`
    /// of who was asked makes the follow hold, a `Reject`, also a later one, ends it. Until the `Accept` it is
    /// pending, and counts nowhere. The `following` collection is served from there.
    ///
    /// The application need not answer [`Directory::asked`] for these. Its handlers for `Accept` and `Reject` run as well,
    /// afterwards.
    pub fn manage_following(mut self) -> Self {
        self.managed.following = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    /// The actor `me` of ours asks to follow somebody. It holds when they accept; asked again before that, they are asked again.
    ///
    /// # Errors
    ///
    /// A permanent one where [`manage_following`](Builder::manage_following) is off, where they are of this instance, where one of the two
    /// blocks the other, and where they cannot be looked up; or the store's.
    pub async fn follow(&self, me: &str, who: &Iri) -> Result<Enqueued, Error> {
        if !self.inner.managed.following {
            return Err(Error::permanent("`manage_following` is not switched on"));
        }
        if self.uris().is_local(who) {
            return Err(Error::permanent("both are of this instance"));
        }
        let who = self.remote_actor(who).await?.id;
        if keeps_apart(self, me, &who).await? {
            return Err(Error::permanent("one of the two blocks the other"));
        }
        let id = self.activity_id(me, "follow")?;
        let before = self.stores().relations.get(&key(me, &who)).await?;
        let held = before.is_some_and(|before| before.state == State::Accepted);
        let asked = Relation {
            activity: Some(id.clone()),
            state: if held { State::Accepted } else { State::Pending },
            ..Relation::new(key(me, &who), self.now())
        };
        // Before it is sent: the answer must find it.
        self.stores().relations.put(&asked).await?;
        self.send(me, Follow::new(&who)).id(id).await
    }

    /// The actor `me` of ours follows somebody no more, or asks no more. `None`: it did neither.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn unfollow(&self, me: &str, who: &Iri) -> Result<Option<Enqueued>, Error> {
        let relations = &self.stores().relations;
        let Some(ours) = relations.get(&key(me, who)).await? else {
            return Ok(None);
        };
        let mut told = None;
        if ours.state != State::Rejected {
            let follow = follow_of(&self.uris().actor(me), who, ours.activity.as_ref());
            told = Some(self.undo(me, follow).to(who.clone()).await?);
        }
        relations.remove(&Which::exactly(&ours.key), 1).await?;
        Ok(told)
    }

    /// Whether the actor `me` of ours follows somebody, and they have accepted.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn is_following(&self, me: &str, who: &Iri) -> Result<bool, Error> {
        let ours = self.stores().relations.get(&key(me, who)).await?;
        Ok(ours.is_some_and(|ours| ours.state == State::Accepted))
    }

    /// Whom the actor `me` of ours follows, asked to, or was refused by, those of long ago first.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn following(&self, me: &str, from: &Cursor) -> Result<Listed<Following>, Error> {
        let which = Which::of(Kind::Following).about(me);
        self.listed(&which, from, Following::from).await
    }

    /// One page of those who have accepted.
    pub(crate) async fn managed_following(
        &self,
        ask: &Ask<'_>,
        name: &str,
        from: &Cursor,
    ) -> Result<Page, Failure> {
        let which = Which::of(Kind::Following).about(name).in_state(State::Accepted);
        self.relation_page(ask, &which, from, |relation| Item::Id(relation.key.actor))
            .await
    }

    /// One page of a collection that is made of relations.
    pub(super) async fn relation_page(
        &self,
        ask: &Ask<'_>,
        which: &Which,
        from: &Cursor,
        item: impl Fn(Relation) -> Item,
    ) -> Result<Page, Failure> {
        let relations = &self.stores().relations;
        let limit = usize::try_from(ask.limit()).unwrap_or(usize::MAX);
        let rows = relations
            .page(which, from.as_str(), limit)
            .await
            .map_err(|e| crate::error::of_cursor(from, e))?;
        let mut page = Page::of(ask, rows, |(cursor, _)| cursor.clone(), |(_, one)| item(one));
        page.total = Some(relations.count(which).await?);
        Ok(page)
    }

    /// The identifier of the actor of ours that wrote or did this.
    pub(crate) fn author_of(&self, object: &Object) -> Option<String> {
        let author = object.attributed_to().id().or_else(|| object.actor().id());
        match self.uris().parse(&author?)? {
            Local::Actor(name) => Some(name),
            Local::Object(_) => None,
        }
    }
}
