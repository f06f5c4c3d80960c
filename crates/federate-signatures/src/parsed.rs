//! From headers to the key that is needed, and with the key to the verdict.

use crate::{
    Flavour, KeyId, Policy, PublicKey, Refusal, VerifiedSignature, Verifier, cavage,
    components::Message,
    digest::{Sha256, check_content_digest, check_digest},
    head::{Head, field},
    refusal::{Problem, RefusalKind, shown},
    rfc9421,
    signature::One,
};
use http::{HeaderMap, request::Parts};
use std::{borrow::Cow, sync::Arc, time::SystemTime};

/// Reads the signature of a request and says which key is needed.
///
/// `head.uri` is the target as on the wire: path and query, or an absolute URI where HTTP/2 or a proxy put it. `body` is
/// the bytes as they arrived, before any decoding; whether an encoded body is taken at all is the caller's to say. A
/// digest that is signed is recomputed here, so that a changed body costs no look-up of a key.
///
/// With `Signature-Input` the request is read by RFC 9421, otherwise by draft-cavage-12. Several RFC 9421 signatures by
/// one key must all verify; by several keys they are refused, and [`parse_label`] chooses.
///
/// # Errors
/// [`Refusal`] where there is no signature, where it cannot be read, or where the body is not the one that was signed.
pub fn parse(head: &Parts, body: &[u8]) -> Result<Parsed, Refusal> {
    read(head, body, None)
}

/// Like [`parse`], for the one RFC 9421 signature with this label: the others are not looked at.
///
/// # Errors
/// [`Refusal`] like [`parse`]; also where the request has no signature of this label.
pub fn parse_label(head: &Parts, body: &[u8], label: &str) -> Result<Parsed, Refusal> {
    read(head, body, Some(label))
}

/// Like [`parse`], for RFC 9421 alone and the whole of it: component parameters (`sf`, `bs`, `key`) and `@query-param`
/// are read too. They are for applications with a policy of their own; on the fediverse nobody signs so, and [`parse`]
/// refuses them. A component with parameters never stands for the one without.
///
/// # Errors
/// [`Refusal`] like [`parse_label`].
pub fn parse_rfc9421(head: &Parts, body: &[u8], label: Option<&str>) -> Result<Parsed, Refusal> {
    let target = Arc::new(Head::read(head, body)?);
    let message = Message {
        head: &target,
        headers: &head.headers,
        response: None,
        parameters: true,
    };
    read_rfc9421(message, &target, &head.headers, body, label)
}

/// Reads the signature of a response (RFC 9421). `request` is the head of the request that it answers, as it was sent:
/// components with `req` are taken from it.
///
/// The policy's [`response_components`](Policy::response_components) are what it must sign.
///
/// # Errors
/// [`Refusal`] like [`parse_label`].
pub fn parse_response(
    response: &http::response::Parts,
    body: &[u8],
    request: &Parts,
    label: Option<&str>,
) -> Result<Parsed, Refusal> {
    let head = Arc::new(Head {
        has_body: !body.is_empty(),
        is_response: true,
        ..Head::read(request, &[])?
    });
    let message = Message {
        head: &head,
        headers: &request.headers,
        response: Some((response.status, &response.headers)),
        parameters: true,
    };
    read_rfc9421(message, &head, &response.headers, body, label)
}

/// A signature that was read, but not verified. It owns what it needs and can be kept while the key is fetched.
#[derive(Debug, Clone)]
pub struct Parsed {
    flavour: Flavour,
    head: Arc<Head>,
    first: One,
    /// By the same key.
    others: Vec<One>,
    beside: Beside,
    /// Of the body, as computed here.
    body_sha256: Option<Sha256>,
}

/// What stands beside the signature that was chosen.
#[derive(Debug, Clone)]
enum Beside {
    Nothing,
    /// A draft-cavage signature by the same key.
    Cavage(Box<Parsed>),
    /// `Signature-Input` that could not be used: this is a draft-cavage signature.
    Unreadable(Refusal),
}

