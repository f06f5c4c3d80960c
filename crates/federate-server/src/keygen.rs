//! RSA keys by aws-lc-rs.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use federate_protocol::signatures::{GeneratedKey, KeyGenerator, SignError};

/// Makes RSA keys with aws-lc-rs.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLc;

impl KeyGenerator for AwsLc {
    fn generate_rsa_2048(&self) -> Result<GeneratedKey, SignError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|e| SignError::Provider(Box::new(e)))?;
        let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|e| SignError::Provider(Box::new(e)))?;
        Ok(GeneratedKey::from_pkcs8(der.as_ref().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use federate_protocol::signatures::{KeyGenerator, KeyId, PrivateKey};

    use super::AwsLc;

    #[test]
    fn what_is_made_can_be_used() {
        let made = AwsLc.generate_rsa_2048().unwrap();
        let key =
            PrivateKey::from_pkcs8(KeyId::from("https://a.example/u#main-key"), made.as_pkcs8()).unwrap();
        assert!(
            key.public_key()
                .to_pem()
                .starts_with("-----BEGIN PUBLIC KEY-----")
        );
    }
}
