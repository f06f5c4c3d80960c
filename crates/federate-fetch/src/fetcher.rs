//! Actors, documents and handles.

use crate::drive::Driver;
use crate::error::{FetchError, FetchErrorKind};
use crate::flight::Flights;
use crate::record::{Failure, Records};
use bytes::Bytes;
use federate_http::HttpClient;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{Actor, Document, Found};
use federate_protocol::signatures::Signer;
use federate_protocol::webfinger::Handle;
use federate_protocol::{Blocks, FetchRules};
use federate_store::{Cache, CacheKind, Entry};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

/// Fetches what others say, and remembers it for a while. See the [crate](crate) for what it adds to belief.
///
/// `now` is the wall clock, for expiry and for the dates that are signed. Whatever is asked for with a fragment is asked for without it.
#[derive(Debug)]
pub struct Fetcher {
    pub(crate) driver: Driver,
    pub(crate) records: Records,
    pub(crate) flights: Flights,
    rules: RwLock<Arc<FetchRules>>,
}

impl Fetcher {
    /// A fetcher that sends through `client` and remembers in `cache`. With a `signer`, the instance actor's, requests for
    /// documents are signed.
    #[must_use]
    pub fn new(
        client: Arc<dyn HttpClient>,
        cache: Arc<dyn Cache>,
        signer: Option<Arc<dyn Signer>>,
        rules: FetchRules,
    ) -> Self {
        Self {
            driver: Driver { client, signer },
            records: Records { cache },
            flights: Flights::default(),
            rules: RwLock::new(Arc::new(rules)),
        }
    }

