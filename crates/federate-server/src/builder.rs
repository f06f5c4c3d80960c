//! The decisions that make an instance, in order, and the mistakes that are found before it starts.

mod access;
mod dangerous;
mod error;
mod keys;
mod options;
mod paths;

pub use dangerous::DangerousBuilder;
pub use error::BuildError;
pub use options::Software;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use federate_delivery::{Clock, Inboxes, Senders, SystemClock};
use federate_fetch::Fetcher;
use federate_http::{Guard, GuardedClient, HttpClient};
use federate_protocol::authorise::Ownership;
use federate_protocol::delivery::Schedule;
use federate_protocol::signatures::{KeyGenerator, Policy, VerifierProvider};
use federate_protocol::webfinger::nodeinfo::NodeInfo;
use federate_protocol::{Blocks, FetchRules, Receiving, Secret};
use federate_store::{Backend, DeliveryQueue, Hold, Retention, Stores};

use crate::adopted::Adopted;
use crate::behaviour::Managed;
use crate::federation::Inner;
use crate::forwarding::Passing;
use crate::guards::Guards;
use crate::handler::Handlers;
use crate::keys::{InstanceKey, Keys, Vault};
use crate::media::MediaOption;
use crate::moderation::Moderation;
use crate::reach::Recipients;
use crate::relay::{Gone, Relayed, Relaying, Subscribed};
use crate::synchronization::received::Looks;
use crate::synchronization::sent::{Digests, Watched};
use crate::time_check::{Dated, TimeCheck};
use crate::{Directory, Engine, Entropy, Federation, KeyCipher, Paths, Uris};

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
    pub(crate) verifiers: Option<Arc<dyn VerifierProvider>>,
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
            verifiers: None,
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
        let subscribed = Arc::new(Subscribed::default());
        let gone = Arc::new(Gone::default());
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
        let limits = self.guards.limits();
        let receiving = Receiving {
            limits: limits.clone(),
            policy: Policy::mastodon()
                .authorities([uris.host()])
                .external_scheme(uris.origin().scheme()),
            own_origins: vec![uris.origin().clone()],
            // What holds at the moment is put there by whoever knows it.
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
            limits: limits.clone(),
            own_origins: receiving.own_origins.clone(),
            blocks: receiving.blocks.clone(),
            allow_http_loopback: self.allow_loopback,
        };
        // Made now, if it is to be made: an instance without it could fetch nothing.
        keys.instance().await.map_err(BuildError::InstanceKey)?;
        let fetcher = Fetcher::new(Arc::clone(&client), Arc::clone(&stores.cache), None, rules);
        let fetcher = match self.verifiers {
            Some(verifiers) => fetcher.verifying(verifiers),
            None => fetcher,
        };
        let fetcher = Arc::new(fetcher.signing(Arc::new(InstanceKey(Arc::clone(&keys)))));
        let moderation = Moderation::begin(&stores, &fetcher, &self.clock, self.blocks, receiving)
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
            limits: limits.clone(),
            manage_followers: self.manage_followers,
            synchronizes: self.guards.synchronizes,
            digests,
            manage_blocks: self.managed.blocks,
            relaying: self.relaying,
            subscribed: Arc::clone(&subscribed),
            gone: Arc::clone(&gone),
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
        let delivery = match self.relaying.serves {
            Some(_) => delivery.observer(gone),
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
                relayed: Relayed::new(self.managed.limits.relayed_per_minute),
                managed: self.managed,
                limits,
                moderation,
                secret,
                media: crate::media::proxy(self.media, &fetcher),
                nodeinfo,
                fetcher,
                keys,
                delivery: Arc::clone(&delivery),
                arrived: tokio::sync::Notify::new(),
                fresh: crate::fresh::Fresh::default(),
                watch: Arc::default(),
                time_check,
                clock: Arc::clone(&self.clock),
                entropy: self.entropy,
                page_size: self.page_size,
                proofs: self.proofs,
                forwarders: std::sync::Mutex::default(),
                own_host_only: self.own_host_only,
                relaying: self.relaying,
                subscribed,
            }),
        };
        let engine = Engine {
            delivery,
            inbox: crate::worker::worker(&federation, self.worker),
            clock: self.clock,
            stores: federation.inner.stores.clone(),
            retention: self.retention,
            uris: Arc::clone(&federation.inner.uris),
            listen: Box::new(move |wake| self.backend.listen(wake)),
            time_check: Arc::clone(&federation.inner.time_check),
            watch: Arc::clone(&federation.inner.watch),
        };
        Ok((federation, engine))
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
