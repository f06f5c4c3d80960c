//! The names of properties: each once in an object.

use super::{
    scanner::{Scanner, Stop},
    strings::{ONES, zeros},
};
use crate::{
    ParseError, spelling,
    tape::{Entry, Token, position, unescape},
};

/// Objects of at most this many properties are searched for duplicates pair by pair, larger ones sorted.
const FEW_KEYS: usize = 24;

impl Scanner<'_> {
    /// A name and its colon.
    pub(super) fn name(&mut self) -> Result<(), Stop> {
        let at = self.at;
        let (token, start, end) = self.string()?;
        if end - start > self.limits.key_bytes {
            return Err(Stop::from(ParseError::LongKey {
                at,
                limit: self.limits.key_bytes,
            }));
        }
        if self.top.count >= self.limits.keys {
            return Err(Stop::from(ParseError::TooMany {
                what: "properties",
                at,
                limit: self.limits.keys,
            }));
        }
        let decoded;
        let name = if token == Token::Escaped {
            decoded = unescape(self.text.get(start..end).unwrap_or_default());
            decoded.as_bytes()
        } else {
            self.bytes.get(start..end).unwrap_or_default()
        };
        let key = position(self.tape.len());
        let (hash, colon) = hash(name);
        let keyword = name.first() == Some(&b'@');
        if !self.top.context {
            let is_context = keyword && name == b"@context";
            let odd = (colon || keyword) && !is_context;
            self.top.odd |= odd;
            self.odd |= odd;
            self.top.of_context = is_context;
            self.top.of_type = name == b"type" || (keyword && name == b"@type");
            if is_context {
                self.contexts.push((self.top.entry, key));
            }
        }
        self.seen.push((hash, key));
        self.tape.push(Entry {
            token,
            start: position(start),
            end: position(end),
            size: 1,
        });
        if self.skip_blanks() != Some(b':') {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(())
    }

    pub(super) fn type_name(&mut self, token: Token, start: usize, end: usize) {
        let text = self.text.get(start..end).unwrap_or_default();
        self.odd_types |= text.contains(':');
        if token == Token::Escaped {
            let decoded = unescape(text);
            self.odd_types |= decoded.contains(':');
            self.types.push((position(self.tape.len()), decoded.into()));
        }
    }

    pub(super) fn no_duplicates(&mut self, names: usize) -> Result<(), Stop> {
        let seen = self.seen.get_mut(names..).unwrap_or_default();
        let name = |key: u32| spelling::decoded(self.text, &self.tape, key);
        if seen.len() <= FEW_KEYS {
            for (n, (hash, key)) in seen.iter().enumerate() {
                let before = seen.get(..n).unwrap_or_default();
                if before
                    .iter()
                    .any(|(other, there)| other == hash && name(*there) == name(*key))
                {
                    return Err(Stop::from(duplicate(&self.tape, *key)));
                }
            }
            return Ok(());
        }
        // Names with one hash, which an attacker can make, are sorted by themselves: never pair by pair.
        seen.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| name(*one).cmp(&name(*other))));
        for pair in seen.windows(2) {
            if let [(a, one), (b, other)] = pair
                && a == b
                && name(*one) == name(*other)
            {
                return Err(Stop::from(duplicate(&self.tape, *one.max(other))));
            }
        }
        Ok(())
    }
}

fn duplicate(tape: &[Entry], key: u32) -> ParseError {
    ParseError::DuplicateKey {
        at: tape.get(key as usize).map_or(0, |entry| entry.start as usize),
    }
}

/// A hash that tells most names apart, and whether there is a colon. What shares a hash is compared.
#[inline]
fn hash(name: &[u8]) -> (u32, bool) {
    let mut hash = name.len() as u64;
    let mut colons = 0;
    let mut add = |word: u64| {
        colons |= zeros(word ^ (ONES * b':' as u64));
        hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 32;
    };
    let mut rest = name;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        add(u64::from_le_bytes(*chunk));
        rest = after;
    }
    if let (true, Some(last)) = (!rest.is_empty(), name.last_chunk::<8>()) {
        add(u64::from_le_bytes(*last));
    } else if !rest.is_empty() {
        add(rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    (hash as u32, colons != 0)
}
