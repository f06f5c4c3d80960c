//! Why a key was not taken.

/// Why a key was not taken. No variant holds any part of the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadKey {
    /// There is no `-----BEGIN …-----` and `-----END …-----` of one label.
    #[error("no PEM block with matching BEGIN and END lines")]
    NotPem,
    /// Larger than any key that is taken.
    #[error("key of more than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// The PEM label is none that is read here.
    #[error("PEM label that is not read here")]
    UnknownLabel,
    /// A private key stands where a public one belongs. Whoever published it should replace it.
    #[error("a private key where a public key belongs")]
    PrivateKeyGiven,
    /// A public key stands where a private one belongs.
    #[error("a public key where a private key belongs")]
    PublicKeyGiven,
    /// The text between the PEM lines is not Base64.
    #[error("PEM content that is not base64")]
    NotBase64,
    /// Not multibase in base58btc: `z` and base58 digits.
    #[error("not multibase in base58btc")]
    NotMultibase,
    /// Not `did:key:` and a Multikey, or the fragment names another key.
    #[error("not a did:key")]
    NotDidKey,
    /// The bytes are not the DER structure that the label promises.
    #[error("not a DER key structure")]
    NotDer,
    /// Not a JSON Web Key, or one whose members cannot be read.
    #[error("not a JSON Web Key")]
    NotJwk,
    /// Not the encoding of a point on its curve.
    #[error("not a point on its curve")]
    BadPoint,
    /// None of RSA, Ed25519, P-256 and P-384; or an algorithm that this key is not for.
    #[error("key of an unsupported algorithm")]
    UnsupportedAlgorithm,
    /// An RSA modulus outside of 2048 to 8192 bits.
    #[error("RSA modulus of {bits} bits, outside of 2048 to 8192")]
    ModulusSize {
        /// The size of the modulus in bits.
        bits: usize,
    },
    /// An even RSA modulus: not a product of two odd primes.
    #[error("even RSA modulus")]
    EvenModulus,
    /// An RSA exponent that is even, below 3 or above 2^32.
    #[error("RSA exponent that is even, below 3 or above 2^32")]
    Exponent,
    /// An Ed25519 key that is not 32 bytes.
    #[error("Ed25519 key that is not 32 bytes")]
    Ed25519Length,
    /// An Ed25519 point of small order or in a non-canonical encoding: it would verify what nobody signed.
    #[error("Ed25519 key of small order or in a non-canonical encoding")]
    WeakPoint,
    /// The private key is inconsistent, or of a size that cannot sign here (RSA above 4096 bits).
    #[error("private key that the cryptography refused")]
    Rejected,
}
