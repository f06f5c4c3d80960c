//! The key of the instance's own actor, with which is signed what is fetched.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use federate_fetch::Signers;
use federate_protocol::signatures::Signer;

use super::{Keys, Use};
use crate::INSTANCE;

/// As other keys it is used for a minute without a look at the store; or until somebody does not believe it.
#[derive(Debug)]
pub(crate) struct InstanceKey(pub(crate) Arc<Keys>);

#[async_trait]
impl Signers for InstanceKey {
    async fn signer(&self) -> Result<Arc<dyn Signer>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.instance().await?)
    }

    async fn look_again(&self) -> Result<Arc<dyn Signer>, Box<dyn Error + Send + Sync>> {
        Ok(self.0.again(Use::Requests, INSTANCE).await?.key)
    }
}
