//! What everybody serves: one person as people have them.

use federate_protocol::signatures::{GeneratedKey, KeyGenerator, KeyId, PrivateKey, SignError};
use federate_server::Profile;

pub const HOST: &str = "social.example";
pub const BASE: &str = "https://social.example";
pub const ID: &str = "https://social.example/users/alice";
pub const PAGE: &str = "https://social.example/@alice";
pub const NAME: &str = "alice";
pub const DISPLAY: &str = "Alice Liddell";
pub const SUMMARY: &str = "<p>Down the rabbit hole since 1865. Cats, cards &amp; croquet. I write about <a \
    href=\"https://social.example/tags/mathematics\" rel=\"tag\">#mathematics</a> and what it does to tea parties.</p>";
pub const PUBLISHED: &str = "2023-04-01T00:00:00Z";
pub const ICON: &str =
    "https://files.social.example/accounts/avatars/000/000/001/original/0f1e2d3c4b5a6978.png";
pub const IMAGE: &str =
    "https://files.social.example/accounts/headers/000/000/001/original/8796a5b4c3d2e1f0.png";
pub const FIELDS: [(&str, &str); 2] = [
    (
        "Home",
        "<a href=\"https://alice.example/\" rel=\"me nofollow noopener noreferrer\" target=\"_blank\">alice.example</a>",
    ),
    ("Pronouns", "she/her"),
];

/// As ours takes it.
pub fn profile() -> Profile {
    FIELDS.iter().fold(
        Profile::person(NAME)
            .name(DISPLAY)
            .summary(SUMMARY)
            .published(PUBLISHED)
            .icon("image/png", ICON)
            .image("image/png", IMAGE),
        |profile, (name, value)| profile.field(name, value),
    )
}

/// The context that ours writes, for those who leave it to their caller.
pub fn context() -> serde_json::Value {
    serde_json::json!([
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1",
        {
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "toot": "http://joinmastodon.org/ns#",
            "featured": { "@id": "toot:featured", "@type": "@id" },
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
            "alsoKnownAs": { "@id": "as:alsoKnownAs", "@type": "@id" },
            "movedTo": { "@id": "as:movedTo", "@type": "@id" },
            "schema": "http://schema.org#",
            "PropertyValue": "schema:PropertyValue",
            "value": "schema:value",
        },
    ])
}

/// Everybody's key, so that no run pays for making one.
#[derive(Debug)]
pub struct Key;

impl KeyGenerator for Key {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        let key = include_bytes!("../../../crates/federate-server/tests/keys/a.pk8");
        Ok(GeneratedKey::from_pkcs8(key.to_vec()))
    }
}

/// The public half, as PEM.
pub fn public_key() -> String {
    let made = Key.generate_rsa_2048().unwrap();
    let id = KeyId(format!("{ID}#main-key"));
    let key = PrivateKey::from_pkcs8(id, made.as_pkcs8()).unwrap();
    key.public_key().to_pem()
}
