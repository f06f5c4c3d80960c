//! An actor as far as its document may be believed.

use super::{Document, FetchRefusal};
use crate::activitystreams::{Iri, Object, Property, Ref, is_public, terms};
use crate::signatures::{KeyId, PublicKey};
use crate::{Limits, webfinger::Handle};

/// An actor whose document was fetched from its own id, and whose endpoints were checked (I10).
#[derive(Debug, Clone)]
pub struct Actor {
    document: Document,
    inbox: Iri,
    shared_inbox: Option<Iri>,
    outbox: Option<Iri>,
    followers: Option<Iri>,
    following: Option<Iri>,
    featured: Option<Iri>,
    moved_to: Option<Iri>,
    also_known_as: Vec<Iri>,
    keys: Vec<ActorKey>,
}

/// A key that an actor lists as its own.
#[derive(Debug, Clone)]
pub struct ActorKey {
    /// The key's id, of the actor's origin.
    pub id: KeyId,
    /// The key, where it is embedded and can be used. Else the actor names a document that holds it.
    pub key: Option<PublicKey>,
}

impl Actor {
    /// Reads an actor from a document that is believed.
    ///
    /// # Errors
    /// [`FetchRefusal::NotAnActor`], and [`FetchRefusal::NoInbox`] where it has no inbox of its own origin.
    pub fn new(document: Document, limits: &Limits) -> Result<Self, FetchRefusal> {
        let object = document.object().clone();
        if !is_actor(&object) {
            return Err(FetchRefusal::NotAnActor);
        }
        let id = document.id().clone();
        let own =
            |endpoint: Option<Iri>| endpoint.filter(|iri| iri.same_origin(&id) && !is_public(iri.as_str()));
        let inbox = own(object.inbox()).ok_or(FetchRefusal::NoInbox)?;
        Ok(Self {
            shared_inbox: own(object.shared_inbox()),
            outbox: own(object.outbox()),
            followers: own(object.followers()),
            following: own(object.following()),
            featured: own(object.featured()),
            moved_to: object.moved_to().filter(|to| *to != id),
            also_known_as: object
                .also_known_as()
                .into_iter()
                .take(limits.also_known_as)
                .collect(),
            keys: keys(&object, &id, limits.keys_per_actor),
            inbox,
            document,
        })
    }

    /// Its id.
    pub fn id(&self) -> &Iri {
        self.document.id()
    }

    /// The document that was believed.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// All that it says of itself.
    pub fn object(&self) -> &Object {
        self.document.object()
    }

    /// `Person`, `Service`, `Group`, `Application` or `Organization`.
    pub fn type_name(&self) -> &str {
        self.object().type_name()
    }

    /// Where it is written to; of its own origin.
    pub fn inbox(&self) -> &Iri {
        &self.inbox
    }

    /// The inbox of its whole server; of its own origin, or none.
    pub fn shared_inbox(&self) -> Option<&Iri> {
        self.shared_inbox.as_ref()
    }

    /// Its outbox; of its own origin, or none.
    pub fn outbox(&self) -> Option<&Iri> {
        self.outbox.as_ref()
    }

    /// The collection of its followers; of its own origin and not Public, or none (I11).
    pub fn followers(&self) -> Option<&Iri> {
        self.followers.as_ref()
    }

    /// The collection of those it follows; of its own origin, or none.
    pub fn following(&self) -> Option<&Iri> {
        self.following.as_ref()
    }

    /// The collection of what it has pinned; of its own origin, or none.
    pub fn featured(&self) -> Option<&Iri> {
        self.featured.as_ref()
    }

    /// Where it says that it has moved. The other must say so too, by `alsoKnownAs` (I18).
    pub fn moved_to(&self) -> Option<&Iri> {
        self.moved_to.as_ref()
    }

    /// Which other actors it says that it is, up to the limit.
    pub fn also_known_as(&self) -> &[Iri] {
        &self.also_known_as
    }

    /// The keys that it lists, up to the limit; those of another origin are left out.
    pub fn keys(&self) -> &[ActorKey] {
        &self.keys
    }

