//! Proving a document.

use super::{ProofRefusal, SUITE, TYPE, hash_data};
use crate::{
    Algorithm, KeyId, SignError, Signer,
    json::{Json, before_end, to_jcs, with_source, write_string},
    key::multibase_encode,
    time::format_rfc3339,
};
use std::time::SystemTime;

/// What a proof says of itself. All of it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofOptions {
    verification_method: KeyId,
    created: SystemTime,
    expires: Option<SystemTime>,
    purpose: String,
}

impl ProofOptions {
    /// A proof of now by this key, for the purpose `assertionMethod`, without an end.
    ///
    /// The verification method is the id of a Multikey in the actor's `assertionMethod`, or a `did:key`.
    #[must_use]
    pub fn new(verification_method: KeyId, created: SystemTime) -> Self {
        Self {
            verification_method,
            created,
            expires: None,
            purpose: "assertionMethod".to_owned(),
        }
    }

    /// Until when the proof counts, to the second.
    #[must_use]
    pub fn expires(mut self, expires: SystemTime) -> Self {
        self.expires = Some(expires);
        self
    }

    /// Another purpose, for example `authentication`.
    #[must_use]
    pub fn purpose(mut self, purpose: &str) -> Self {
        purpose.clone_into(&mut self.purpose);
        self
    }
}

/// Prepares a proof over a JSON document: [`UnsignedProof::sign`] it, or sign [`UnsignedProof::hash_data`] elsewhere.
///
/// The `@context` of the document is copied into the proof. Mastodon wants it to be an array; for JSON-LD readers it
/// should hold `https://w3id.org/security/data-integrity/v2`. A Linked Data signature is made after the proof, never
/// before it.
///
/// # Errors
/// [`ProofRefusal`] where the document is no JSON object, or carries `proof` or `signature` already.
pub fn proof(document: &[u8], options: &ProofOptions) -> Result<UnsignedProof, ProofRefusal> {
    let (value, context) = with_source(document, "@context")?;
    let Json::Object(_) = value else {
        return Err(ProofRefusal::NotAnObject);
    };
    for name in ["proof", "signature"] {
        if value.get(name).is_some() {
            return Err(ProofRefusal::AlreadyThere { name });
        }
    }
    if options.expires.is_some_and(|expires| expires < options.created) {
        return Err(ProofRefusal::ExpiresBeforeCreated);
    }
    let text = |text: &str| Json::Text(text.to_owned());
    let mut config = Vec::new();
    if let Some(context) = value.get("@context") {
        config.push(("@context".to_owned(), context.clone()));
    }
    let mut push = |name: &str, value: &str| config.push((name.to_owned(), text(value)));
    push("type", TYPE);
    push("cryptosuite", SUITE);
    push("verificationMethod", options.verification_method.as_str());
    push("proofPurpose", &options.purpose);
    push("created", &format_rfc3339(options.created));
    if let Some(expires) = options.expires {
        push("expires", &format_rfc3339(expires));
    }
    let hash = hash_data(&Json::Object(config.clone()), &to_jcs(&value));
    let (mut before, after) = before_end(document).ok_or(ProofRefusal::NotAnObject)?;
    before.push_str("\"proof\":{");
    for (name, value) in &config {
        write_string(name, &mut before);
        before.push(':');
        match (name.as_str(), context, value) {
            ("@context", Some(source), _) => before.push_str(source),
            (_, _, value) => before.push_str(&to_jcs(value)),
        }
        before.push(',');
    }
    before.push_str("\"proofValue\":\"");
    Ok(UnsignedProof {
        hash,
        before,
        after: format!("\"}}}}{after}"),
    })
}

/// A proof that waits for its signature.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed yet"]
pub struct UnsignedProof {
    hash: [u8; 64],
    before: String,
    after: String,
}

impl UnsignedProof {
    /// The 64 bytes to be signed with Ed25519: for a key that lives elsewhere.
    #[must_use]
    pub fn hash_data(&self) -> &[u8] {
        &self.hash
    }

    /// Signs; the document with its proof.
    ///
    /// # Errors
    /// [`SignError`] as the signer says, and [`SignError::Key`] for a key that is not Ed25519.
    pub fn sign(self, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        if signer.algorithm() != Algorithm::Ed25519 {
            return Err(SignError::Key);
        }
        let signature = signer.sign(&self.hash)?;
        Ok(self.attach(&signature))
    }

    /// The document with a proof whose signature over [`UnsignedProof::hash_data`] was made elsewhere.
    #[must_use]
    pub fn attach(self, signature: &[u8]) -> Vec<u8> {
        let Self { before, after, .. } = self;
        [before.as_str(), &multibase_encode(signature), &after]
            .concat()
            .into_bytes()
    }
}
