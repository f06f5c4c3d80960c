//! Private keys as they are written, before any provider of cryptography sees them.

use super::{BadKey, PublicKey, Wiped, der, der::Reader, multikey, pem};
use crate::Algorithm;

/// A private key whose form was read and whose bounds were checked. It borrows the bytes; nothing is copied.
pub(crate) enum Secret<'a> {
    /// A DER RSAPrivateKey; the public half says with which padding it signs.
    Rsa { pkcs1: &'a [u8], public: PublicKey },
    /// The whole PKCS#8.
    Ed25519 { pkcs8: &'a [u8] },
    /// The bytes of RFC 8032.
    Seed(&'a [u8]),
    /// The whole PKCS#8.
    P256 { pkcs8: &'a [u8] },
}

impl<'a> Secret<'a> {
    pub(crate) fn from_pkcs8(bytes: &'a [u8]) -> Result<Self, BadKey> {
        let mut info = Reader::new(bytes).sequence()?;
        let _version = info.unsigned()?;
        let oid = der::algorithm(&mut info)?;
        let key = info.element(der::OCTET_STRING)?;
        // Attributes and the public key of version 2 may follow; they are not needed.
        match oid {
            der::OID_RSA => Self::from_pkcs1(key),
            der::OID_PSS => match Self::from_pkcs1(key)? {
                Self::Rsa { pkcs1, public } => Ok(Self::Rsa {
                    pkcs1,
                    public: public.with_algorithm(Algorithm::RsaPssSha512)?,
                }),
                other => Ok(other),
            },
            der::OID_P256 => Ok(Self::P256 { pkcs8: bytes }),
            der::OID_ED25519 => Ok(Self::Ed25519 { pkcs8: bytes }),
            _ => Err(BadKey::UnsupportedAlgorithm),
        }
    }

    pub(crate) fn from_pkcs1(bytes: &'a [u8]) -> Result<Self, BadKey> {
        let mut key = Reader::new(bytes).sequence()?;
        let _version = key.unsigned()?;
        let public = PublicKey::from_rsa_components(key.unsigned()?, key.unsigned()?)?;
        Ok(Self::Rsa { pkcs1: bytes, public })
    }
}

/// Reads PEM and hands the key to a provider; the decoded bytes are wiped behind it.
pub(crate) fn from_pem<T>(
    text: &str,
    take: impl FnOnce(Secret<'_>) -> Result<T, BadKey>,
) -> Result<T, BadKey> {
    let (label, der) = pem::read(text)?;
    match label {
        "PRIVATE KEY" => take(Secret::from_pkcs8(der.as_slice())?),
        "RSA PRIVATE KEY" => take(Secret::from_pkcs1(der.as_slice())?),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => Err(BadKey::PublicKeyGiven),
        _ => Err(BadKey::UnknownLabel),
    }
}

/// Reads multibase over `0x1300` and a seed, likewise.
pub(crate) fn from_multikey<T>(
    text: &str,
    take: impl FnOnce(Secret<'_>) -> Result<T, BadKey>,
) -> Result<T, BadKey> {
    let bytes = Wiped::new(multikey::decode(text)?);
    match bytes.as_slice() {
        [0x80, 0x26, seed @ ..] => take(Secret::Seed(seed)),
        _ => Err(BadKey::UnsupportedAlgorithm),
    }
}
