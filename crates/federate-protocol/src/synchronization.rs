//! Follower synchronisation: <https://w3id.org/fep/8fcf>
//!
//! With what an actor sends to its followers, its server says which of them the receiving server should have: as a digest of their ids in
//! the header `Collection-Synchronization`, and as a list at a URL of its own. The receiver compares, and repairs what differs.

use crate::activitystreams::{Iri, Origin};
use ring::digest::{SHA256, digest};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// The header, as `http` spells names.
pub const HEADER: &str = "collection-synchronization";

/// The longest header that is read: two URLs and a digest.
const LONGEST: usize = 4096;

/// The exclusive or of the SHA-256 digests of ids: the same for a set, whatever its order; adding and removing one are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetDigest([u8; 32]);

impl SetDigest {
    /// That of no ids.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an id that is not in the set, or removes one that is.
    pub fn toggle(&mut self, id: &Iri) {
        let hash = digest(&SHA256, id.as_str().as_bytes());
        for (mine, theirs) in self.0.iter_mut().zip(hash.as_ref()) {
            *mine ^= theirs;
        }
    }
}

impl<'a> FromIterator<&'a Iri> for SetDigest {
    /// Each id counts once, however often it comes.
    fn from_iter<T: IntoIterator<Item = &'a Iri>>(ids: T) -> Self {
        let mut all = Self::default();
        for id in ids.into_iter().collect::<BTreeSet<_>>() {
            all.toggle(id);
        }
        all
    }
}

impl fmt::Display for SetDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for SetDigest {
    type Err = BadClaim;

    fn from_str(text: &str) -> Result<Self, BadClaim> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(BadClaim::Digest);
        }
        for (index, byte) in bytes.iter_mut().enumerate() {
            let pair = text.get(2 * index..2 * index + 2).ok_or(BadClaim::Digest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadClaim::Digest)?;
        }
        Ok(Self(bytes))
    }
}

/// Whether a follower is one of a server: of exactly its scheme, host and port.
#[must_use]
pub fn is_of(follower: &Iri, server: &Origin) -> bool {
    follower.origin().as_ref() == Some(server)
}

/// What the header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The followers collection of the sender.
    pub collection: Iri,
    /// Where those followers are listed that are of the receiving server.
    pub url: Iri,
    /// The digest of these.
    pub digest: SetDigest,
}

impl Claim {
    /// Reads the header. `lines` are its values, `covered` the names that the signature of the request covers: what was not signed may be anybody's.
    ///
    /// # Errors
    /// [`BadClaim`].
    pub fn read<'a>(
        lines: impl IntoIterator<Item = &'a str>,
        covered: &[String],
    ) -> Result<Option<Self>, BadClaim> {
        let mut lines = lines.into_iter();
        let Some(line) = lines.next() else { return Ok(None) };
        if lines.next().is_some() {
            return Err(BadClaim::Repeated);
        }
        if !covered.iter().any(|name| name == HEADER) {
            return Err(BadClaim::Unsigned);
        }
        line.parse().map(Some)
    }

    /// Whether the actor may claim this: the collection is its own, and the list is on its server.
    ///
    /// # Errors
    /// [`BadClaim::NotTheFollowers`] or [`BadClaim::Foreign`].
    pub fn check(&self, actor: &Iri, followers: Option<&Iri>) -> Result<(), BadClaim> {
        if followers != Some(&self.collection) {
            return Err(BadClaim::NotTheFollowers);
        }
        if !self.url.same_origin(actor) || !self.collection.same_origin(actor) {
            return Err(BadClaim::Foreign);
        }
        Ok(())
    }
}

/// The value of the header.
impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (collection, url, digest) = (&self.collection, &self.url, &self.digest);
        write!(
            f,
            "collectionId=\"{collection}\", url=\"{url}\", digest=\"{digest}\""
        )
    }
}

impl FromStr for Claim {
    type Err = BadClaim;

    fn from_str(line: &str) -> Result<Self, BadClaim> {
        if line.len() > LONGEST {
            return Err(BadClaim::Malformed);
        }
        let (mut collection, mut url, mut digest) = (None, None, None);
        let mut rest = line.trim();
        loop {
            let (name, after) = rest.split_once("=\"").ok_or(BadClaim::Malformed)?;
            let (value, after) = after.split_once('"').ok_or(BadClaim::Malformed)?;
            let place = match name.trim_start() {
                "collectionId" => &mut collection,
                "url" => &mut url,
                "digest" => &mut digest,
                _ => return Err(BadClaim::Malformed),
            };
            if value.contains('\\') || place.replace(value).is_some() {
                return Err(BadClaim::Malformed);
            }
            rest = after.trim_start();
            if rest.is_empty() {
                break;
            }
            rest = rest.strip_prefix(',').ok_or(BadClaim::Malformed)?;
        }
        let iri = |text: Option<&str>| {
            text.and_then(|text| Iri::parse(text).ok())
                .ok_or(BadClaim::Malformed)
        };
        Ok(Self {
            collection: iri(collection)?,
            url: iri(url)?,
            digest: digest.ok_or(BadClaim::Malformed)?.parse()?,
        })
    }
}

/// Why a header is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadClaim {
    /// It stands there more than once.
    #[error("the header is there more than once")]
    Repeated,
    /// The signature does not cover it.
    #[error("the header is not signed")]
    Unsigned,
    /// It is not exactly the three parameters, each once.
    #[error("the header is not a collection, a URL and a digest")]
    Malformed,
    /// The digest is not 64 hexadecimal digits in lower case.
    #[error("the digest is not one")]
    Digest,
    /// The collection is not the followers of the sender.
    #[error("the collection is not the sender's followers")]
    NotTheFollowers,
    /// The list is on another origin than the sender.
    #[error("the list is of another origin than the sender")]
    Foreign,
}

/// What is to be repaired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// We think that they follow, and their server does not.
    pub not_listed: Vec<Iri>,
    /// They asked, and their server says that they follow: the answer was lost.
    pub accepted: Vec<Iri>,
    /// Their server thinks that they follow, and we do not.
    pub not_following: Vec<Iri>,
}

/// Compares what the sender's server lists with what we know: who follows, and who asked and waits.
#[must_use]
pub fn differences(listed: &[Iri], following: &[Iri], requested: &[Iri]) -> Differences {
    let there: BTreeSet<_> = listed.iter().collect();
    let here: BTreeSet<_> = following.iter().collect();
    let asked: BTreeSet<_> = requested.iter().collect();
    let mut found = Differences {
        not_listed: here.difference(&there).map(|id| (*id).clone()).collect(),
        ..Differences::default()
    };
    for id in there.difference(&here) {
        match asked.contains(id) {
            true => found.accepted.push((*id).clone()),
            false => found.not_following.push((*id).clone()),
        }
    }
    found
}

#[cfg(test)]
mod tests;
