//! HTTP signatures as the fediverse signs, with an answer to 'why 401?'.
//!
//! draft-cavage-http-signatures-12 and RFC 9421, signing and verifying, over the types of the `http` crate. There is no
//! clock, no I/O and no async in here: time is an argument, and verifying goes in two steps, so that the key can be
//! fetched in between by whatever the caller uses.
//!
//! ```
//! use bytes::Bytes;
//! use federate_signatures::{KeyId, Policy, PrivateKey, Signer as _, cavage, parse};
//! use std::time::{Duration, SystemTime};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let pem = include_str!("../tests/keys/rsa2048.pkcs8.pem");
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
//! let key = PrivateKey::from_pem(KeyId::from("https://me.example/users/a#main-key"), pem)?;
//!
//! // The sender.
//! let request = http::Request::post("https://peer.example/inbox").body(Bytes::from_static(b"{}"))?;
//! let signed = cavage(request, now).sign(&key)?;
//!
//! // The receiver: which key is needed? Fetch it, come back, verify.
//! let (head, body) = signed.into_parts();
//! let parsed = parse(&head, &body)?;
//! assert_eq!(parsed.key_id(), key.key_id());
//! let policy = Policy::mastodon().authorities(["peer.example"]);
//! let verified = parsed.verify(&key.public_key(), &policy, now)?;
//! assert!(verified.covered().iter().any(|name| name == "digest"));
//!
//! // And when it fails, it says why.
//! let late = now + Duration::from_secs(7200);
//! let refusal = parsed.verify(&key.public_key(), &policy, late).unwrap_err();
//! assert_eq!(refusal.name(), "too_old");
//! # Ok(())
//! # }
//! ```
//!
//! Documents carry proofs of their own: [`proof`] and [`parse_proof`] for object integrity proofs (FEP-8b32), and with a
//! feature Linked Data Signatures.
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `ld` | no | Linked Data Signatures (`RsaSignature2017`): `ld_signature`, `parse_ld_signature`; brings a JSON-LD processor |
//! | `aws-lc-rs` | no | `aws_lc`: a second provider beside ring, which makes RSA keys; needs a C compiler |
//!
//! A verified signature says who signed which bytes, and when. It does not say that this key belongs to the actor that
//! the body names, nor that the same bytes were not delivered before: both are the caller's to ask.

#![deny(missing_docs)]

mod accept;
mod algorithm;
#[cfg(feature = "aws-lc-rs")]
pub mod aws_lc;
mod cavage;
mod components;
mod digest;
mod head;
mod json;
mod key;
mod key_id;
mod knock;
#[cfg(feature = "ld")]
mod ld;
mod parsed;
mod policy;
mod proof;
mod refusal;
mod response;
mod rfc9421;
mod signature;
mod signer;
mod structured;
mod time;
mod unsigned;
mod verified;
mod verifier;
mod window;

pub use accept::AcceptSignature;
pub use algorithm::{Algorithm, Flavour};
pub use json::{BadJson, canonicalize};
pub use key::{BadKey, PrivateKey, PublicKey};
pub use key_id::KeyId;
pub use knock::{BadFlavourMemory, FlavourEvidence, FlavourMemory, Knock};
#[cfg(feature = "ld")]
pub use ld::{
    LdPolicy, LdRefusal, LdSignatureOptions, ParsedLdSignature, UnsignedLdSignature, VerifiedLdSignature,
    ld_signature, ld_signature_with, parse_ld_signature, parse_ld_signature_with,
};
pub use parsed::{Parsed, parse, parse_label, parse_response, parse_rfc9421};
pub use policy::{Components, Policy};
pub use proof::{
    ParsedProof, ProofOptions, ProofPolicy, ProofRefusal, UnsignedProof, VerifiedProof, parse_proof,
    parse_proofs, proof,
};
pub use refusal::{Problem, Refusal, RefusalKind};
pub use response::{UnsignedResponse, rfc9421_response, rfc9421_response_as_asked};
pub use signer::{GeneratedKey, KeyGenerator, SignError, Signer};
pub use unsigned::{Unsigned, cavage, rfc9421, rfc9421_as_asked};
pub use verified::VerifiedSignature;
pub use verifier::{SharedSecret, Verifier, VerifierProvider};

/// What Linked Data Signatures stand on: contexts and limits for [`parse_ld_signature_with`].
#[cfg(feature = "ld")]
pub use federate_jsonld as jsonld;
