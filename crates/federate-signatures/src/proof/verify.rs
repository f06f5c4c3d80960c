//! Verifying proofs, in two steps.

use super::{ProofRefusal, SUITE, TYPE, hash_data};
use crate::{
    Algorithm, KeyId, PublicKey,
    json::{Json, parse, to_jcs},
    key::multibase_decode,
    refusal::shown,
    time::parse_rfc3339,
    window::Window,
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Reads the one proof of a document and says which key is needed.
///
/// `document` is the bytes as they arrived. A Linked Data signature (`signature`) is left out of what is proven,
/// because it is made after the proof.
///
/// # Errors
/// [`ProofRefusal`] where there is no proof, where there are several ([`parse_proofs`] reads those), or where it
/// cannot be read.
pub fn parse_proof(document: &[u8]) -> Result<ParsedProof, ProofRefusal> {
    read(document, 1)?.pop().ok_or(ProofRefusal::Unproven)
}

/// Reads a set of independent proofs, each over the document without any of them; at most 8. Which of them counts is
/// the caller's to say: one that verifies says nothing about the others.
///
/// # Errors
/// [`ProofRefusal`] like [`parse_proof`], also where any one of them cannot be read.
pub fn parse_proofs(document: &[u8]) -> Result<Vec<ParsedProof>, ProofRefusal> {
    read(document, PROOFS)
}

/// A proof that was read, but not verified.
#[derive(Debug, Clone)]
pub struct ParsedProof {
    verification_method: KeyId,
    purpose: String,
    created: Option<SystemTime>,
    expires: Option<SystemTime>,
    config: Json,
    signature: Vec<u8>,
    canonical: Arc<str>,
}

/// What a receiver demands of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofPolicy {
    purpose: String,
    window: Window,
}

impl Default for ProofPolicy {
    /// For the purpose `assertionMethod`, created at most one hour in the future, of any age: documents are kept.
    fn default() -> Self {
        Self {
            purpose: "assertionMethod".to_owned(),
            window: Window {
                future: Duration::from_secs(3600),
                past: None,
            },
        }
    }
}

impl ProofPolicy {
    /// Another purpose.
    #[must_use]
    pub fn purpose(mut self, purpose: &str) -> Self {
        purpose.clone_into(&mut self.purpose);
        self
    }

    /// How far in the future a proof may have been created.
    #[must_use]
    pub fn future(mut self, future: Duration) -> Self {
        self.window.future = future;
        self
    }

    /// How old a proof may be. With a limit, one without `created` is refused.
    #[must_use]
    pub fn past(mut self, past: Duration) -> Self {
        self.window.past = Some(past);
        self
    }
}

impl ParsedProof {
    /// The key that is needed: the id of a Multikey, or a `did:key`.
    ///
    /// That the owner of the document lists it in `assertionMethod` is the caller's to find out: a proof by anybody
    /// about anything verifies.
    #[must_use]
    pub fn verification_method(&self) -> &KeyId {
        &self.verification_method
    }

    /// The key itself, where the verification method is a `did:key`.
    #[must_use]
    pub fn did_key(&self) -> Option<PublicKey> {
        PublicKey::from_did_key(self.verification_method.as_str()).ok()
    }

    /// When the peer says that it was made.
    #[must_use]
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// What is signed: the SHA-256 of each of both lines, one behind the other. The first is the options of the proof and
    /// the second the document without it, in canonical JSON.
    #[must_use]
    pub fn signed_string(&self) -> String {
        format!("{}\n{}", to_jcs(&self.config), self.canonical)
    }

    /// Verifies with the key that [`ParsedProof::verification_method`] names.
    ///
    /// # Errors
    /// [`ProofRefusal`] with the reason.
    pub fn verify(
        &self,
        key: &PublicKey,
        policy: &ProofPolicy,
        now: SystemTime,
    ) -> Result<VerifiedProof, ProofRefusal> {
        self.check(policy, now)?;
        let named = || shown(self.verification_method.as_str());
        let is_did = self.verification_method.as_str().starts_with("did:key:");
        if key.algorithm() != Algorithm::Ed25519 || (is_did && self.did_key().as_ref() != Some(key)) {
            return Err(ProofRefusal::WrongKey { named: named() });
        }
        if !key.verifies(&hash_data(&self.config, &self.canonical), &self.signature) {
            return Err(ProofRefusal::Mismatch {
                named: named(),
                signed: self.signed_string(),
            });
        }
        Ok(VerifiedProof {
            verification_method: self.verification_method.clone(),
            created: self.created,
            expires: self.expires,
            document: Arc::clone(&self.canonical),
        })
    }

