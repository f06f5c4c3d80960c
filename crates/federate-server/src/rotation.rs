//! New keys for an actor, of which everybody learns.

use bytes::Bytes;
use federate_protocol::activitystreams::{Object, PUBLIC, Update};

use crate::document::instance_document;
use crate::{Directory, Enqueued, Error, Federation, Found, INSTANCE, RELAY};

impl<App: Directory> Federation<App> {
    /// Gives an actor of ours, or the [instance](INSTANCE)'s own, new keys, under the ids of the old ones, and sends its followers the
    /// `Update` that says so. Others know it from what it signs, and all know the instance's actor so: they learn of them as said below.
    /// With the instance's go those of its actor for [relays](crate::Builder::manage_relays).
    ///
    /// Nothing that is on its way is lost: each attempt signs anew, with the key of its moment, and so does each fetch. This process uses
    /// the new keys from now on; others over the same store give them out within two seconds and sign with them within a minute, in which what they sign may be refused by those who have
    /// heard already, and is tried again: a delivery as any other, a fetch at once. Nobody can do anything with the old keys once a
    /// receiver has read the actor again, which it does at the `Update`, and otherwise at the first signature that does not hold.
    ///
    /// # Errors
    ///
    /// A permanent one where there is no such actor, or nothing that makes RSA keys; a passing one where the store fails, or somebody
    /// else rotated the keys at the same moment. After the latter, and after a crash, it can be called again.
    pub async fn rotate_keys(&self, name: &str) -> Result<Enqueued, Error> {
        let (uris, keys) = (&self.inner.uris, &self.inner.keys);
        let update = |document: &[u8]| -> Result<Update, Error> {
            Ok(Update::new(Object::parse(document)?).with_to(&PUBLIC.parse()?))
        };
        if name == INSTANCE {
            if self.inner.relaying.has_actor() {
                keys.rotate(RELAY).await?;
            }
            keys.rotate(name).await?;
            let document = instance_document(uris, &keys.public(name).await?);
            return self.send(name, update(document.to_string().as_bytes())?).await;
        }
        let Found::Here(profile) = self.app().actor(&self.ask(None), name).await? else {
            return Err(Error::permanent("no such actor here"));
        };
        keys.rotate(name).await?;
        let document: Bytes = profile.document(uris, &keys.public(name).await?);
        let update = update(&document)?.with_cc(&uris.followers(name));
        self.send(name, update).await
    }
}
