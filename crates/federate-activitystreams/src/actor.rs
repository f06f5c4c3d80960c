//! What is read from actor documents.

use crate::{Iri, Object, Ref, terms, types};

/// The types of objects that act.
const ACTORS: [&str; 5] = ["Person", "Service", "Group", "Application", "Organization"];

/// One entry of an actor's `publicKey`.
///
/// Nothing is checked here: whether the key is the actor's is for the reader to find out.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActorKey {
    /// The key's id.
    pub id: Option<Iri>,
    /// Whose it says it is.
    pub owner: Option<Iri>,
    /// The key in PEM; `None` where only an id stands and the key is a document of its own.
    pub pem: Option<String>,
}

/// One field of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// Its name, as plain text.
    pub name: String,
    /// Its value, as HTML that nobody has made safe yet.
    pub value: String,
}

impl Object {
    /// Whether it is of one of the five types that act.
    #[must_use]
    pub fn is_actor(&self) -> bool {
        types::all(self.node()).any(|name| ACTORS.contains(&name))
    }

    /// Where to deliver to all of its server at once: in `endpoints`, or at the top as old servers have it.
    #[must_use]
    pub fn shared_inbox(&self) -> Option<Iri> {
        let below = self
            .endpoints()
            .and_then(|endpoints| endpoints.get(&terms::SHARED_INBOX));
        below.or_else(|| self.get(&terms::SHARED_INBOX))
    }

    /// Its keys: `publicKey` as an id, an object, or an array of both. For a key document (which has
    /// `publicKeyPem` itself), that key.
    #[must_use]
    pub fn public_keys(&self) -> Vec<ActorKey> {
        let own = self.public_key_pem().map(|pem| ActorKey {
            id: self.id(),
            owner: self.owner(),
            pem: Some(pem),
        });
        let listed = self
            .public_key()
            .iter()
            .map(|key| ActorKey::of(&key))
            .collect::<Vec<_>>();
        own.into_iter().chain(listed).collect()
    }

    /// The avatar's URL.
    #[must_use]
    pub fn icon_url(&self) -> Option<Iri> {
        media_url(&self.icon())
    }

    /// The header's URL.
    #[must_use]
    pub fn image_url(&self) -> Option<Iri> {
        media_url(&self.image())
    }

    /// The fields of a profile: attachments of type PropertyValue.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        self.attachment()
            .into_iter()
            .filter(|field| field.is("PropertyValue"))
            .filter_map(|field| {
                Some(Field {
                    name: field.name()?,
                    value: field.value().or_else(|| field.content())?,
                })
            })
            .collect()
    }
}

impl ActorKey {
    fn of(key: &Ref) -> Self {
        let object = key.object();
        Self {
            id: key.id(),
            owner: object
                .as_ref()
                .and_then(|key| key.owner().or_else(|| key.controller())),
            pem: object.and_then(|key| key.public_key_pem()),
        }
    }
}

/// Where a picture is: an address, a Link, an Image with `url` (an address, a Link, or several).
pub(crate) fn media_url(media: &Ref) -> Option<Iri> {
    media.iter().find_map(|one| match one.object() {
        Some(object) => object.get(&terms::URL).or_else(|| object.href()),
        None => one.id(),
    })
}
