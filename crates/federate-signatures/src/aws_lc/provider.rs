//! AWS-LC where a provider is asked for.

use super::VerifyingKey;
use crate::{BadKey, PublicKey, Verifier, VerifierProvider};
use std::sync::Arc;

/// Makes keys with AWS-LC, and [verifies](PublicKey::verified_by) with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AwsLc;

impl VerifierProvider for AwsLc {
    fn verifier(&self, key: &PublicKey) -> Result<Arc<dyn Verifier>, BadKey> {
        Ok(Arc::new(VerifyingKey::new(key.clone())?))
    }
}
