//! Whom an activity reaches: its audience as inboxes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use federate_delivery::{Clock, ExpandError, Expansion, Forbidden, Inboxes, ResolveError};
use federate_fetch::Fetcher;
use federate_protocol::activitystreams::{Iri, Object, Origin, is_public, terms};
use federate_protocol::audience::{Reach, collapse};
use federate_protocol::synchronization::{Claim, HEADER, is_of};
use federate_protocol::{Limits, audience};
use federate_store::{Follower, Outgoing, RelationKey, RelationKind, RelationState, Stores, Which, lane_of};
use http::{HeaderName, HeaderValue};

use crate::draft::create_id;
use crate::error::chain;
use crate::moderation::Moderation;
use crate::relay::{
    Gone, RelayKind, Relaying, Subscribed, home_of, inbox_of_audience, subscribers_of_audience,
};
use crate::synchronization::sent::{Asked, Digests, MOST_LISTED, Partition, count};
use crate::{Ask, Collection, Cursor, Directory, Error, Failure, Found, Item, Local, Uris};

/// How many followers are read at once.
const PAGE: u32 = 500;

/// Finds the inboxes of an audience: our followers from the application or the store, others by their actor documents.
pub(crate) struct Recipients<App> {
    pub(crate) app: Arc<App>,
    pub(crate) stores: Stores,
    pub(crate) uris: Arc<Uris>,
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) moderation: Arc<Moderation>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) manage_followers: bool,
    pub(crate) synchronizes: bool,
    pub(crate) digests: Arc<Digests>,
    pub(crate) manage_blocks: bool,
    pub(crate) relaying: Relaying,
    pub(crate) subscribed: Arc<Subscribed>,
    pub(crate) gone: Arc<Gone>,
}

impl<App> fmt::Debug for Recipients<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipients").finish_non_exhaustive()
    }
}

#[async_trait]
impl<App: Directory> Inboxes for Recipients<App> {
    fn supersedes(&self, outgoing: &Outgoing) -> Vec<Iri> {
        let Ok(activity) = Object::parse(&outgoing.body) else {
            return Vec::new();
        };
        if !activity.is("Delete") {
            return Vec::new();
        }
        let object = activity.get(&terms::OBJECT).and_then(|object| object.id());
        let ours = object.filter(|id| self.uris.is_local(id));
        ours.and_then(|id| create_id(&id).ok()).into_iter().collect()
    }

