//! What was authenticated, kept in a table, and believed again only with our own seal on it.

use crate::activitystreams::{Activity, Iri, Object};
use crate::authenticated::{Authenticated, Evidence, Proof};
use crate::hashed::{Hashed, sha256};
use crate::receive::Forwarded;
use crate::signatures::{Flavour, KeyId};
use bytes::Bytes;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is authenticated begins with this: another format, or another use of the secret, never has the same seal.
const DOMAIN: &[u8] = b"federate sealed activity 2\0";
const VERSION: u8 = 3;

/// As activities were sealed before: over all of their bytes, not over the digest of them.
const WHOLE_DOMAIN: &[u8] = b"federate sealed activity 1\0";
const WHOLE_VERSION: u8 = 1;

/// What was passed on and not proven has another domain and another version: it never opens as an activity.
const FORWARDED_DOMAIN: &[u8] = b"federate sealed forwarded 1\0";
const FORWARDED_VERSION: u8 = 2;
const TAG_LEN: usize = 32;

/// An authenticated activity in a form that a store can keep: its bytes, who sent it, the evidence, and a
/// message authentication code over all of it under the instance's [`Secret`].
///
/// Whoever can write the table, but does not have the secret, cannot make one that opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    bytes: Bytes,
}

impl Sealed {
    /// Takes back what [`to_bytes`](Sealed::to_bytes) gave. Nothing is checked here: opening it is the check.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into() }
    }

    /// Opens it: checks the seal, and gives back what was sealed.
    ///
    /// # Errors
    /// [`BadSeal`]: it was not sealed under this secret, or was changed, or is of an unknown version, or no
    /// [activity](Envelope::Activity).
    pub fn open(&self, secret: &Secret) -> Result<Authenticated<Activity>, BadSeal> {
        self.open_with_time(secret).map(|(activity, _)| activity)
    }

    /// Opens it, and says when it was received, to the microsecond.
    ///
    /// # Errors
    /// As [`open`](Sealed::open).
    pub fn open_with_time(&self, secret: &Secret) -> Result<(Authenticated<Activity>, SystemTime), BadSeal> {
        match self.open_envelope(secret)? {
            (Envelope::Activity(activity), at) => Ok((*activity, at)),
            (Envelope::Forwarded(_), _) => Err(BadSeal::NotAnActivity),
        }
    }

    /// Opens it, whatever was sealed, and says when it was received, to the microsecond.
    ///
    /// # Errors
    /// [`BadSeal`]: it was not sealed under this secret, or was changed, or is of an unknown version.
    pub fn open_envelope(&self, secret: &Secret) -> Result<(Envelope, SystemTime), BadSeal> {
        let (version, rest) = self.bytes.split_first().ok_or(BadSeal::Mismatch)?;
        let (tag, payload) = rest.split_at_checked(TAG_LEN).ok_or(BadSeal::Mismatch)?;
        let opened = match *version {
            VERSION => {
                let mut about = payload;
                let body = take(&mut about).ok_or(BadSeal::Mismatch)?;
                let sha256 = sha256(body);
                secret.verify(DOMAIN, &[&sha256, about], tag)?;
                let body = Hashed::new(self.bytes.slice_ref(body), Some(sha256));
                read(about, Some(body), &self.bytes).map(activity)
            }
            WHOLE_VERSION => {
                secret.verify(WHOLE_DOMAIN, &[payload], tag)?;
                read(payload, None, &self.bytes).map(activity)
            }
            FORWARDED_VERSION => {
                secret.verify(FORWARDED_DOMAIN, &[payload], tag)?;
                read_forwarded(payload, &self.bytes).map(|(it, at)| (Envelope::Forwarded(Box::new(it)), at))
            }
            _ => return Err(BadSeal::UnknownVersion),
        };
        opened.ok_or(BadSeal::Unreadable)
    }

    /// The bytes to store. They hold the activity as it came: personal data.
    pub fn to_bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The bytes to store, borrowed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its version, and the message authentication code over all else: 33 bytes, by which whoever sealed it knows it again, as no two that were
    /// sealed under one secret and differ have the same. Nothing is checked here. Of what is shorter, all of it.
    pub fn tag(&self) -> &[u8] {
        self.bytes.get(..=TAG_LEN).unwrap_or(&self.bytes)
    }
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed")
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What was sealed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Envelope {
    /// An activity whose sender is known.
    Activity(Box<Authenticated<Activity>>),
    /// One that somebody else passed on, of which nothing is believed.
    Forwarded(Box<Forwarded>),
}

/// The key under which an instance seals what it stores. Made once, kept in the `KeyStore`, never shown.
#[derive(Clone)]
pub struct Secret {
    key: ring::hmac::Key,
}

