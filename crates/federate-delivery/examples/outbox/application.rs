//! What an application would be: one sender with a key, and inboxes that need no look-up.

use federate_delivery::{ExpandError, Expansion, Inboxes, SenderError, Senders};
use federate_protocol::signatures::{KeyId, PrivateKey, Signer};
use federate_store::{Outgoing, Stores, async_trait};
use ring::{rand::SystemRandom, signature::Ed25519KeyPair};
use std::error::Error;
use std::sync::Arc;

/// Inboxes that are enqueued in one page of an expansion.
const PAGE: usize = 5_000;

#[derive(Debug)]
pub(crate) struct Application {
    signer: Arc<dyn Signer>,
}

impl Application {
    /// With the key that lies in the store; the first worker makes it.
    pub(crate) async fn new(stores: &Stores) -> Result<Arc<Self>, Box<dyn Error>> {
        let candidate = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new())
            .map_err(|_| "the system gives no random numbers")?;
        let secret = stores.keys.get_or_insert("outbox", candidate.as_ref()).await?;
        let key = PrivateKey::from_pkcs8(KeyId::from("https://outbox.example/actor#key"), &secret)?;
        Ok(Arc::new(Self {
            signer: Arc::new(key),
        }))
    }
}

#[async_trait]
impl Senders for Application {
    async fn signer(&self, _: &str) -> Result<Arc<dyn Signer>, SenderError> {
        Ok(Arc::clone(&self.signer))
    }
}

#[async_trait]
impl Inboxes for Application {
    /// The audience is the inboxes.
    async fn expand(&self, outgoing: &Outgoing, after: Option<&str>) -> Result<Expansion, ExpandError> {
        let from: usize = after.unwrap_or("0").parse().map_err(ExpandError::new)?;
        let rest = outgoing.audience.get(from..).unwrap_or_default();
        let inboxes: Vec<_> = rest.iter().take(PAGE).cloned().collect();
        let next = (rest.len() > PAGE).then(|| (from + PAGE).to_string());
        let mut page = Expansion::of(inboxes);
        page.next = next;
        Ok(page)
    }
}
