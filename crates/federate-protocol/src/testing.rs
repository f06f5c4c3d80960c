//! What the tests of several modules share: one person at `a.example`, and what she signs.

use crate::activitystreams::{Activity, Iri};
use crate::receive::{self, KeyFailure, NeedKey, Receiving, ResolvedKey, Step};
use crate::signatures::{self, KeyId, Policy, PrivateKey, PublicKey};
use crate::{Authenticated, Refused};
use bytes::Bytes;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) const ALICE: &str = "https://a.example/users/alice";
pub(crate) const ALICE_KEY: &str = "https://a.example/users/alice#main-key";
pub(crate) const OURS: &str = "https://here.example";

const PRIVATE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/rsa2048.pkcs8.pem"
));
pub(crate) const PUBLIC_PEM: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/rsa2048.spki.pem"
));
const OTHER: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../federate-signatures/tests/keys/rsa3072.spki.pem"
));

pub(crate) fn iri(text: &str) -> Iri {
    Iri::parse(text).unwrap()
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

pub(crate) fn config() -> Receiving {
    Receiving {
        policy: Policy::mastodon().authorities(["here.example"]),
        own_origins: vec![iri(OURS).origin().unwrap()],
        ..Receiving::default()
    }
}

/// With a configuration that the test has for itself.
pub(crate) fn receive(request: http::Request<Bytes>, config: &Receiving, now: SystemTime) -> Step {
    receive::receive(request, &Arc::new(config.clone()), now)
}

pub(crate) fn post(body: impl Into<Bytes>) -> http::Request<Bytes> {
    http::Request::post("https://here.example/inbox")
        .header("content-type", "application/activity+json")
        .body(body.into())
        .unwrap()
}

pub(crate) fn sign(request: http::Request<Bytes>, key_id: &str, at: SystemTime) -> http::Request<Bytes> {
    let key = PrivateKey::from_pem(KeyId::from(key_id), PRIVATE).unwrap();
    signatures::cavage(request, at).sign(&key).unwrap()
}

pub(crate) fn signed(body: &Value, key_id: &str) -> http::Request<Bytes> {
    sign(post(body.to_string()), key_id, now())
}

pub(crate) fn key_of(owner: &str, key_id: &str, fresh: bool) -> ResolvedKey {
    ResolvedKey {
        key_id: KeyId::from(key_id),
        owner: iri(owner),
        key: PublicKey::from_pem(PUBLIC_PEM).unwrap(),
        fresh,
    }
}

/// A key that is alice's by name, and did not sign.
pub(crate) fn other_key(fresh: bool) -> ResolvedKey {
    ResolvedKey {
        key: PublicKey::from_pem(OTHER).unwrap(),
        ..key_of(ALICE, ALICE_KEY, fresh)
    }
}

pub(crate) fn need(step: Step) -> NeedKey {
    match step {
        Step::NeedKey(need) => need,
        other => panic!("expected to be asked for a key, got {other:?}"),
    }
}

pub(crate) fn refused(step: Step) -> Refused {
    match step {
        Step::Refused(refused) => refused,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

pub(crate) fn done(step: Step) -> Authenticated<Activity> {
    match step {
        Step::Done(activity) => *activity,
        other => panic!("expected an activity, got {other:?}"),
    }
}

/// What alice sends, authenticated.
pub(crate) fn from_alice(body: &Value) -> Authenticated<Activity> {
    let need = need(receive(signed(body, ALICE_KEY), &config(), now()));
    done(need.resume(Ok(key_of(ALICE, ALICE_KEY, true)), now()))
}

pub(crate) fn unavailable() -> KeyFailure {
    KeyFailure::Unavailable {
        reason: "timed out".to_owned(),
    }
}
