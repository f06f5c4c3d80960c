//! Who subscribes to the relay that we are; see [`Builder::relay`](crate::Builder::relay).

use std::time::SystemTime;

use federate_protocol::activitystreams::{
    Accept, Activity, Follow, Iri, Object, PUBLIC, Reject, Undo, is_public, terms,
};
use federate_protocol::{Authenticated, domain};
use federate_store::{
    Relation, RelationKey, RelationKind as Kind, RelationState as State, StoreError, Which, lane_of,
};

use super::RelayKind;
use super::subscription::returned;
use crate::behaviour::was_undone;
use crate::{
    Builder, Cursor, Cx, Directory, Draft, Enqueued, Error, Failure, Federation, Listed, RELAY, Uris,
};

/// Whom a relay of ours admits. Nobody of a suspended host in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admission {
    /// Whoever asks.
    Open,
    /// Whom the application [accepts](Federation::accept_subscriber); until then they wait, [so many](crate::BehaviourLimits::subscribers_waiting)
    /// and [so long](crate::BehaviourLimits::subscriber_waits).
    ByHand,
}

/// An instance that subscribes to the relay that we are, or asks to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscriber {
    /// How it is spoken to.
    pub kind: RelayKind,
    /// The actor that asked, which is its server's own.
    pub actor: Iri,
    /// Whether it was accepted.
    pub state: State,
    /// Since when.
    pub since: SystemTime,
}

/// A `Follow` of the actor that relays, or of the relay that we are, is no handler's: `true`. What an `Undo` ends, ends where all that is
/// managed does.
pub(crate) async fn followed<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
) -> Result<bool, Failure> {
    let relaying = cx.federation.inner.relaying;
    if !relaying.has_actor() {
        return Ok(false);
    }
    let kind = asked_for(cx.uris(), activity);
    if kind == Some(RelayKind::LitePub) && returned(cx, activity).await? {
        return Ok(true);
    }
    let Some(admission) = relaying.serves else {
        return Ok(kind == Some(RelayKind::LitePub));
    };
    match kind {
        Some(kind) if !was_undone(cx, activity).await? => asked(cx, activity, kind, admission).await?,
        _ => {}
    }
    Ok(kind.is_some())
}

/// The subscription that a `Follow` asks for.
pub(crate) fn key_of(uris: &Uris, by: &Iri, follow: &Object) -> Option<RelationKey> {
    Some(key(asked_for(uris, follow)?, by))
}

fn asked_for(uris: &Uris, follow: &Object) -> Option<RelayKind> {
    let whom = follow.object().id().filter(|_| follow.is("Follow"))?;
    match whom {
        whom if is_public(whom.as_str()) => Some(RelayKind::Mastodon),
        whom if whom == uris.relay_actor() => Some(RelayKind::LitePub),
        _ => None,
    }
}

fn key(kind: RelayKind, by: &Iri) -> RelationKey {
    // Named by whose it is, so that those of one owner are counted: with another host below it, in capitals or with a port, it would be
    // another server, with room of its own.
    let domain = domain::of_id(by);
    RelationKey::new(Kind::Subscriber, kind.as_str(), by).named(domain)
}

