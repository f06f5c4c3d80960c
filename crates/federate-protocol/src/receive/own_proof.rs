//! The proof that an activity carries in itself, for when somebody else passes it on.

use super::Receiving;
use crate::Evidence;
use crate::activitystreams::Iri;
use crate::signatures::{KeyId, ParsedProof, ProofPolicy, PublicKey, parse_proof};
#[cfg(feature = "ld")]
use crate::signatures::{LdPolicy, ParsedLdSignature, parse_ld_signature};
use bytes::Bytes;
use std::time::SystemTime;

/// A proof that was read, fits the time, and names a key that could be the actor's.
#[derive(Debug)]
pub(super) enum OwnProof {
    /// FEP-8b32.
    Integrity(Box<ParsedProof>),
    /// `RsaSignature2017`.
    #[cfg(feature = "ld")]
    LinkedData(Box<ParsedLdSignature>),
}

/// What a proof that holds has proven.
pub(super) struct Proven {
    pub(super) evidence: Evidence,
    /// The document that was signed, and nothing else.
    pub(super) said: Bytes,
    /// Whether the bytes that came may be handed on: whoever reads them reads what was signed.
    pub(super) whole: bool,
}

impl OwnProof {
    /// The proof of these bytes, where one could be `actor`'s. All that needs no key is judged here, so that what cannot hold
    /// costs no look-up.
    pub(super) fn of(body: &[u8], actor: &Iri, config: &Receiving, now: SystemTime) -> Option<Self> {
        let proof = integrity(body, config, now).or_else(|| linked_data(body, config, now))?;
        let key_id = Iri::parse(proof.key_id().as_str()).ok()?;
        let could_be_theirs =
            key_id.same_origin(actor) && super::machine::admit_key(proof.key_id(), actor, config).is_ok();
        could_be_theirs.then_some(proof)
    }

    /// The key that is said to have signed.
    pub(super) fn key_id(&self) -> &KeyId {
        match self {
            Self::Integrity(proof) => proof.verification_method(),
            #[cfg(feature = "ld")]
            Self::LinkedData(signature) => signature.creator(),
        }
    }

    /// `None`: it does not hold with this key.
    pub(super) fn verify(&self, key: &PublicKey, config: &Receiving, now: SystemTime) -> Option<Proven> {
        match self {
            Self::Integrity(proof) => {
                let verified = proof.verify(key, &proof_policy(config), now).ok()?;
                Some(Proven {
                    evidence: Evidence::ObjectProof {
                        key_id: verified.verification_method().clone(),
                    },
                    said: Bytes::copy_from_slice(verified.document().as_bytes()),
                    whole: true,
                })
            }
            #[cfg(feature = "ld")]
            Self::LinkedData(signature) => {
                let verified = signature.verify(key, &ld_policy(config), now).ok()?;
                Some(Proven {
                    evidence: Evidence::LinkedDataSignature {
                        key_id: verified.creator().clone(),
                    },
                    said: Bytes::copy_from_slice(verified.document().as_bytes()),
                    whole: verified.may_forward(),
                })
            }
        }
    }
}

/// Several proofs are none: which of them counts would be for whoever passes them on to choose (J13).
fn integrity(body: &[u8], config: &Receiving, now: SystemTime) -> Option<OwnProof> {
    let proof = parse_proof(body).ok()?;
    proof.check(&proof_policy(config), now).ok()?;
    Some(OwnProof::Integrity(Box::new(proof)))
}

#[cfg(feature = "ld")]
fn linked_data(body: &[u8], config: &Receiving, now: SystemTime) -> Option<OwnProof> {
    let signature = parse_ld_signature(body).ok()?;
    signature.check(&ld_policy(config), now).ok()?;
    Some(OwnProof::LinkedData(Box::new(signature)))
}

#[cfg(not(feature = "ld"))]
fn linked_data(_: &[u8], _: &Receiving, _: SystemTime) -> Option<OwnProof> {
    None
}

/// A proof does not wear out by itself; what was undone since would be done again by an old copy.
fn proof_policy(config: &Receiving) -> ProofPolicy {
    ProofPolicy::default().past(config.limits.proof_age)
}

#[cfg(feature = "ld")]
fn ld_policy(config: &Receiving) -> LdPolicy {
    LdPolicy::default().past(config.limits.proof_age)
}
