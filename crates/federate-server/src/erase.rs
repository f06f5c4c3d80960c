//! Forgetting one person.

use federate_fetch::Fetcher;
use federate_protocol::Secret;
use federate_protocol::activitystreams::{Iri, Object};
use federate_store::{DeliveryId, RelationKind, Which};

use crate::keys::Keys;
use crate::{Admin, Error, Local, Uris};

/// How many rows are looked at in one go.
const AT_ONCE: usize = 500;

/// How many received activities that were given up on are looked at, the oldest: a store does not show more of them by pages.
const DEAD: usize = 10_000;

/// What was removed of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erased {
    /// Rows that said who follows whom.
    pub follows: u64,
    /// What ready-made behaviour remembered: likes, reactions, requests, reports and the like.
    pub relations: u64,
    /// Cached documents, keys and handles that were theirs or named them.
    pub cached: u64,
    /// Received activities of theirs that had been given up on.
    pub received: u64,
    /// Activities that they had sent.
    pub sent: u64,
    /// Deliveries of these that had been given up on.
    pub dead_deliveries: u64,
    /// Keys of theirs.
    pub keys: u64,
}

/// What is remembered of what somebody did. That ours block them, that something is deleted or undone, and where ours moved, stays: it
/// protects others.
const DONE: &[RelationKind] = &[
    RelationKind::Following,
    RelationKind::FollowRequest,
    RelationKind::Like,
    RelationKind::Announce,
    RelationKind::EmojiReact,
    RelationKind::BlockedBy,
    RelationKind::Report,
    RelationKind::Quote,
    RelationKind::Subscriber,
];

/// What is remembered about an actor of ours, by its identifier.
const ABOUT: &[RelationKind] = &[
    RelationKind::Following,
    RelationKind::FollowRequest,
    RelationKind::BlockedBy,
    RelationKind::Block,
    RelationKind::Moved,
];

/// What is remembered about an object of ours, by its id.
const ABOUT_OBJECTS: &[RelationKind] = &[
    RelationKind::Like,
    RelationKind::Announce,
    RelationKind::EmojiReact,
    RelationKind::Quote,
];

/// What erasing needs besides the stores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tools<'a> {
    pub(crate) uris: &'a Uris,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) keys: &'a Keys,
    pub(crate) secret: &'a Secret,
}

