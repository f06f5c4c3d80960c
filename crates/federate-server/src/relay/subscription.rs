//! Subscribing to relays of others; see [`Builder::manage_relays`](crate::Builder::manage_relays).

use std::time::SystemTime;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Accept, Activity, Follow, Iri, Object, PUBLIC, terms};
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State, Which};

use crate::{Builder, Cx, Directory, Draft, Enqueued, Error, Failure, Federation, INSTANCE, RELAY};

/// To how many relays of one kind an instance subscribes.
pub(super) const MOST: usize = 100;

/// How a relay is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RelayKind {
    /// As Mastodon does: an operator is given the URL of an inbox. Our people's posts go there as they are, signed by them.
    Mastodon,
    /// As Pleroma and Akkoma do: an operator is given the id of an actor, which usually ends in `/relay`. Ids are announced to it.
    LitePub,
}

impl RelayKind {
    pub(crate) const ALL: [Self; 2] = [Self::Mastodon, Self::LitePub];

    /// The form that is stored.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mastodon => "mastodon",
            Self::LitePub => "litepub",
        }
    }

    /// Under what name we ask such a relay.
    fn asks_as(self) -> &'static str {
        match self {
            Self::Mastodon => INSTANCE,
            Self::LitePub => RELAY,
        }
    }
}

/// A relay that this instance subscribes to, or asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relay {
    /// How it is spoken to.
    pub kind: RelayKind,
    /// Its inbox, or the id of its actor: what [`subscribe_to_relay`](Federation::subscribe_to_relay) was given.
    pub at: Iri,
    /// Whether it has accepted. Until it has, nothing goes there, and it counts for nothing.
    pub state: State,
    /// Since when.
    pub since: SystemTime,
}

/// Whom the answer to one of our subscriptions may be from, where it is one and `by` may give it: the relay, or, of one of which only the
/// inbox is known, whoever is of its origin.
pub(crate) async fn asked<App: Directory>(
    federation: &Federation<App>,
    by: &Iri,
    follow: &Iri,
) -> Result<Option<Iri>, Failure> {
    if !federation.inner.relaying.subscribes || !federation.uris().is_local(follow) {
        return Ok(None);
    }
    let relay = asked_by(federation, follow).await?;
    Ok(relay.filter(|relay| may_answer(relay, by)).map(|_| by.clone()))
}

/// An answer to our `Follow`. That it is from whom it must be from was judged before.
pub(crate) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<(), Failure> {
    if !cx.federation.inner.relaying.subscribes {
        return Ok(());
    }
    let Some(object) = activity.object().id() else {
        return Ok(());
    };
    if activity.is("Accept") || activity.is("Reject") {
        return answered(cx, activity, &object).await;
    }
    Ok(())
}

/// The `Follow` with which a relay of the LitePub kind returns ours: `true`, and answered. It is no subscription to the relay that we may be.
pub(super) async fn returned<App: Directory>(
    cx: &Cx<App>,
    follow: &Authenticated<Activity>,
) -> Result<bool, Failure> {
    let key = RelationKey::new(Kind::Relay, RelayKind::LitePub.as_str(), follow.by());
    let ours = cx.federation.stores().relations.get(&key).await?;
    if ours.is_none_or(|ours| ours.state == State::Rejected) {
        return Ok(false);
    }
    let id = (**follow).id();
    let theirs = cx.federation.their_follow(RELAY, follow.by(), id.as_ref());
    cx.send(RELAY, Accept::new(theirs))
        .to(follow.by().clone())
        .await?;
    Ok(true)
}

async fn answered<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
    follow: &Iri,
) -> Result<(), Failure> {
    let relay = asked_by(&cx.federation, follow).await?;
    let Some(relay) = relay.filter(|relay| may_answer(relay, activity.by())) else {
        return Ok(());
    };
    let relations = &cx.federation.stores().relations;
    let advance = async |from, to| relations.advance(&relay.key, from, to, None).await;
    if activity.is("Accept") {
        advance(State::Pending, State::Accepted).await?;
    } else {
        for from in [State::Pending, State::Accepted] {
            advance(from, State::Rejected).await?;
        }
    }
    Ok(())
}

/// The subscription that this `Follow` of ours asked for last.
async fn asked_by<App: Directory>(
    federation: &Federation<App>,
    follow: &Iri,
) -> Result<Option<Relation>, Failure> {
    let which = Which::of(Kind::Relay).made_by(follow);
    let found = federation.stores().relations.page(&which, None, 1).await?;
    Ok(found.into_iter().next().map(|(_, relay)| relay))
}

fn may_answer(relay: &Relation, by: &Iri) -> bool {
    match relay.key.subject == RelayKind::LitePub.as_str() {
        true => relay.key.actor == *by,
        false => relay.key.actor.same_origin(by),
    }
}

impl<App: Directory> Builder<App> {
    /// This instance may [subscribe](Federation::subscribe_to_relay) to relays. What its people say to everybody (`Create`, `Update`, `Delete` and
    /// `Move`; never what has Public only in its `cc`, or not at all) goes to those that have accepted, besides everybody else whom it goes
    /// to. What they pass on is taken in as what it is: an activity of its author, proven by what it carries or looked up at its own
    /// place. What they announce is looked up, and comes to the application as the `Create` of its author, where it does not
    /// [know](Directory::known) it yet; the author's own `Create` may come later.
    ///
    /// An actor of its own speaks to relays of the LitePub kind: [`Paths::relay_actor`](crate::Paths::relay_actor), which no person can be
    /// called then.
    ///
    /// ```no_run
    /// # use federate_server::{Directory, Error, Federation, RelayKind};
    /// # async fn of<App: Directory>(federation: Federation<App>) -> Result<(), Error> {
    /// let inbox = "https://relay.example/inbox".parse()?;
    /// federation.subscribe_to_relay(RelayKind::Mastodon, &inbox).await?;
    /// for relay in federation.relays().await? {
    ///     println!("{} {:?} since {:?}", relay.at, relay.state, relay.since);
    /// }
    /// federation.unsubscribe_from_relay(&inbox).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn manage_relays(mut self) -> Self {
        self.relaying.subscribes = true;
        self
    }
}