impl Parsed {
    /// The key that is needed.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.first.key_id
    }

    /// The format of the signature.
    #[must_use]
    pub fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// The names of the components that the peer says it signed, in order.
    #[must_use]
    pub fn covered(&self) -> Vec<String> {
        self.first.covered.ids.to_vec()
    }

    /// The string that the signature must be over, as it is rebuilt here. It holds the query of the request.
    #[must_use]
    pub fn signed_string(&self, policy: &Policy) -> String {
        self.first.base(&self.head, &policy.scheme, true)
    }

    /// The signature, decoded.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.first.signature
    }

    /// The SHA-256 of the body as it arrived, where a digest that is said to be signed had it computed: whoever needs it need not compute it
    /// again.
    /// `None` says nothing about the body.
    #[must_use]
    pub fn body_sha256(&self) -> Option<[u8; 32]> {
        self.body_sha256
    }

    /// The nonce of an RFC 9421 signature.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.first.nonce.as_deref()
    }

    /// Everything that can be said without the key: age, coverage, host, algorithm. [`Parsed::verify`] does it too;
    /// call this one before a key is fetched for a request that will be refused anyway.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn check(&self, policy: &Policy, now: SystemTime) -> Result<(), Refusal> {
        let checked = match &self.beside {
            Beside::Unreadable(refusal) if !policy.cavage_fallback => Err(refusal.clone()),
            _ => self
                .signatures()
                .try_for_each(|one| self.check_one(one, policy, now).map(drop)),
        };
        match (&self.beside, checked) {
            (Beside::Cavage(cavage), Err(_)) if policy.cavage_fallback => cavage.check(policy, now),
            (_, checked) => checked,
        }
    }

    /// Verifies with the key that [`Parsed::key_id`] names.
    ///
    /// The algorithm is the key's; what the header says must only agree with it.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn verify(
        &self,
        key: &PublicKey,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<VerifiedSignature, Refusal> {
        self.verify_with(key, policy, now)
    }

    /// Verifies with a key that is not one of this crate's: a [`SharedSecret`](crate::SharedSecret), or a key of
    /// another provider.
    ///
    /// # Errors
    /// [`Refusal`] with the reason.
    pub fn verify_with(
        &self,
        key: &dyn Verifier,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<VerifiedSignature, Refusal> {
        if let Beside::Unreadable(refusal) = &self.beside
            && !policy.cavage_fallback
        {
            return Err(refusal.clone());
        }
        let mut verified = self.verify_one(&self.first, key, policy, now);
        for one in &self.others {
            verified = verified.and_then(|first| self.verify_one(one, key, policy, now).map(|_| first));
        }
        match (&self.beside, verified) {
            (Beside::Cavage(cavage), Err(_)) if policy.cavage_fallback => {
                cavage.verify_with(key, policy, now)
            }
            (_, verified) => verified,
        }
    }

    fn signatures(&self) -> impl Iterator<Item = &One> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn check_one(&self, one: &One, policy: &Policy, now: SystemTime) -> Result<SystemTime, Refusal> {
        one.check(self.flavour, &self.head, policy, now)
            .map_err(|kind| self.refuse(one, kind))
    }

    fn verify_one(
        &self,
        one: &One,
        key: &dyn Verifier,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<VerifiedSignature, Refusal> {
        let signed_at = self.check_one(one, policy, now)?;
        one.agrees(key.algorithm(), policy)
            .map_err(|kind| self.refuse(one, kind))?;
        let base = one.base(&self.head, &policy.scheme, true);
        let mut query_signed = true;
        if !key.verifies(base.as_bytes(), &one.signature) {
            let without =
                self.flavour == Flavour::Cavage && self.head.query().is_some() && policy.query_fallback;
            let without = without.then(|| one.base(&self.head, &policy.scheme, false));
            match without.filter(|shorter| *shorter != base) {
                Some(shorter) if key.verifies(shorter.as_bytes(), &one.signature) => query_signed = false,
                _ => {
                    let kind = RefusalKind::SignatureMismatch { key: key.algorithm() };
                    return Err(self.refuse(one, kind).over(base));
                }
            }
        }
        Ok(VerifiedSignature {
            key_id: one.key_id.clone(),
            flavour: self.flavour,
            algorithm: key.algorithm(),
            covered: Arc::clone(&one.covered.ids),
            signed_at,
            query_signed,
            label: one.label.clone(),
            nonce: one.nonce.clone(),
        })
    }

    fn refuse(&self, one: &One, kind: RefusalKind) -> Refusal {
        Refusal::new(kind)
            .of(self.flavour)
            .about(&one.key_id, one.covered.ids.to_vec())
    }
}

fn read(parts: &Parts, body: &[u8], label: Option<&str>) -> Result<Parsed, Refusal> {
    let head = Arc::new(Head::read(parts, body)?);
    let signatures = SignatureHeader::read(&parts.headers)?;
    if !parts.headers.contains_key("signature-input") {
        return read_cavage(&head, parts, body, &signatures);
    }
    let message = Message {
        head: &head,
        headers: &parts.headers,
        response: None,
        parameters: false,
    };
    let structured = signatures.structured.as_deref();
    let strict = read_signed(message, &head, &parts.headers, structured, body, label);
    if signatures.cavage.is_none() || label.is_some() {
        return strict;
    }
    // Both formats: RFC 9421 goes first, and only a policy that says so looks at the other.
    match (strict, read_cavage(&head, parts, body, &signatures)) {
        (Ok(strict), Ok(cavage)) if strict.key_id() == cavage.key_id() => Ok(Parsed {
            beside: Beside::Cavage(Box::new(cavage)),
            ..strict
        }),
        (Err(refusal), Ok(cavage)) => Ok(Parsed {
            beside: Beside::Unreadable(refusal),
            ..cavage
        }),
        (strict, _) => strict,
    }
}

fn read_cavage(
    head: &Arc<Head>,
    parts: &Parts,
    body: &[u8],
    header: &SignatureHeader<'_>,
) -> Result<Parsed, Refusal> {
    let refuse = |kind| Refusal::new(kind).of(Flavour::Cavage);
    let Some(text) = header.cavage else {
        // A dictionary without `Signature-Input`: somebody dropped that header.
        return Err(match header.structured {
            Some(_) => refuse(RefusalKind::MissingParameter { name: "keyId" }),
            None => Refusal::new(RefusalKind::Unsigned),
        });
    };
    let one = cavage::read(text, header.in_authorization, head, &parts.headers).map_err(refuse)?;
    finish(Flavour::Cavage, head, &parts.headers, body, vec![one])
}

/// `headers` are those of the message that is signed.
fn read_rfc9421(
    message: Message<'_>,
    head: &Arc<Head>,
    headers: &HeaderMap,
    body: &[u8],
    label: Option<&str>,
) -> Result<Parsed, Refusal> {
    let signatures = SignatureHeader::read(headers)?.structured;
    read_signed(message, head, headers, signatures.as_deref(), body, label)
}

fn read_signed(
    message: Message<'_>,
    head: &Arc<Head>,
    headers: &HeaderMap,
    signatures: Option<&str>,
    body: &[u8],
    label: Option<&str>,
) -> Result<Parsed, Refusal> {
    let refuse = |kind| Refusal::new(kind).of(Flavour::Rfc9421);
    let input = lines(headers, "signature-input")?.ok_or(RefusalKind::Unsigned)?;
    let mut all = rfc9421::read(&input, signatures.unwrap_or_default(), message).map_err(refuse)?;
    if let Some(label) = label {
        all.retain(|one| one.label.as_deref() == Some(label));
        if all.is_empty() {
            return Err(refuse(RefusalKind::LabelMismatch { label: shown(label) }));
        }
    }
    finish(Flavour::Rfc9421, head, headers, body, all)
}

/// Binds the signatures to one key, and the body to its digests.
fn finish(
    flavour: Flavour,
    head: &Arc<Head>,
    headers: &HeaderMap,
    body: &[u8],
    all: Vec<One>,
) -> Result<Parsed, Refusal> {
    if all.len() > 1
        && all
            .iter()
            .zip(all.iter().skip(1))
            .any(|(one, next)| one.key_id != next.key_id)
    {
        let mut key_ids: Vec<&KeyId> = all.iter().map(|one| &one.key_id).collect();
        key_ids.dedup();
        let key_ids = key_ids.into_iter().map(|id| shown(id.as_str())).collect();
        return Err(Refusal::new(RefusalKind::SeveralKeys { key_ids }).of(flavour));
    }
    let mut all = all.into_iter();
    let Some(first) = all.next() else {
        return Err(Refusal::new(RefusalKind::Unsigned));
    };
    let mut parsed = Parsed {
        flavour,
        head: Arc::clone(head),
        first,
        others: all.collect(),
        beside: Beside::Nothing,
        body_sha256: None,
    };
    let covers = |id| parsed.signatures().any(|one| one.covered.contains(id));
    let refuse = |kind| parsed.refuse(&parsed.first, kind);
    let mut sha256 = None;
    if covers("digest")
        && let Some(value) = field(headers, "digest")?
    {
        sha256 = check_digest(&value, body).map_err(refuse)?;
    }
    if covers("content-digest")
        && let Some(value) = field(headers, "content-digest")?
    {
        sha256 = check_content_digest(&value, body).map_err(refuse)?.or(sha256);
    }
    parsed.body_sha256 = sha256;
    Ok(parsed)
}

/// The `Signature` headers, sorted by format.
struct SignatureHeader<'a> {
    cavage: Option<&'a str>,
    structured: Option<Cow<'a, str>>,
    in_authorization: bool,
}

