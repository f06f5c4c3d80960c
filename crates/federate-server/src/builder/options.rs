//! What a builder is told about the instance as a whole. Each feature has its own options beside it.

use std::sync::Arc;
use std::time::Duration;

use federate_delivery::Clock;
use federate_http::HttpClient;
use federate_protocol::Blocks;
use federate_protocol::activitystreams::Kind;
use federate_protocol::authorise::Ownership;
use federate_protocol::webfinger::nodeinfo::NodeInfo;
use federate_store::{DeliveryQueue, Retention};

use super::DangerousBuilder;
use crate::{Builder, Directory, Entropy, Handler, Paths};

/// What the instance calls itself: in NodeInfo and in the `User-Agent` of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Software {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// The version.
    pub version: String,
}

impl<App: Directory> Builder<App> {
    /// The URLs of the application: `.paths(|p| p.actor("/u/{name}").object("post", "/posts/{id}"))`.
    pub fn paths(mut self, change: impl FnOnce(Paths) -> Paths) -> Self {
        self.paths = change(self.paths);
        self
    }

    /// What runs for activities of type `A`: `Follow`, `Undo<Like>`, `Create<Note>`, or [`Activity`] for all
    /// others. The most specific handler for an activity runs, and no other.
    ///
    /// [`Activity`]: federate_protocol::activitystreams::Activity
    pub fn on<A: Kind>(mut self, handler: impl Handler<App, A>) -> Self {
        self.handlers.add::<A>(handler);
        self
    }

    /// The library keeps the followers: `Follow` is stored and accepted, each time that it comes; for a profile that
    /// [approves by hand](crate::Profile::approves_followers) it [waits](crate::Federation::follow_requests) until it is
    /// [accepted](crate::Federation::accept_follow) or [rejected](crate::Federation::reject_follow). `Undo<Follow>`, also by the mere id, and the
    /// `Delete` of an actor remove; an `Undo` that comes first keeps its `Follow` out. `Update` of an actor brings its inboxes up to date.
    /// The `followers` collection is served from there.
    ///
    /// Handlers of the application for these run as well, afterwards.
    pub fn manage_followers(mut self) -> Self {
        self.manage_followers = true;
        self
    }

    /// Who may change what somebody has made: the actor who made it, unless told otherwise.
    pub fn ownership(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// Hosts with which this instance has nothing to do, beside those that moderators [decided](crate::Admin::block) to block: the store
    /// keeps these. What is given here belongs to the program, and no moderator lifts it.
    pub fn blocks(mut self, blocks: Blocks) -> Self {
        self.blocks = blocks;
        self
    }

    /// Another HTTP client; it takes over the protection against private addresses.
    pub fn client(mut self, client: Arc<dyn HttpClient>) -> Self {
        self.client = Some(client);
        self
    }

    /// Another clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of randomness.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// The name of this process among those that share the store: the same in each of its lives, and no other's. With
    /// it, what a crash interrupted is taken up at the start, and not when its leases end (a minute later).
    pub fn worker(mut self, name: impl Into<String>) -> Self {
        self.worker = Some(name.into());
        self
    }

    /// Another delivery queue than the backend's.
    pub fn queue(mut self, queue: Arc<dyn DeliveryQueue>) -> Self {
        self.queue = Some(queue);
        self
    }

    /// The secret that seals stored envelopes: at least 32 bytes. Without it, one is made once and kept in the store.
    pub fn secret(mut self, secret: &[u8]) -> Self {
        self.secret = Some(secret.to_vec());
        self
    }

    /// The program's name and version, for NodeInfo and the `User-Agent`.
    pub fn software(mut self, name: &str, version: &str) -> Self {
        self.software = Software {
            name: name.into(),
            version: version.into(),
        };
        self
    }

    /// What else NodeInfo says: `.nodeinfo(|info| info.named("A forum", "About boats"))`, the repository, the homepage, the
    /// metadata. Name and version of the program are [`software`](Self::software)'s, the numbers
    /// [`Directory::usage`](crate::Directory::usage)'s.
    pub fn nodeinfo(mut self, change: impl FnOnce(NodeInfo) -> NodeInfo) -> Self {
        self.nodeinfo = change(self.nodeinfo);
        self
    }

    /// The whole `User-Agent`.
    pub fn user_agent(mut self, user_agent: &str) -> Self {
        self.user_agent = Some(user_agent.to_owned());
        self
    }

    /// One more certification authority, as PEM.
    pub fn extra_root_ca(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.push(pem.as_ref().to_vec());
        self
    }

    /// How many items a page of a collection has; 20 unless told otherwise.
    pub fn page_size(mut self, items: u32) -> Self {
        self.page_size = items.clamp(1, 200);
        self
    }

    /// How long after its first failure a delivery is tried again (plus up to as much again by chance); the later waits
    /// follow from it. [`FIRST_RETRY`](federate_protocol::delivery::FIRST_RETRY) unless told otherwise.
    pub fn first_retry(mut self, wait: Duration) -> Self {
        self.first_retry = Some(wait);
        self
    }

    /// How long what has ended is kept; [`Retention`] has the figures. Bodies of what others may ask for again, or answer
    /// (`Create`, `Delete`, `Follow` and the like), are [published](Retention::published) ones.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// What takes a protection away.
    pub fn dangerous(self) -> DangerousBuilder<App> {
        DangerousBuilder(self)
    }
}
