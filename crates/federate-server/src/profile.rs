//! Actors, as the application describes them.

use std::marker::PhantomData;

use async_trait::async_trait;
use federate_protocol::activitystreams::Iri;
use federate_store::Backend;
use serde_json::{Map, Value, json};

use crate::{Ask, Directory, Failure, Found, Uris};

/// Who an actor is. The library adds inbox, outbox, collections and key.
#[derive(Clone, Debug)]
pub struct Profile {
    kind: &'static str,
    identifier: String,
    username: String,
    display: String,
    summary: String,
    url: Option<String>,
    icon: Option<(String, String)>,
    image: Option<(String, String)>,
    fields: Vec<(String, String)>,
    also_known_as: Vec<String>,
    moved_to: Option<String>,
    published: Option<String>,
    locked: bool,
    discoverable: bool,
    extra: Map<String, Value>,
}

impl Profile {
    /// A person.
    pub fn person(name: &str) -> Self {
        Self::of_kind("Person", name)
    }

    /// A bot: Mastodon marks it as automated.
    pub fn bot(name: &str) -> Self {
        Self::of_kind("Service", name)
    }

    /// A group: what is sent to it, it announces to its members.
    pub fn group(name: &str) -> Self {
        Self::of_kind("Group", name)
    }

    /// An application.
    pub fn application(name: &str) -> Self {
        Self::of_kind("Application", name)
    }

    fn of_kind(kind: &'static str, name: &str) -> Self {
        Profile {
            kind,
            identifier: name.into(),
            username: name.into(),
            display: name.into(),
            summary: String::new(),
            url: None,
            icon: None,
            image: None,
            fields: Vec::new(),
            also_known_as: Vec::new(),
            moved_to: None,
            published: None,
            locked: false,
            discoverable: true,
            extra: Map::new(),
        }
    }

    /// The identifier by which the application knows the actor; it is in the id.
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// The name in the handle.
    pub fn handle(&self) -> &str {
        &self.username
    }

    /// The name in the handle, where it is not the identifier: `@username@host`.
    pub fn username(mut self, username: &str) -> Self {
        self.username = username.into();
        self
    }

    /// The name that people see.
    pub fn name(mut self, name: &str) -> Self {
        self.display = name.into();
        self
    }

    /// The description, as HTML.
    pub fn summary(mut self, html: &str) -> Self {
        self.summary = html.into();
        self
    }

    /// The page on which people see the profile.
    pub fn url(mut self, url: impl AsRef<str>) -> Self {
        self.url = Some(url.as_ref().to_owned());
        self
    }

    /// The avatar: its media type (`image/png`) and URL.
    pub fn icon(mut self, media_type: &str, url: impl AsRef<str>) -> Self {
        self.icon = Some((media_type.into(), url.as_ref().to_owned()));
        self
    }

    /// The header image: its media type (`image/png`) and URL.
    pub fn image(mut self, media_type: &str, url: impl AsRef<str>) -> Self {
        self.image = Some((media_type.into(), url.as_ref().to_owned()));
        self
    }

    /// One line of the table beneath the description; the value is HTML.
    pub fn field(mut self, name: &str, html: &str) -> Self {
        self.fields.push((name.into(), html.into()));
        self
    }

    /// When the account was made, as RFC 3339: `2026-11-23T10:00:00Z`.
    pub fn published(mut self, at: &str) -> Self {
        self.published = Some(at.into());
        self
    }

    /// Another account of the same person.
    pub fn also_known_as(mut self, id: &Iri) -> Self {
        self.also_known_as.push(id.as_str().into());
        self
    }

    /// Where the person has moved to.
    pub fn moved_to(mut self, id: &Iri) -> Self {
        self.moved_to = Some(id.as_str().into());
        self
    }

    /// Followers are approved by hand: nobody is accepted unless the application does.
    pub fn approves_followers(mut self) -> Self {
        self.locked = true;
        self
    }

    /// Whether followers are approved by hand.
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// The actor does not want to be listed and found.
    pub fn undiscoverable(mut self) -> Self {
        self.discoverable = false;
        self
    }

