//! Documents, from the cache or from where they are.

use crate::Fetcher;
use crate::error::FetchError;
use crate::fetcher::after;
use crate::memo::Seen;
use crate::record::Failure;
use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::Document;
use federate_protocol::{FetchRefusal, FetchRules};
use federate_store::{CacheKind, Entry};
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A document, by its id or a URL that leads to it.
    Id(CacheKind),
    /// The same, where a page may lead to it.
    Page,
}

impl Asked {
    fn kind(self) -> CacheKind {
        match self {
            Self::Id(kind) => kind,
            Self::Page => CacheKind::Document,
        }
    }

    /// What is no document may still be a page that leads to one: the failures are two.
    fn failure_key(self, id: &Iri) -> String {
        match self {
            Self::Id(_) => id.to_string(),
            Self::Page => format!("page {id}"),
        }
    }
}

/// How long something is fresh, and what was not yet forgotten when it was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fresh {
    pub(crate) until: SystemTime,
    pub(crate) seen: Seen,
}

impl Fetcher {
    /// A document, by its id or by a URL that leads to it (I1).
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    pub async fn object(&self, url: &Iri, now: SystemTime) -> Result<Document, FetchError> {
        self.cached_or_fetched(Asked::Id(CacheKind::Document), url, &self.rules(), now)
            .await
            .map(|(document, _)| document)
    }

    /// A document, by its id, as its place has it now: nothing of it is taken from the cache. Only what failed a short while ago
    /// is not asked for again; what was gone is, as it may be there again.
    ///
    /// # Errors
    /// [`FetchError`] says why not; [`is_gone`](FetchError::is_gone) where it was there once.
    pub async fn fresh_object(&self, id: &Iri, now: SystemTime) -> Result<Document, FetchError> {
        let id = &id.without_fragment();
        let asked = Asked::Id(CacheKind::Document);
        let rules = self.rules();
        if let Err(reason) = rules.admit(id) {
            let url = id.to_string();
            return Err(FetchRefusal::NotAdmitted { url, reason }.into());
        }
        let begin = Instant::now();
        let _turn = self
            .turn(format!("{} {id}", asked.kind().as_str()), &rules)
            .await?;
        let now = after(now, begin);
        match self.records.failure(asked.kind(), &asked.failure_key(id), now) {
            Some(failure) if failure != Failure::Gone => Err(failure.into()),
            _ => Ok(Box::pin(self.fetch(asked, id, &rules, now)).await?.0),
        }
    }