async fn asked<App: Directory>(
    cx: &Cx<App>,
    follow: &Authenticated<Activity>,
    kind: RelayKind,
    admission: Admission,
) -> Result<(), Failure> {
    let (federation, by, id) = (&cx.federation, follow.by(), (**follow).id());
    let theirs = follow_of_theirs(federation.uris(), kind, by, id.as_ref());
    let before = federation.taken_out_if_it_waits(kind, by).await?;
    if before.is_none() && !has_room(cx, by, admission).await? {
        cx.send(RELAY, Reject::new(theirs)).to(by.clone()).await?;
        return Ok(());
    }
    // Asking again is no way to keep a place among those who wait.
    let waits_until = before
        .as_ref()
        .filter(|before| before.state == State::Pending)
        .and_then(|before| before.until)
        .unwrap_or_else(|| cx.now() + federation.inner.managed.limits.subscriber_waits);
    let held = before.filter(|before| before.state == State::Accepted);
    let is_held = held.is_some();
    let accepted = is_held || admission == Admission::Open;
    let (key, ours) = match held {
        Some(held) => (held.key, held.note),
        None => (key(kind, by), String::new()),
    };
    let ours = match kind {
        RelayKind::LitePub if ours.is_empty() => follow_id(federation),
        _ => ours,
    };
    let subscriber = Relation {
        activity: id,
        state: if accepted { State::Accepted } else { State::Pending },
        until: (!accepted).then_some(waits_until),
        note: ours,
        ..Relation::new(key, cx.now())
    };
    let relations = &federation.stores().relations;
    if relations.put(&subscriber).await? && is_held {
        // It was there, and is new: it was removed meanwhile, and that holds. When this runs again, it asks as anybody does.
        relations.remove(&Which::exactly(&subscriber.key), 1).await?;
        return Err(Error::passing("the subscription was removed meanwhile").into());
    }
    federation.inner.subscribed.forget();
    federation.inner.recipients.gone.is_back(&lane_of(by));
    if accepted {
        if let Some(follow) = federation.follow_of_ours(&subscriber).await? {
            cx.send(RELAY, follow).await?;
        }
        cx.send(RELAY, Accept::new(theirs)).to(by.clone()).await?;
    }
    Ok(())
}

/// Whether one more is admitted: a server's own actor, and no person, who would bring it what its operator has not asked for.
async fn has_room<App: Directory>(cx: &Cx<App>, by: &Iri, admission: Admission) -> Result<bool, Failure> {
    let federation = &cx.federation;
    let actor = federation.inner.fetcher.actor(by, federation.now()).await?;
    if !matches!(actor.type_name(), "Application" | "Service" | "Organization") {
        tracing::info!(actor = %by, "a relay is for servers, and not for people");
        return Ok(false);
    }
    let limits = &federation.inner.managed.limits;
    let there = There::count(federation, by).await?;
    let may_wait = admission == Admission::Open || there.waiting < limits.subscribers_waiting;
    let room = there.all < limits.subscribers
        && there.of_domain < limits.subscribers_per_domain
        && there.of_host < limits.subscribers_per_host
        && may_wait;
    if !room {
        tracing::info!(actor = %by, ?there, "too many subscribe to this relay");
    }
    Ok(room)
}

/// How many subscribe already, in either way, or wait.
#[derive(Debug, Default)]
struct There {
    all: u64,
    waiting: u64,
    of_domain: u64,
    of_host: u64,
}

impl There {
    async fn count<App: Directory>(federation: &Federation<App>, by: &Iri) -> Result<There, StoreError> {
        let relations = &federation.stores().relations;
        let most = federation.inner.managed.limits.subscribers_per_domain;
        let host = lane_of(by);
        let mut there = There::default();
        for kind in RelayKind::ALL {
            let which = Which::of(Kind::Subscriber).about(kind.as_str());
            there.all += relations.count(&which).await?;
            there.waiting += relations.count(&which.clone().in_state(State::Pending)).await?;
            let of_domain = which.named(key(kind, by).name);
            there.of_domain += relations.count(&of_domain).await?;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            for (_, subscriber) in relations.page(&of_domain, None, most).await? {
                there.of_host += u64::from(lane_of(&subscriber.key.actor) == host);
            }
        }
        Ok(there)
    }
}

/// The id of the `Follow` with which a subscription of the LitePub kind is returned. It is noted with that before it is sent, so that it is one
/// however often a step is repeated, and so that whoever takes the subscription back knows what to take back.
fn follow_id<App: Directory>(federation: &Federation<App>) -> String {
    let me = federation.uris().relay_actor();
    format!("{me}#follow/{}", federation.new_id())
}

fn noted(subscriber: &Relation) -> Result<Option<Iri>, Error> {
    match subscriber.note.is_empty() {
        true => Ok(None),
        false => Ok(Some(subscriber.note.parse()?)),
    }
}

