//! Who sends, and what.

use std::sync::Arc;

use bytes::Bytes;
use federate_signatures::{KeyId, PrivateKey, Signer, aws_lc};
use federate_store::Iri;
use serde_json::{Value, json};

pub const ID: &str = "https://social.example/users/alice";
pub const NAME: &str = "alice";
pub const FOLLOWERS: &str = "https://social.example/users/alice/followers";
pub const KEY_ID: &str = "https://social.example/users/alice#main-key";
pub const PEM: &str = include_str!("../../../crates/federate-signatures/tests/keys/rsa2048.pkcs8.pem");
/// The bytes of one body.
pub const BODY: usize = 3 * 1024;
const ACTIVITIES: &str = "https://social.example/activities/";

pub fn key() -> PrivateKey {
    PrivateKey::from_pem(KeyId::from(KEY_ID), PEM).unwrap()
}

/// One that signs in no time, where it is not the signatures that are measured.
pub fn quick_key() -> PrivateKey {
    let pem = include_str!("../../../crates/federate-signatures/tests/keys/ed25519.pkcs8.pem");
    PrivateKey::from_pem(KeyId::from(KEY_ID), pem).unwrap()
}

/// The same key, with `ring` or `aws-lc-rs` behind it, or the quick one.
pub fn signer(provider: &str) -> Arc<dyn Signer> {
    match provider {
        "ring" => Arc::new(key()),
        "ed25519" => Arc::new(quick_key()),
        "aws-lc-rs" => Arc::new(aws_lc::PrivateKey::from_pem(KeyId::from(KEY_ID), PEM).unwrap()),
        other => panic!("there is no {other}"),
    }
}

pub fn activity_id(number: usize) -> Iri {
    Iri::parse(&format!("{ACTIVITIES}{number}")).unwrap()
}

/// Which of them an id names.
pub fn number_of(id: &str) -> Option<usize> {
    id.strip_prefix(ACTIVITIES)?.parse().ok()
}

/// A Create(Note) whose text fills it up to [`BODY`].
pub fn document(number: usize) -> Value {
    let mut document = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": activity_id(number).as_str(),
        "type": "Create",
        "actor": ID,
        "published": "2026-11-26T00:00:00Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cc": [FOLLOWERS],
        "object": {
            "id": format!("https://social.example/notes/{number}"),
            "type": "Note",
            "attributedTo": ID,
            "published": "2026-11-26T00:00:00Z",
            "to": ["https://www.w3.org/ns/activitystreams#Public"],
            "cc": [FOLLOWERS],
            "content": "",
        },
    });
    let missing = BODY - document.to_string().len();
    document["object"]["content"] = Value::from("a".repeat(missing));
    document
}

pub fn body(number: usize) -> Bytes {
    Bytes::from(document(number).to_string())
}