    /// Judges what needs no key: call it before fetching one.
    ///
    /// # Errors
    /// [`ProofRefusal`] with the reason.
    pub fn check(&self, policy: &ProofPolicy, now: SystemTime) -> Result<(), ProofRefusal> {
        if self.purpose != policy.purpose {
            return Err(ProofRefusal::Purpose {
                named: shown(&self.purpose),
                expected: policy.purpose.clone(),
            });
        }
        Ok(policy.window.check(self.created, self.expires, now)?)
    }
}

/// A proof that was verified. Only [`ParsedProof::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedProof {
    verification_method: KeyId,
    created: Option<SystemTime>,
    expires: Option<SystemTime>,
    document: Arc<str>,
}

impl VerifiedProof {
    /// The key that signed.
    #[must_use]
    pub fn verification_method(&self) -> &KeyId {
        &self.verification_method
    }

    /// When the signer says that it signed.
    #[must_use]
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// Until when the proof counts.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// What was signed, in canonical JSON: everything but `proof` and `signature`. Act on this, not on the bytes that
    /// came: two numbers beyond the precision of a double look different and are signed alike.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document
    }
}

fn read(document: &[u8], limit: usize) -> Result<Vec<ParsedProof>, ProofRefusal> {
    let mut document = parse(document)?;
    let Json::Object(_) = document else {
        return Err(ProofRefusal::NotAnObject);
    };
    let proofs = match document.remove("proof") {
        None | Some(Json::Null) => return Err(ProofRefusal::Unproven),
        Some(Json::Array(proofs)) => proofs,
        Some(one) => vec![one],
    };
    document.remove("signature");
    if proofs.is_empty() {
        return Err(ProofRefusal::Unproven);
    }
    if proofs.len() > limit {
        return Err(ProofRefusal::SeveralProofs {
            found: proofs.len(),
            limit,
        });
    }
    let canonical: Arc<str> = to_jcs(&document).into();
    proofs
        .into_iter()
        .map(|proof| one(proof, document.get("@context"), &canonical))
        .collect()
}

fn one(mut proof: Json, context: Option<&Json>, canonical: &Arc<str>) -> Result<ParsedProof, ProofRefusal> {
    let Json::Object(options) = &proof else {
        return Err(ProofRefusal::BadOption {
            name: "proof".to_owned(),
        });
    };
    let bad = |name: &str| ProofRefusal::BadOption { name: shown(name) };
    let text = |name: &'static str| match proof.get(name) {
        None => Ok(None),
        Some(Json::Text(text)) if text.len() <= TEXT => Ok(Some(text.clone())),
        Some(_) => Err(bad(name)),
    };
    let required = |name| text(name)?.ok_or(ProofRefusal::MissingOption { name });
    let time = |name| match text(name)? {
        Some(text) => parse_rfc3339(&text).map(Some).ok_or_else(|| bad(name)),
        None => Ok(None),
    };
    let suite = (required("type")?, text("cryptosuite")?.unwrap_or_default());
    if suite.0 != TYPE || suite.1 != SUITE {
        return Err(ProofRefusal::UnsupportedSuite {
            named: shown(&format!("{} {}", suite.0, suite.1)),
        });
    }
    // Whatever else stands there narrows what the proof is good for (`domain`, `challenge`), makes it depend on
    // another (`previousProof`), or means something that is not known here.
    if let Some((name, _)) = options.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
        return Err(bad(name));
    }
    // A proof that names a context signs that one, and a reader of JSON-LD reads the document's.
    match (proof.get("@context"), context) {
        (Some(own), Some(documents)) if to_jcs(own) == to_jcs(documents) => {}
        (None, _) => {}
        _ => return Err(ProofRefusal::Context),
    }
    let signature = multibase_decode(&required("proofValue")?).map_err(|_| bad("proofValue"))?;
    if signature.len() != SIGNATURE {
        return Err(bad("proofValue"));
    }
    let verification_method = required("verificationMethod")?;
    if verification_method.is_empty() || !verification_method.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad("verificationMethod"));
    }
    let (purpose, created, expires) = (required("proofPurpose")?, time("created")?, time("expires")?);
    if created
        .zip(expires)
        .is_some_and(|(created, expires)| expires < created)
    {
        return Err(ProofRefusal::ExpiresBeforeCreated);
    }
    proof.remove("proofValue");
    Ok(ParsedProof {
        verification_method: KeyId(verification_method),
        purpose,
        created,
        expires,
        config: proof,
        signature,
        canonical: Arc::clone(canonical),
    })
}

const KNOWN: &[&str] = &[
    "@context",
    "id",
    "type",
    "cryptosuite",
    "verificationMethod",
    "proofPurpose",
    "created",
    "expires",
    "nonce",
    "proofValue",
];
const PROOFS: usize = 8;
const SIGNATURE: usize = 64;
const TEXT: usize = 2048;
