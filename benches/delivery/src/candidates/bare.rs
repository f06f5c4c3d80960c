//! No queue: each task takes the next inbox, signs and posts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use federate_signatures::{Signer, cavage};
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue};

use super::{AGENT, IN_FLIGHT};
use crate::alice;
use crate::parent::Parent;
use crate::town::Town;

const DEADLINE: Duration = Duration::from_secs(20);

pub async fn run(provider: &str, town: &Town, parent: &mut Parent) {
    let signer = alice::signer(provider);
    let client = client();
    let town = *town;
    let next = Arc::new(AtomicUsize::new(0));
    parent.go().await;
    let body = alice::body(0);
    let posting: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (client, signer, body) = (client.clone(), Arc::clone(&signer), body.clone());
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= town.inboxes {
                        return;
                    }
                    post(&client, &*signer, &town.inbox(number), body.clone()).await;
                }
            })
        })
        .collect();
    for one in posting {
        one.await.unwrap();
    }
    parent.arrived().await;
}

async fn post(client: &reqwest::Client, signer: &dyn Signer, inbox: &str, body: bytes::Bytes) {
    let request = http::Request::post(inbox)
        .header(CONTENT_TYPE, "application/activity+json")
        .body(body)
        .unwrap();
    let mut request = cavage(request, SystemTime::now()).sign(signer).unwrap();
    let headers = request.headers_mut();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let mut request = reqwest::Request::try_from(request).unwrap();
    *request.timeout_mut() = Some(DEADLINE);
    let response = client.execute(request).await.unwrap();
    assert_eq!(response.status(), 202);
    response.bytes().await.unwrap();
}

/// reqwest with the pool and the limits of the guarded client, and nothing else of it.
fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .user_agent(AGENT)
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(8)
        .build()
        .unwrap()
}
