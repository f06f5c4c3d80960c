//! Signing a document.

use super::{LdRefusal, SECURITY, TYPE, read, verify::creator};
use crate::{
    Algorithm, KeyId, SignError, Signer,
    json::{before_end, write_string},
    refusal::shown,
    time::format_rfc3339,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use federate_jsonld::{Contexts, Error, Limits, ld_signed, renamed};
use serde_json::{Map, Value};
use std::time::SystemTime;

/// What a Linked Data signature says of itself. All of it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdSignatureOptions {
    creator: KeyId,
    created: SystemTime,
    expires: Option<SystemTime>,
}

impl LdSignatureOptions {
    /// A signature of now by this key, without an end. Mastodon sets one two days ahead.
    #[must_use]
    pub fn new(creator: KeyId, created: SystemTime) -> Self {
        Self {
            creator,
            created,
            expires: None,
        }
    }

    /// Until when the signature counts, to the second.
    #[must_use]
    pub fn expires(mut self, expires: SystemTime) -> Self {
        self.expires = Some(expires);
        self
    }
}

/// Prepares a Linked Data signature over a JSON document, with the contexts that are shipped and the usual limits:
/// [`UnsignedLdSignature::sign`] it, or sign [`UnsignedLdSignature::signed_string`] elsewhere.
///
/// The `@context` of the document must hold `https://w3id.org/security/v1`. It is not added here, because it can change
/// what the document says. An object proof is made before, never after.
///
/// # Errors
/// [`LdRefusal`] where the document carries a `signature` already, lacks that context, or would not be taken by
/// [`parse_ld_signature`](crate::parse_ld_signature) and the usual policy, in time: what is signed here is read here.
pub fn ld_signature(document: &[u8], options: &LdSignatureOptions) -> Result<UnsignedLdSignature, LdRefusal> {
    ld_signature_with(document, options, &Contexts::shipped(), &Limits::default())
}

/// Like [`ld_signature`], with other contexts and limits.
///
/// # Errors
/// [`LdRefusal`] like [`ld_signature`].
pub fn ld_signature_with(
    document: &[u8],
    options: &LdSignatureOptions,
    contexts: &Contexts,
    limits: &Limits,
) -> Result<UnsignedLdSignature, LdRefusal> {
    let mut value = read(document)?;
    if value.get("signature").is_some() {
        return Err(LdRefusal::AlreadyThere);
    }
    if !names(value.get("@context"), SECURITY) {
        return Err(LdRefusal::NoSecurityContext);
    }
    let mut members = vec![
        ("type", TYPE.to_owned()),
        ("creator", options.creator.as_str().to_owned()),
        ("created", format_rfc3339(options.created)),
    ];
    if let Some(expires) = options.expires {
        let expires = format_rfc3339(expires);
        // Both are in one form, whose order is that of time.
        if expires < format_rfc3339(options.created) {
            return Err(LdRefusal::ExpiresBeforeCreated);
        }
        members.push(("expires", expires));
    }
    let signature: Map<String, Value> = members
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str())))
        .collect();
    if let Some(document) = value.as_object_mut() {
        document.insert("signature".to_owned(), signature.into());
    }
    creator(Some(options.creator.as_str()))?;
    let signed = ld_signed(&value, contexts, limits)?;
    if signed.creator() != Some(options.creator.as_str()) {
        return Err(LdRefusal::BadOption { name: "creator" });
    }
    let vouched = signed.vouched().map_err(|error| match error {
        Error::WithoutMeaning(at) if at == "/proof" => LdRefusal::NoProofContext,
        error => error.into(),
    })?;
    if let Some(at) = renamed(&value, &vouched) {
        return Err(LdRefusal::Renamed { at: shown(&at) });
    }
    let (mut before, after) = before_end(document).ok_or(LdRefusal::NotAnObject)?;
    before.push_str("\"signature\":{");
    for (name, text) in &members {
        write_string(name, &mut before);
        before.push(':');
        write_string(text, &mut before);
        before.push(',');
    }
    before.push_str("\"signatureValue\":\"");
    Ok(UnsignedLdSignature {
        to_be_signed: signed.to_be_signed(),
        covers_all: signed.covers(&value, &vouched),
        before,
        after: format!("\"}}}}{after}"),
    })
}

/// A Linked Data signature that waits for its bytes.
#[derive(Debug, Clone)]
#[must_use = "nothing is signed yet"]
pub struct UnsignedLdSignature {
    to_be_signed: String,
    covers_all: bool,
    before: String,
    after: String,
}

impl UnsignedLdSignature {
    /// The exact string to be signed: for a key that lives elsewhere. Hand the signature to
    /// [`UnsignedLdSignature::attach`].
    #[must_use]
    pub fn signed_string(&self) -> &str {
        &self.to_be_signed
    }

    /// Whether the signature covers all that the document says. Where it does not, a member has no meaning in the
    /// `@context`, or it is written so that plain JSON readers read something else (an array in an array, a value that stands
    /// there twice): receivers drop it and do not forward the document.
    #[must_use]
    pub fn covers_all(&self) -> bool {
        self.covers_all
    }

    /// Signs; the document with its signature.
    ///
    /// # Errors
    /// [`SignError`] as the signer says, and [`SignError::Key`] for a key that is not for RSASSA-PKCS1-v1_5.
    pub fn sign(self, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
        if signer.algorithm() != Algorithm::RsaV1_5Sha256 {
            return Err(SignError::Key);
        }
        let signature = signer.sign(self.to_be_signed.as_bytes())?;
        Ok(self.attach(&signature))
    }

    /// The document with a signature over [`UnsignedLdSignature::signed_string`] that was made elsewhere, by
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[must_use]
    pub fn attach(self, signature: &[u8]) -> Vec<u8> {
        let Self { before, after, .. } = self;
        [before.as_str(), &STANDARD.encode(signature), &after]
            .concat()
            .into_bytes()
    }
}

/// Whether a `@context` names this one.
fn names(context: Option<&Value>, url: &str) -> bool {
    match context {
        Some(Value::String(text)) => text == url,
        Some(Value::Array(items)) => items.iter().any(|item| item.as_str() == Some(url)),
        _ => false,
    }
}
