//! Who posts, and what: people whom the server knows, with a Create(Note) each time; and strangers who close their account.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use federate_signatures::{KeyId, PublicKey, aws_lc};
use serde_json::{Value, json};

/// The server that is posted to.
pub const HOST: &str = "social.example";
pub const BASE: &str = "https://social.example";
/// Its shared inbox.
pub const INBOX: &str = "https://social.example/inbox";
/// The bytes of one Create.
pub const BODY: usize = 3 * 1024;
/// People who are known.
pub const KNOWN: u64 = 20;
/// Hosts on which they live.
pub const HOSTS: u64 = 5;
/// Hosts of the strangers.
pub const STRANGE_HOSTS: u64 = 1000;
const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";
const PEM: &str = include_str!("../../../crates/federate-signatures/tests/keys/rsa2048.pkcs8.pem");
const PUBLIC_PEM: &str = include_str!("../../../crates/federate-signatures/tests/keys/rsa2048.spki.pem");

/// A person whom the server knows. All have the same key, each under an id of its own.
#[derive(Clone, Copy, Debug)]
pub struct Sender(pub u64);

impl Sender {
    /// Everybody who is known.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..KNOWN).map(Self)
    }

    /// Who sends the activity of this number.
    pub fn of(number: u64) -> Self {
        Self(number % KNOWN)
    }

    pub fn id(self) -> String {
        format!("https://{}/users/u{}", host(self.0 % HOSTS), self.0)
    }

    pub fn key_id(self) -> String {
        format!("{}#main-key", self.id())
    }

    pub fn signer(self) -> aws_lc::PrivateKey {
        aws_lc::PrivateKey::from_pem(KeyId::from(self.key_id().as_str()), PEM).unwrap()
    }

    /// The actor document, as Mastodon has it.
    pub fn document(self) -> Value {
        let id = self.id();
        let below = |part: &str| format!("{id}/{part}");
        json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id,
            "type": "Person",
            "preferredUsername": format!("u{}", self.0),
            "name": "Somebody whom we know",
            "summary": "<p>Down the rabbit hole since 1865.</p>",
            "inbox": below("inbox"),
            "outbox": below("outbox"),
            "followers": below("followers"),
            "following": below("following"),
            "manuallyApprovesFollowers": false,
            "published": "2023-04-01T00:00:00Z",
            "publicKey": { "id": self.key_id(), "owner": id, "publicKeyPem": public_pem() },
        })
    }
}

/// The public half of everybody's key.
pub fn public_pem() -> &'static str {
    PUBLIC_PEM
}

/// The same as ring takes it: modulus and exponent.
pub fn public_numbers() -> ring::rsa::PublicKeyComponents<Vec<u8>> {
    let jwk: Value = serde_json::from_str(&PublicKey::from_pem(PUBLIC_PEM).unwrap().to_jwk()).unwrap();
    let number = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    ring::rsa::PublicKeyComponents {
        n: number("n"),
        e: number("e"),
    }
}

fn host(number: u64) -> String {
    format!("h{number}.bench-peers.org")
}

/// Every host that anybody lives on: for a file of hosts.
pub fn hosts() -> impl Iterator<Item = String> {
    (0..STRANGE_HOSTS).map(host)
}

/// The id of the activity of this number.
pub fn activity_id(number: u64) -> String {
    format!("{}/statuses/{number}/activity", Sender::of(number).id())
}

/// Which activity an id names.
pub fn number_of(id: &str) -> Option<u64> {
    id.strip_suffix("/activity")?.rsplit('/').next()?.parse().ok()
}

/// A Create(Note) as Mastodon sends it, whose text fills it up to [`BODY`].
pub fn create(number: u64) -> Bytes {
    let sender = Sender::of(number);
    let by = sender.id();
    let note = format!("{by}/statuses/{number}");
    let followers = format!("{by}/followers");
    let mut document = json!({
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            {
                "ostatus": "http://ostatus.org#",
                "atomUri": "ostatus:atomUri",
                "inReplyToAtomUri": "ostatus:inReplyToAtomUri",
                "conversation": "ostatus:conversation",
                "sensitive": "as:sensitive",
                "toot": "http://joinmastodon.org/ns#",
                "votersCount": "toot:votersCount",
                "Hashtag": "as:Hashtag",
            },
        ],
        "id": activity_id(number),
        "type": "Create",
        "actor": by,
        "published": "2026-10-01T12:00:00Z",
        "to": [PUBLIC],
        "cc": [followers, "https://social.example/users/alice"],
        "object": {
            "id": note,
            "type": "Note",
            "summary": null,
            "inReplyTo": null,
            "published": "2026-10-01T12:00:00Z",
            "url": format!("https://{}/@u{}/{number}", host(sender.0 % HOSTS), sender.0),
            "attributedTo": by,
            "to": [PUBLIC],
            "cc": [followers, "https://social.example/users/alice"],
            "sensitive": false,
            "atomUri": note,
            "conversation": format!("tag:{},2026-10-01:objectId={number}:objectType=Conversation", host(sender.0 % HOSTS)),
            "content": "",
            "attachment": [],
            "tag": [
                { "type": "Mention", "href": "https://social.example/users/alice", "name": "@alice@social.example" },
                { "type": "Hashtag", "href": format!("https://{}/tags/apples", host(0)), "name": "#apples" },
            ],
            "replies": {
                "id": format!("{note}/replies"),
                "type": "Collection",
                "first": {
                    "type": "CollectionPage",
                    "next": format!("{note}/replies?only_other_accounts=true&page=true"),
                    "partOf": format!("{note}/replies"),
                    "items": [],
                },
            },
        },
    });
    let missing = BODY - document.to_string().len();
    let text = "the harvest is in: forty sacks, and apples are still on the trees. ";
    let text: String = text.chars().cycle().take(missing).collect();
    document["object"]["content"] = Value::from(text);
    Bytes::from(document.to_string())
}

/// An account of its own that is closed: its id, and the Delete as Mastodon sends it.
pub fn delete(number: u64) -> (String, Bytes) {
    let id = format!("https://{}/users/gone{number}", host(number % STRANGE_HOSTS));
    let document = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{id}#delete"),
        "type": "Delete",
        "actor": id,
        "to": [PUBLIC],
        "object": id,
    });
    (id, Bytes::from(document.to_string()))
}
