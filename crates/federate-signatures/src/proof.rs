//! Object integrity proofs: [FEP-8b32](https://codeberg.org/fediverse/fep/src/branch/main/fep/8b32/fep-8b32.md) with
//! [`eddsa-jcs-2022`](https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022).

mod create;
mod refusal;
mod verify;

pub use create::{ProofOptions, UnsignedProof, proof};
pub use refusal::ProofRefusal;
pub use verify::{ParsedProof, ProofPolicy, VerifiedProof, parse_proof, parse_proofs};

use crate::json::{Json, to_jcs};
use ring::digest::{SHA256, digest};

/// What is signed: the digest of the options, then the one of the document.
fn hash_data(config: &Json, canonical_document: &str) -> [u8; 64] {
    let mut out = [0; 64];
    let config = digest(&SHA256, to_jcs(config).as_bytes());
    let document = digest(&SHA256, canonical_document.as_bytes());
    for (to, from) in out
        .iter_mut()
        .zip(config.as_ref().iter().chain(document.as_ref()))
    {
        *to = *from;
    }
    out
}

const TYPE: &str = "DataIntegrityProof";
const SUITE: &str = "eddsa-jcs-2022";
