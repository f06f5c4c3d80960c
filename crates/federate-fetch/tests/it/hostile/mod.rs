//! The fetcher over the guarded client, against servers that lie, on real sockets. The names begin with the threat that a
//! test covers.

mod discovery;
mod exhaustion;
mod identity;
mod places;
mod slow;

use crate::world::{PRIVATE, at, iri};
use async_trait::async_trait;
use bytes::Bytes;
use federate_fetch::{FetchError, Fetcher, KeyLookup};
use federate_http::{Budget, Guard, GuardedClient, HttpClient, HttpError};
use federate_protocol::signatures::PrivateKey;
use federate_protocol::{FetchRules, KeyFailure, ResolvedKey};
use federate_store::{Backend, Memory};
use federate_testkit::hostile::{Answer, Authority, Hostile, Names};
use serde_json::{Value, json};
use std::sync::Arc;

/// A victim and an attacker, and a client that reaches them.
pub(crate) struct Net {
    pub(crate) victim: Hostile,
    pub(crate) evil: Hostile,
    pub(crate) names: Arc<Names>,
    authority: Authority,
    client: Arc<dyn HttpClient>,
    rules: FetchRules,
}

impl Net {
    /// As in production: public names, https, no exceptions. The two servers alone are reached on loopback.
    pub(crate) async fn public() -> Self {
        let (authority, names) = (Authority::new(), Names::new());
        let victim = Hostile::start_tls("victim.example.org", &authority).await;
        let evil = Hostile::start_tls("evil.example.net", &authority).await;
        for server in [&victim, &evil] {
            names.point_to(server);
        }
        let client = Internet {
            near: client(guard(&names, &authority).dangerous().allow_loopback()),
            strict: client(guard(&names, &authority)),
        };
        Self {
            victim,
            evil,
            names,
            authority,
            client: Arc::new(client),
            rules: FetchRules::default(),
        }
    }

    /// As in development: plain http on loopback, handles with ports.
    pub(crate) async fn local() -> Self {
        let (authority, names) = (Authority::new(), Names::new());
        let victim = Hostile::start_as("victim.localhost").await;
        let evil = Hostile::start_as("evil.localhost").await;
        names.point("localhost", &["127.0.0.1"]);
        let client = client(guard(&names, &authority).dangerous().allow_loopback());
        Self {
            victim,
            evil,
            names,
            authority,
            client: Arc::new(client),
            rules: FetchRules {
                allow_http_loopback: true,
                ..FetchRules::default()
            },
        }
    }

    pub(crate) fn fetcher(&self) -> Fetcher {
        self.fetcher_with(|_| {})
    }

    pub(crate) fn fetcher_with(&self, change: impl FnOnce(&mut FetchRules)) -> Fetcher {
        self.fetcher_over(&Memory::new(), change)
    }

    /// One that signs what it asks, as `https://here.example/actor#main-key`.
    pub(crate) fn signing_fetcher(&self) -> Fetcher {
        let key = PrivateKey::from_pem("https://here.example/actor#main-key".into(), PRIVATE).unwrap();
        let cache = Memory::new().stores().cache;
        Fetcher::new(
            Arc::clone(&self.client),
            cache,
            Some(Arc::new(key)),
            self.rules.clone(),
        )
    }

    pub(crate) fn fetcher_over(&self, store: &Memory, change: impl FnOnce(&mut FetchRules)) -> Fetcher {
        let mut rules = self.rules.clone();
        change(&mut rules);
        Fetcher::new(
            Arc::clone(&self.client),
            store.clone().stores().cache,
            None,
            rules,
        )
    }

    /// One more server of the attacker, of a kind with the others.
    pub(crate) async fn another(&self, host: &str) -> Hostile {
        if self.rules.allow_http_loopback {
            Hostile::start_as(host).await
        } else {
            Hostile::start_tls(host, &self.authority).await
        }
    }

    /// The actor of the attacker, with the second key.
    pub(crate) fn mallory(&self) -> federate_testkit::hostile::Person {
        self.evil.person("mallory").keyed(1)
    }

    /// How many requests both servers have seen.
    pub(crate) fn requests(&self) -> usize {
        self.victim.requests().len() + self.evil.requests().len()
    }
}

/// The strict client, but for the two servers, which have no public address.
#[derive(Debug)]
struct Internet {
    near: GuardedClient,
    strict: GuardedClient,
}

#[async_trait]
impl HttpClient for Internet {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        budget: &Budget,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let host = request.uri().host().unwrap_or_default();
        let is_out_there = ["victim.example.org", "evil.example.net"].iter().any(|name| {
            host.strip_suffix(name)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        });
        let client = if is_out_there { &self.near } else { &self.strict };
        client.send(request, budget).await
    }
}

fn guard(names: &Arc<Names>, authority: &Authority) -> Guard {
    Guard::new()
        .resolver(Arc::clone(names) as Arc<dyn federate_http::Resolver>)
        .extra_root_ca(authority.pem().as_bytes())
        .unwrap()
}

fn client(guard: Guard) -> GuardedClient {
    GuardedClient::new(guard, "it/1.0 (+https://here.example/)").unwrap()
}

/// Why it failed, as a text that begins with the kind: `Refused(WrongId …`.
pub(crate) fn why(error: &FetchError) -> String {
    format!("{:?}", error.kind())
}

#[track_caller]
pub(crate) fn assert_why(error: &FetchError, kind: &str, about: &str) {
    assert!(
        why(error).starts_with(kind),
        "{about}: {} is not {kind}",
        why(error)
    );
}

/// A note of somebody.
pub(crate) fn note(id: &str, by: &str) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "Note",
        "attributedTo": by, "content": "<p>hello</p>",
    })
}

pub(crate) async fn key(fetcher: &Fetcher, id: &str, second: u64) -> Result<ResolvedKey, KeyFailure> {
    fetcher.key_by_id(&id.into(), KeyLookup::Usual, at(second)).await
}

/// 200 with a document.
pub(crate) fn document(value: &Value) -> Answer {
    Answer::document(value)
}

pub(crate) async fn actor(
    fetcher: &Fetcher,
    id: &str,
    second: u64,
) -> Result<federate_protocol::Actor, FetchError> {
    fetcher
        .actor(&iri(id), at(second))
        .await
        .map(Arc::unwrap_or_clone)
}

pub(crate) async fn object(
    fetcher: &Fetcher,
    id: &str,
    second: u64,
) -> Result<federate_protocol::Document, FetchError> {
    fetcher.object(&iri(id), at(second)).await
}
