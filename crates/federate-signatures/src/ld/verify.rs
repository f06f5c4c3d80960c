//! Verifying, in two steps.

use super::{LdRefusal, TYPE, read};
use crate::{Algorithm, KeyId, Verifier, refusal::shown, time::parse_rfc3339, window::Window};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use federate_jsonld::{Contexts, LdSigned, Limits, ld_signed, renamed};
use serde_json::Value;
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Reads the Linked Data signature of a document and says which key is needed, with the contexts that are shipped and
/// the usual limits.
///
/// `document` is the bytes as they arrived. All that costs work is done here, under a budget of steps, and before any key
/// is fetched: canonicalising, and reading what the signature could vouch for.
///
/// # Errors
/// [`LdRefusal`] where there is no signature, where it cannot be read, and where the document could be read in more
/// than one way.
pub fn parse_ld_signature(document: &[u8]) -> Result<ParsedLdSignature, LdRefusal> {
    parse_ld_signature_with(document, &Contexts::shipped(), &Limits::default())
}

/// Like [`parse_ld_signature`], with other contexts and limits. Contexts are never fetched.
///
/// # Errors
/// [`LdRefusal`] like [`parse_ld_signature`].
pub fn parse_ld_signature_with(
    document: &[u8],
    contexts: &Contexts,
    limits: &Limits,
) -> Result<ParsedLdSignature, LdRefusal> {
    let document = read(document)?;
    if document.get("signature").is_none_or(Value::is_null) {
        return Err(LdRefusal::Unsigned);
    }
    let signed = ld_signed(&document, contexts, limits)?;
    // By this scheme the type is not signed; another one would mean another way to sign.
    match signed.signature_type() {
        Some(TYPE) => {}
        named => {
            let named = shown(named.unwrap_or("none"));
            return Err(LdRefusal::UnsupportedType { named });
        }
    }
    let creator = creator(signed.creator())?;
    let (created, expires) = (
        time("created", signed.created())?,
        time("expires", signed.expires())?,
    );
    let signature = signature(&signed)?;
    let vouched = signed.vouched()?;
    let renamed = renamed(&document, &vouched);
    Ok(ParsedLdSignature {
        creator,
        created,
        expires,
        signature,
        to_be_signed: signed.to_be_signed(),
        canonical_options: signed.options().nquads().to_owned(),
        canonical_document: signed.document().nquads().to_owned(),
        may_forward: signed.covers(&document, &vouched),
        renamed,
        document: vouched.to_string().into(),
    })
}

/// A Linked Data signature that was read, but not verified. It owns what it needs and can be kept while the key is fetched.
#[derive(Debug, Clone)]
pub struct ParsedLdSignature {
    creator: KeyId,
    created: Option<SystemTime>,
    expires: Option<SystemTime>,
    signature: Vec<u8>,
    to_be_signed: String,
    canonical_options: String,
    canonical_document: String,
    document: Arc<str>,
    may_forward: bool,
    renamed: Option<String>,
}

/// What a receiver demands of a Linked Data signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdPolicy {
    window: Window,
    renamed: bool,
}

impl Default for LdPolicy {
    /// Created at most one hour in the future and seven days ago, as long as servers try to deliver; terms under other
    /// names are refused. `expires` counts where it stands: Mastodon sets it two days ahead.
    fn default() -> Self {
        Self {
            window: Window {
                future: Duration::from_secs(3600),
                past: Some(Duration::from_secs(7 * 86_400)),
            },
            renamed: false,
        }
    }
}

impl LdPolicy {
    /// How far in the future a signature may have been created.
    #[must_use]
    pub fn future(mut self, future: Duration) -> Self {
        self.window.future = future;
        self
    }

    /// How old a signature may be; `None` for any age. With a limit, one without `created` is refused.
    #[must_use]
    pub fn past(mut self, past: impl Into<Option<Duration>>) -> Self {
        self.window.past = past.into();
        self
    }

    /// Whether documents are taken that call signed terms by other names than everybody does, or that say something else
    /// under these names. What is handed on is the signed reading either way.
    #[must_use]
    pub fn renamed_terms(mut self, taken: bool) -> Self {
        self.renamed = taken;
        self
    }
}

impl ParsedLdSignature {
    /// The key that is needed.
    ///
    /// That its owner is the actor of the document is the caller's to find out: a signature by anybody about anything
    /// verifies.
    #[must_use]
    pub fn creator(&self) -> &KeyId {
        &self.creator
    }

    /// When the peer says that it signed.
    #[must_use]
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// The exact string that is signed: the SHA-256 of [`Self::canonical_options`] and the one of
    /// [`Self::canonical_document`], both in hexadecimal.
    #[must_use]
    pub fn signed_string(&self) -> &str {
        &self.to_be_signed
    }

