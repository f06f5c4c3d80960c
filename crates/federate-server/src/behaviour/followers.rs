//! Followers that the library keeps; see [`Builder::manage_followers`](crate::Builder::manage_followers).

use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Accept, Activity, Follow, Iri, Object, Reject, terms};
use federate_store::{
    Follower, Relation, RelationKey, RelationKind as Kind, RelationState as State, StoreErrorKind, Which,
};

use super::{Listed, keeps_apart, undo};
use crate::{Ask, Cursor, Cx, Directory, Enqueued, Error, Failure, Federation, Found, Item, Page};

/// Somebody who asked to follow one of ours, and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FollowRequest {
    /// Who asks.
    pub actor: Iri,
    /// The id of the `Follow`, where it has one.
    pub id: Option<Iri>,
    /// When it came.
    pub at: SystemTime,
}

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    match activity.cast::<Follow>() {
        Some(follow) if !undo::was_undone(cx, activity).await? => asked(cx, &follow).await,
        _ => Ok(()),
    }
}

/// Every `Follow` is answered, also one of somebody who follows already: the answer to the first may have been lost (W13).
async fn asked<App: Directory>(cx: &Cx<App>, follow: &Authenticated<Follow>) -> Result<(), Failure> {
    let Some(me) = cx.local_actor(follow.object_id()) else {
        return Ok(());
    };
    let stores = cx.federation.stores();
    let Found::Here(profile) = cx.app().actor(&cx.federation.ask(None), &me).await? else {
        cx.reject(follow).await?;
        return Ok(());
    };
    if keeps_apart(&cx.federation, &me, follow.by()).await? {
        cx.reject(follow).await?;
        return Ok(());
    }
    let mut request = Relation {
        activity: (**follow).id(),
        ..Relation::new(key(&me, follow.by()), cx.now())
    };
    if !profile.is_locked() || stores.followers.contains(&me, follow.by()).await? {
        let who = cx.actor(follow.by()).await?;
        stores.followers.add(&me, &Follower::from(&who)).await?;
        stores.relations.put(&request).await?;
        cx.accept(follow).await?;
        return Ok(());
    }
    let waiting = Which::of(Kind::FollowRequest)
        .about(&*me)
        .in_state(State::Pending);
    let is_known = stores.relations.get(&request.key).await?.is_some();
    if !is_known
        && stores.relations.count(&waiting).await? >= cx.federation.inner.managed.limits.follow_requests
    {
        tracing::info!(actor = %follow.by(), whom = me, "too many ask to follow, and wait");
        return Ok(());
    }
    request.state = State::Pending;
    stores.relations.put(&request).await?;
    Ok(())
}

fn key(me: &str, who: &Iri) -> RelationKey {
    RelationKey::new(Kind::FollowRequest, me, who)
}

impl<App: Directory> Federation<App> {
    /// Who asked to follow the actor `me` of ours and waits for an answer, those who came first first. For profiles that
    /// [approve by hand](crate::Profile::approves_followers), with [`manage_followers`](crate::Builder::manage_followers).
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn follow_requests(&self, me: &str, from: &Cursor) -> Result<Listed<FollowRequest>, Error> {
        let which = Which::of(Kind::FollowRequest).about(me).in_state(State::Pending);
        let request = |relation: Relation| FollowRequest {
            actor: relation.key.actor,
            id: relation.activity,
            at: relation.at,
        };
        self.listed(&which, from, request).await
    }

    /// Lets somebody follow who [asked](Federation::follow_requests): the follower is kept and told. Of one who follows already, only the
    /// answer is repeated. Where the library does not keep who asked, see [`approve`](Federation::approve).
    ///
    /// # Errors
    ///
    /// A permanent one where nobody asked, or who asked cannot be had; or the store's.
    pub async fn accept_follow(&self, me: &str, who: &Iri) -> Result<Enqueued, Error> {
        let relations = &self.stores().relations;
        let request = relations.get(&key(me, who)).await?;
        let request = request.ok_or_else(|| Error::permanent("that actor has not asked to follow"))?;
        let follower = Follower::from(&self.remote_actor(who).await?);
        self.stores().followers.add(me, &follower).await?;
        let accepted = relations.advance(&request.key, State::Pending, State::Accepted, None);
        if !accepted.await? && relations.get(&request.key).await?.is_none() {
            // Taken back while it was accepted.
            self.stores().followers.remove(me, who).await?;
            return Err(Error::permanent("the follow was undone"));
        }
        self.say_accepted(me, who, request.activity.as_ref()).await
    }