    /// A property of the document that has no method here. It cannot replace what the library writes.
    pub fn property(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.into(), value);
        self
    }

    /// The page on which people see the profile.
    pub(crate) fn page(&self, uris: &Uris) -> String {
        self.url
            .clone()
            .or_else(|| uris.profile(&self.identifier).map(|iri| iri.as_str().to_owned()))
            .unwrap_or_else(|| uris.actor(&self.identifier).as_str().to_owned())
    }

    /// The actor document, as Mastodon reads and writes it.
    pub(crate) fn document(&self, uris: &Uris, public_key_pem: &str) -> Value {
        let name = &self.identifier;
        let id = uris.actor(name);
        let mut doc = self.extra.clone();
        doc.insert("@context".into(), context());
        let mut put = |key: &str, value: Value| {
            doc.insert(key.to_owned(), value);
        };
        put("id", json!(id.as_str()));
        put("type", json!(self.kind));
        put("preferredUsername", json!(self.username));
        put("name", json!(self.display));
        put("summary", json!(self.summary));
        put("url", json!(self.page(uris)));
        put("inbox", json!(uris.inbox(name).as_str()));
        put("outbox", json!(uris.outbox(name).as_str()));
        put("followers", json!(uris.followers(name).as_str()));
        put("following", json!(uris.following(name).as_str()));
        put("featured", json!(uris.featured(name).as_str()));
        put("manuallyApprovesFollowers", json!(self.locked));
        put("discoverable", json!(self.discoverable));
        put("indexable", json!(self.discoverable));
        put(
            "endpoints",
            json!({ "sharedInbox": uris.shared_inbox().as_str() }),
        );
        put("publicKey", public_key(&uris.key_id(name), &id, public_key_pem));
        put("tag", json!([]));
        let fields: Vec<Value> = self
            .fields
            .iter()
            .map(|(name, value)| json!({ "type": "PropertyValue", "name": name, "value": value }))
            .collect();
        put("attachment", Value::Array(fields));
        if let Some((media_type, url)) = &self.icon {
            put(
                "icon",
                json!({ "type": "Image", "mediaType": media_type, "url": url }),
            );
        }
        if let Some((media_type, url)) = &self.image {
            put(
                "image",
                json!({ "type": "Image", "mediaType": media_type, "url": url }),
            );
        }
        if let Some(at) = &self.published {
            put("published", json!(at));
        }
        if !self.also_known_as.is_empty() {
            put("alsoKnownAs", json!(self.also_known_as));
        }
        if let Some(to) = &self.moved_to {
            put("movedTo", json!(to));
        }
        Value::Object(doc)
    }
}

/// The document of the instance's own actor, which signs look-ups and nothing else.
pub(crate) fn instance_document(uris: &Uris, public_key_pem: &str) -> Value {
    let id = uris.instance_actor();
    json!({
        "@context": context(),
        "id": id.as_str(),
        "type": "Application",
        "preferredUsername": uris.instance_name(),
        "name": uris.host(),
        "url": uris.base(),
        "inbox": format!("{id}/inbox"),
        "outbox": format!("{id}/outbox"),
        "manuallyApprovesFollowers": true,
        "endpoints": { "sharedInbox": uris.shared_inbox().as_str() },
        "publicKey": public_key(&uris.key_id(crate::INSTANCE), &id, public_key_pem),
    })
}

fn public_key(key_id: &str, owner: &Iri, pem: &str) -> Value {
    json!({ "id": key_id, "owner": owner.as_str(), "publicKeyPem": pem })
}

/// The terms that an actor document uses, with the meaning that Mastodon gives them.
fn context() -> Value {
    json!([
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

/// For programs whose people are written in the program.
#[derive(Debug)]
pub struct Actors<S> {
    people: Vec<Profile>,
    store: PhantomData<fn() -> S>,
}

impl<S> Actors<S> {
    /// These and nobody else.
    pub fn new(people: impl IntoIterator<Item = Profile>) -> Self {
        Actors {
            people: people.into_iter().collect(),
            store: PhantomData,
        }
    }
}

#[async_trait]
impl<S: Backend> Directory for Actors<S> {
    type Store = S;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        Ok(self
            .people
            .iter()
            .find(|p| p.identifier() == name)
            .cloned()
            .into())
    }

    async fn identify(&self, _ask: &Ask<'_>, username: &str) -> Result<Option<String>, Failure> {
        Ok(self
            .people
            .iter()
            .find(|p| p.handle().eq_ignore_ascii_case(username))
            .map(|p| p.identifier().to_owned()))
    }

    async fn usage(&self) -> Result<crate::Usage, Failure> {
        Ok(crate::Usage::new(
            u64::try_from(self.people.len()).unwrap_or(u64::MAX),
            0,
        ))
    }
}