impl<'a> SignatureHeader<'a> {
    fn read(headers: &'a HeaderMap) -> Result<Self, RefusalKind> {
        let mut out = Self {
            cavage: None,
            structured: None,
            in_authorization: false,
        };
        for line in headers.get_all("signature") {
            let line = text("signature", line)?;
            if !is_cavage(line) {
                join(&mut out.structured, line);
            } else if out.cavage.replace(without_scheme(line)).is_some() {
                return Err(RefusalKind::RepeatedHeader {
                    name: "signature".to_owned(),
                });
            }
        }
        if out.cavage.is_none() && out.structured.is_none() {
            // The draft's other place for the same parameters.
            for line in headers.get_all("authorization") {
                // Other schemes are none of ours, whatever they hold.
                let Ok(line) = line.to_str() else { continue };
                let parameters = without_scheme(line);
                if parameters.len() == line.trim_matches(OWS).len() {
                    continue;
                }
                if out.cavage.replace(parameters).is_some() {
                    return Err(RefusalKind::RepeatedHeader {
                        name: "authorization".to_owned(),
                    });
                }
                out.in_authorization = true;
            }
        }
        Ok(out)
    }
}

/// The parameters of draft-cavage have a `keyId`, and always a quoted value; a dictionary of byte sequences has neither.
fn is_cavage(line: &str) -> bool {
    let names_a_key = |line: &str| {
        line.as_bytes()
            .windows(5)
            .any(|name| name.eq_ignore_ascii_case(b"keyid"))
    };
    line.contains('"') && names_a_key(line)
}

/// Old servers write the scheme of `Authorization` into `Signature` too.
fn without_scheme(line: &str) -> &str {
    let line = line.trim_matches(OWS);
    match line.split_at_checked(10) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("signature ") => rest.trim_start_matches(OWS),
        _ => line,
    }
}

/// All lines of a header, joined.
fn lines<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<Cow<'a, str>>, RefusalKind> {
    let mut out = None;
    for line in headers.get_all(name) {
        join(&mut out, text(name, line)?);
    }
    Ok(out)
}

fn text<'a>(header: &'static str, value: &'a http::HeaderValue) -> Result<&'a str, RefusalKind> {
    value.to_str().map_err(|_| RefusalKind::Malformed {
        header,
        problem: Problem::NotAscii,
    })
}

fn join<'a>(joined: &mut Option<Cow<'a, str>>, line: &'a str) {
    match joined {
        Some(text) => {
            let text = text.to_mut();
            text.push_str(", ");
            text.push_str(line);
        }
        None => *joined = Some(Cow::Borrowed(line)),
    }
}

const OWS: [char; 2] = [' ', '\t'];
