//! Digests of bodies: `Digest` (RFC 3230) and `Content-Digest` ([RFC 9530](https://www.rfc-editor.org/rfc/rfc9530)).

use crate::{
    refusal::{Problem, RefusalKind, shown},
    structured,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, SHA512, digest};

/// The only value of `Digest` that all servers take.
pub(crate) fn digest_header(body: &[u8]) -> String {
    sha256_between("SHA-256=", body, "")
}

/// The only value of `Content-Digest` that all servers take.
pub(crate) fn content_digest_header(body: &[u8]) -> String {
    sha256_between("sha-256=:", body, ":")
}

fn sha256_between(before: &str, body: &[u8], after: &str) -> String {
    let mut out = String::with_capacity(64);
    out.push_str(before);
    STANDARD.encode_string(digest(&SHA256, body), &mut out);
    out.push_str(after);
    out
}

/// Holds the bytes that arrived against a `Digest` header: all that is known must match, and one must be strong. Gives their SHA-256, where
/// that was among them.
pub(crate) fn check_digest(value: &str, body: &[u8]) -> Result<Option<Sha256>, RefusalKind> {
    const HEADER: &str = "digest";
    let malformed = |problem| RefusalKind::Malformed {
        header: HEADER,
        problem,
    };
    let mut offered = Vec::with_capacity(1);
    for member in value.split(',') {
        let member = member.trim_matches([' ', '\t']).split_once('=');
        offered.push(member.ok_or(malformed(Problem::Syntax))?);
        if offered.len() > MEMBERS {
            return Err(RefusalKind::TooLarge {
                header: HEADER,
                limit: MEMBERS,
            });
        }
    }
    let mut known = Vec::with_capacity(1);
    for (name, encoded) in &offered {
        if let Some(algorithm) = Strong::named(name) {
            let bytes = STANDARD.decode(encoded).map_err(|_| malformed(Problem::Base64))?;
            known.push((algorithm, bytes));
        }
    }
    compare(HEADER, &known, offered.iter().map(|(name, _)| *name), body)
}

/// Holds the bytes that arrived against a `Content-Digest` header, as [`check_digest`] does.
pub(crate) fn check_content_digest(value: &str, body: &[u8]) -> Result<Option<Sha256>, RefusalKind> {
    const HEADER: &str = "content-digest";
    let members = structured::byte_sequences(HEADER, value, MEMBERS)?;
    let names = members.iter().map(|(name, _)| name.as_str());
    let known: Vec<_> = members
        .iter()
        .filter_map(|(name, bytes)| Some((Strong::named(name)?, bytes.clone())))
        .collect();
    compare(HEADER, &known, names, body)
}

fn compare<'a>(
    header: &'static str,
    known: &[(Strong, Vec<u8>)],
    offered: impl Iterator<Item = &'a str>,
    body: &[u8],
) -> Result<Option<Sha256>, RefusalKind> {
    if known.is_empty() {
        return Err(RefusalKind::NoStrongDigest {
            header,
            offered: offered.map(|name| shown(&name.to_ascii_lowercase())).collect(),
        });
    }
    let mut sha256 = None;
    for (algorithm, received) in known {
        let computed = digest(algorithm.ring(), body);
        // A digest is public: comparing in constant time would hide nothing.
        if computed.as_ref() != received.as_slice() {
            return Err(RefusalKind::DigestMismatch {
                header,
                algorithm: algorithm.name(),
                computed: STANDARD.encode(computed),
                received: shown(&STANDARD.encode(received)),
            });
        }
        if matches!(algorithm, Strong::Sha256) {
            sha256 = computed.as_ref().try_into().ok();
        }
    }
    Ok(sha256)
}

/// A digest that was computed here.
pub(crate) type Sha256 = [u8; 32];

#[derive(Clone, Copy)]
enum Strong {
    Sha256,
    Sha512,
}

impl Strong {
    fn named(name: &str) -> Option<Self> {
        [Self::Sha256, Self::Sha512]
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha512 => "sha-512",
        }
    }

    fn ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Sha256 => &SHA256,
            Self::Sha512 => &SHA512,
        }
    }
}

/// More algorithms than anybody offers.
const MEMBERS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the bytes themselves: nobody else's word is passed on.
    #[test]
    fn the_digest_that_is_given_is_the_one_that_was_computed() {
        let body = b"{}";
        let computed = |algorithm| STANDARD.encode(digest(algorithm, body));
        let (sha256, sha512) = (computed(&SHA256), computed(&SHA512));
        let expected: Sha256 = digest(&SHA256, body).as_ref().try_into().unwrap();
        for (value, known) in [
            (format!("SHA-256={sha256}"), Some(expected)),
            (format!("sha-512={sha512},sha-256={sha256}"), Some(expected)),
            (format!("sha-256={sha256},sha-512={sha512}"), Some(expected)),
            (format!("sha-512={sha512}"), None),
        ] {
            assert_eq!(check_digest(&value, body), Ok(known), "{value}");
        }
        for (value, known) in [
            (format!("sha-256=:{sha256}:"), Some(expected)),
            (format!("sha-512=:{sha512}:"), None),
        ] {
            assert_eq!(check_content_digest(&value, body), Ok(known), "{value}");
        }
    }
}
