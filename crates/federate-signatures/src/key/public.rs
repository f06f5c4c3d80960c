//! Public keys, bounded before any arithmetic.

use super::{BadKey, curve, der, der::Reader, jwk, multikey, pem};
use crate::{Algorithm, Verifier, VerifierProvider};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};
use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A public key whose bounds were checked: RSA of 2048 to 8192 bits with an odd exponent from 3 to 2^32, an Ed25519 key
/// that is not of small order, or a point on P-256 or P-384. Cheap to clone.
///
/// `ring` verifies with it, unless it was [given to another provider](Self::verified_by). Who verifies is no part of the key: two are
/// equal that are the same key.
#[derive(Clone)]
pub struct PublicKey {
    inner: Inner,
    by: Option<Arc<dyn Verifier>>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Inner {
    /// Big endian, without leading zeroes.
    Rsa {
        n: Arc<[u8]>,
        e: Arc<[u8]>,
        /// For RSASSA-PSS with SHA-512.
        pss: bool,
    },
    Ed25519([u8; 32]),
    // Uncompressed points.
    P256(Arc<[u8]>),
    P384(Arc<[u8]>),
}

impl From<Inner> for PublicKey {
    fn from(inner: Inner) -> Self {
        Self { inner, by: None }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.inner == other.inner
    }
}

impl Eq for PublicKey {}

impl Hash for PublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl PublicKey {
    /// Reads PEM: `PUBLIC KEY` (SPKI) or `RSA PUBLIC KEY` (PKCS#1). CRLF, missing line breaks and spaces are taken,
    /// because servers send them.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong; a private key is refused by name.
    pub fn from_pem(text: &str) -> Result<Self, BadKey> {
        let (label, der) = pem::read(text)?;
        match label {
            "PUBLIC KEY" => Self::from_spki_der(der.as_slice()),
            "RSA PUBLIC KEY" => Self::from_pkcs1_der(der.as_slice()),
            label if label.ends_with("PRIVATE KEY") => Err(BadKey::PrivateKeyGiven),
            _ => Err(BadKey::UnknownLabel),
        }
    }

    /// Reads a DER SubjectPublicKeyInfo ([RFC 5280](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.7),
    /// [RFC 8410](https://www.rfc-editor.org/rfc/rfc8410#section-4)).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_spki_der(bytes: &[u8]) -> Result<Self, BadKey> {
        let mut outer = Reader::new(bytes);
        let mut spki = outer.sequence()?;
        outer.end()?;
        let oid = der::algorithm(&mut spki)?;
        let bits = spki.element(der::BIT_STRING)?;
        spki.end()?;
        let [0, key @ ..] = bits else {
            return Err(BadKey::NotDer);
        };
        match oid {
            der::OID_RSA => Self::from_pkcs1_der(key),
            der::OID_PSS => Self::from_pkcs1_der(key)?.with_algorithm(Algorithm::RsaPssSha512),
            der::OID_ED25519 => Self::from_ed25519(key),
            der::OID_P256 if key.len() < 66 => Self::from_point(key),
            der::OID_P384 if key.len() > 48 => Self::from_point(key),
            _ => Err(BadKey::UnsupportedAlgorithm),
        }
    }

