//! The decisions that make an instance, in order, and the mistakes that are found before it starts.

mod access;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use federate_delivery::{Clock, Inboxes, Senders, SystemClock};
use federate_fetch::Fetcher;
use federate_http::{BadCertificate, Guard, GuardedClient, HttpClient};
use federate_protocol::activitystreams::{Iri, Kind};
use federate_protocol::authorise::Ownership;
use federate_protocol::delivery::Schedule;
use federate_protocol::signatures::{KeyGenerator, Policy};
use federate_protocol::webfinger::nodeinfo::NodeInfo;
use federate_protocol::{Blocks, FetchRules, Receiving, Secret};
use federate_store::{Backend, DeliveryQueue, Hold, Retention, StoreError, Stores};
use url::{Host, Url};

use crate::adopted::Adopted;
use crate::behaviour::Managed;
use crate::federation::Inner;
use crate::forwarding::Passing;
use crate::guards::Guards;
use crate::handler::Handlers;
use crate::keys::{InstanceKey, Keys, Vault, VaultError};
use crate::media::MediaOption;
use crate::moderation::Moderation;
use crate::reach::Recipients;
use crate::relay::Relaying;
use crate::synchronization::received::Looks;
use crate::synchronization::sent::{Digests, Watched};
use crate::time_check::{Dated, TimeCheck};
use crate::uris::{is_interaction, is_template, shape};
use crate::{CipherError, Directory, Engine, Entropy, Error, Federation, Handler, KeyCipher, Paths, Uris};

