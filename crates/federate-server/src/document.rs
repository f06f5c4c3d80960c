//! Actor documents, as Mastodon reads and writes them.

use std::sync::LazyLock;

use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::Uris;
use crate::keys::{Public, PublicKeys};
use crate::profile::Said;

/// How long a document is that says little more than its URLs and its key.
const USUAL: usize = 2048;

/// The document of one of the application's actors.
pub(crate) fn actor_document(said: &Said, uris: &Uris, keys: &PublicKeys) -> Bytes {
    let mut bytes = Vec::with_capacity(USUAL);
    let document = ActorDocument { said, uris, keys };
    // Strings and JSON values always serialise.
    let _ = serde_json::to_writer(&mut bytes, &document);
    bytes.into()
}

/// The document of the instance's own actor, which signs look-ups and nothing else.
pub(crate) fn instance_document(uris: &Uris, keys: &PublicKeys) -> Value {
    let id = uris.instance_actor();
    json!({
        "@context": &*CONTEXT,
        "id": id.as_str(),
        "type": "Application",
        "preferredUsername": uris.instance_name(),
        "name": uris.host(),
        "url": uris.base(),
        "inbox": format!("{id}/inbox"),
        "outbox": format!("{id}/outbox"),
        "manuallyApprovesFollowers": true,
        "endpoints": { "sharedInbox": uris.shared_inbox().as_str() },
        "publicKey": PublicKey::of(&keys.requests, &id),
        "assertionMethod": [Multikey::of(&keys.proofs, &id)],
    })
}

/// The document of the actor by which the instance relays, or speaks to relays. Its own inbox is that of everybody here: an operator who
/// subscribes is given that URL, and Mastodon tells by it who relays.
pub(crate) fn relay_document(uris: &Uris, keys: &PublicKeys) -> Value {
    let id = uris.relay_actor();
    json!({
        "@context": &*CONTEXT,
        "id": id.as_str(),
        "type": "Application",
        "preferredUsername": "relay",
        "name": format!("Relay of {}", uris.host()),
        "url": uris.base(),
        "inbox": uris.shared_inbox().as_str(),
        "outbox": format!("{id}/outbox"),
        "endpoints": { "sharedInbox": uris.shared_inbox().as_str() },
        "publicKey": PublicKey::of(&keys.requests, &id),
        "assertionMethod": [Multikey::of(&keys.proofs, &id)],
    })
}

/// A key as a document of its own, for ids that are one: its owner's document lists it.
pub(crate) fn key_document(owner: &Iri, keys: &PublicKeys) -> Value {
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "type": "Key",
    });
    if let (Value::Object(document), Ok(Value::Object(key))) = (
        &mut document,
        serde_json::to_value(PublicKey::of(&keys.requests, owner)),
    ) {
        document.extend(key);
    }
    document
}

/// The terms that an actor document uses, with the meaning that Mastodon gives them.
static CONTEXT: LazyLock<Value> = LazyLock::new(|| {
    json!([
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/v1",
        {
            // Not by the URL of their context: apkit takes a document for a key where that stands.
            "sec": "https://w3id.org/security#",
            "assertionMethod": { "@id": "sec:assertionMethod", "@type": "@id" },
            "Multikey": "sec:Multikey",
            "controller": { "@id": "sec:controller", "@type": "@id" },
            "publicKeyMultibase": { "@id": "sec:publicKeyMultibase", "@type": "sec:multibase" },
            "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
            "toot": "http://joinmastodon.org/ns#",
            "featured": { "@id": "toot:featured", "@type": "@id" },
            "featuredTags": { "@id": "toot:featuredTags", "@type": "@id" },
            "discoverable": "toot:discoverable",
            "indexable": "toot:indexable",
            "alsoKnownAs": { "@id": "as:alsoKnownAs", "@type": "@id" },
            "movedTo": { "@id": "as:movedTo", "@type": "@id" },
            "schema": "http://schema.org#",
            "PropertyValue": "schema:PropertyValue",
            "value": "schema:value",
        },
    ])
});

/// What the library writes in every document; the application's own properties cannot replace it.
const ALWAYS: &[&str] = &[
    "@context",
    "id",
    "type",
    "preferredUsername",
    "name",
    "summary",
    "url",
    "inbox",
    "outbox",
    "followers",
    "following",
    "featured",
    "manuallyApprovesFollowers",
    "discoverable",
    "indexable",
    "endpoints",
    "publicKey",
    "assertionMethod",
    "tag",
    "attachment",
];

struct ActorDocument<'a> {
    said: &'a Said,
    uris: &'a Uris,
    keys: &'a PublicKeys,
}

impl ActorDocument<'_> {
    /// Whether the library writes this property here.
    fn writes(&self, name: &str) -> bool {
        match name {
            "icon" => self.said.icon.is_some(),
            "image" => self.said.image.is_some(),
            "published" => self.said.published.is_some(),
            "alsoKnownAs" => !self.said.also_known_as.is_empty(),
            "movedTo" => self.said.moved_to.is_some(),
            name => ALWAYS.contains(&name),
        }
    }
}