    /// Reads a DER RSAPublicKey ([RFC 8017](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_pkcs1_der(bytes: &[u8]) -> Result<Self, BadKey> {
        let mut outer = Reader::new(bytes);
        let mut key = outer.sequence()?;
        outer.end()?;
        let (n, e) = (key.unsigned()?, key.unsigned()?);
        key.end()?;
        Self::from_rsa_components(n, e)
    }

    /// Takes an RSA modulus and exponent in big endian; leading zeroes are dropped.
    ///
    /// # Errors
    /// [`BadKey`] when a bound is broken.
    pub fn from_rsa_components(n: &[u8], e: &[u8]) -> Result<Self, BadKey> {
        let (n, e) = (stripped(n), stripped(e));
        let bits = n.first().map_or(0, |first| {
            n.len().saturating_mul(8) - first.leading_zeros() as usize
        });
        if !(2048..=8192).contains(&bits) {
            return Err(BadKey::ModulusSize { bits });
        }
        if n.last().is_none_or(|last| last & 1 == 0) {
            return Err(BadKey::EvenModulus);
        }
        let odd = e.last().is_some_and(|last| last & 1 == 1);
        if !odd || e == [1] || e.len() > 4 {
            return Err(BadKey::Exponent);
        }
        Ok(Inner::Rsa {
            n: n.into(),
            e: e.into(),
            pss: false,
        }
        .into())
    }

    /// Takes the 32 bytes of an Ed25519 public key ([RFC 8032](https://www.rfc-editor.org/rfc/rfc8032#section-5.1.5)).
    ///
    /// # Errors
    /// [`BadKey`] for another length, a point of small order or a non-canonical encoding.
    pub fn from_ed25519(bytes: &[u8]) -> Result<Self, BadKey> {
        let key: [u8; 32] = bytes.try_into().map_err(|_| BadKey::Ed25519Length)?;
        if is_weak_point(&key) {
            return Err(BadKey::WeakPoint);
        }
        Ok(Inner::Ed25519(key).into())
    }

    /// Takes a point on P-256 or P-384, compressed or not ([SEC 1](https://www.secg.org/sec1-v2.pdf), 2.3.3). The
    /// length says which curve.
    ///
    /// # Errors
    /// [`BadKey::BadPoint`] for another length, and for what is no point on the curve.
    pub fn from_point(encoded: &[u8]) -> Result<Self, BadKey> {
        match encoded.len() {
            33 | 65 => Ok(Inner::P256(curve::P256.point(encoded)?.into()).into()),
            49 | 97 => Ok(Inner::P384(curve::P384.point(encoded)?.into()).into()),
            _ => Err(BadKey::BadPoint),
        }
    }

    /// Reads a JSON Web Key: RSA, Ed25519, P-256 or P-384.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong; a private key is refused by name.
    pub fn from_jwk(text: &str) -> Result<Self, BadKey> {
        jwk::read(text)
    }

    /// The key as a JSON Web Key, with the members that [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638) wants in a
    /// thumbprint and in its order.
    #[must_use]
    pub fn to_jwk(&self) -> String {
        use jwk::Value::{Bytes, Text};
        let point = |name, point: &[u8]| {
            let (x, y) = point.split_at(point.len() / 2 + 1);
            let x = x.get(1..).unwrap_or_default();
            jwk::write(&[
                ("crv", Text(name)),
                ("kty", Text("EC")),
                ("x", Bytes(x)),
                ("y", Bytes(y)),
            ])
        };
        match &self.inner {
            Inner::Rsa { n, e, .. } => jwk::write(&[("e", Bytes(e)), ("kty", Text("RSA")), ("n", Bytes(n))]),
            Inner::Ed25519(key) => {
                jwk::write(&[("crv", Text("Ed25519")), ("kty", Text("OKP")), ("x", Bytes(key))])
            }
            Inner::P256(key) => point("P-256", key),
            Inner::P384(key) => point("P-384", key),
        }
    }

    /// The same key for another algorithm: an RSA key for RSASSA-PSS with SHA-512, or back. Only whoever knows the key
    /// may say so; what a header says never leads here. For another algorithm `ring` verifies again.
    ///
    /// # Errors
    /// [`BadKey::UnsupportedAlgorithm`] for an algorithm that this key is not for.
    pub fn with_algorithm(self, algorithm: Algorithm) -> Result<Self, BadKey> {
        if self.algorithm() == algorithm {
            return Ok(self);
        }
        match (self.inner, algorithm) {
            (Inner::Rsa { n, e, .. }, Algorithm::RsaV1_5Sha256 | Algorithm::RsaPssSha512) => {
                let pss = algorithm == Algorithm::RsaPssSha512;
                Ok(Inner::Rsa { n, e, pss }.into())
            }
            _ => Err(BadKey::UnsupportedAlgorithm),
        }
    }

    /// Reads a Multikey (FEP-521a): the value of `publicKeyMultibase`, or of a `did:key` behind its prefix.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_multikey(text: &str) -> Result<Self, BadKey> {
        let bytes = multikey::decode(text)?;
        match bytes.as_slice() {
            [0xed, 0x01, key @ ..] => Self::from_ed25519(key),
            [0x85, 0x24, key @ ..] => Self::from_pkcs1_der(key),
            [0x80, 0x24, key @ ..] if key.len() == 33 => Self::from_point(key),
            [0x81, 0x24, key @ ..] if key.len() == 49 => Self::from_point(key),
            _ => Err(BadKey::UnsupportedAlgorithm),
        }
    }

    /// The key as a Multikey, in base58btc.
    #[must_use]
    pub fn to_multikey(&self) -> String {
        multikey::encode(&match &self.inner {
            Inner::Rsa { .. } => [&[0x85, 0x24], self.key_bytes().as_slice()].concat(),
            Inner::Ed25519(key) => [&[0xed, 0x01], key.as_slice()].concat(),
            Inner::P256(key) => [&[0x80, 0x24], curve::Curve::<32, 4>::compressed(key).as_slice()].concat(),
            Inner::P384(key) => [&[0x81, 0x24], curve::Curve::<48, 6>::compressed(key).as_slice()].concat(),
        })
    }

    /// Reads a [`did:key`](https://w3c-ccg.github.io/did-key-spec/), with or without the fragment that names the same
    /// key once more.
    ///
    /// # Errors
    /// [`BadKey`] says what is wrong.
    pub fn from_did_key(did: &str) -> Result<Self, BadKey> {
        let key = did.strip_prefix("did:key:").ok_or(BadKey::NotDidKey)?;
        let key = match key.split_once('#') {
            Some((key, fragment)) if key == fragment => key,
            Some(_) => return Err(BadKey::NotDidKey),
            None => key,
        };
        Self::from_multikey(key)
    }

    /// The key as a `did:key`.
    #[must_use]
    pub fn to_did_key(&self) -> String {
        format!("did:key:{}", self.to_multikey())
    }

    /// DER SubjectPublicKeyInfo.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        let oid = |oid| der::write(der::OID, &[oid]);
        let algorithm = match &self.inner {
            Inner::Rsa { .. } => {
                der::write(der::SEQUENCE, &[&oid(der::OID_RSA), &der::write(der::NULL, &[])])
            }
            Inner::Ed25519(_) => der::write(der::SEQUENCE, &[&oid(der::OID_ED25519)]),
            Inner::P256(_) => der::write(der::SEQUENCE, &[&oid(der::OID_EC), &oid(der::OID_P256)]),
            Inner::P384(_) => der::write(der::SEQUENCE, &[&oid(der::OID_EC), &oid(der::OID_P384)]),
        };
        der::write(
            der::SEQUENCE,
            &[
                &algorithm,
                &der::write(der::BIT_STRING, &[&[0], &self.key_bytes()]),
            ],
        )
    }

    /// PEM with the label `PUBLIC KEY` (SPKI): what belongs into `publicKeyPem`, and what Mastodon reads.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.to_spki_der())
    }

    /// PEM with the label `RSA PUBLIC KEY` (PKCS#1), for peers that read no other; `None` for a key that is not RSA.
    #[must_use]
    pub fn to_pkcs1_pem(&self) -> Option<String> {
        match &self.inner {
            Inner::Rsa { .. } => Some(pem::write("RSA PUBLIC KEY", &self.key_bytes())),
            _ => None,
        }
    }

    /// The one algorithm that this key verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.inner {
            Inner::Rsa { pss: false, .. } => Algorithm::RsaV1_5Sha256,
            Inner::Rsa { pss: true, .. } => Algorithm::RsaPssSha512,
            Inner::Ed25519(_) => Algorithm::Ed25519,
            Inner::P256(_) => Algorithm::EcdsaP256Sha256,
            Inner::P384(_) => Algorithm::EcdsaP384Sha384,
        }
    }

    /// The size in bits: of the modulus for RSA, of the field for a curve.
    #[must_use]
    pub fn bits(&self) -> usize {
        match &self.inner {
            Inner::Rsa { n, .. } => n.first().map_or(0, |first| {
                n.len().saturating_mul(8) - first.leading_zeros() as usize
            }),
            Inner::Ed25519(_) | Inner::P256(_) => 256,
            Inner::P384(_) => 384,
        }
    }

    /// The same key, with which this provider verifies from now on in place of `ring`: whatever is given the key asks it.
    ///
    /// # Errors
    /// [`BadKey`] where it does not take the key, or for another algorithm.
    pub fn verified_by(self, provider: &dyn VerifierProvider) -> Result<Self, BadKey> {
        let key = Self::from(self.inner);
        let by = provider.verifier(&key)?;
        if by.algorithm() != key.algorithm() {
            return Err(BadKey::UnsupportedAlgorithm);
        }
        Ok(Self { by: Some(by), ..key })
    }

    /// Whether `signature` is this key's over `message`, by the key's own algorithm. This says nothing about the age
    /// or the coverage of a request: for requests use [`parse`](crate::parse).
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.is_strict(signature)
            && match &self.by {
                Some(by) => by.verifies(message, signature),
                None => self.verifies_by_ring(message, signature),
            }
    }

    fn verifies_by_ring(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.inner {
            Inner::Rsa { n, e, pss } => {
                let parameters = if *pss {
                    &RSA_PSS_2048_8192_SHA512
                } else {
                    &RSA_PKCS1_2048_8192_SHA256
                };
                RsaPublicKeyComponents { n, e }
                    .verify(parameters, message, signature)
                    .is_ok()
            }
            Inner::P256(key) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
                .verify(message, signature)
                .is_ok(),
            Inner::P384(key) => UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, key)
                .verify(message, signature)
                .is_ok(),
            Inner::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key)
                .verify(message, signature)
                .is_ok(),
        }
    }
}