    /// The members of the signature that are signed, in canonical N-Quads.
    #[must_use]
    pub fn canonical_options(&self) -> &str {
        &self.canonical_options
    }

    /// The document without its signature, in canonical N-Quads.
    #[must_use]
    pub fn canonical_document(&self) -> &str {
        &self.canonical_document
    }

    /// Judges what needs no key: call it before fetching one.
    ///
    /// # Errors
    /// [`LdRefusal`] with the reason.
    pub fn check(&self, policy: &LdPolicy, now: SystemTime) -> Result<(), LdRefusal> {
        if let Some(at) = self.renamed.as_ref().filter(|_| !policy.renamed) {
            return Err(LdRefusal::Renamed { at: shown(at) });
        }
        if matches!((self.created, self.expires), (Some(created), Some(expires)) if expires < created) {
            return Err(LdRefusal::ExpiresBeforeCreated);
        }
        Ok(policy.window.check(self.created, self.expires, now)?)
    }

    /// Verifies with the key that [`ParsedLdSignature::creator`] names. The key says how: it must be one for
    /// RSASSA-PKCS1-v1_5 with SHA-256, within the bounds of [`PublicKey`](crate::PublicKey).
    ///
    /// # Errors
    /// [`LdRefusal`] with the reason.
    pub fn verify(
        &self,
        key: &dyn Verifier,
        policy: &LdPolicy,
        now: SystemTime,
    ) -> Result<VerifiedLdSignature, LdRefusal> {
        self.check(policy, now)?;
        let named = || shown(self.creator.as_str());
        if key.algorithm() != Algorithm::RsaV1_5Sha256 {
            return Err(LdRefusal::WrongKey {
                named: named(),
                key: key.algorithm(),
            });
        }
        if !key.verifies(self.to_be_signed.as_bytes(), &self.signature) {
            return Err(LdRefusal::Mismatch {
                named: named(),
                signed: self.to_be_signed.clone(),
            });
        }
        Ok(VerifiedLdSignature {
            creator: self.creator.clone(),
            created: self.created,
            expires: self.expires,
            document: Arc::clone(&self.document),
            may_forward: self.may_forward,
        })
    }
}

/// A Linked Data signature that was verified. Only [`ParsedLdSignature::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLdSignature {
    creator: KeyId,
    created: Option<SystemTime>,
    expires: Option<SystemTime>,
    document: Arc<str>,
    may_forward: bool,
}

impl VerifiedLdSignature {
    /// The key that signed.
    #[must_use]
    pub fn creator(&self) -> &KeyId {
        &self.creator
    }

    /// When the signer says that it signed.
    #[must_use]
    pub fn created(&self) -> Option<SystemTime> {
        self.created
    }

    /// Until when the signature counts.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// What was signed, and nothing else, as JSON under the usual names. Act on this and never on the bytes that came:
    /// members without a meaning in their context are in those, and anybody may have put them there.
    ///
    /// The order of several values of one property is not signed: it is that of the bytes that came, and who relayed them
    /// may have changed it. That of a list (`orderedItems`) is.
    #[must_use]
    pub fn document(&self) -> &str {
        &self.document
    }

    /// Whether the bytes that came say what was signed, nothing more and nothing less, so that they may be forwarded: who
    /// reads them as plain JSON reads what was signed. That counts for `signature` and for `proof` too; not for the order
    /// of several values of one property, which is not signed.
    #[must_use]
    pub fn may_forward(&self) -> bool {
        self.may_forward
    }
}

pub(super) fn creator(creator: Option<&str>) -> Result<KeyId, LdRefusal> {
    let creator = creator.ok_or(LdRefusal::MissingOption { name: "creator" })?;
    let fits = (1..=TEXT).contains(&creator.len()) && creator.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| KeyId::from(creator))
        .ok_or(LdRefusal::BadOption { name: "creator" })
}

fn time(name: &'static str, said: Option<&str>) -> Result<Option<SystemTime>, LdRefusal> {
    match said {
        Some(text) => parse_rfc3339(text).map(Some).ok_or(LdRefusal::BadOption { name }),
        None => Ok(None),
    }
}

/// Base64; lines of 60 characters are how older Ruby wrote it.
fn signature(signed: &LdSigned) -> Result<Vec<u8>, LdRefusal> {
    let name = "signatureValue";
    let text = signed
        .signature_value()
        .ok_or(LdRefusal::MissingOption { name })?;
    if text.len() > TEXT {
        return Err(LdRefusal::BadOption { name });
    }
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| LdRefusal::BadOption { name })
}

/// More than a signature by an RSA key of 8192 bits.
const TEXT: usize = 2048;