    /// The key with exactly this id (S3).
    pub fn key(&self, id: &KeyId) -> Option<&ActorKey> {
        self.keys.iter().find(|key| key.id == *id)
    }

    /// Where it is reached.
    pub fn reach(&self) -> crate::audience::Reach {
        crate::audience::Reach {
            inbox: self.inbox.clone(),
            shared_inbox: self.shared_inbox.clone(),
        }
    }

    /// The handle that it gives itself: its `webfinger` property (FEP-2c59), or its `preferredUsername` at the host of its id.
    /// Claimed, not confirmed: a [`HandleLookup`](super::HandleLookup) confirms it.
    pub fn claimed_handle(&self, allow_port: bool) -> Option<Handle> {
        self.object()
            .get(&terms::WEBFINGER)
            .and_then(|text| parse_handle(&text, allow_port))
            .or_else(|| self.home_handle(allow_port))
    }

    /// Its `preferredUsername` at the host of its id: a handle that its own server answers for, and that needs no confirmation from
    /// another (W4).
    pub fn home_handle(&self, allow_port: bool) -> Option<Handle> {
        let name = self.object().preferred_username()?;
        let host = self.id().origin()?;
        parse_handle(&format!("{name}@{}", host.authority()), allow_port)
    }
}

fn parse_handle(text: &str, allow_port: bool) -> Option<Handle> {
    if allow_port {
        Handle::parse_allowing_port(text)
    } else {
        Handle::parse(text)
    }
    .ok()
}

const PUBLIC_KEY: Property<Ref> = Property::new("publicKey", "https://w3id.org/security#publicKey");
const ASSERTION_METHOD: Property<Ref> =
    Property::new("assertionMethod", "https://w3id.org/security#assertionMethod");
pub(crate) const OWNER: Property<Ref> = Property::new("owner", "https://w3id.org/security#owner");
pub(crate) const CONTROLLER: Property<Ref> =
    Property::new("controller", "https://w3id.org/security#controller");
const PEM: Property<String> = Property::new("publicKeyPem", "https://w3id.org/security#publicKeyPem");
const MULTIBASE: Property<String> = Property::new(
    "publicKeyMultibase",
    "https://w3id.org/security#publicKeyMultibase",
);

/// Whether it is one of the five types of actor. A property does not make one: a `Note` with an inbox is a `Note`.
pub(crate) fn is_actor(object: &Object) -> bool {
    object.is_actor()
}

/// Who owns a key document, and what it holds.
pub(super) fn key_document(object: &Object) -> (Option<Iri>, Option<PublicKey>) {
    (owner(object), material(object))
}

fn keys(object: &Object, actor: &Iri, limit: usize) -> Vec<ActorKey> {
    let mut listed = object.get_all(&PUBLIC_KEY);
    listed.extend(object.get_all(&ASSERTION_METHOD));
    listed
        .iter()
        .flat_map(|reference| reference.iter().collect::<Vec<_>>())
        .take(limit)
        .filter_map(|reference| {
            let id = reference.id().filter(|id| id.same_origin(actor))?;
            let embedded = reference.object();
            if embedded
                .as_ref()
                .and_then(owner)
                .is_some_and(|owner| owner != *actor)
            {
                return None;
            }
            let key = embedded.as_ref().and_then(material);
            Some(ActorKey {
                id: KeyId::from(id.as_str()),
                key,
            })
        })
        .collect()
}

fn owner(key: &Object) -> Option<Iri> {
    let mut all = crate::ids::of(key, &OWNER);
    all.extend(crate::ids::of(key, &CONTROLLER));
    all.dedup();
    let mut all = all.into_iter();
    // Two that disagree are none.
    match (all.next(), all.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

fn material(key: &Object) -> Option<PublicKey> {
    match key.get(&PEM) {
        Some(pem) => PublicKey::from_pem(&pem).ok(),
        None => PublicKey::from_multikey(&key.get(&MULTIBASE)?).ok(),
    }
}