impl Serialize for ActorDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (said, uris, name) = (self.said, self.uris, self.said.identifier.as_str());
        let id = uris.actor(name);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("@context", &*CONTEXT)?;
        map.serialize_entry("id", id.as_str())?;
        map.serialize_entry("type", said.kind)?;
        map.serialize_entry("preferredUsername", &said.username)?;
        map.serialize_entry("name", &said.display)?;
        map.serialize_entry("summary", &said.summary)?;
        map.serialize_entry("url", &said.page(uris))?;
        map.serialize_entry("inbox", uris.inbox(name).as_str())?;
        map.serialize_entry("outbox", uris.outbox(name).as_str())?;
        map.serialize_entry("followers", uris.followers(name).as_str())?;
        map.serialize_entry("following", uris.following(name).as_str())?;
        map.serialize_entry("featured", uris.featured(name).as_str())?;
        map.serialize_entry("manuallyApprovesFollowers", &said.locked)?;
        map.serialize_entry("discoverable", &said.discoverable)?;
        map.serialize_entry("indexable", &said.discoverable)?;
        let shared_inbox = uris.shared_inbox();
        map.serialize_entry(
            "endpoints",
            &Endpoints {
                shared_inbox: shared_inbox.as_str(),
            },
        )?;
        map.serialize_entry("publicKey", &PublicKey::of(&self.keys.requests, &id))?;
        map.serialize_entry("assertionMethod", &[Multikey::of(&self.keys.proofs, &id)])?;
        map.serialize_entry("tag", &[(); 0])?;
        map.serialize_entry("attachment", &Fields(&said.fields))?;
        if let Some(icon) = &said.icon {
            map.serialize_entry("icon", &Image::of(icon))?;
        }
        if let Some(image) = &said.image {
            map.serialize_entry("image", &Image::of(image))?;
        }
        if let Some(at) = &said.published {
            map.serialize_entry("published", at)?;
        }
        if !said.also_known_as.is_empty() {
            map.serialize_entry("alsoKnownAs", &said.also_known_as)?;
        }
        if let Some(to) = &said.moved_to {
            map.serialize_entry("movedTo", to)?;
        }
        for (name, value) in said.extra.iter().filter(|(name, _)| !self.writes(name)) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoints<'a> {
    shared_inbox: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicKey<'a> {
    id: &'a str,
    owner: &'a str,
    public_key_pem: &'a str,
}

impl<'a> PublicKey<'a> {
    fn of(key: &'a Public, owner: &'a Iri) -> Self {
        PublicKey {
            id: &key.id,
            owner: owner.as_str(),
            public_key_pem: &key.text,
        }
    }
}

/// [FEP-521a](https://codeberg.org/fediverse/fep/src/branch/main/fep/521a/fep-521a.md).
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Multikey<'a> {
    id: &'a str,
    r#type: &'static str,
    controller: &'a str,
    public_key_multibase: &'a str,
}

impl<'a> Multikey<'a> {
    fn of(key: &'a Public, controller: &'a Iri) -> Self {
        Multikey {
            id: &key.id,
            r#type: "Multikey",
            controller: controller.as_str(),
            public_key_multibase: &key.text,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Image<'a> {
    r#type: &'static str,
    media_type: &'a str,
    url: &'a str,
}

impl<'a> Image<'a> {
    fn of((media_type, url): &'a (String, String)) -> Self {
        Image {
            r#type: "Image",
            media_type,
            url,
        }
    }
}

/// The table beneath the description.
struct Fields<'a>(&'a [(String, String)]);

#[derive(Serialize)]
struct Field<'a> {
    r#type: &'static str,
    name: &'a str,
    value: &'a str,
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(name, value)| Field {
            r#type: "PropertyValue",
            name,
            value,
        }))
    }
}

#[cfg(test)]
mod tests {
    use federate_protocol::activitystreams::Iri;
    use serde_json::{Value, json};

    use super::ALWAYS;
    use crate::keys::PublicKeys;
    use crate::{Paths, Profile, Uris};

    /// Names that parts of a document have, or its context.
    const INSIDE_TOO: &[&str] = &[
        "id",
        "type",
        "url",
        "featured",
        "manuallyApprovesFollowers",
        "discoverable",
        "indexable",
        "alsoKnownAs",
        "movedTo",
        "assertionMethod",
    ];

    fn document(profile: &Profile) -> String {
        let root = Iri::parse("https://a.example/").unwrap();
        let origin = root.origin().unwrap();
        let uris = Uris::new(root, origin, Paths::default()).into();
        String::from_utf8(
            profile
                .document(
                    &uris,
                    &PublicKeys::named("https://a.example/users/alice", "a key"),
                )
                .to_vec(),
        )
        .unwrap()
    }

    /// A key that stands twice would be read one way here and another way there.
    #[test]
    fn what_the_application_adds_replaces_nothing_and_stands_once() {
        let optional = ["icon", "image", "published", "alsoKnownAs", "movedTo"];
        let mut plain = Profile::person("alice").property("own", json!(1));
        for name in ALWAYS.iter().chain(&optional) {
            plain = plain.property(name, json!("mine"));
        }
        let other = Iri::parse("https://b.example/users/alice").unwrap();
        let full = plain
            .clone()
            .icon("image/png", "https://a.example/icon")
            .image("image/png", "https://a.example/image")
            .published("2026-11-23T10:00:00Z")
            .also_known_as(&other)
            .moved_to(&other);
        for (profile, is_optional_mine) in [(plain, true), (full, false)] {
            let text = document(&profile);
            let document: Value = serde_json::from_str(&text).unwrap();
            for name in ALWAYS {
                assert_ne!(document[name], "mine", "{name}");
            }
            for name in optional {
                assert_eq!(document[name] == "mine", is_optional_mine, "{name}");
            }
            assert_eq!(document["own"], 1);
            // The last of two would be read, here: the text has to be asked.
            for name in ALWAYS
                .iter()
                .chain(&optional)
                .filter(|name| !INSIDE_TOO.contains(name))
            {
                assert_eq!(text.matches(&format!("\"{name}\":")).count(), 1, "{name}");
            }
            let names = document.as_object().unwrap().len();
            assert_eq!(names, ALWAYS.len() + optional.len() + 1);
        }
    }
}