/// Their `Follow`, as an answer names it.
fn follow_of_theirs(uris: &Uris, kind: RelayKind, by: &Iri, id: Option<&Iri>) -> Object {
    let follow = match (kind, PUBLIC.parse::<Iri>()) {
        (RelayKind::Mastodon, Ok(public)) => Follow::new(&public),
        _ => Follow::new(uris.relay_actor()),
    };
    let follow = follow.with(&terms::ACTOR, by);
    match id {
        Some(id) => follow.with_id(id).into(),
        None => follow.into(),
    }
}

impl<App: Directory> Builder<App> {
    /// This instance is a relay, of both kinds: servers subscribe by a `Follow` of Public that comes to its
    /// [shared inbox](crate::Uris::shared_inbox), which is the URL that their operators are given, or by a `Follow` of its
    /// [actor](crate::Paths::relay_actor), which follows them back. What the people of a subscriber say to everybody, sent here by their own
    /// server, goes to all other subscribers: byte for byte where it carries a proof or a Linked Data Signature, so that they can believe it,
    /// or where it is no `Create`; else, or where it is [long](crate::BehaviourLimits::relayed_bytes), its id is announced. Subscribers of
    /// the LitePub kind send and get ids alone; what they announce is passed on where it is public at its own place.
    ///
    /// Each thing once; never back to the server where it was made; never what came from another relay, nor what has Public only in its `cc`.
    /// What people of this instance write is for its own followers and relays, as ever. No handler gets a `Follow` of the
    /// relay. Of one registered domain [so much a minute](crate::BehaviourLimits::relayed_per_minute) is passed on, and the rest is not:
    /// one post becomes a delivery for each subscriber. Only actors of servers are admitted (`Application`, `Service`, `Organization`), within the
    /// [limits](crate::BehaviourLimits::subscribers). A subscriber of a suspended host is dropped, and one that is gone.
    ///
    /// ```no_run
    /// # use federate_server::{Actors, Admission, Cursor, Federation, RelayKind};
    /// # async fn of(store: federate_store::Memory) -> Result<(), Box<dyn std::error::Error>> {
    /// let (federation, engine) = Federation::builder("https://relay.example", store, Actors::new([]))
    ///     .relay(Admission::ByHand)
    ///     .build()
    ///     .await?;
    /// for subscriber in federation.subscribers(RelayKind::Mastodon, &Cursor::start()).await?.items {
    ///     federation.accept_subscriber(&subscriber.actor).await?;
    /// }
    /// engine.run_until(std::future::pending()).await;
    /// # Ok(())
    /// # }
    /// ```
    pub fn relay(mut self, admission: Admission) -> Self {
        self.relaying.serves = Some(admission);
        self
    }
}

impl<App: Directory> Federation<App> {
    /// Who subscribes to the relay that we are in this way, and who asks to, those of long ago first.
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn subscribers(&self, kind: RelayKind, from: &Cursor) -> Result<Listed<Subscriber>, Error> {
        let which = Which::of(Kind::Subscriber).about(kind.as_str());
        let subscriber = |relation: Relation| Subscriber {
            kind,
            actor: relation.key.actor,
            state: relation.state,
            since: relation.at,
        };
        self.listed(&which, from, subscriber).await
    }

    /// Lets a server subscribe that [asked](Federation::subscribers) to, and says so.
    ///
    /// # Errors
    ///
    /// A permanent one where it did not ask, or took that back, or the store's.
    pub async fn accept_subscriber(&self, who: &Iri) -> Result<Enqueued, Error> {
        let relations = &self.stores().relations;
        let mut told = None;
        for kind in RelayKind::ALL {
            // What changes meanwhile is looked at as it is then.
            while let Some(asked) = self.subscriber(kind, who).await? {
                // Before it holds: whoever takes the subscription back from then on finds what there is to take back.
                if let Some(follow) = self.follow_of_ours(&asked).await? {
                    self.send(RELAY, follow).await?;
                }
                relations
                    .advance(&asked.key, State::Pending, State::Accepted, None)
                    .await?;
                self.inner.subscribed.forget();
                let now = self.subscriber(kind, who).await?;
                if now.as_ref().is_none_or(|now| now.note != asked.note) {
                    self.take_back_ours(&asked).await?;
                }
                if now.is_some_and(|now| {
                    now.state == State::Accepted && now.note == asked.note && now.activity == asked.activity
                }) {
                    let theirs = follow_of_theirs(self.uris(), kind, who, asked.activity.as_ref());
                    told = Some(self.answer_to(Accept::new(theirs), who).await?);
                    break;
                }
            }
        }
        told.ok_or_else(|| Error::permanent("that actor has not asked to subscribe"))
    }

