//! Somebody well-formed, to be spoilt in one property.

use federate_protocol::signatures::{KeyId, PrivateKey};
use federate_protocol::webfinger::Handle;
use serde_json::{Value, json};

use super::Hostile;
use crate::keys::TestKeys;

/// An actor as a decent server would serve it, with its key and its answer of WebFinger. [`with`](Person::with) spoils one property.
///
/// It lives at `/users/{name}` of its server, whatever its document says, and is served from there by [`Hostile::serve`].
#[derive(Debug)]
pub struct Person {
    name: String,
    host: String,
    id: String,
    document: Value,
    jrd: Value,
    key: PrivateKey,
}

impl Person {
    pub(super) fn of(server: &Hostile, name: &str) -> Self {
        let id = server.url(&format!("/users/{name}"));
        let key = key(&id, 0);
        let document = json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id, "type": "Person", "preferredUsername": name,
            "inbox": format!("{id}/inbox"), "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"), "following": format!("{id}/following"),
            "endpoints": { "sharedInbox": server.url("/inbox") },
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": key.public_key().to_pem() },
        });
        let host = server.authority();
        let jrd = json!({
            "subject": format!("acct:{name}@{host}"),
            "links": [{ "rel": "self", "type": "application/activity+json", "href": id }],
        });
        Self {
            name: name.to_owned(),
            host,
            id,
            document,
            jrd,
            key,
        }
    }

    /// The same with the `n`th of four keys, for two persons whose keys must differ. Without it everybody has key 0.
    #[must_use]
    pub fn keyed(mut self, n: usize) -> Self {
        self.key = key(&self.id, n);
        let pem = self.key.public_key().to_pem();
        self.with("/publicKey/publicKeyPem", pem)
    }

    /// The same with another value in its document, at a JSON pointer (`/publicKey/owner`). What is missing on the way is made.
    #[must_use]
    pub fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        *at(&mut self.document, pointer) = value.into();
        self
    }

    /// The same without a member of its document, at a JSON pointer.
    #[must_use]
    pub fn without(mut self, pointer: &str) -> Self {
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(parent) = self.document.pointer_mut(parent).and_then(Value::as_object_mut)
        {
            parent.remove(name);
        }
        self
    }

    /// The same with another value in its answer of WebFinger.
    #[must_use]
    pub fn with_jrd(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        *at(&mut self.jrd, pointer) = value.into();
        self
    }

    /// Where it lives: the id that it would have if it did not lie.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The path of [`id`](Person::id).
    pub fn path(&self) -> String {
        format!("/users/{}", self.name)
    }

    /// The id of its key: `{id}#main-key`.
    pub fn key_id(&self) -> KeyId {
        KeyId::from(format!("{}#main-key", self.id))
    }

    /// Its key, to sign with.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// `@alice@127.0.0.1:49152`.
    pub fn handle(&self) -> String {
        format!("@{}@{}", self.name, self.host)
    }

    /// Its document, with the lies.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Its answer of WebFinger, with the lies.
    pub fn jrd(&self) -> &Value {
        &self.jrd
    }

    /// Path and query where WebFinger asks for it.
    ///
    /// # Panics
    ///
    /// Where its name cannot be part of a handle.
    #[track_caller]
    pub fn webfinger(&self) -> String {
        let url = Handle::new(&self.name, &self.host)
            .ok()
            .and_then(|handle| federate_protocol::webfinger::request_url(&handle, "https"));
        match url {
            Some(url) => format!("{}?{}", url.path(), url.query().unwrap_or_default()),
            None => panic!("{} is no handle", self.handle()),
        }
    }
}

fn key(id: &str, n: usize) -> PrivateKey {
    let id = KeyId::from(format!("{id}#main-key"));
    match PrivateKey::from_pkcs8(id, TestKeys::nth(n)) {
        Ok(key) => key,
        Err(error) => panic!("the test key cannot be read: {error}"),
    }
}

/// The place of a JSON pointer, made where it is missing.
fn at<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Value {
    pointer
        .split('/')
        .skip(1)
        .fold(value, |value, name| match name.parse::<usize>() {
            Ok(n) if value.as_array().is_some_and(|items| n < items.len()) => &mut value[n],
            _ => {
                if !value.is_object() {
                    *value = json!({});
                }
                &mut value[name]
            }
        })
}
