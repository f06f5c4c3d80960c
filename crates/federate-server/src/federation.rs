//! The instance, as one object.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use bytes::Bytes;
use federate_delivery::{Clock, Snapshot};
use federate_fetch::Fetcher;
use federate_fetch::media::MediaProxy;
use federate_protocol::activitystreams::{Delete, Iri, Note, NoteBuilder, Object, PUBLIC, Undo};
use federate_protocol::authorise::Ownership;
use federate_protocol::webfinger::nodeinfo::NodeInfo;
use federate_protocol::{Actor, Blocks, Document, Forwarders, Limits, Receiving, Secret};
use federate_store::{Follower, Stores};
use serde_json::json;

use crate::behaviour::Managed;
use crate::erase::Tools;
use crate::forwarding::Passing;
use crate::fresh::Fresh;
use crate::guards::Guards;
use crate::handler::Handlers;
use crate::health::InboxWatch;
use crate::keys::Keys;
use crate::moderation::Moderation;
use crate::reach::Recipients;
use crate::relay::{Relayed, Relaying, Subscribed};
use crate::synchronization::received::Looks;
use crate::time_check::TimeCheck;
use crate::{
    Admin, Ask, Builder, Directory, Draft, Entropy, Error, FederationLayer, FederationService, Health,
    Nothing, Uris,
};

/// The instance: sends, looks up, and answers requests. Cheap to clone.
pub struct Federation<App: Directory> {
    pub(crate) inner: Arc<Inner<App>>,
}

pub(crate) struct Inner<App: Directory> {
    pub(crate) app: Arc<App>,
    pub(crate) stores: Stores,
    pub(crate) uris: Arc<Uris>,
    pub(crate) handlers: Handlers<App>,
    pub(crate) manage_followers: bool,
    pub(crate) passing: Passing,
    pub(crate) ownership: Ownership,
    pub(crate) guards: Guards,
    pub(crate) recipients: Arc<Recipients<App>>,
    pub(crate) looks: Looks,
    pub(crate) managed: Managed,
    pub(crate) limits: Limits,
    pub(crate) moderation: Arc<Moderation>,
    pub(crate) secret: Secret,
    pub(crate) media: Option<MediaProxy>,
    pub(crate) nodeinfo: NodeInfo,
    pub(crate) fetcher: Arc<Fetcher>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) delivery: Arc<federate_delivery::Engine>,
    pub(crate) arrived: tokio::sync::Notify,
    pub(crate) fresh: Fresh,
    pub(crate) watch: Arc<InboxWatch>,
    pub(crate) time_check: Arc<TimeCheck>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) page_size: u32,
    pub(crate) proofs: bool,
    pub(crate) forwarders: Mutex<Forwarders>,
    pub(crate) own_host_only: bool,
    pub(crate) relaying: Relaying,
    pub(crate) subscribed: Arc<Subscribed>,
    pub(crate) relayed: Relayed,
}

impl<App: Directory> Clone for Federation<App> {
    fn clone(&self) -> Self {
        Federation {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<App: Directory> fmt::Debug for Federation<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Federation")
            .field("base", &self.inner.uris.base())
            .finish_non_exhaustive()
    }
}

/// An actor of another instance.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RemoteActor {
    /// The id.
    pub id: Iri,
    /// `@name@host`, where the host is that of the id.
    pub handle: String,
    /// Where activities for this actor go.
    pub inbox: Iri,
    /// Where activities for several actors of that instance go.
    pub shared_inbox: Option<Iri>,
    /// The whole document.
    pub object: Object,
}

impl<App: Directory> Federation<App> {
    /// Begins to build an instance at this URL: `https`, a host, no path.
    pub fn builder(base_url: &str, backend: App::Store, app: App) -> Builder<App> {
        Builder::new(base_url, backend, app)
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.inner.app
    }

    /// How URLs are made here.
    pub fn uris(&self) -> &Uris {
        &self.inner.uris
    }

    /// The stores beneath.
    pub fn stores(&self) -> &Stores {
        &self.inner.stores
    }

    /// Now, by the clock of the instance.
    pub fn now(&self) -> SystemTime {
        self.inner.clock.now()
    }

    /// A new key for an object: unguessable, and later ones sort later.
    pub fn new_id(&self) -> String {
        crate::entropy::new_id(&*self.inner.entropy, self.now())
    }

    /// A public note of one of ours, addressed to its followers too, with an id of our making. Once sent, the store
    /// keeps and serves it.
    pub fn note(&self, by: &str) -> NoteBuilder {
        let uris = self.uris();
        Note::builder(uris.object("note", self.new_id()))
            .by(&uris.actor(by))
            .public()
            .cc(&uris.followers(by))
    }

    /// An activity of one of ours, by identifier: `federation.send("alice", Create::new(note)).await`.
    pub fn send(&self, sender: &str, activity: impl Into<Object>) -> Draft<App> {
        Draft::new(self.clone(), sender, activity.into())
    }

    /// The `Delete` of an object, to everybody to whom its `Create` went.
    pub fn retract(&self, sender: &str, object: &Iri) -> Draft<App> {
        let left = json!({ "id": object.as_str(), "type": "Tombstone" });
        let delete = match Object::from_value(left) {
            Ok(tombstone) => Delete::new(tombstone),
            Err(_) => Delete::new(object),
        };
        // As Mastodon does: who is told is decided by the audience, which is that of the `Create`.
        let delete = match PUBLIC.parse::<Iri>() {
            Ok(public) => delete.with_to(&public),
            Err(_) => delete,
        };
        Draft::new(self.clone(), sender, delete.into()).to(object.clone())
    }