    /// Does not let a server subscribe that asked to, or no longer, and says so. It may ask again. `None`: it did not subscribe.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn remove_subscriber(&self, who: &Iri) -> Result<Option<Enqueued>, Error> {
        let relations = &self.stores().relations;
        let mut told = None;
        for kind in RelayKind::ALL {
            let Some(subscriber) = self.subscriber(kind, who).await? else {
                continue;
            };
            let theirs = follow_of_theirs(self.uris(), kind, who, subscriber.activity.as_ref());
            // Told first: a crash in between leaves somebody who can be removed again.
            told = Some(self.answer_to(Reject::new(theirs), who).await?);
            self.take_back_ours(&subscriber).await?;
            relations.remove(&Which::exactly(&subscriber.key), 1).await?;
            self.inner.subscribed.forget();
        }
        Ok(told)
    }

    /// One who subscribes in this way, or asks to.
    pub(super) async fn subscriber(
        &self,
        kind: RelayKind,
        who: &Iri,
    ) -> Result<Option<Relation>, StoreError> {
        let which = Which::of(Kind::Subscriber).about(kind.as_str()).with(who);
        let found = self.stores().relations.page(&which, None, 1).await?;
        Ok(found.into_iter().next().map(|(_, subscriber)| subscriber))
    }

    /// One who subscribes, or asks to: where it waits, it is taken out, for what it asks now to stand in its place. Whoever accepts it
    /// meanwhile does so before, and that holds, or finds nothing.
    async fn taken_out_if_it_waits(
        &self,
        kind: RelayKind,
        who: &Iri,
    ) -> Result<Option<Relation>, StoreError> {
        let before = self.subscriber(kind, who).await?;
        let Some(waiting) = before.as_ref().filter(|before| before.state == State::Pending) else {
            return Ok(before);
        };
        let which = Which::exactly(&waiting.key).in_state(State::Pending);
        match self.stores().relations.remove(&which, 1).await? {
            0 => self.subscriber(kind, who).await,
            _ => Ok(before),
        }
    }

    /// The `Follow` with which a subscription is returned, where that was not sent yet.
    async fn follow_of_ours(&self, subscriber: &Relation) -> Result<Option<Object>, Error> {
        let Some(id) = noted(subscriber)? else {
            return Ok(None);
        };
        let is_sent = self.stores().outbox.body(&id).await?.is_some();
        Ok((!is_sent).then(|| Follow::new(&subscriber.key.actor).with_id(&id).into()))
    }

    /// Takes back the `Follow` with which a subscription was returned, where it was; once, however often this is done.
    pub(crate) async fn take_back_ours(&self, subscriber: &Relation) -> Result<(), Error> {
        let Some(id) = noted(subscriber)? else {
            return Ok(());
        };
        if self.stores().outbox.body(&id).await?.is_none() {
            return Ok(());
        }
        let ours = Follow::new(&subscriber.key.actor)
            .with_id(&id)
            .with(&terms::ACTOR, self.uris().relay_actor());
        let undo = Undo::new(Object::from(ours)).with_id(&Iri::parse(&format!("{id}/undo"))?);
        self.send(RELAY, undo).await?;
        Ok(())
    }

    fn answer_to(&self, answer: impl Into<Object>, who: &Iri) -> Draft<App> {
        self.send(RELAY, answer).to(who.clone())
    }
}
