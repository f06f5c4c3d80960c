//! A million strangers: does what is remembered of them stay small?

use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::Bytes;
use federate_fetch::Fetcher;
use federate_http::{Budget, HttpClient, HttpError};
use federate_protocol::FetchRules;
use federate_protocol::activitystreams::Iri;
use federate_store::{Backend as _, Memory};
use http::{Request, Response};

/// Looks up so many actors, and prints after each tenth how many there were, and how many KiB the process holds.
pub fn run(count: u64) {
    crate::end_with_the_parent();
    let client = Arc::new(Strangers::default());
    let cache = Memory::new().stores().cache;
    let fetcher = Fetcher::new(client, cache, None, FetchRules::default());
    let now = SystemTime::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        for number in 1..=count {
            let id = stranger(number);
            let actor = fetcher.actor(&id, now).await.unwrap();
            assert_eq!(actor.id(), &id);
            if number % (count / 10).max(1) == 0 {
                println!("{number} {}", resident());
            }
        }
    });
}

/// The id of a stranger; a thousand of them live on one host.
pub fn stranger(number: u64) -> Iri {
    Iri::parse(&format!(
        "https://host{}.bench-peers.org/users/{number}",
        number % 1000
    ))
    .unwrap()
}

/// Answers for everybody whom one asks for.
#[derive(Debug)]
pub struct Strangers {
    public_key: String,
}

impl Default for Strangers {
    fn default() -> Self {
        Self {
            public_key: crate::alice::public_key(),
        }
    }
}

#[async_trait]
impl HttpClient for Strangers {
    async fn send(&self, request: Request<Bytes>, _budget: &Budget) -> Result<Response<Bytes>, HttpError> {
        let id = request.uri().to_string();
        let document = serde_json::json!({
            "@context": crate::alice::context(),
            "id": id,
            "type": "Person",
            "preferredUsername": "stranger",
            "name": crate::alice::DISPLAY,
            "summary": crate::alice::SUMMARY,
            "inbox": format!("{id}/inbox"),
            "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"),
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": self.public_key },
        });
        let mut response = Response::new(Bytes::from(document.to_string()));
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/activity+json"),
        );
        Ok(response)
    }
}

/// KiB that the process holds now.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
