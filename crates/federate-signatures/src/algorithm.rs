//! What signs, and in which dress the signature travels.

/// A signature algorithm. It follows from the key, never from what a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256: `rsa-sha256` and, on the fediverse, `hs2019`; `rsa-v1_5-sha256` in RFC 9421.
    RsaV1_5Sha256,
    /// Ed25519: `hs2019` in draft-cavage; `ed25519` in RFC 9421.
    Ed25519,
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
