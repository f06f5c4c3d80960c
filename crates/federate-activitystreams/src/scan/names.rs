//! The names of properties: each once in an object.

use super::{
    scanner::{Next, Scanner, Stop},
    strings::{colons, short_text},
};
use crate::{
    ParseError, spelling,
    tape::{Entry, Token, position, unescape},
};

/// Objects of at most this many properties are searched for duplicates pair by pair, larger ones sorted.
const FEW_KEYS: usize = 24;

/// How many bits tell the names of one object apart before their hashes are compared.
const BUCKETS: u32 = 256;

const TYPE: u64 = u64::from_le_bytes(*b"type\0\0\0\0");
const KEYWORD_TYPE: u64 = u64::from_le_bytes(*b"@type\0\0\0");

impl Scanner<'_> {
    /// A name and its colon.
    #[inline]
    pub(super) fn name(&mut self) -> Result<(), Stop> {
        let at = self.at;
        // Half of all names are short enough to be looked at as one number.
        let short = short_text(self.bytes, at + 1);
        let entry = match short {
            Some((_, length)) => {
                self.at += length + 2;
                Entry::leaf(Token::Plain, position(at + 1), position(at + 1 + length))
            }
            None => self.string()?,
        };
        let length = entry.end - entry.start;
        if length as usize > self.limits.key_bytes || self.top.room == 0 {
            return Err(self.name_too_much(at, length as usize));
        }
        self.top.room -= 1;
        let hash = match short {
            Some((word, length)) => self.short_name(word, length),
            None => self.long_name(entry),
        };
        self.seen.push((hash, position(self.tape.len())));
        self.tape.push(Entry { size: hash, ..entry });
        if self.skip_blanks() != Some(b':') {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(())
    }

    #[cold]
    fn name_too_much(&self, at: usize, length: usize) -> Stop {
        let limit = self.limits.key_bytes;
        Stop::from(if length > limit {
            ParseError::LongKey { at, limit }
        } else {
            ParseError::TooMany {
                what: "properties",
                at,
                limit: self.limits.keys,
            }
        })
    }

    /// What a name says of its object, of the document and of the value that follows; and its hash.
    #[inline]
    fn short_name(&mut self, word: u64, length: usize) -> u32 {
        if !self.top.context {
            let keyword = word & 0xff == u64::from(b'@');
            if keyword || colons(word) != 0 {
                self.unusual_name();
            }
            self.top.next = if word == TYPE || word == KEYWORD_TYPE {
                Next::Type
            } else {
                Next::Any
            };
        }
        half(mix(length as u64, word))
    }

    /// The same of one that is eight bytes or longer, or has escapes.
    #[inline(never)]
    fn long_name(&mut self, entry: Entry) -> u32 {
        let text = self
            .text
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or_default();
        let decoded;
        let name = if entry.token == Token::Escaped {
            decoded = unescape(text);
            &decoded
        } else {
            text
        };
        let (hash, colon) = hashed(name.as_bytes());
        if self.top.context {
            return hash;
        }
        self.top.next = match name {
            "@context" => Next::Context,
            "type" | "@type" => Next::Type,
            _ => Next::Any,
        };
        if self.top.next == Next::Context {
            self.contexts.push((self.top.entry, position(self.tape.len())));
        } else if colon || name.starts_with('@') {
            self.unusual_name();
        }
        hash
    }

    #[cold]
    fn unusual_name(&mut self) {
        self.top.odd = true;
        self.odd = true;
    }

    /// A type whose name has escapes, which is kept decoded so that it can be borrowed.
    #[inline(never)]
    pub(super) fn escaped_type(&mut self, entry: Entry) {
        let text = self.text.get(entry.start as usize..entry.end as usize);
        let decoded = unescape(text.unwrap_or_default());
        self.types.push((position(self.tape.len()), decoded.into()));
    }

    pub(super) fn no_duplicates(&mut self, names: usize) -> Result<(), Stop> {
        let seen = self.seen.get_mut(names..).unwrap_or_default();
        let name = |key: u32| spelling::decoded(self.text, &self.tape, key);
        if seen.len() <= FEW_KEYS {
            let mut full = [0_u64; BUCKETS as usize / 64];
            for (n, (hash, key)) in seen.iter().enumerate() {
                let Some(bits) = full.get_mut((hash % BUCKETS / 64) as usize) else {
                    continue;
                };
                let bit = 1 << (hash % 64);
                // Only where one before it fell into the same bucket can that be the same.
                if *bits & bit != 0 {
                    let mut before = seen.iter().take(n);
                    if before.any(|(other, there)| other == hash && name(*there) == name(*key)) {
                        return Err(Stop::from(duplicate(&self.tape, *key)));
                    }
                }
                *bits |= bit;
            }
            return Ok(());
        }
        // Names with one hash, which an attacker can make, are sorted by themselves: never pair by pair.
        seen.sort_unstable_by(|(a, one), (b, other)| {
            let names = || name(*one).cmp(&name(*other));
            a.cmp(b).then_with(names).then(one.cmp(other))
        });
        let twice = seen.windows(2).filter_map(|pair| match pair {
            [(a, one), (b, other)] if a == b && name(*one) == name(*other) => Some(*other),
            _ => None,
        });
        // The one that comes first in the document, not in the order of the hashes.
        match twice.min() {
            Some(key) => Err(Stop::from(duplicate(&self.tape, key))),
            None => Ok(()),
        }
    }
}

