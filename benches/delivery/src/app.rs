//! What an application would be: Alice and her followers.

use std::sync::Arc;

use async_trait::async_trait;
use federate_delivery::{ExpandError, Expansion, Inboxes, SenderError, Senders};
use federate_signatures::Signer;
use federate_store::Outgoing;

use crate::town::Town;

/// Inboxes in one page of an expansion, as in federate-server.
const PAGE: usize = 500;

#[derive(Debug)]
pub struct App {
    pub signer: Arc<dyn Signer>,
    pub town: Town,
}

#[async_trait]
impl Senders for App {
    async fn signer(&self, _: &str) -> Result<Arc<dyn Signer>, SenderError> {
        Ok(Arc::clone(&self.signer))
    }
}

#[async_trait]
impl Inboxes for App {
    async fn expand(&self, _: &Outgoing, after: Option<&str>) -> Result<Expansion, ExpandError> {
        let from: usize = after.unwrap_or("0").parse().map_err(ExpandError::new)?;
        let to = (from + PAGE).min(self.town.inboxes);
        let mut page = Expansion::of((from..to).map(|number| self.town.iri(number)).collect());
        page.next = (to < self.town.inboxes).then(|| to.to_string());
        Ok(page)
    }
}
