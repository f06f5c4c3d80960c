//! A client that answers from a map, and counts.

use async_trait::async_trait;
use bytes::Bytes;
use federate_fetch::Fetcher;
use federate_http::{Budget, HttpClient, HttpError, HttpErrorKind};
use federate_protocol::FetchRules;
use federate_protocol::activitystreams::Iri;
use federate_protocol::signatures::{KeyId, PrivateKey, Signer, VerifierProvider};
use federate_store::{Backend, Memory};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

pub(crate) const ALICE: &str = "https://a.example/users/alice";
pub(crate) const ALICE_KEY: &str = "https://a.example/users/alice#main-key";
pub(crate) const PEM: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/rsa2048.spki.pem"
));
pub(crate) const OTHER_PEM: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/rsa3072.spki.pem"
));
pub(crate) const PRIVATE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/rsa2048.pkcs8.pem"
));

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Page(u16, &'static str, String),
    Fails(HttpErrorKind),
    /// Sent elsewhere.
    To(String),
    /// A document, after this time.
    Late(Duration, String),
    Never,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    answers: Mutex<HashMap<String, Answer>>,
    asked: Mutex<Vec<http::Request<Bytes>>>,
}

impl World {
    pub(crate) fn answer(&self, url: &str, answer: Answer) {
        self.answers.lock().unwrap().insert(url.to_owned(), answer);
    }

    pub(crate) fn activity(&self, url: &str, body: &Value) {
        self.answer(
            url,
            Answer::Page(200, "application/activity+json", body.to_string()),
        );
    }

    pub(crate) fn status(&self, url: &str, status: u16) {
        self.answer(url, Answer::Page(status, "text/plain", String::new()));
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(crate) fn asked_for(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|request| request.uri().to_string()).collect()
    }

    pub(crate) fn last(&self) -> http::Request<Bytes> {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }
}

#[async_trait]
impl HttpClient for World {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        budget: &Budget,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let url = request.uri().to_string();
        self.asked.lock().unwrap().push(request);
        // As on a real socket, others run meanwhile.
        tokio::task::yield_now().await;
        let answer = self.answers.lock().unwrap().get(&url).cloned();
        match answer {
            Some(Answer::Page(_, _, body)) if body.len() > budget.max_body => {
                Err(HttpError::new(HttpErrorKind::TooLarge))
            }
            Some(Answer::Page(status, content_type, body)) => Ok(http::Response::builder()
                .status(status)
                .header("content-type", content_type)
                .body(Bytes::from(body))
                .unwrap()),
            Some(Answer::Fails(kind)) => Err(HttpError::new(kind)),
            Some(Answer::To(place)) => Ok(http::Response::builder()
                .status(302)
                .header("location", place)
                .body(Bytes::new())
                .unwrap()),
            Some(Answer::Late(time, body)) => {
                tokio::time::sleep(time).await;
                Ok(http::Response::builder()
                    .header("content-type", "application/activity+json")
                    .body(Bytes::from(body))
                    .unwrap())
            }
            Some(Answer::Never) => std::future::pending().await,
            None => Ok(http::Response::builder().status(404).body(Bytes::new()).unwrap()),
        }
    }
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

pub(crate) fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

pub(crate) fn alice(pem: &str) -> Value {
    json!({
        "id": ALICE, "type": "Person", "preferredUsername": "alice", "inbox": format!("{ALICE}/inbox"),
        "publicKey": { "id": ALICE_KEY, "owner": ALICE, "publicKeyPem": pem },
    })
}

pub(crate) fn fetcher_with(rules: FetchRules) -> (Arc<World>, Arc<Fetcher>) {
    let world = Arc::new(World::default());
    world.activity(ALICE, &alice(PEM));
    let cache = Memory::new().stores().cache;
    let fetcher = Fetcher::new(Arc::clone(&world) as Arc<dyn HttpClient>, cache, None, rules);
    (world, Arc::new(fetcher))
}

pub(crate) fn fetcher() -> (Arc<World>, Arc<Fetcher>) {
    fetcher_with(FetchRules::default())
}

pub(crate) fn verifying_fetcher(provider: Arc<dyn VerifierProvider>) -> (Arc<World>, Fetcher) {
    let world = Arc::new(World::default());
    world.activity(ALICE, &alice(PEM));
    let client = Arc::clone(&world) as Arc<dyn HttpClient>;
    let fetcher = Fetcher::new(client, Memory::new().stores().cache, None, FetchRules::default());
    (world, fetcher.verifying(provider))
}

pub(crate) fn signing_fetcher() -> (Arc<World>, Fetcher) {
    let world = Arc::new(World::default());
    world.activity(ALICE, &alice(PEM));
    let key = PrivateKey::from_pem(KeyId::from("https://here.example/actor#main-key"), PRIVATE).unwrap();
    let signer: Arc<dyn Signer> = Arc::new(key);
    let client = Arc::clone(&world) as Arc<dyn HttpClient>;
    (
        world,
        Fetcher::new(
            client,
            Memory::new().stores().cache,
            Some(signer),
            FetchRules::default(),
        ),
    )
}
