//! The decisions that make an instance, in order, and the mistakes that are found before it starts.

use std::fmt;
use std::sync::Arc;

use federate_delivery::{Clock, SystemClock};
use federate_http::{BadCertificate, Guard, GuardedClient, HttpClient};
use federate_protocol::Blocks;
use federate_protocol::activitystreams::{Iri, Kind};
use federate_protocol::signatures::KeyGenerator;
use federate_store::{Backend, DeliveryQueue, StoreError};

use crate::handler::Handlers;
use crate::{Directory, Engine, Entropy, Federation, Handler, Paths};

/// What the instance calls itself: in NodeInfo and in the `User-Agent` of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Software {
    /// Lower-case letters, digits and hyphens.
    pub name: String,
    /// The version.
    pub version: String,
}

/// Why an instance cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The base URL is no URL.
    #[error("the base URL is not an absolute http or https URL")]
    BaseUrl,
    /// The base URL has more than scheme, host and port.
    #[error("the base URL may have no path, query, fragment or user name")]
    BaseUrlHasMore,
    /// The base URL is not https and is not admitted by `.dangerous().allow_loopback()`.
    #[error("the base URL must be https; http only on loopback, with dangerous().allow_loopback()")]
    BaseUrlNotHttps,
    /// A path template is none.
    #[error("`{0}` is not a path with one placeholder for one segment")]
    Template(String),
    /// Two templates, or a template and a fixed path, are the same.
    #[error("`{0}` stands for two things")]
    TemplateTwice(String),
    /// Two handlers for one type.
    #[error("`{0}` has two handlers")]
    HandlerTwice(&'static str),
    /// The name of the software is not what NodeInfo allows.
    #[error("the software's name may have lower-case letters, digits and hyphens only")]
    SoftwareName,
    /// The secret is too short.
    #[error("the secret must have 32 bytes or more")]
    Secret,
    /// There is no way to make keys.
    #[error("no key generator: turn the feature `keygen` on or give one with `keygen(..)`")]
    NoKeyGenerator,
    /// An extra root certificate cannot be read.
    #[error("an extra root certificate cannot be read")]
    RootCa(#[source] BadCertificate),
    /// The HTTP client cannot be made.
    #[error("the http client cannot be made")]
    Client(#[source] federate_http::BuildError),
    /// The store fails.
    #[error("the store cannot be used")]
    Store(#[source] StoreError),
}

/// Makes an instance; see [`Federation::builder`].
#[must_use = "nothing runs until `build` is awaited"]
pub struct Builder<App: Directory> {
    pub(crate) base_url: String,
    pub(crate) backend: App::Store,
    pub(crate) app: App,
    pub(crate) paths: Paths,
    pub(crate) handlers: Handlers<App>,
    pub(crate) manage_followers: bool,
    pub(crate) blocks: Blocks,
    pub(crate) client: Option<Arc<dyn HttpClient>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keygen: Option<Arc<dyn KeyGenerator>>,
    pub(crate) queue: Option<Arc<dyn DeliveryQueue>>,
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) software: Software,
    pub(crate) user_agent: Option<String>,
    pub(crate) roots: Vec<Vec<u8>>,
    pub(crate) allow_loopback: bool,
    pub(crate) page_size: u32,
}

/// What a builder can be told that takes a protection away.
#[must_use = "nothing is changed until one of its methods is called"]
#[derive(Debug)]
pub struct DangerousBuilder<App: Directory>(Builder<App>);

impl<App: Directory> Builder<App> {
    pub(crate) fn new(base_url: &str, backend: App::Store, app: App) -> Self {
        Builder {
            base_url: base_url.to_owned(),
            backend,
            app,
            paths: Paths::default(),
            handlers: Handlers::new(),
            manage_followers: false,
            blocks: Blocks::default(),
            client: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(crate::SystemEntropy::default()),
            keygen: default_keygen(),
            queue: None,
            secret: None,
            software: Software {
                name: "federate".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            user_agent: None,
            roots: Vec::new(),
            allow_loopback: false,
            page_size: 20,
        }
    }

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

    /// The library keeps the followers: `Follow` is stored and accepted (unless the profile
    /// [approves by hand](crate::Profile::approves_followers)), `Undo<Follow>` and the `Delete` of an actor remove.
    /// Handlers of the application for these run as well, afterwards.
    pub fn manage_followers(mut self) -> Self {
        self.manage_followers = true;
        self
    }

    /// Hosts with which this instance has nothing to do.
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

    /// Another maker of actors' keys.
    pub fn keygen(mut self, keygen: Arc<dyn KeyGenerator>) -> Self {
        self.keygen = Some(keygen);
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

    /// What takes a protection away.
    pub fn dangerous(self) -> DangerousBuilder<App> {
        DangerousBuilder(self)
    }

    /// The instance, and the engine that does its work.
    ///
    /// # Errors
    ///
    /// What contradicts itself, or cannot be read, or the store's error.
    pub async fn build(self) -> Result<(Federation<App>, Engine), BuildError> {
        todo!()
    }
}

impl<App: Directory> DangerousBuilder<App> {
    /// Peers on loopback are admitted, and for them http, any port, IP literals and handles with ports.
    pub fn allow_loopback(mut self) -> Builder<App> {
        self.0.allow_loopback = true;
        self.0
    }
}

impl<App: Directory> fmt::Debug for Builder<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "keygen")]
fn default_keygen() -> Option<Arc<dyn KeyGenerator>> {
    Some(Arc::new(crate::keygen::AwsLc))
}

#[cfg(not(feature = "keygen"))]
fn default_keygen() -> Option<Arc<dyn KeyGenerator>> {
    None
}