impl Secret {
    /// A secret from at least 32 random bytes. The same bytes give the same secret.
    ///
    /// # Errors
    /// [`BadSeal::WeakSecret`] when there are fewer than 32 bytes.
    pub fn new(random: &[u8]) -> Result<Self, BadSeal> {
        if random.len() < 32 {
            return Err(BadSeal::WeakSecret);
        }
        Ok(Self {
            key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, random),
        })
    }

    /// An authentication code of a text, for another purpose than sealing: a URL that only we can have made. Codes for
    /// different purposes have nothing to do with each other, or with seals.
    #[must_use]
    pub fn code(&self, purpose: &str, text: &[u8]) -> [u8; TAG_LEN] {
        let mut code = [0; TAG_LEN];
        let tag = ring::hmac::sign(&self.key, &labelled(purpose, text));
        for (to, from) in code.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        code
    }

    /// Whether this is the [`code`](Secret::code) of the text, in a time that does not depend on where they differ.
    #[must_use]
    pub fn is_code(&self, purpose: &str, text: &[u8], code: &[u8]) -> bool {
        ring::hmac::verify(&self.key, &labelled(purpose, text), code).is_ok()
    }

    /// The domain stands for the version and the use, so that no other use of the same secret makes a seal.
    fn tag(&self, domain: &[u8], parts: &[&[u8]]) -> ring::hmac::Tag {
        let mut context = ring::hmac::Context::with_key(&self.key);
        context.update(domain);
        for part in parts {
            context.update(part);
        }
        context.sign()
    }

    fn verify(&self, domain: &[u8], parts: &[&[u8]], tag: &[u8]) -> Result<(), BadSeal> {
        let parts: Vec<&[u8]> = [domain].into_iter().chain(parts.iter().copied()).collect();
        ring::hmac::verify(&self.key, &parts.concat(), tag).map_err(|_| BadSeal::Mismatch)
    }
}

