//! What signs, and in which dress the signature travels.

use std::fmt;

/// A signature algorithm. It follows from the key, never from what a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: `rsa-sha256` and, on the fediverse, `hs2019`; `rsa-v1_5-sha256` in RFC 9421.
    RsaV1_5Sha256,
    /// Ed25519: `hs2019` in draft-cavage; `ed25519` in RFC 9421.
    Ed25519,
    /// RSASSA-PSS with SHA-512. No server of the fediverse uses it; a policy must name it.
    RsaPssSha512,
    /// ECDSA on P-256 with SHA-256. A policy must name it.
    EcdsaP256Sha256,
    /// ECDSA on P-384 with SHA-384; verified only. A policy must name it.
    EcdsaP384Sha384,
    /// HMAC with SHA-256, with a [`SharedSecret`](crate::SharedSecret). A policy must name it.
    HmacSha256,
}

impl Algorithm {
    /// The value of the `algorithm` parameter that we send in draft-cavage.
    #[must_use]
    pub fn cavage_name(self) -> &'static str {
        match self {
            Self::RsaV1_5Sha256 => "rsa-sha256",
            // The draft's name for "the key says".
            _ => "hs2019",
        }
    }

    /// The name in the [registry of RFC 9421](https://www.rfc-editor.org/rfc/rfc9421#section-6.2).
    #[must_use]
    pub fn rfc9421_name(self) -> &'static str {
        match self {
            Self::RsaV1_5Sha256 => "rsa-v1_5-sha256",
            Self::Ed25519 => "ed25519",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::EcdsaP384Sha384 => "ecdsa-p384-sha384",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    /// The algorithm of this name in the registry of RFC 9421.
    #[must_use]
    pub fn from_rfc9421_name(name: &str) -> Option<Self> {
        [
            Self::RsaV1_5Sha256,
            Self::Ed25519,
            Self::RsaPssSha512,
            Self::EcdsaP256Sha256,
            Self::EcdsaP384Sha384,
            Self::HmacSha256,
        ]
        .into_iter()
        .find(|algorithm| algorithm.rfc9421_name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rfc9421_name())
    }
}

/// Which of the two signature formats a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flavour {
    /// draft-cavage-http-signatures-12: one `Signature` header.
    Cavage,
    /// RFC 9421: `Signature-Input` and `Signature`.
    Rfc9421,
}

impl Flavour {
    /// `draft-cavage-12` or `rfc9421`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cavage => "draft-cavage-12",
            Self::Rfc9421 => "rfc9421",
        }
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