    /// The document, and how long it is fresh; `None` for one whose server is away for now.
    pub(crate) async fn cached_or_fetched(
        &self,
        asked: Asked,
        id: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<(Document, Option<Fresh>), FetchError> {
        let id = &id.without_fragment();
        let kind = asked.kind();
        // Blocks and origins of today hold for what is cached too.
        if let Err(reason) = rules.admit(id) {
            let url = id.to_string();
            return Err(FetchRefusal::NotAdmitted { url, reason }.into());
        }
        if let Some((document, fresh)) = self.fresh(kind, id, now).await {
            return Ok((document, Some(fresh)));
        }
        let error = match self.in_turn(asked, id, rules, now).await {
            Ok((document, fresh)) => return Ok((document, Some(fresh))),
            Err(error) => error,
        };
        if error.is_permanent() {
            return Err(error);
        }
        let stale = self
            .records
            .get(kind, id.as_str())
            .await
            .and_then(|entry| read(kind, id, entry));
        stale.map(|document| (document, None)).ok_or(error)
    }

    /// What somebody else has fetched meanwhile, else what is fetched now.
    async fn in_turn(
        &self,
        asked: Asked,
        id: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<(Document, Fresh), FetchError> {
        let kind = asked.kind();
        let begin = Instant::now();
        let _turn = self.turn(format!("{} {id}", kind.as_str()), rules).await?;
        let now = after(now, begin);
        if let Some(found) = self.fresh(kind, id, now).await {
            return Ok(found);
        }
        match self.records.failure(kind, &asked.failure_key(id), now) {
            Some(failure) => Err(failure.into()),
            None => Box::pin(self.fetch(asked, id, rules, now)).await,
        }
    }

    /// Fetches, whatever is cached, and remembers what came of it. Large, and seldom: whoever may come to it has it in a box, so as not to carry
    /// it when it finds what it wants.
    pub(crate) async fn fetch(
        &self,
        asked: Asked,
        id: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<(Document, Fresh), FetchError> {
        let begin = Instant::now();
        let fetched = match asked {
            Asked::Id(_) => self.driver.document(id, rules, now).await,
            Asked::Page => self.driver.document_at_page(id, rules, now).await,
        };
        let now = after(now, begin);
        let fetched = match fetched {
            // An actor is asked for by its id: one that leads elsewhere is not the one that was asked for.
            Ok(document) if asked == Asked::Id(CacheKind::Actor) && document.id() != id => {
                Err(FetchRefusal::WrongId {
                    url: id.to_string(),
                    id: document.id().clone(),
                }
                .into())
            }
            other => other,
        };
        let kind = asked.kind();
        match fetched {
            Ok(document) => {
                self.records.end_failure(kind, &asked.failure_key(id));
                let fresh = self.remember_document(kind, &document, rules, now).await;
                if document.id() != id {
                    // A URL that people see: where it leads is remembered, not what is there.
                    let leads_to = Bytes::from(format!("> {}", document.id()));
                    let lifetime = rules.limits.document_lifetime;
                    self.records.put(kind, id.as_str(), leads_to, now, lifetime).await;
                }
                Ok((document, fresh))
            }
            Err(error) => {
                if error.is_gone() {
                    self.expire_actor(id, now).await;
                    self.records.expire(kind, id.as_str(), now).await;
                }
                self.remember_failure(kind, &asked.failure_key(id), &error, rules, now);
                Err(error)
            }
        }
    }

    async fn fresh(&self, kind: CacheKind, id: &Iri, now: SystemTime) -> Option<(Document, Fresh)> {
        let is_fresh = |entry: &Entry| now < entry.expires;
        let seen = self.actors.seen(id.as_str());
        let entry = self.records.get(kind, id.as_str()).await.filter(is_fresh)?;
        let Some(other) = leads_to(&entry) else {
            let until = entry.expires;
            return read(kind, id, entry).map(|document| (document, Fresh { until, seen }));
        };
        self.rules().admit(&other).ok()?;
        let seen = self.actors.seen(other.as_str());
        let entry = self.records.get(kind, other.as_str()).await.filter(is_fresh)?;
        let until = entry.expires;
        read(kind, &other, entry).map(|document| (document, Fresh { until, seen }))
    }

    /// Keeps it in the cache, and says how long it is fresh.
    pub(crate) async fn remember_document(
        &self,
        kind: CacheKind,
        document: &Document,
        rules: &FetchRules,
        now: SystemTime,
    ) -> Fresh {
        let (id, bytes) = (document.id().as_str(), document.bytes());
        self.records.end_failure(kind, id);
        let is_actor = kind == CacheKind::Actor;
        let lifetime = if is_actor {
            rules.limits.actor_lifetime
        } else {
            rules.limits.document_lifetime
        };
        let listed = if is_actor {
            self.listed_keys(document.id()).await
        } else {
            Vec::new()
        };
        if bytes.len() <= rules.limits.cached_document {
            self.records.put(kind, id, bytes.clone(), now, lifetime).await;
        } else {
            // What was there is not what it says now.
            self.records.remove(kind, id).await;
        }
        if is_actor {
            // What it says of its keys now holds for what was read of them before.
            self.let_go(document.id(), &listed);
        }
        Fresh {
            until: now.checked_add(lifetime).unwrap_or(now),
            seen: self.actors.seen(id),
        }
    }

    pub(crate) fn remember_failure(
        &self,
        kind: CacheKind,
        key: &str,
        error: &FetchError,
        rules: &FetchRules,
        now: SystemTime,
    ) {
        self.records.put_failure(kind, key, error, now, &rules.limits);
    }
}

fn leads_to(entry: &Entry) -> Option<Iri> {
    Iri::parse(std::str::from_utf8(&entry.bytes).ok()?.strip_prefix("> ")?).ok()
}

pub(crate) fn read(kind: CacheKind, id: &Iri, entry: Entry) -> Option<Document> {
    let document = Document::from_cache(id, entry.bytes);
    if let Err(error) = &document {
        tracing::debug!(kind = kind.as_str(), %error, "cached document cannot be read");
    }
    document.ok()
}