/// No text for one purpose is that of another.
fn labelled(purpose: &str, text: &[u8]) -> Vec<u8> {
    [b"federate code 1\0", purpose.as_bytes(), b"\0", text].concat()
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why something sealed does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadSeal {
    /// A secret of fewer than 32 bytes.
    #[error("a sealing secret needs at least 32 bytes")]
    WeakSecret,
    /// It was not sealed under this secret, or it was changed since.
    #[error("seal does not match: made under another secret, or changed since")]
    Mismatch,
    /// It holds something that was passed on, of which nothing is proven.
    #[error("sealed content is no activity whose sender is known")]
    NotAnActivity,
    /// It begins with a version that this release does not know.
    #[error("sealed by an unknown version")]
    UnknownVersion,
    /// It matched, but what is inside cannot be read.
    #[error("sealed content cannot be read")]
    Unreadable,
}

impl<A> Authenticated<A> {
    /// Seals it for a store. `received_at` is kept with it, to the microsecond.
    pub fn seal(&self, secret: &Secret, received_at: SystemTime) -> Sealed {
        let proof = self.proof();
        let body = proof.body.bytes();
        let mut about = Vec::with_capacity(ABOUT);
        write(&mut about, proof, received_at);
        let tag = secret.tag(DOMAIN, &[proof.body.sha256(), &about]);
        sealed(VERSION, tag, &[&length(body), body, &about])
    }
}

impl Forwarded {
    /// Seals it for a store. `received_at` is kept with it, to the microsecond.
    pub fn seal(&self, secret: &Secret, received_at: SystemTime) -> Sealed {
        let mut payload = Vec::with_capacity(self.body().len().saturating_add(ABOUT));
        write_forwarded(&mut payload, self, received_at);
        let tag = secret.tag(FORWARDED_DOMAIN, &[&payload]);
        sealed(FORWARDED_VERSION, tag, &[&payload])
    }
}

/// More bytes than nearly all that is said of an activity beside its own.
const ABOUT: usize = 512;

fn sealed(version: u8, tag: ring::hmac::Tag, payload: &[&[u8]]) -> Sealed {
    let head = [&[version], tag.as_ref()];
    let parts = head.iter().chain(payload);
    let mut bytes = Vec::with_capacity(parts.clone().map(|part| part.len()).sum());
    parts.for_each(|part| bytes.extend_from_slice(part));
    Sealed::from_bytes(bytes)
}

fn activity((activity, at): (Authenticated<Activity>, SystemTime)) -> (Envelope, SystemTime) {
    (Envelope::Activity(Box::new(activity)), at)
}

// After version and tag: each field with its length before it, in this order. Nothing can be read in two ways.
//   body | received_at (µs) | by | id | kind of evidence | what belongs to it
// The tag is over the SHA-256 of the body and all that follows it. A kind and what belongs to it:
//   signature: key id | flavour | signed_at (µs)      gone: key id      refetched: from
//   proof, ld: key id | what was proven
// As it was before, the tag over all of it:
//   received_at (µs) | by | id | kind of evidence | what belongs to it | body
// What was passed on, the tag over all of it:
//   received_at (µs) | forwarder | id | actor | what is said to be deleted, or nothing | body

fn write(out: &mut Vec<u8>, proof: &Proof, received_at: SystemTime) {
    put(out, &micros(received_at));
    put(out, proof.by.as_str().as_bytes());
    put(out, proof.id.as_str().as_bytes());
    match &proof.evidence {
        Evidence::RequestSignature {
            key_id,
            flavour,
            signed_at,
        } => {
            put(out, b"signature");
            put(out, key_id.as_str().as_bytes());
            put(
                out,
                match flavour {
                    Flavour::Rfc9421 => b"rfc9421",
                    _ => b"cavage",
                },
            );
            put(out, &micros(*signed_at));
        }
        Evidence::Gone { key_id } => {
            put(out, b"gone");
            put(out, key_id.as_str().as_bytes());
        }
        Evidence::ObjectProof { key_id } => {
            put(out, b"proof");
            put(out, key_id.as_str().as_bytes());
            put(out, proof.said());
        }
        Evidence::LinkedDataSignature { key_id } => {
            put(out, b"ld");
            put(out, key_id.as_str().as_bytes());
            put(out, proof.said());
        }
        Evidence::Refetched { from } => {
            put(out, b"refetched");
            put(out, from.as_str().as_bytes());
        }
    }
}

/// `body`: none where it is the last field.
fn read(
    mut rest: &[u8],
    body: Option<Hashed>,
    whole: &Bytes,
) -> Option<(Authenticated<Activity>, SystemTime)> {
    let received_at = time(take(&mut rest)?)?;
    let by = iri(take(&mut rest)?)?;
    let id = iri(take(&mut rest)?)?;
    let mut said = None;
    let evidence = match take(&mut rest)? {
        b"signature" => Evidence::RequestSignature {
            key_id: key_id(take(&mut rest)?)?,
            flavour: match take(&mut rest)? {
                b"cavage" => Flavour::Cavage,
                b"rfc9421" => Flavour::Rfc9421,
                _ => return None,
            },
            signed_at: time(take(&mut rest)?)?,
        },
        b"gone" => Evidence::Gone {
            key_id: key_id(take(&mut rest)?)?,
        },
        kind @ (b"proof" | b"ld") => {
            let key_id = key_id(take(&mut rest)?)?;
            said = Some(whole.slice_ref(take(&mut rest)?));
            match kind {
                b"proof" => Evidence::ObjectProof { key_id },
                _ => Evidence::LinkedDataSignature { key_id },
            }
        }
        b"refetched" => Evidence::Refetched {
            from: iri(take(&mut rest)?)?,
        },
        _ => return None,
    };
    let body = match body {
        Some(body) => body,
        None => whole.slice_ref(take(&mut rest)?).into(),
    };
    if !rest.is_empty() {
        return None;
    }
    let proof = Proof {
        by,
        id,
        evidence,
        body,
        said,
        forwarder: None,
    };
    let activity = Object::parse(proof.said()).ok()?;
    Some((Authenticated::new(activity, proof), received_at))
}

fn write_forwarded(out: &mut Vec<u8>, forwarded: &Forwarded, received_at: SystemTime) {
    put(out, &micros(received_at));
    for id in [forwarded.forwarder(), forwarded.id(), forwarded.actor()] {
        put(out, id.as_str().as_bytes());
    }
    put(out, forwarded.gone().map_or(&[], |gone| gone.as_str().as_bytes()));
    put(out, forwarded.body());
}

fn read_forwarded(payload: &[u8], whole: &Bytes) -> Option<(Forwarded, SystemTime)> {
    let mut rest = payload;
    let received_at = time(take(&mut rest)?)?;
    let forwarder = iri(take(&mut rest)?)?;
    let id = iri(take(&mut rest)?)?;
    let actor = iri(take(&mut rest)?)?;
    let gone = match take(&mut rest)? {
        b"" => None,
        gone => Some(iri(gone)?),
    };
    let body = whole.slice_ref(take(&mut rest)?);
    let forwarded = Forwarded::from_parts(forwarder, id, actor, gone, body);
    rest.is_empty().then_some((forwarded, received_at))
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend_from_slice(&length(field));
    out.extend_from_slice(field);
}

fn length(field: &[u8]) -> [u8; 8] {
    u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes()
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (len, after) = rest.split_first_chunk::<8>()?;
    let (field, after) = after.split_at_checked(usize::try_from(u64::from_be_bytes(*len)).ok()?)?;
    *rest = after;
    Some(field)
}

fn micros(time: SystemTime) -> [u8; 8] {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX).to_be_bytes()
}

fn time(field: &[u8]) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_micros(u64::from_be_bytes(field.try_into().ok()?)))
}

fn iri(field: &[u8]) -> Option<Iri> {
    Iri::parse(std::str::from_utf8(field).ok()?).ok()
}

fn key_id(field: &[u8]) -> Option<KeyId> {
    Some(KeyId::from(std::str::from_utf8(field).ok()?))
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_code_is_for_one_text_one_purpose_and_one_secret() {
        let secret = Secret::new(&[1; 32]).unwrap();
        let code = secret.code("media", b"text");
        assert!(secret.is_code("media", b"text", &code));
        assert!(!secret.is_code("media", b"texT", &code));
        assert!(!secret.is_code("medi", b"a\0text", &code));
        assert!(!secret.is_code("other", b"text", &code));
        assert!(!secret.is_code("media", b"text", &code[..31]));
        assert!(!Secret::new(&[2; 32]).unwrap().is_code("media", b"text", &code));
    }
}