    /// The `Undo` of an activity that was sent before, as [`Enqueued::activity`](crate::Enqueued::activity) has it.
    pub fn undo(&self, sender: &str, activity: impl Into<Object>) -> Draft<App> {
        Draft::new(self.clone(), sender, Undo::new(activity.into()).into())
    }

    /// Looks up `@name@host`: WebFinger, then the actor, then whether the actor says the same.
    ///
    /// # Errors
    ///
    /// Where the handle is none, the host does not know it, or cannot be reached for now.
    pub async fn lookup(&self, handle: &str) -> Result<RemoteActor, Error> {
        self.inner.moderation.look().await;
        let found = self.inner.fetcher.lookup(handle, self.now()).await?;
        Ok(RemoteActor {
            handle: found.handle.to_string(),
            ..RemoteActor::from(&found.actor)
        })
    }

    /// An actor of another instance, from the cache or from there.
    ///
    /// # Errors
    ///
    /// Where it cannot be had; [`Error::is_permanent`] says whether that may change.
    pub async fn remote_actor(&self, id: &Iri) -> Result<RemoteActor, Error> {
        self.inner.moderation.look().await;
        let actor = self.inner.fetcher.actor(id, self.now()).await?;
        Ok(RemoteActor::from(&*actor))
    }

    /// An object of another instance, by id or by the URL that people see.
    ///
    /// # Errors
    ///
    /// Where it cannot be had; [`Error::is_permanent`] says whether that may change.
    pub async fn object(&self, url: &Iri) -> Result<Document, Error> {
        self.inner.moderation.look().await;
        Ok(self.inner.fetcher.object(url, self.now()).await?)
    }

    /// From now on this process has nothing to do with these hosts, and no more with those that it was given before. What is under
    /// way to them is called off, and stays visible as cancelled. What moderators [decided](Admin::block) holds beside it.
    ///
    /// Kept in memory: give the same to [`Builder::blocks`] at the next start, and to the other processes; or use
    /// [`Admin::block`], which does both.
    ///
    /// # Errors
    ///
    /// The store's; the blocks hold nevertheless.
    pub async fn set_blocks(&self, blocks: Blocks) -> Result<(), Error> {
        self.inner.moderation.give(blocks).await?;
        Ok(())
    }

    /// The followers of an actor of ours have changed, where the application keeps them and [synchronises](Builder::synchronize_followers)
    /// them: without it, other servers are told after ten minutes at most.
    pub fn followers_changed(&self, name: &str) {
        self.inner.recipients.digests.forget(name);
    }

    /// Answers a request, if its method, path and `Accept` are federation's; `None`: it is the application's.
    pub async fn handle(&self, request: http::Request<Bytes>) -> Option<http::Response<Bytes>> {
        crate::serve::handle(self, request).await
    }

    /// The tower layer: put it on the outermost router. What is not federation's falls through. A request that is to be counted by
    /// address has a [`PeerAddress`](crate::PeerAddress).
    pub fn layer(&self) -> FederationLayer<App> {
        FederationLayer::new(self.clone())
    }

    /// The instance as a tower service of its own, for hyper or to be mounted: 404 for what is not federation's.
    pub fn service(&self) -> FederationService<App, Nothing> {
        self.layer().into_service()
    }

    /// What an operator may look at and do.
    pub fn admin(&self) -> Admin<'_> {
        let inner = &self.inner;
        let tools = Tools {
            uris: &inner.uris,
            fetcher: &inner.fetcher,
            keys: &inner.keys,
            secret: &inner.secret,
        };
        Admin::new(&inner.stores, &inner.moderation, self.now(), tools)
    }

    /// How the engine of this process does, as of its last turns: for a readiness check. Never waits.
    ///
    /// In a process that does not run the engine it has not started; such a process does not ask.
    pub fn health(&self) -> Health {
        Health {
            delivery: self.inner.delivery.health(),
            inbox: self.inner.watch.health(),
            clock_drift: self.inner.time_check.drift(),
        }
    }

    /// What the delivery engine of this process has in its hands at this instant, with at most `max` hosts: see
    /// [`federate_delivery::Engine::snapshot`].
    pub async fn snapshot(&self, max: usize) -> Snapshot {
        self.inner.delivery.snapshot(max).await
    }

    /// Tells the engine that something was written: call it after the commit of a transaction in which something was
    /// [enqueued](Draft::enqueue_in). Without it the engine finds it by itself, a second later.
    pub fn wake(&self) {
        self.inner.delivery.wake();
    }

    /// Begins a question to the application.
    pub(crate) fn ask<'a>(&'a self, viewer: Option<&'a Iri>) -> Ask<'a> {
        Ask {
            uris: &self.inner.uris,
            viewer,
            limit: self.inner.page_size,
        }
    }

    /// What an inbox demands, with the blocks of this moment.
    pub(crate) fn receiving(&self) -> Arc<Receiving> {
        self.inner.moderation.receiving()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }
}

impl From<&Actor> for RemoteActor {
    fn from(actor: &Actor) -> Self {
        let id = actor.id().clone();
        // Not the handle that it claims: only a look-up of that handle confirms it (W4).
        let handle = actor.home_handle(true).map(|handle| handle.to_string());
        RemoteActor {
            handle: handle.unwrap_or_else(|| id.as_str().to_owned()),
            inbox: actor.inbox().clone(),
            shared_inbox: actor.shared_inbox().cloned(),
            object: actor.object().clone(),
            id,
        }
    }
}

impl From<&RemoteActor> for Follower {
    fn from(actor: &RemoteActor) -> Self {
        Follower {
            actor: actor.id.clone(),
            inbox: actor.inbox.clone(),
            shared_inbox: actor.shared_inbox.clone(),
        }
    }
}
