//! Who signs what is asked for.

use async_trait::async_trait;
use federate_protocol::signatures::Signer;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Gives the key that requests are signed with, as it is at that moment: keys are replaced while a program runs.
#[async_trait]
pub trait Signers: fmt::Debug + Send + Sync {
    /// The key to sign with now.
    ///
    /// # Errors
    /// It cannot be had for now: the fetch fails with [`FetchErrorKind::Signer`](crate::FetchErrorKind::Signer), and may be tried again.
    async fn signer(&self) -> Result<Arc<dyn Signer>, Box<dyn Error + Send + Sync>>;

    /// The same after what was signed was answered 401: wherever it may have been replaced by somebody else, that has to be asked. The
    /// request is signed and sent once more if it is another than the one before.
    ///
    /// # Errors
    /// It cannot be had for now: the 401 holds.
    async fn look_again(&self) -> Result<Arc<dyn Signer>, Box<dyn Error + Send + Sync>> {
        self.signer().await
    }
}

/// A key that is never replaced.
#[derive(Debug)]
pub(crate) struct Fixed(pub(crate) Arc<dyn Signer>);

#[async_trait]
impl Signers for Fixed {
    async fn signer(&self) -> Result<Arc<dyn Signer>, Box<dyn Error + Send + Sync>> {
        Ok(Arc::clone(&self.0))
    }
}