fn duplicate(tape: &[Entry], key: u32) -> ParseError {
    ParseError::DuplicateKey {
        at: tape.get(key as usize).map_or(0, |entry| entry.start as usize),
    }
}

/// A hash that tells most names apart. What shares a hash is compared.
#[inline]
pub(crate) fn hash(name: &str) -> u32 {
    hashed(name.as_bytes()).0
}

/// The same, and whether there is a colon.
#[inline]
fn hashed(name: &[u8]) -> (u32, bool) {
    let length = name.len() as u64;
    let (Some(first), Some(last)) = (name.first_chunk(), name.last_chunk()) else {
        let word = short_word(name);
        return (half(mix(length, word)), colons(word) != 0);
    };
    let word = u64::from_le_bytes(*first);
    let (mut hash, mut colon) = (mix(length, word), colons(word));
    let mut add = |chunk: &[u8; 8]| {
        let word = u64::from_le_bytes(*chunk);
        hash = mix(hash, word);
        colon |= colons(word);
    };
    let mut rest = name.get(8..).unwrap_or_default();
    while let (true, Some((chunk, after))) = (rest.len() > 8, rest.split_first_chunk()) {
        add(chunk);
        rest = after;
    }
    // The last eight bytes, of which some may have been there before.
    add(last);
    (half(hash), colon != 0)
}

const fn mix(hash: u64, word: u64) -> u64 {
    let hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 32
}

#[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
const fn half(hash: u64) -> u32 {
    hash as u32
}

/// Less than eight bytes as a word, the first lowest: of four and more from two halves that may overlap.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            u64::from(first) | u64::from(last) << ((bytes.len() - 4) * 8)
        }
        _ => bytes
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_hash_however_it_is_read() {
        let text = "@type:abcdefghijklmnopqrstuvwxyz0123456789";
        for length in 0..text.len() {
            let name = text.get(..length).unwrap();
            let document = format!("{name}\": 0123456789");
            let short = short_text(document.as_bytes(), 0);
            assert_eq!(short.is_some(), length < 8);
            let (hash, colon) = hashed(name.as_bytes());
            assert_eq!(colon, name.contains(':'), "{name}");
            if let Some((word, found)) = short {
                assert_eq!((found, half(mix(found as u64, word))), (length, hash), "{name}");
            }
        }
    }

    /// Names of sixteen bytes with one hash: what the first half does is undone by the second.
    pub(in crate::scan) fn colliding(count: usize) -> Vec<String> {
        let wanted = mix(16, u64::from_le_bytes(*b"aaaaaaaa")) ^ u64::from_le_bytes(*b"aaaaaaaa");
        let second = |first: [u8; 8]| (mix(16, u64::from_le_bytes(first)) ^ wanted).to_le_bytes();
        let firsts = (0_u64..).map(|n| format!("{n:08}").into_bytes());
        firsts
            .filter_map(|first| {
                let first: [u8; 8] = first.try_into().ok()?;
                String::from_utf8([first, second(first)].concat()).ok()
            })
            .filter(|name| !name.contains(|c: char| c.is_control() || c == '"' || c == '\\'))
            .take(count)
            .collect()
    }
}
