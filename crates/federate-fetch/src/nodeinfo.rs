//! What servers say that they are.

use crate::Fetcher;
use crate::drive::{Journey, unknown};
use crate::error::FetchError;
use crate::fetcher::after;
use bytes::Bytes;
use federate_protocol::activitystreams::{Iri, Origin};
use federate_protocol::fetch::{NodeInfoFetch, NodeInfoStep, NotAdmitted};
use federate_protocol::webfinger::nodeinfo::NodeInfo;
use federate_protocol::{FetchRefusal, FetchRules};
use federate_store::CacheKind;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::time::Instant;

impl Fetcher {
    /// What the server at the origin of `server` says that it is: a claim, for showing and counting. `server` is anything of that server,
    /// an actor's id for example, or `https://` and a host. See [`NodeInfoFetch`] for what is read.
    ///
    /// It is asked once a day and server, without a signature; while it is away, it is given as it was known last.
    ///
    /// # Errors
    /// [`FetchError`] says why not.
    ///
    /// ```
    /// # use federate_fetch::{FetchError, Fetcher};
    /// # use federate_protocol::Actor;
    /// # use std::time::SystemTime;
    /// async fn software(fetcher: &Fetcher, of: &Actor, now: SystemTime) -> Result<String, FetchError> {
    ///     Ok(fetcher.nodeinfo(of.id(), now).await?.software)
    /// }
    /// ```
    pub async fn nodeinfo(&self, server: &Iri, now: SystemTime) -> Result<NodeInfo, FetchError> {
        let rules = self.rules();
        let key = key(&admitted(server, &rules)?);
        if let Some(info) = self.known_nodeinfo(&key, Some(now)).await {
            return Ok(info);
        }
        let error = match self.nodeinfo_in_turn(server, &key, &rules, now).await {
            Ok(info) => return Ok(info),
            Err(error) => error,
        };
        if error.is_permanent() {
            return Err(error);
        }
        self.known_nodeinfo(&key, None).await.ok_or(error)
    }

    /// What somebody else has fetched meanwhile, else what is fetched now.
    async fn nodeinfo_in_turn(
        &self,
        server: &Iri,
        key: &str,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<NodeInfo, FetchError> {
        let _turn = self.turn(format!("host {key}"), rules).await?;
        if let Some(info) = self.known_nodeinfo(key, Some(now)).await {
            return Ok(info);
        }
        match self.records.failure(CacheKind::Host, key, now) {
            Some(failure) => Err(failure.into()),
            None => self.fetch_nodeinfo(server, key, rules, now).await,
        }
    }

    async fn fetch_nodeinfo(
        &self,
        server: &Iri,
        key: &str,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<NodeInfo, FetchError> {
        let begin = Instant::now();
        let answer = self.ask_nodeinfo(server, rules, now).await;
        let now = after(now, begin);
        match answer {
            Ok((info, bytes)) => {
                self.records.end_failure(CacheKind::Host, key);
                let lifetime = rules.limits.nodeinfo_lifetime;
                self.records.put(CacheKind::Host, key, bytes, now, lifetime).await;
                Ok(info)
            }
            Err(error) => {
                self.records
                    .put_failure(CacheKind::Host, key, &error, now, &rules.limits);
                Err(error)
            }
        }
    }

    async fn ask_nodeinfo(
        &self,
        server: &Iri,
        rules: &Arc<FetchRules>,
        now: SystemTime,
    ) -> Result<(NodeInfo, Bytes), FetchError> {
        let journey = Journey::begin(&self.driver, rules, now);
        let mut step = NodeInfoFetch::start(server, Arc::clone(rules));
        loop {
            step = match step {
                NodeInfoStep::Get(fetch) => {
                    // As WebFinger is asked: unsigned, and for little.
                    let response = journey.get(fetch.url(), fetch.accept(), true).await?;
                    fetch.on_response(&response)
                }
                NodeInfoStep::Found { info, bytes } => return Ok((*info, bytes)),
                NodeInfoStep::Refused(refusal) => return Err(refusal.into()),
                other => return Err(unknown(&other)),
            };
        }
    }

    /// What the cache has, fresh at `now` or however old.
    async fn known_nodeinfo(&self, key: &str, now: Option<SystemTime>) -> Option<NodeInfo> {
        let entry = self.records.get(CacheKind::Host, key).await?;
        let fresh = now.is_none_or(|now| now < entry.expires);
        fresh.then(|| NodeInfo::parse(&entry.bytes).ok())?
    }
}

/// The origin of a server that may be asked today.
fn admitted(server: &Iri, rules: &FetchRules) -> Result<Origin, FetchError> {
    let origin = rules
        .admit(server)
        .and_then(|_| server.origin().ok_or(NotAdmitted::NoHost));
    origin.map_err(|reason| {
        let url = server.to_string();
        FetchRefusal::NotAdmitted { url, reason }.into()
    })
}

/// Other things may be known of a host, too.
fn key(origin: &Origin) -> String {
    format!("nodeinfo {origin}")
}