    /// From now on these hosts are suspended: nothing is fetched from them, and nothing cached of them is given out.
    pub fn set_blocks(&self, blocks: Blocks) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut rules).blocks = blocks;
    }

    /// The rules that hold now.
    #[must_use]
    pub fn rules(&self) -> Arc<FetchRules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// An actor, by id. One whose server is away for now is given as it was known last.
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn actor(&self, id: &Iri, now: SystemTime) -> Result<Actor, FetchError> {
        let rules = self.rules();
        let document = self.cached_or_fetched(CacheKind::Actor, id, &rules, now).await?;
        Ok(Actor::new(document, &rules.limits)?)
    }

    /// An actor, fetched anew whatever is cached: to see what it says today (a `Move`, an `Update`).
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn fresh_actor(&self, id: &Iri, now: SystemTime) -> Result<Actor, FetchError> {
        let rules = self.rules();
        let _turn = self.flights.enter(format!("actor {id}")).await;
        let document = self.fetch(CacheKind::Actor, id, &rules, now).await?;
        Ok(Actor::new(document, &rules.limits)?)
    }

    /// A document, by its id or by a URL that leads to it (I1).
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn object(&self, url: &Iri, now: SystemTime) -> Result<Document, FetchError> {
        self.cached_or_fetched(CacheKind::Document, url, &self.rules(), now)
            .await
    }

    /// The actor of a handle: `@alice@example.org`, `alice@example.org` or `acct:alice@example.org`.
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn handle(&self, handle: &str, now: SystemTime) -> Result<Actor, FetchError> {
        self.lookup(handle, now).await.map(|found| found.actor)
    }

    /// The actor of a handle, and the handle in the spelling of its server.
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn lookup(&self, handle: &str, now: SystemTime) -> Result<Found, FetchError> {
        let rules = self.rules();
        let asked = parse(handle, &rules)?;
        let key = asked.folded().acct();
        if let Some(found) = self.confirmed(&key, &rules, now).await {
            return Ok(found);
        }
        let _turn = self.flights.enter(format!("handle {key}")).await;
        if let Some(found) = self.confirmed(&key, &rules, now).await {
            return Ok(found);
        }
        if let Some(failure) = self.records.failure(CacheKind::Handle, &key, now).await {
            return Err(failure.into());
        }
        let found = match self.driver.handle(&asked, &rules, now).await {
            Ok(found) => found,
            Err(error) => {
                self.remember_failure(CacheKind::Handle, &key, &error, &rules, now)
                    .await;
                return Err(error);
            }
        };
        self.remember_document(CacheKind::Actor, found.actor.document(), &rules, now)
            .await;
        let record = Bytes::from(format!("{}\n{}", found.actor.id(), found.handle.acct()));
        self.records
            .put(
                CacheKind::Handle,
                &key,
                record,
                now,
                rules.limits.webfinger_lifetime,
            )
            .await;
        Ok(found)
    }

    /// What is known of the actor, however old; nothing is fetched.
    pub async fn known_actor(&self, id: &Iri) -> Option<Actor> {
        let rules = self.rules();
        rules.admit(id).ok()?;
        let entry = self.records.get(CacheKind::Actor, id.as_str()).await?;
        let document = Document::from_cache(id, entry.bytes).ok()?;
        Actor::new(document, &rules.limits).ok()
    }

    /// Forgets an actor, for one that was deleted: a later `Delete` of it is one of an actor never known.
    pub async fn forget_actor(&self, id: &Iri) {
        if let Err(error) = self.records.cache.remove(CacheKind::Actor, id.as_str()).await {
            tracing::warn!(%error, "cache could not be written");
        }
    }

    async fn cached_or_fetched(
        &self,
        kind: CacheKind,
        id: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Document, FetchError> {
        let id = &id.without_fragment();
        // Blocks and origins of today hold for what is cached too.
        if let Err(reason) = rules.admit(id) {
            return Err(federate_protocol::FetchRefusal::NotAdmitted {
                url: id.to_string(),
                reason,
            }
            .into());
        }
        if let Some(document) = self.fresh(kind, id, now).await {
            return Ok(document);
        }
        let _turn = self.flights.enter(format!("{} {id}", kind.as_str())).await;
        if let Some(document) = self.fresh(kind, id, now).await {
            return Ok(document);
        }
        let error = match self.records.failure(kind, id.as_str(), now).await {
            Some(failure) => FetchError::from(failure),
            None => match self.fetch(kind, id, rules, now).await {
                Ok(document) => return Ok(document),
                Err(error) => error,
            },
        };
        if error.is_permanent() {
            return Err(error);
        }
        let stale = self
            .records
            .get(kind, id.as_str())
            .await
            .and_then(|entry| read(kind, id, entry));
        stale.ok_or(error)
    }

    async fn fetch(
        &self,
        kind: CacheKind,
        id: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Document, FetchError> {
        match self.driver.document(id, rules, now).await {
            // An actor is asked for by its id: one that leads elsewhere is not the one that was asked for.
            Ok(document) if kind == CacheKind::Actor && document.id() != id => {
                let error = FetchError::from(federate_protocol::FetchRefusal::WrongId {
                    url: id.to_string(),
                    id: document.id().clone(),
                });
                self.remember_failure(kind, id.as_str(), &error, rules, now).await;
                Err(error)
            }
            Ok(document) => {
                self.remember_document(kind, &document, rules, now).await;
                if document.id() != id {
                    // A URL that people see: where it leads is remembered, not what is there.
                    let leads_to = Bytes::from(format!("> {}", document.id()));
                    self.records
                        .put(kind, id.as_str(), leads_to, now, rules.limits.document_lifetime)
                        .await;
                }
                Ok(document)
            }
            Err(error) => {
                self.remember_failure(kind, id.as_str(), &error, rules, now).await;
                Err(error)
            }
        }
    }

    async fn fresh(&self, kind: CacheKind, id: &Iri, now: SystemTime) -> Option<Document> {
        let entry = self
            .records
            .get(kind, id.as_str())
            .await
            .filter(|entry| now < entry.expires)?;
        let Some(other) = leads_to(&entry) else {
            return read(kind, id, entry);
        };
        self.rules().admit(&other).ok()?;
        let entry = self
            .records
            .get(kind, other.as_str())
            .await
            .filter(|entry| now < entry.expires)?;
        read(kind, &other, entry)
    }

    async fn confirmed(&self, key: &str, rules: &Arc<FetchRules>, now: SystemTime) -> Option<Found> {
        let entry = self
            .records
            .get(CacheKind::Handle, key)
            .await
            .filter(|entry| now < entry.expires)?;
        let (id, handle) = std::str::from_utf8(&entry.bytes).ok()?.split_once('\n')?;
        let handle = parse(handle, rules).ok()?;
        let actor = self.actor(&Iri::parse(id).ok()?, now).await.ok()?;
        Some(Found { handle, actor })
    }

    pub(crate) async fn remember_document(
        &self,
        kind: CacheKind,
        document: &Document,
        rules: &FetchRules,
        now: SystemTime,
    ) {
        let lifetime = |kind| {
            if kind == CacheKind::Actor {
                rules.limits.actor_lifetime
            } else {
                rules.limits.document_lifetime
            }
        };
        let (id, bytes) = (document.id().as_str(), document.bytes());
        self.records
            .put(kind, id, bytes.clone(), now, lifetime(kind))
            .await;
    }

    async fn remember_failure(
        &self,
        kind: CacheKind,
        key: &str,
        error: &FetchError,
        rules: &FetchRules,
        now: SystemTime,
    ) {
        self.records
            .put_failure(kind, key, &Failure::of(error), now, &rules.limits)
            .await;
    }
}

fn parse(handle: &str, rules: &FetchRules) -> Result<Handle, FetchError> {
    if handle.len() > rules.limits.handle {
        return Err(FetchErrorKind::Handle(federate_protocol::webfinger::BadHandle::Shape).into());
    }
    let parsed = if rules.allow_http_loopback {
        Handle::parse_allowing_port(handle)
    } else {
        Handle::parse(handle)
    };
    Ok(parsed.map_err(FetchErrorKind::Handle)?)
}

fn leads_to(entry: &Entry) -> Option<Iri> {
    Iri::parse(std::str::from_utf8(&entry.bytes).ok()?.strip_prefix("> ")?).ok()
}

fn read(kind: CacheKind, id: &Iri, entry: Entry) -> Option<Document> {
    let document = Document::from_cache(id, entry.bytes);
    if let Err(error) = &document {
        tracing::debug!(kind = kind.as_str(), %error, "cached document cannot be read");
    }
    document.ok()
}
