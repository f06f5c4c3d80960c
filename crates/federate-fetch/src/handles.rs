//! Handles.

use crate::Fetcher;
use crate::error::{FetchError, FetchErrorKind};
use crate::fetcher::after;
use bytes::Bytes;
use federate_protocol::FetchRules;
use federate_protocol::activitystreams::Iri;
use federate_protocol::fetch::{Actor, Bond, Found, HandleLookup, HandleStep};
use federate_protocol::webfinger::{BadHandle, Handle};
use federate_store::CacheKind;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

impl Fetcher {
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
        self.lookup_parsed(&parse(handle, &rules)?, &rules, now).await
    }

    pub(crate) async fn lookup_parsed(
        &self,
        asked: &Handle,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<Found, FetchError> {
        admit(asked, rules)?;
        let key = asked.folded().acct();
        if let Some(found) = self.confirmed(&key, rules, now).await {
            return Ok(found);
        }
        let _turn = self.turn(format!("handle {key}"), rules).await?;
        if let Some(found) = self.confirmed(&key, rules, now).await {
            return Ok(found);
        }
        if let Some(failure) = self.records.failure(CacheKind::Handle, &key, now) {
            return Err(failure.into());
        }
        let begin = Instant::now();
        let answer = self.driver.handle(asked, rules, now).await;
        let now = after(now, begin);
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                self.remember_failure(CacheKind::Handle, &key, &error, rules, now);
                return Err(error);
            }
        };
        self.remember_document(CacheKind::Actor, found.actor.document(), rules, now)
            .await;
        let record = Bytes::from(format!("{}\n{}", found.actor.id(), found.handle.acct()));
        let lifetime = rules.limits.webfinger_lifetime;
        self.records
            .put(CacheKind::Handle, &key, record, now, lifetime)
            .await;
        Ok(found)
    }

    async fn confirmed(&self, key: &str, rules: &Arc<FetchRules>, now: SystemTime) -> Option<Found> {
        let entry = self
            .records
            .get(CacheKind::Handle, key)
            .await
            .filter(|entry| now < entry.expires)?;
        let (id, handle) = std::str::from_utf8(&entry.bytes).ok()?.split_once('\n')?;
        let handle = parse(handle, rules).ok()?;
        admit(&handle, rules).ok()?;
        let actor = self.actor(&Iri::parse(id).ok()?, now).await.ok()?;
        Some(Found {
            handle,
            actor: Arc::unwrap_or_clone(actor),
            bond: Bond::Kept,
        })
    }
}

pub(crate) fn parse(handle: &str, rules: &FetchRules) -> Result<Handle, FetchError> {
    if handle.len() > rules.limits.handle {
        return Err(FetchErrorKind::Handle(BadHandle::Shape).into());
    }
    let parsed = if rules.allow_http_loopback {
        Handle::parse_allowing_port(handle)
    } else {
        Handle::parse(handle)
    };
    Ok(parsed.map_err(FetchErrorKind::Handle)?)
}

/// Blocks and origins of today hold for handles that are cached too, wherever their actors live.
fn admit(handle: &Handle, rules: &Arc<FetchRules>) -> Result<(), FetchError> {
    match HandleLookup::start(handle, Arc::clone(rules)) {
        HandleStep::Refused(refusal) => Err(refusal.into()),
        _ => Ok(()),
    }
}