#[cfg(feature = "ld")]
impl<App: Directory> Builder<App> {
    /// What goes to relays carries a Linked Data Signature (`RsaSignature2017`) of its sender, as with Mastodon: whoever gets it from there need
    /// not look it up. So it does on the way to everybody else, and where it is served. Only with the feature `ld`.
    ///
    /// What says something that has no meaning in its `@context` is sent without, and logged: a receiver would drop that part.
    pub fn ld_signatures(mut self) -> Self {
        self.relaying.signs = true;
        self
    }
}

impl<App: Directory> Federation<App> {
    /// Asks a relay to pass on what it gets, and to take what our people say to everybody: `at` is its inbox, or, of one of the LitePub kind, its
    /// actor. It holds in all processes as soon as the relay has accepted. Asked again, it is asked again.
    ///
    /// # Errors
    ///
    /// A permanent one where [`manage_relays`](Builder::manage_relays) is off, where `at` is no URL of another instance or of a suspended
    /// host, where it is no actor of which the other kind is, and where there are 100 of that kind already; or the store's.
    pub async fn subscribe_to_relay(&self, kind: RelayKind, at: &Iri) -> Result<Enqueued, Error> {
        if !self.inner.relaying.subscribes {
            return Err(Error::permanent("`manage_relays` is not switched on"));
        }
        if self.uris().is_local(at) {
            return Err(Error::permanent("the relay is this instance"));
        }
        self.inner.moderation.look().await;
        self.inner.fetcher.rules().admit(at).map_err(Error::permanent)?;
        if self.inner.moderation.blocks().covering(at).is_some() {
            return Err(Error::permanent("the relay is of a suspended host"));
        }
        let at = match kind {
            RelayKind::Mastodon => at.clone(),
            RelayKind::LitePub => self.remote_actor(at).await?.id,
        };
        let relations = &self.stores().relations;
        let key = RelationKey::new(Kind::Relay, kind.as_str(), &at);
        let before = relations.get(&key).await?;
        let all = Which::of(Kind::Relay).about(kind.as_str());
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        if before.is_none() && relations.count(&all).await? >= most {
            return Err(Error::permanent("there are too many relays"));
        }
        let me = self.uris().owner(kind.asks_as());
        let id = Iri::parse(&format!("{me}#follow/{}", self.new_id()))?;
        let held = before.is_some_and(|before| before.state == State::Accepted);
        let asked = Relation {
            activity: Some(id.clone()),
            state: if held { State::Accepted } else { State::Pending },
            ..Relation::new(key, self.now())
        };
        // Before it is sent: the answer must find it.
        relations.put(&asked).await?;
        let follow = follow_of(kind, &me, &at, &id)?;
        self.to_relay(self.send(kind.asks_as(), follow), kind, &at).await
    }

    /// Wants nothing more of a relay, and sends it nothing more. `None`: it was none of ours. It is told by an `Undo`, unless it had refused us.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn unsubscribe_from_relay(&self, at: &Iri) -> Result<Option<Enqueued>, Error> {
        let relations = &self.stores().relations;
        for kind in RelayKind::ALL {
            let key = RelationKey::new(Kind::Relay, kind.as_str(), at);
            let Some(relay) = relations.get(&key).await? else {
                continue;
            };
            let mut told = None;
            if relay.state != State::Rejected
                && let Some(id) = &relay.activity
            {
                let me = self.uris().owner(kind.asks_as());
                let follow = follow_of(kind, &me, at, id)?;
                let undo = self.undo(kind.asks_as(), follow);
                told = Some(self.to_relay(undo, kind, at).await?);
            }
            relations.remove(&Which::exactly(&key), 1).await?;
            return Ok(told);
        }
        Ok(None)
    }

    /// The relays that this instance subscribes to, asked, or was refused by.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn relays(&self) -> Result<Vec<Relay>, Error> {
        let mut relays = Vec::new();
        for kind in RelayKind::ALL {
            let which = Which::of(Kind::Relay).about(kind.as_str());
            let rows = self.stores().relations.page(&which, None, MOST).await?;
            relays.extend(rows.into_iter().map(|(_, relation)| Relay {
                kind,
                at: relation.key.actor,
                state: relation.state,
                since: relation.at,
            }));
        }
        Ok(relays)
    }

    fn to_relay(&self, draft: Draft<App>, kind: RelayKind, at: &Iri) -> Draft<App> {
        match kind {
            RelayKind::Mastodon => draft.at_inbox(at.clone()),
            RelayKind::LitePub => draft.to(at.clone()),
        }
    }
}

/// Our `Follow`, as it is sent and as it is taken back.
fn follow_of(kind: RelayKind, me: &Iri, at: &Iri, id: &Iri) -> Result<Object, Error> {
    let whom = match kind {
        RelayKind::Mastodon => PUBLIC.parse()?,
        RelayKind::LitePub => at.clone(),
    };
    Ok(Follow::new(&whom).with_id(id).with(&terms::ACTOR, me).into())
}