    async fn may_deliver(&self, _: &str, inbox: &Iri) -> Result<(), Forbidden> {
        self.moderation.look().await;
        match self.is_blocked(inbox) {
            true => Err(Forbidden {
                reason: "the host is suspended".to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// FEP-8fcf: to what goes to followers, which of them that server should have.
    async fn headers(&self, sender: &str, inbox: &Iri, body: &Bytes) -> Vec<(HeaderName, HeaderValue)> {
        if !self.synchronizes || matches!(sender, crate::INSTANCE | crate::RELAY) {
            return Vec::new();
        }
        self.synchronization(sender, inbox, body)
            .await
            .and_then(|claim| HeaderValue::try_from(claim.to_string()).ok())
            .map(|value| (HeaderName::from_static(HEADER), value))
            .into_iter()
            .collect()
    }

    /// The first page has everybody who is named; after it come the followers, collection by collection. A page is
    /// named by the collection's place in the audience and the cursor within it.
    async fn expand(&self, outgoing: &Outgoing, after: Option<&str>) -> Result<Expansion, ExpandError> {
        self.moderation.look().await;
        let plan = self.plan(outgoing).await.map_err(ExpandError::new)?;
        // What we pass on does not go back to where it comes from.
        let home = match self.uris.is_local(&outgoing.id) {
            true => home_of(outgoing),
            false => Some(lane_of(&outgoing.id)),
        };
        let away = |id: &Iri| home.as_ref().is_none_or(|home| lane_of(id) != *home);
        let Some(after) = after else {
            let (mut inboxes, actors) = self.known_inboxes(plan.actors).await;
            let relays = self.relays(outgoing).await.map_err(ExpandError::new)?;
            inboxes.extend(plan.inboxes.into_iter().chain(relays));
            return Ok(Expansion {
                inboxes: inboxes.into_iter().filter(away).collect(),
                actors: actors.into_iter().filter(away).collect(),
                next: (!plan.collections.is_empty()).then(|| "0|".to_owned()),
            });
        };
        let (index, cursor) = after.split_once('|').unwrap_or((after, ""));
        let index: usize = index.parse().unwrap_or(usize::MAX);
        let from = Cursor((!cursor.is_empty()).then(|| cursor.to_owned()));
        let page = match plan.collections.get(index) {
            None => return Ok(Expansion::default()),
            Some(Paged::Followers(name)) => self.followers(name, &from).await,
            Some(Paged::Subscribers(kind)) => self.subscribers(*kind, &from).await,
        };
        let page = page.map_err(|f| ExpandError::new(f.chain()))?;
        let next = match page.next {
            Some(next) => Some(format!("{index}|{next}")),
            None => (index + 1 < plan.collections.len()).then(|| format!("{}|", index + 1)),
        };
        Ok(Expansion {
            inboxes: page.inboxes.into_iter().filter(away).collect(),
            actors: page.actors.into_iter().filter(away).collect(),
            next,
        })
    }

    async fn resolve(&self, _sender: &str, actor: &Iri) -> Result<Iri, ResolveError> {
        self.moderation.look().await;
        if self.is_blocked(actor) {
            return Err(ResolveError::Refused {
                reason: "the host is suspended".to_owned(),
            });
        }
        match self.fetcher.actor(actor, self.clock.now()).await {
            Ok(found) => {
                let reach = found.reach();
                Ok(reach.shared_inbox.unwrap_or(reach.inbox))
            }
            Err(e) if e.is_permanent() => {
                if e.is_gone() {
                    self.drop_subscriber(actor, "it is gone").await;
                }
                Err(ResolveError::Refused { reason: chain(&e) })
            }
            Err(e) => Err(ResolveError::Unavailable {
                reason: chain(&e),
                host_failed: true,
            }),
        }
    }
}

struct Plan {
    actors: Vec<Iri>,
    inboxes: Vec<Iri>,
    collections: Vec<Paged>,
}

/// Who is read page by page.
#[derive(PartialEq, Eq)]
enum Paged {
    /// Those who follow one of ours.
    Followers(String),
    /// Those who subscribe to the relay that we are.
    Subscribers(RelayKind),
}

struct Followed {
    inboxes: Vec<Iri>,
    actors: Vec<Iri>,
    next: Option<String>,
}

impl<App: Directory> Recipients<App> {
    async fn plan(&self, outgoing: &Outgoing) -> Result<Plan, Error> {
        let mut plan = Plan {
            actors: Vec::new(),
            inboxes: Vec::new(),
            collections: Vec::new(),
        };
        for id in &outgoing.audience {
            if let Some(inbox) = inbox_of_audience(id) {
                if !self.uris.is_local(&inbox) {
                    plan.inboxes.push(inbox);
                }
                continue;
            }
            if let Some(kind) = subscribers_of_audience(&self.uris, id) {
                plan.collections.push(Paged::Subscribers(kind));
                continue;
            }
            match self.uris.parse(id) {
                // A retracted object stands for everybody to whom its `Create` went.
                Some(Local::Object(_)) => self.plan_for_audience_of(&mut plan, outgoing, id).await?,
                _ => self.add(&mut plan, id),
            }
        }
        self.leave_out_blocked(&mut plan, outgoing).await?;
        Ok(plan)
    }

    /// Who blocks the sender, or is blocked by it, hears of the block itself and of what ends with it, and of nothing else.
    async fn leave_out_blocked(&self, plan: &mut Plan, outgoing: &Outgoing) -> Result<(), Error> {
        if !self.manage_blocks || plan.actors.is_empty() {
            return Ok(());
        }
        let relations = &self.stores.relations;
        let mut blocked = Vec::new();
        for kind in [RelationKind::Block, RelationKind::BlockedBy] {
            let all = Which::of(kind).about(&*outgoing.sender);
            if relations.count(&all).await? == 0 {
                continue;
            }
            for who in &plan.actors {
                let key = RelationKey::new(kind, &*outgoing.sender, who);
                if relations.get(&key).await?.is_some() {
                    blocked.push(who.clone());
                }
            }
        }
        if !blocked.is_empty() {
            let activity = Object::parse(&outgoing.body)?;
            let ends = ["Block", "Undo", "Reject"].iter().any(|name| activity.is(name));
            plan.actors.retain(|who| ends || !blocked.contains(who));
        }
        Ok(())
    }

    async fn plan_for_audience_of(
        &self,
        plan: &mut Plan,
        outgoing: &Outgoing,
        object: &Iri,
    ) -> Result<(), Error> {
        match self.stores.outbox.body(&create_id(object)?).await? {
            Some(create) => {
                for id in audience::audience(&Object::parse(&create)?, self.limits.audience) {
                    self.add(plan, &id);
                }
            }
            // Published before this library came, or forgotten: at least the followers hear of it.
            None => self.add(plan, &self.uris.followers(&outgoing.sender)),
        }
        Ok(())
    }

    /// What our own people send to each other never leaves the application.
    fn add(&self, plan: &mut Plan, id: &Iri) {
        if is_public(id.as_str()) || self.is_blocked(id) {
            return;
        }
        if let Some(name) = self.uris.parse_followers(id) {
            let followers = Paged::Followers(name);
            if !plan.collections.contains(&followers) {
                plan.collections.push(followers);
            }
        } else if !self.uris.is_local(id) && !plan.actors.contains(id) {
            plan.actors.push(id.clone());
        }
    }

    /// The inboxes of those whose documents are at hand, and the others, who are looked up when it is their turn.
    ///
    /// Who is named and follows as well is then one delivery: both come down to the same shared inbox.
    async fn known_inboxes(&self, actors: Vec<Iri>) -> (Vec<Iri>, Vec<Iri>) {
        let mut reaches = Vec::new();
        let mut unknown = Vec::new();
        for id in actors {
            match self.fetcher.known_actor(&id).await {
                Some(actor) => reaches.push(actor.reach()),
                None => unknown.push(id),
            }
        }
        reaches.retain(|reach| !self.is_blocked(&reach.inbox) && !self.uris.is_local(&reach.inbox));
        (collapse(reaches), unknown)
    }

    async fn synchronization(&self, sender: &str, inbox: &Iri, body: &Bytes) -> Option<Claim> {
        let collection = self.uris.followers(sender);
        // As it was written: JSON may spell it otherwise, and then nothing is said.
        let quoted = format!("\"{collection}\"");
        if !std::str::from_utf8(body).is_ok_and(|text| text.contains(&quoted)) {
            return None;
        }
        let server = inbox.origin()?;
        let partition = self.partition(sender, &server).await?;
        (partition.count <= MOST_LISTED).then(|| Claim {
            collection,
            url: self.uris.synchronization(sender),
            digest: partition.digest,
        })
    }

    /// The followers of an actor that are of this server; `None` where that is not known yet.
    async fn partition(&self, name: &str, server: &Origin) -> Option<Partition> {
        let now = self.clock.now();
        match self.digests.ask(name, server, now) {
            Asked::Known(partition) => return Some(partition),
            Asked::Later => return None,
            Asked::Read => {}
        }
        // Whoever drops this in between gives up as well.
        let reading = Reading(&self.digests, name);
        let mut by_server = HashMap::new();
        let mut from = Cursor::start();
        loop {
            match self.items(name, &from).await {
                Ok((items, next)) => {
                    count(&mut by_server, ids(&items).iter());
                    match next {
                        Some(next) => from = Cursor(Some(next)),
                        None => break,
                    }
                }
                Err(failure) => {
                    tracing::warn!(actor = name, reason = %failure.chain(), "followers could not be read");
                    return None;
                }
            }
        }
        let partition = by_server.get(server).copied().unwrap_or_default();
        self.digests.keep(name, by_server, now);
        drop(reading);
        Some(partition)
    }

    /// The followers of an actor that are of this server, in no order; `None` where they are more than are listed.
    pub(crate) async fn followers_of(
        &self,
        name: &str,
        server: &Origin,
    ) -> Result<Option<Vec<Iri>>, Failure> {
        let mut found = Vec::new();
        let mut from = Cursor::start();
        loop {
            let (items, next) = self.items(name, &from).await?;
            found.extend(ids(&items).into_iter().filter(|id| is_of(id, server)));
            match next {
                _ if found.len() > MOST_LISTED => return Ok(None),
                Some(next) => from = Cursor(Some(next)),
                None => return Ok(Some(found)),
            }
        }
    }

    /// One page of those who subscribe to the relay that we are. Those of suspended hosts do no longer.
    async fn subscribers(&self, kind: RelayKind, from: &Cursor) -> Result<Followed, Failure> {
        let which = Which::of(RelationKind::Subscriber)
            .about(kind.as_str())
            .in_state(RelationState::Accepted);
        let rows = self
            .stores
            .relations
            .page(&which, from.as_str(), PAGE as usize)
            .await?;
        let next = rows.last().map(|(cursor, _)| cursor.clone());
        let mut actors = Vec::with_capacity(rows.len());
        for (_, subscriber) in rows {
            let actor = subscriber.key.actor;
            if self.is_blocked(&actor) {
                self.drop_subscriber(&actor, "its host is suspended").await;
            } else if self.is_gone(&actor).await {
                self.drop_subscriber(&actor, "its inbox is gone").await;
            } else {
                actors.push(actor);
            }
        }
        let (inboxes, actors) = self.known_inboxes(actors).await;
        Ok(Followed {
            inboxes,
            actors,
            next,
        })
    }

    /// Whether one of its own inboxes is: that of a neighbour who closed an account says nothing of its server.
    async fn is_gone(&self, subscriber: &Iri) -> bool {
        let Some(actor) = self.fetcher.known_actor(subscriber).await else {
            return false;
        };
        let reach = actor.reach();
        self.gone.contains(&reach.inbox) || reach.shared_inbox.is_some_and(|inbox| self.gone.contains(&inbox))
    }

    /// Nothing is lost where that fails: it is dropped when it is met again.
    async fn drop_subscriber(&self, actor: &Iri, reason: &str) {
        let which = Which::of(RelationKind::Subscriber).with(actor);
        match self.stores.relations.remove(&which, RelayKind::ALL.len()).await {
            Ok(0) => {}
            Ok(_) => {
                self.subscribed.forget();
                tracing::info!(%actor, reason, "a subscriber of our relay was dropped");
            }
            Err(e) => {
                tracing::warn!(%actor, reason = %chain(&e), "a subscriber of our relay could not be dropped");
            }
        }
    }

    async fn followers(&self, name: &str, from: &Cursor) -> Result<Followed, Failure> {
        let (items, next) = self.items(name, from).await?;
        Ok(self.reached(items, next))
    }

    /// One page of those who follow, and where the next begins.
    async fn items(&self, name: &str, from: &Cursor) -> Result<(Vec<Item>, Option<String>), Failure> {
        if !self.manage_followers {
            let ask = Ask {
                uris: &self.uris,
                viewer: None,
                limit: PAGE,
            };
            let of = Collection::Followers(name.to_owned());
            if let Found::Here(page) = self.app.collection(&ask, &of, from).await? {
                return Ok((page.items, page.next));
            }
        }
        let rows = self
            .stores
            .followers
            .page(name, from.as_str(), PAGE as usize)
            .await?;
        let next = rows.last().map(|(cursor, _)| cursor.clone());
        let items = rows.into_iter().map(|(_, follower)| Item::Follower(follower));
        Ok((items.collect(), next))
    }

    fn reached(&self, items: impl IntoIterator<Item = Item>, next: Option<String>) -> Followed {
        let mut reaches = Vec::new();
        let mut actors = Vec::new();
        for item in items {
            match item {
                Item::Follower(Follower {
                    actor,
                    inbox,
                    shared_inbox,
                }) => {
                    let ours = self.uris.is_local(&actor) || self.uris.is_local(&inbox);
                    if !ours && !self.is_blocked(&actor) && !self.is_blocked(&inbox) {
                        reaches.push(Reach { inbox, shared_inbox });
                    }
                }
                Item::Id(id) => actors.push(id),
                Item::Object(object) => actors.extend(object.id()),
            }
        }
        actors.retain(|id| !self.uris.is_local(id) && !self.is_blocked(id));
        Followed {
            inboxes: collapse(reaches),
            actors,
            next,
        }
    }

    pub(crate) fn is_blocked(&self, id: &Iri) -> bool {
        self.moderation.blocks().covering(id).is_some()
    }
}

/// Followers are being read.
struct Reading<'a>(&'a Digests, &'a str);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.give_up(self.1);
    }
}

fn ids(items: &[Item]) -> Vec<Iri> {
    items
        .iter()
        .filter_map(|item| match item {
            Item::Follower(follower) => Some(follower.actor.clone()),
            Item::Id(id) => Some(id.clone()),
            Item::Object(object) => object.id(),
        })
        .collect()
}