mod keys;

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
    /// The base URL is not https and not on loopback.
    #[error("the base URL must be https; http only on loopback")]
    BaseUrlNotHttps,
    /// A path template is none.
    #[error("`{0}` is not a path with the placeholders that it should have")]
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
    /// The secrets in the store are encrypted with another secret than the [cipher](Builder::key_cipher)'s, or there is no cipher for
    /// them. Nothing was made in their place.
    #[error("the secrets in the store cannot be read")]
    KeyCipher(#[source] CipherError),
    /// The key of the instance's own actor cannot be had.
    #[error("the key of the instance's actor cannot be had")]
    InstanceKey(#[source] Error),
    /// An extra root certificate cannot be read.
    #[error("an extra root certificate cannot be read")]
    RootCa(#[source] BadCertificate),
    /// The HTTP client cannot be made.
    #[error("the http client cannot be made")]
    Client(#[source] federate_http::BuildError),
    /// The store belongs to another instance: a copy of its data, or the base URL was changed. Peers know the ids, the keys
    /// and the followers by the old URL.
    #[error("the store belongs to {store}, not to {base_url}")]
    OtherInstance {
        /// Whose the store is.
        store: String,
        /// Who wants to use it.
        base_url: String,
    },
    /// What was in the store has moved to another one, or what is to be in it has not arrived yet.
    #[error("cannot begin here: {0}")]
    Moving(Hold),
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
    pub(crate) passing: Passing,
    pub(crate) ownership: Ownership,
    pub(crate) guards: Guards,
    pub(crate) managed: Managed,
    pub(crate) blocks: Blocks,
    pub(crate) client: Option<Arc<dyn HttpClient>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) keygen: Option<Arc<dyn KeyGenerator>>,
    pub(crate) key_cipher: Option<Arc<dyn KeyCipher>>,
    pub(crate) queue: Option<Arc<dyn DeliveryQueue>>,
    pub(crate) worker: Option<String>,
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) software: Software,
    pub(crate) nodeinfo: NodeInfo,
    pub(crate) user_agent: Option<String>,
    pub(crate) roots: Vec<Vec<u8>>,
    pub(crate) allow_loopback: bool,
    pub(crate) rebind: bool,
    pub(crate) page_size: u32,
    pub(crate) first_retry: Option<Duration>,
    pub(crate) retention: Retention,
    pub(crate) media: MediaOption,
    pub(crate) proofs: bool,
    pub(crate) own_host_only: bool,
    pub(crate) relaying: Relaying,
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
            passing: Passing::default(),
            ownership: Ownership::default(),
            guards: Guards::default(),
            managed: Managed::default(),
            blocks: Blocks::default(),
            client: None,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(crate::SystemEntropy::default()),
            keygen: default_keygen(),
            key_cipher: None,
            queue: None,
            worker: None,
            secret: None,
            software: Software {
                name: "federate".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            nodeinfo: NodeInfo::new("", ""),
            user_agent: None,
            roots: Vec::new(),
            allow_loopback: false,
            rebind: false,
            page_size: 20,
            first_retry: None,
            retention: Retention::default(),
            media: MediaOption::default(),
            proofs: false,
            own_host_only: false,
            relaying: Relaying::default(),
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

    /// The library keeps the followers: `Follow` is stored and accepted, each time that it comes; for a profile that
    /// [approves by hand](crate::Profile::approves_followers) it [waits](Federation::follow_requests) until it is
    /// [accepted](Federation::accept_follow) or [rejected](Federation::reject_follow). `Undo<Follow>`, also by the mere id, and the
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

    /// The instance, and the engine that does its work.
    ///
    /// # Errors
    ///
    /// What contradicts itself, or cannot be read, or the store's error.
    pub async fn build(self) -> Result<(Federation<App>, Engine), BuildError> {
        let uris = Arc::new(self.checked_uris()?);
        if let Some(handler) = self.handlers.twice() {
            return Err(BuildError::HandlerTwice(handler));
        }
        let name = &self.software.name;
        if name.is_empty()
            || !name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return Err(BuildError::SoftwareName);
        }
        let mut stores = self.backend.stores();
        if let Some(queue) = self.queue.clone() {
            stores.queue = queue;
        }
        let digests = Arc::new(Digests::default());
        if self.guards.synchronizes {
            stores.followers = Arc::new(Watched {
                followers: stores.followers,
                digests: Arc::clone(&digests),
            });
        }
        // What it would make there, keys for example, would be taken for what is on its way.
        let hold = stores.binding.hold().await.map_err(BuildError::Store)?;
        if let Some(hold @ (Hold::Arriving | Hold::Moved)) = hold {
            return Err(BuildError::Moving(hold));
        }
        self.bind(&stores, uris.base()).await?;
        let vault = Arc::new(Vault::new(Arc::clone(&stores.keys), self.key_cipher.clone()));
        vault.probe().await?;
        let secret = self.sealing_secret(&vault).await?;
        let time_check = Arc::new(TimeCheck::default());
        let client: Arc<dyn HttpClient> = Arc::new(Dated {
            client: self.http_client(&uris)?,
            clock: Arc::clone(&self.clock),
            check: Arc::clone(&time_check),
        });
        if self.allow_loopback {
            tracing::warn!(
                "peers on loopback are admitted, without https: never do this where others can reach it"
            );
        }
        let receiving = Receiving {
            limits: self.guards.limits(),
            policy: Policy::mastodon()
                .authorities([uris.host()])
                .external_scheme(uris.origin().scheme()),
            own_origins: vec![uris.origin().clone()],
            // What holds at the moment is put there when it is asked for.
            blocks: Blocks::new(),
            allow_http_loopback: self.allow_loopback,
        };
        let app = Arc::new(self.app);
        let keys = Arc::new(Keys::new(
            vault,
            self.keygen,
            Arc::new(Adopted(Arc::clone(&app))),
            Arc::clone(&uris),
            Arc::clone(&self.clock),
        ));
        let rules = FetchRules {
            limits: receiving.limits.clone(),
            own_origins: receiving.own_origins.clone(),
            blocks: receiving.blocks.clone(),
            allow_http_loopback: self.allow_loopback,
        };
        // Made now, if it is to be made: an instance without it could fetch nothing.
        keys.instance().await.map_err(BuildError::InstanceKey)?;
        let fetcher = Fetcher::new(Arc::clone(&client), Arc::clone(&stores.cache), None, rules);
        let fetcher = Arc::new(fetcher.signing(Arc::new(InstanceKey(Arc::clone(&keys)))));
        let moderation = Moderation::begin(&stores, &fetcher, &self.clock, self.blocks)
            .await
            .map_err(BuildError::Store)?;
        let moderation = Arc::new(moderation);
        let recipients = Arc::new(Recipients {
            app: Arc::clone(&app),
            stores: stores.clone(),
            uris: Arc::clone(&uris),
            fetcher: Arc::clone(&fetcher),
            moderation: Arc::clone(&moderation),
            clock: Arc::clone(&self.clock),
            limits: receiving.limits.clone(),
            manage_followers: self.manage_followers,
            synchronizes: self.guards.synchronizes,
            digests,
            manage_blocks: self.managed.blocks,
            relaying: self.relaying,
        });
        let delivery = federate_delivery::Engine::builder(
            stores.clone(),
            client,
            Arc::clone(&keys) as Arc<dyn Senders>,
            Arc::clone(&recipients) as Arc<dyn Inboxes>,
            Arc::clone(&self.clock),
        );
        // Who enqueues in a transaction and forgets to call `wake` waits no longer than this.
        let delivery = delivery.poll(Duration::from_secs(1));
        let delivery = match self.first_retry {
            Some(wait) => delivery.schedule(Schedule::default().first_retry(wait)),
            None => delivery,
        };
        let delivery = match &self.worker {
            Some(name) => delivery.worker(name.clone()),
            None => delivery,
        };
        let delivery = Arc::new(delivery.build());
        crate::metered::describe_metrics();
        let mut nodeinfo = self.nodeinfo;
        nodeinfo.software = self.software.name;
        nodeinfo.version = self.software.version;
        let federation = Federation {
            inner: Arc::new(Inner {
                app,
                stores,
                uris,
                handlers: self.handlers,
                manage_followers: self.manage_followers,
                passing: self.passing,
                ownership: self.ownership,
                guards: self.guards,
                recipients,
                looks: Looks::default(),
                managed: self.managed,
                receiving,
                moderation,
                secret,
                media: crate::media::proxy(self.media, &fetcher),
                nodeinfo,
                fetcher,
                keys,
                delivery: Arc::clone(&delivery),
                arrived: tokio::sync::Notify::new(),
                watch: Arc::default(),
                time_check,
                clock: Arc::clone(&self.clock),
                entropy: self.entropy,
                page_size: self.page_size,
                proofs: self.proofs,
                forwarders: std::sync::Mutex::default(),
                own_host_only: self.own_host_only,
                relaying: self.relaying,
            }),
        };
        let engine = Engine {
            delivery,
            inbox: crate::worker::worker(&federation, self.worker),
            clock: self.clock,
            stores: federation.inner.stores.clone(),
            retention: self.retention,
            listen: Box::new(move |wake| self.backend.listen(wake)),
            time_check: Arc::clone(&federation.inner.time_check),
            watch: Arc::clone(&federation.inner.watch),
        };
        Ok((federation, engine))
    }

    fn checked_uris(&self) -> Result<Uris, BuildError> {
        let url = Url::parse(&self.base_url).map_err(|_| BuildError::BaseUrl)?;
        let host = url.host().ok_or(BuildError::BaseUrl)?;
        let more = url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if more {
            return Err(BuildError::BaseUrlHasMore);
        }
        let loopback = match host {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            // Nobody else reaches it there; whether it may talk to its neighbours is another question.
            "http" if loopback => {}
            "http" => return Err(BuildError::BaseUrlNotHttps),
            _ => return Err(BuildError::BaseUrl),
        }
        // The URL's own spelling is the one in which every peer writes our ids.
        let root = Iri::parse(url.as_str()).map_err(|_| BuildError::BaseUrl)?;
        let origin = root.origin().ok_or(BuildError::BaseUrl)?;
        let mut paths = self.paths.clone();
        if matches!(self.media, MediaOption::Off) {
            paths.media.clear();
        }
        if !self.relaying.has_actor() {
            paths.relay.clear();
        }
        check_paths(&paths)?;
        Ok(Uris::new(root, origin, paths))
    }

    /// The first instance that uses a store is the one that it belongs to.
    async fn bind(&self, stores: &Stores, base_url: &str) -> Result<(), BuildError> {
        let store = stores.binding.bind(base_url).await.map_err(BuildError::Store)?;
        if store == base_url {
            return Ok(());
        }
        if !self.rebind {
            return Err(BuildError::OtherInstance {
                store,
                base_url: base_url.to_owned(),
            });
        }
        tracing::warn!(
            was = store,
            is = base_url,
            "the store belongs to another URL now, as asked"
        );
        stores.binding.rebind(base_url).await.map_err(BuildError::Store)
    }

    async fn sealing_secret(&self, vault: &Vault) -> Result<Secret, BuildError> {
        let secret = match &self.secret {
            Some(secret) => secret.clone(),
            None => {
                let mut candidate = [0; 32];
                self.entropy.fill(&mut candidate);
                vault.get_or_insert("sealing-secret", &candidate).await?.secret
            }
        };
        Secret::new(&secret).map_err(|_| BuildError::Secret)
    }

    fn http_client(&self, uris: &Uris) -> Result<Arc<dyn HttpClient>, BuildError> {
        if let Some(client) = &self.client {
            return Ok(Arc::clone(client));
        }
        let mut guard = Guard::new().refuse_host(uris.host());
        for pem in &self.roots {
            guard = guard.extra_root_ca(pem).map_err(BuildError::RootCa)?;
        }
        if self.allow_loopback {
            guard = guard.dangerous().allow_loopback();
        }
        let agent = self.user_agent.clone().unwrap_or_else(|| {
            federate_http::user_agent(&self.software.name, &self.software.version, uris.base())
        });
        Ok(Arc::new(
            GuardedClient::new(guard, &agent).map_err(BuildError::Client)?,
        ))
    }
}

/// The most parts that an object's key can have.
const MOST_PLACEHOLDERS: usize = 8;

fn check_paths(paths: &Paths) -> Result<(), BuildError> {
    let mut templates = vec![(&paths.actor, 1)];
    templates.extend(paths.profile.iter().map(|template| (template, 1)));
    templates.extend(paths.parts.iter().map(|(_, template)| (template, 1)));
    templates.extend(
        paths
            .objects
            .iter()
            .map(|(_, template)| (template, MOST_PLACEHOLDERS)),
    );
    for (index, (template, most)) in templates.iter().enumerate() {
        if !is_template(template, 1..=*most) {
            return Err(BuildError::Template((*template).clone()));
        }
        if templates
            .iter()
            .skip(index + 1)
            .any(|(other, _)| shape(other) == shape(template))
        {
            return Err(BuildError::TemplateTwice((*template).clone()));
        }
    }
    let media = Some(&paths.media).filter(|path| !path.is_empty());
    let relay = Some(&paths.relay).filter(|path| !path.is_empty());
    let fixed = || {
        [&paths.inbox, &paths.instance]
            .into_iter()
            .chain(media)
            .chain(relay)
    };
    for fixed in fixed() {
        if !fixed.starts_with('/') || fixed.contains(['{', '}', '?', '#']) {
            return Err(BuildError::Template(fixed.clone()));
        }
    }
    if !paths.has_usual_key() {
        return Err(BuildError::Template(paths.key.clone()));
    }
    for (rel, template) in &paths.interactions {
        if !is_interaction(rel, template) {
            return Err(BuildError::Template(template.clone()));
        }
    }
    if let Some(twice) = fixed().find(|one| fixed().filter(|other| other == one).count() > 1) {
        return Err(BuildError::TemplateTwice(twice.clone()));
    }
    Ok(())
}

impl From<VaultError> for BuildError {
    fn from(e: VaultError) -> Self {
        match e {
            VaultError::Store(e) => BuildError::Store(e),
            VaultError::Cipher { source, .. } => BuildError::KeyCipher(source),
        }
    }
}

impl<App: Directory> DangerousBuilder<App> {
    /// Peers on loopback are admitted, and for them http, any port, IP literals and handles with ports.
    pub fn allow_loopback(mut self) -> Builder<App> {
        self.0.allow_loopback = true;
        self.0
    }

    /// A store that belongs to another base URL belongs to this one from now on. What waits in it is sent under the ids and
    /// in the names that it has.
    pub fn rebind(mut self) -> Builder<App> {
        self.0.rebind = true;
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
    Some(Arc::new(crate::AwsLc))
}

#[cfg(not(feature = "keygen"))]
fn default_keygen() -> Option<Arc<dyn KeyGenerator>> {
    None
}
