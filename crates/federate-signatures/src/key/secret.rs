//! Private keys as they are written, before any provider of cryptography sees them.

use super::{BadKey, PublicKey, Wiped, der, der::Reader, multikey, pem};
use crate::Algorithm;

/// A private key whose form was read and whose bounds were checked. It borrows the bytes; nothing is copied. Providers
/// are given no more of it than the numbers, so that none reads a form that another one refuses.
pub(crate) enum Secret<'a> {
    /// A DER RSAPrivateKey; the public half says with which padding it signs.
    Rsa { pkcs1: &'a [u8], public: PublicKey },
    /// The bytes of RFC 8032, and the public half where it stood beside them.
    Ed25519 {
        seed: &'a [u8; 32],
        public: Option<&'a [u8]>,
    },
    /// The number and its point, uncompressed.
    P256 { number: &'a [u8; 32], point: &'a [u8] },
}

impl<'a> Secret<'a> {
    /// Reads a PrivateKeyInfo or OneAsymmetricKey ([RFC 5958](https://www.rfc-editor.org/rfc/rfc5958#section-2)), all of
    /// it: version 0, or version 1 with the public key. Attributes are passed over.
    pub(crate) fn from_pkcs8(bytes: &'a [u8]) -> Result<Self, BadKey> {
        let mut outer = Reader::new(bytes);
        let mut info = outer.sequence()?;
        outer.end()?;
        let has_public = match info.unsigned()? {
            [] => false,
            [1] => true,
            _ => return Err(BadKey::NotDer),
        };
        let oid = der::algorithm(&mut info)?;
        let key = info.element(der::OCTET_STRING)?;
        let _attributes = info.optional(der::ZEROTH)?;
        let public = public_key(&mut info)?;
        info.end()?;
        if public.is_some() != has_public {
            return Err(BadKey::NotDer);
        }
        match oid {
            der::OID_RSA => Self::from_pkcs1(key),
            der::OID_PSS => match Self::from_pkcs1(key)? {
                Self::Rsa { pkcs1, public } => Ok(Self::Rsa {
                    pkcs1,
                    public: public.with_algorithm(Algorithm::RsaPssSha512)?,
                }),
                other => Ok(other),
            },
            der::OID_P256 => Self::p256(key, public),
            der::OID_ED25519 => {
                let mut inner = Reader::new(key);
                let seed = inner.element(der::OCTET_STRING)?;
                inner.end()?;
                Self::seed(seed, public)
            }
            _ => Err(BadKey::UnsupportedAlgorithm),
        }
    }

    /// Reads an RSAPrivateKey of two primes.
    pub(crate) fn from_pkcs1(bytes: &'a [u8]) -> Result<Self, BadKey> {
        let mut outer = Reader::new(bytes);
        let mut key = outer.sequence()?;
        outer.end()?;
        if !key.unsigned()?.is_empty() {
            return Err(BadKey::NotDer);
        }
        let public = PublicKey::from_rsa_components(key.unsigned()?, key.unsigned()?)?;
        for _ in ["d", "p", "q", "dp", "dq", "qi"] {
            key.unsigned()?;
        }
        key.end()?;
        Ok(Self::Rsa { pkcs1: bytes, public })
    }

    /// The bytes of RFC 8032.
    pub(crate) fn seed(seed: &'a [u8], public: Option<&'a [u8]>) -> Result<Self, BadKey> {
        let seed = seed.try_into().map_err(|_| BadKey::Ed25519Length)?;
        Ok(Self::Ed25519 { seed, public })
    }

    /// Reads an ECPrivateKey ([RFC 5915](https://www.rfc-editor.org/rfc/rfc5915#section-3)) that has its point, as every
    /// tool writes it: neither provider's word is taken for what the point of a bare number would be.
    fn p256(bytes: &'a [u8], beside: Option<&'a [u8]>) -> Result<Self, BadKey> {
        let mut outer = Reader::new(bytes);
        let mut key = outer.sequence()?;
        outer.end()?;
        if key.unsigned()? != [1] {
            return Err(BadKey::NotDer);
        }
        let number = key.element(der::OCTET_STRING)?;
        if let Some(parameters) = key.optional(der::ZEROTH)? {
            let mut parameters = Reader::new(parameters);
            if parameters.element(der::OID)? != der::OID_P256 {
                return Err(BadKey::UnsupportedAlgorithm);
            }
            parameters.end()?;
        }
        let point = key.optional(der::FIRST)?.map(|point| {
            let mut inner = Reader::new(point);
            let point = bits(inner.element(der::BIT_STRING)?)?;
            inner.end()?;
            Ok(point)
        });
        key.end()?;
        match (point.transpose()?, beside) {
            (Some(point), Some(beside)) if point != beside => Err(BadKey::Rejected),
            (Some(point), _) | (None, Some(point)) => Self::number(number, point),
            (None, None) => Err(BadKey::NotDer),
        }
    }

    /// A number and its point on P-256.
    pub(crate) fn number(number: &'a [u8], point: &'a [u8]) -> Result<Self, BadKey> {
        let number = number.try_into().map_err(|_| BadKey::Rejected)?;
        if point.len() != 65 {
            return Err(BadKey::BadPoint);
        }
        Ok(Self::P256 { number, point })
    }
}

/// The `publicKey` of version 1: `[1]` in place of BIT STRING, or around one, as ring used to write it.
fn public_key<'a>(info: &mut Reader<'a>) -> Result<Option<&'a [u8]>, BadKey> {
    if let Some(wrapped) = info.optional(der::FIRST)? {
        let mut inner = Reader::new(wrapped);
        let key = bits(inner.element(der::BIT_STRING)?)?;
        inner.end()?;
        return Ok(Some(key));
    }
    info.optional(der::FIRST_PRIMITIVE)?.map(bits).transpose()
}

/// A BIT STRING of whole bytes.
fn bits(content: &[u8]) -> Result<&[u8], BadKey> {
    match content {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(BadKey::NotDer),
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
        [0x80, 0x26, seed @ ..] => take(Secret::seed(seed, None)?),
        _ => Err(BadKey::UnsupportedAlgorithm),
    }
}