impl Admin<'_> {
    /// Forgets a person, by the id of the actor. What the application keeps is the application's to forget.
    ///
    /// - Of an actor of another instance: that it follows somebody here, and what else ready-made behaviour remembers that it did, but not
    ///   that somebody here blocks it, nor that it deleted something; every cached document, key and handle that is its or names it; what
    ///   it sent that had been given up on (of the ten thousand oldest such). What it sent and waits for its handler is handled. The
    ///   names of its activities stay known until [`Retention`](federate_store::Retention) forgets them, or a
    ///   repetition would be handled again.
    /// - Of an actor of ours, once its `Delete` has ended: who followed it, what is remembered about it and its posts, all that it sent but for the `Delete`s, which say no more than
    ///   that something is gone, deliveries of it that were given up on, and, last, its keys.
    ///
    /// It can be repeated: after a failure what is left is forgotten then.
    ///
    /// # Errors
    ///
    /// A permanent one where an actor of ours was not deleted, or the id is of ours and no actor's; a passing one while deliveries of it are
    /// under way, for its `Delete` has to be signed; and the store's.
    pub async fn erase(&self, who: &Iri) -> Result<Erased, Error> {
        match self.tools.uris.parse(who) {
            Some(Local::Actor(name)) => self.erase_ours(who, &name).await,
            _ if self.tools.uris.is_local(who) => Err(Error::permanent("the id is of no actor here")),
            _ => self.erase_theirs(who).await,
        }
    }

    async fn erase_theirs(&self, who: &Iri) -> Result<Erased, Error> {
        let mut erased = Erased::default();
        let inbox = &self.stores.inbox;
        for dead in inbox.dead(DEAD).await? {
            let activity = dead.sealed.open(self.tools.secret);
            if activity.is_ok_and(|activity| activity.by() == who) {
                // Ended as if it were handled: the envelope goes, and its name stays known. The mark comes first, as a worker may find it
                // among what waits before it is settled, and asks for the mark before it handles anything.
                inbox.ack(&dead.id, &[]).await?;
                inbox.retry_dead(std::slice::from_ref(&dead.id)).await?;
                inbox.settle(&dead.id, federate_store::Settlement::Done).await?;
                erased.received += 1;
            }
        }
        let follows = self.stores.followers.forget(who).await?;
        erased.follows = u64::try_from(follows).unwrap_or(u64::MAX);
        for kind in DONE {
            erased.relations += self.forget_relations(Which::of(*kind).with(who)).await?;
        }
        erased.cached = self.tools.fetcher.forget_all_of(who).await?;
        Ok(erased)
    }

    async fn erase_ours(&self, who: &Iri, name: &str) -> Result<Erased, Error> {
        let mut erased = Erased::default();
        let stores = self.stores;
        let waiting = stores.outbox.unexpanded(usize::MAX).await?;
        if waiting.iter().any(|outgoing| outgoing.sender == name) {
            return Err(under_way());
        }
        let sent = self.sent_by(who).await?;
        if !sent.is_deleted {
            return Err(Error::permanent(
                "the actor was not deleted: its Delete has to go out first",
            ));
        }
        // What was given up on has ended.
        erased.dead_deliveries = stores.queue.discard_dead(&self.dead_of(name).await?).await?;
        for ids in sent.all.chunks(AT_ONCE) {
            if !stores.queue.unsettled(ids).await?.is_empty() {
                return Err(under_way());
            }
        }
        for kind in ABOUT {
            erased.relations += self.forget_relations(Which::of(*kind).about(name)).await?;
        }
        for object in &sent.objects {
            for kind in ABOUT_OBJECTS {
                let which = Which::of(*kind).about(object.as_str());
                erased.relations += self.forget_relations(which).await?;
            }
        }
        for ids in sent.telling.chunks(AT_ONCE) {
            stores.outbox.forget(ids).await?;
            erased.sent += u64::try_from(ids.len()).unwrap_or(u64::MAX);
        }
        loop {
            let page = stores.followers.page(name, None, AT_ONCE).await?;
            for (_, follower) in &page {
                erased.follows += u64::from(stores.followers.remove(name, &follower.actor).await?);
            }
            if page.is_empty() {
                break;
            }
        }
        erased.keys = self.tools.keys.remove(name).await?;
        Ok(erased)
    }

    async fn forget_relations(&self, which: Which) -> Result<u64, Error> {
        let mut forgotten = 0;
        loop {
            let removed = self.stores.relations.remove(&which, AT_ONCE).await?;
            forgotten += u64::try_from(removed).unwrap_or(u64::MAX);
            if removed < AT_ONCE {
                return Ok(forgotten);
            }
        }
    }

    async fn dead_of(&self, name: &str) -> Result<Vec<DeliveryId>, Error> {
        let mut ids = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self
                .stores
                .queue
                .dead_page(None, after.as_deref(), AT_ONCE)
                .await?;
            let theirs = page.letters.into_iter().map(|letter| letter.delivery);
            ids.extend(
                theirs
                    .filter(|delivery| delivery.sender == name)
                    .map(|delivery| delivery.id),
            );
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(ids),
            }
        }
    }

    async fn sent_by(&self, who: &Iri) -> Result<Sent, Error> {
        let outbox = &self.stores.outbox;
        let mut sent = Sent::default();
        let mut after: Option<String> = None;
        loop {
            let page = outbox.kept(after.as_deref(), AT_ONCE).await?;
            let Some((last, _)) = page.last() else {
                return Ok(sent);
            };
            after = Some(last.clone());
            for (_, id) in page {
                let body = outbox.body(&id).await?.unwrap_or_default();
                let Ok(activity) = Object::parse(&body) else {
                    continue;
                };
                if activity.actor().id().as_ref() != Some(who) {
                    continue;
                }
                let is_delete = activity.is("Delete");
                sent.is_deleted |= is_delete && activity.object().id().as_ref() == Some(who);
                if activity.is("Create") {
                    sent.objects.extend(activity.object().id());
                }
                if !is_delete {
                    sent.telling.push(id.clone());
                }
                sent.all.push(id);
            }
        }
    }
}

/// What an actor of ours has sent, as far as it is kept.
#[derive(Default)]
struct Sent {
    all: Vec<Iri>,
    /// Those that say more than that something is gone.
    telling: Vec<Iri>,
    /// What was published by them.
    objects: Vec<Iri>,
    /// Whether the actor itself was deleted.
    is_deleted: bool,
}

fn under_way() -> Error {
    Error::passing("deliveries of this actor are under way")
}
