//! New keys for an actor, of which everybody learns.

use federate_protocol::activitystreams::{Object, PUBLIC, Update};

use crate::{Directory, Enqueued, Error, Federation, Found};

impl<App: Directory> Federation<App> {
    /// Gives an actor of ours new keys, under the ids of the old ones, and sends its followers the `Update` that says so.
    ///
    /// Nothing that is on its way is lost: each attempt signs anew, with the key of its moment. This process uses the new keys from now
    /// on; others over the same store within a minute, in which what they sign may be refused by those who have heard already,
    /// and is tried again. Nobody can do anything with the old keys once a receiver has read the actor again, which it does
    /// at the `Update`, and otherwise at the first signature that does not hold.
    ///
    /// # Errors
    ///
    /// A permanent one where there is no such actor, or nothing that makes RSA keys; a passing one where the store fails, or somebody
    /// else rotated the keys at the same moment. After the latter, and after a crash, it can be called again.
    pub async fn rotate_keys(&self, name: &str) -> Result<Enqueued, Error> {
        let Found::Here(profile) = self.app().actor(&self.ask(None), name).await? else {
            return Err(Error::permanent("no such actor here"));
        };
        let keys = &self.inner.keys;
        keys.rotate(name).await?;
        let document = profile.document(&self.inner.uris, &keys.public(name).await?);
        let update = Update::new(Object::parse(&document)?)
            .with_to(&PUBLIC.parse()?)
            .with_cc(&self.uris().followers(name));
        self.send(name, update).await
    }
}
