//! New keys in the place of old ones, or none.

use super::{Keys, Use};
use crate::Error;

impl Keys {
    /// Makes new keys under the ids of the old ones. From the answer on nothing is signed with the old ones in this process, and
    /// [`LOOK_AGAIN`](super::LOOK_AGAIN) later in no other.
    pub(crate) async fn rotate(&self, name: &str) -> Result<(), Error> {
        // The one with which requests are signed exists from now on at the latest; the other is made when somebody asks for it.
        self.pair(Use::Requests, name).await?;
        for of in [Use::Requests, Use::Proofs] {
            if let Some(kept) = self.vault.get(&of.stored_as(name)).await? {
                let new = self.make(of).await?;
                let replaced = self.vault.replace(&of.stored_as(name), &kept, &new).await?;
                self.forget(of, name);
                if !replaced {
                    return Err(Error::passing("the key was replaced by somebody else meanwhile"));
                }
            }
        }
        Ok(())
    }

    /// Forgets the keys of an actor who is gone. How many there were.
    pub(crate) async fn remove(&self, name: &str) -> Result<u64, Error> {
        let mut removed = 0;
        for of in [Use::Requests, Use::Proofs] {
            removed += u64::from(self.vault.remove(&of.stored_as(name)).await?);
            self.forget(of, name);
        }
        Ok(removed)
    }
}
