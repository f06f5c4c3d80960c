//! The server and the client, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]
#![expect(
    clippy::disallowed_methods,
    reason = "the server that is tested has the clock of the machine"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate_signatures::{KeyId, Policy, PrivateKey, Signer as _, cavage, rfc9421};
use hyper::{Request, StatusCode};
use signatures::{Site, post, send, serve};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const KEY: &[u8] = include_bytes!("../../../../crates/federate-testkit/keys/0.pk8");
const OTHER: &[u8] = include_bytes!("../../../../crates/federate-testkit/keys/1.pk8");

fn key(name: &str, pkcs8: &[u8]) -> PrivateKey {
    PrivateKey::from_pkcs8(KeyId::from(format!("https://peer.example/{name}#key")), pkcs8).unwrap()
}

/// A server that knows alice. It ends with the set.
async fn site() -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let alice = key("alice", KEY);
    let site = Site {
        keys: [(alice.key_id().to_string(), alice.public_key())].into(),
        policy: Policy::mastodon()
            .authorities([host.as_str()])
            .external_scheme("http"),
    };
    (host, JoinSet::from_iter([serve(listener, Arc::new(site))]))
}

fn request(host: &str) -> Request<Bytes> {
    Request::post(format!("http://{host}/inbox?x=%2F"))
        .body(Bytes::from_static(b"{}"))
        .unwrap()
}

#[tokio::test]
async fn what_is_signed_is_taken() {
    let (host, _serving) = site().await;
    let alice = key("alice", KEY);
    let (status, said) = post(&alice, &host, "/inbox", "{}".into()).await.unwrap();
    assert_eq!(
        (status, &*said),
        (StatusCode::ACCEPTED, "signed by https://peer.example/alice#key\n")
    );
    let unsigned = rfc9421(request(&host), alice.key_id(), SystemTime::now());
    let (status, _) = send(&host, unsigned.sign(&alice).unwrap()).await.unwrap();
    assert_eq!(status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_is_not_is_told_why() {
    let (host, _serving) = site().await;
    let (alice, now) = (key("alice", KEY), SystemTime::now());
    let mut altered = cavage(request(&host), now).sign(&alice).unwrap();
    *altered.body_mut() = Bytes::from_static(b"[]");
    let mut moved = cavage(request(&host), now).sign(&alice).unwrap();
    *moved.uri_mut() = "/outbox".parse().unwrap();
    let long_ago = now - Duration::from_secs(3 * 24 * 3_600);
    let refused = [
        (request(&host), "signature"),
        (altered, "digest"),
        (moved, "signature"),
        (cavage(request(&host), long_ago).sign(&alice).unwrap(), "old"),
        (
            cavage(request("other.example"), now).sign(&alice).unwrap(),
            "host",
        ),
        (
            cavage(request(&host), now).sign(&key("mallory", OTHER)).unwrap(),
            "not known",
        ),
        (
            cavage(request(&host), now).sign(&key("alice", OTHER)).unwrap(),
            "signature",
        ),
    ];
    for (request, reason) in refused {
        let (status, said) = send(&host, request).await.unwrap();
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{said}");
        assert!(said.to_lowercase().contains(reason), "{reason}: {said}");
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_cap() {
    let (host, _serving) = site().await;
    let alice = key("alice", KEY);
    let (status, _) = post(&alice, &host, "/inbox", vec![b' '; 1 << 20].into())
        .await
        .unwrap();
    assert_eq!(status, StatusCode::ACCEPTED);
    let (status, _) = post(&alice, &host, "/inbox", vec![b' '; (1 << 20) + 1].into())
        .await
        .unwrap();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}