impl PublicKey {
    /// Whether an Ed25519 signature has no commitment R of small order, as `verify_strict` demands. That S is below the
    /// order of the group, the providers see to.
    pub(crate) fn is_strict(&self, signature: &[u8]) -> bool {
        self.algorithm() != Algorithm::Ed25519
            || signature.first_chunk::<32>().is_some_and(|r| !is_weak_point(r))
    }

    /// PKCS#1 for RSA, else the point.
    pub(crate) fn key_bytes(&self) -> Vec<u8> {
        match &self.inner {
            Inner::Rsa { n, e, .. } => {
                der::write(der::SEQUENCE, &[&der::write_unsigned(n), &der::write_unsigned(e)])
            }
            Inner::Ed25519(key) => key.to_vec(),
            Inner::P256(key) | Inner::P384(key) => key.to_vec(),
        }
    }
}

impl Verifier for PublicKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm()
    }

    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies(message, signature)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey")
            .field("algorithm", &self.algorithm())
            .field("bits", &self.bits())
            .finish_non_exhaustive()
    }
}

/// Whether the encoded point is one of the eight of small order, or is not encoded canonically (y >= p).
fn is_weak_point(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    let [first, middle @ .., last] = &mut y;
    // The top bit is the sign of x.
    *last &= 0x7f;
    let non_canonical = *last == 0x7f && *first >= 0xed && middle.iter().all(|b| *b == 0xff);
    non_canonical || SMALL_ORDER.contains(&y)
}

/// The y coordinates of the points of order 1, 2, 4 and 8.
pub(super) const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    ],
];

fn stripped(number: &[u8]) -> &[u8] {
    let zeroes = number.iter().take_while(|b| **b == 0).count();
    number.get(zeroes..).unwrap_or_default()
}
