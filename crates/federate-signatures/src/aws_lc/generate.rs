//! Making keys.

use super::AwsLc;
use crate::{GeneratedKey, KeyGenerator, SignError};
use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    error::Unspecified,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair},
};

impl KeyGenerator for AwsLc {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        Ok(GeneratedKey::from_pkcs8(der.as_ref().to_vec()))
    }

    fn generate_ed25519(&self) -> Result<GeneratedKey, SignError> {
        let pair = Ed25519KeyPair::generate().map_err(failed)?;
        let der = pair.to_pkcs8v1().map_err(failed)?;
        Ok(GeneratedKey::from_pkcs8(der.as_ref().to_vec()))
    }

    fn generate_p256(&self) -> Result<GeneratedKey, SignError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
        let der = pair.to_pkcs8v1().map_err(failed)?;
        Ok(GeneratedKey::from_pkcs8(der.as_ref().to_vec()))
    }
}

fn failed(error: Unspecified) -> SignError {
    SignError::Provider(Box::new(error))
}