    /// The same by the `Follow` as it came, for an application that keeps them itself. Where the library
    /// [keeps](crate::Builder::manage_followers) the followers, it is [`accept_follow`](Federation::accept_follow) of who asked by it; where it
    /// does not, they are told, and that is all.
    ///
    /// # Errors
    ///
    /// A permanent one where the follow has no actor, or who asked cannot be had; or the store's.
    pub async fn approve(&self, me: &str, follow: &Object) -> Result<Enqueued, Error> {
        let who = follow.actor().id();
        let who = who.ok_or_else(|| Error::permanent("the follow has no actor"))?;
        if !self.inner.manage_followers {
            return self.say_accepted(me, &who, follow.id().as_ref()).await;
        }
        let known = self.stores().relations.get(&key(me, &who)).await?;
        let asked = Relation {
            activity: follow.id(),
            state: known.map_or(State::Pending, |known| known.state),
            ..Relation::new(key(me, &who), self.now())
        };
        self.stores().relations.put(&asked).await?;
        self.accept_follow(me, &who).await
    }

    async fn say_accepted(&self, me: &str, who: &Iri, follow: Option<&Iri>) -> Result<Enqueued, Error> {
        let accept = Accept::new(self.their_follow(me, who, follow));
        self.send(me, accept).to(who.clone()).await
    }

    /// Does not let somebody follow who [asked](Federation::follow_requests), and says so. They may ask again.
    ///
    /// # Errors
    ///
    /// A permanent one where nobody asked, or the store's.
    pub async fn reject_follow(&self, me: &str, who: &Iri) -> Result<Enqueued, Error> {
        self.end_follow(me, who)
            .await?
            .ok_or_else(|| Error::permanent("that actor has not asked to follow"))
    }

    /// Removes a follower, and says so to its server by a `Reject`. `None`: it was none.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn remove_follower(&self, me: &str, who: &Iri) -> Result<Option<Enqueued>, Error> {
        self.end_follow(me, who).await
    }

    async fn end_follow(&self, me: &str, who: &Iri) -> Result<Option<Enqueued>, Error> {
        let relations = &self.stores().relations;
        let request = relations.get(&key(me, who)).await?;
        let followed = self.stores().followers.contains(me, who).await?;
        if request.is_none() && !followed {
            return Ok(None);
        }
        let id = request.and_then(|request| request.activity);
        let reject = Reject::new(self.their_follow(me, who, id.as_ref()));
        // Told first: a crash in between leaves somebody who can be removed again.
        let told = self.send(me, reject).to(who.clone()).await?;
        self.stores().followers.remove(me, who).await?;
        relations.remove(&Which::exactly(&key(me, who)), 1).await?;
        Ok(Some(told))
    }

    /// Their `Follow` in an answer, without all else that it said: a server finds it by its id, or by who follows whom. A context of its own
    /// would stand inside ours, where it must not give another meaning to what a proof protects.
    pub(crate) fn their_follow(&self, me: &str, who: &Iri, id: Option<&Iri>) -> Object {
        let follow = Follow::new(self.uris().owner(me)).with(&terms::ACTOR, who);
        match id {
            Some(id) => follow.with_id(id).into(),
            None => follow.into(),
        }
    }

    /// One page of the followers that the library keeps.
    pub(crate) async fn managed_followers(
        &self,
        ask: &Ask<'_>,
        name: &str,
        from: &Cursor,
    ) -> Result<Page, Failure> {
        let followers = &self.stores().followers;
        let limit = usize::try_from(ask.limit()).unwrap_or(usize::MAX);
        let rows = match followers.page(name, from.as_str(), limit).await {
            // A cursor that somebody made up is their error, not the store's.
            Err(e) if from.as_str().is_some() && e.kind() == StoreErrorKind::Broken => {
                return Err(Failure::permanent(e));
            }
            rows => rows?,
        };
        let total = followers.count(name).await?;
        let mut page = Page::of(
            ask,
            rows,
            |(cursor, _)| cursor.clone(),
            |(_, follower)| Item::Follower(follower),
        );
        page.total = Some(total);
        Ok(page)
    }
}
