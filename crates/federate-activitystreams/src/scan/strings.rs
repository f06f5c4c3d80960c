//! Texts: where they end, and that they are in order.

use super::scanner::{Scanner, Stop};
use crate::{
    ParseError,
    tape::{Entry, Token, position},
};

impl Scanner<'_> {
    /// A text, from its quote on: what stands between the quotes, and whether it has escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Result<Entry, Stop> {
        let start = self.at + 1;
        let end = plain_end(self.bytes, start);
        if self.bytes.get(end) != Some(&b'"') {
            return self.escaped(start, end);
        }
        self.at = end + 1;
        Ok(Entry::leaf(Token::Plain, position(start), position(end)))
    }

    /// A text of which the first thing that is not plain, at this place, is not its end.
    #[inline(never)]
    fn escaped(&mut self, start: usize, mut at: usize) -> Result<Entry, Stop> {
        loop {
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at = self.escape(at)?,
                Some(0) => return Err(Stop::from(ParseError::Nul { at })),
                _ => return Err(Stop::from(ParseError::Syntax { at })),
            }
            at = plain_end(self.bytes, at);
        }
        self.at = at + 1;
        Ok(Entry::leaf(Token::Escaped, position(start), position(at)))
    }

    /// One escape, from its backslash on: where it ends.
    #[inline]
    fn escape(&self, at: usize) -> Result<usize, Stop> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => self.escaped_unit(at),
            _ => Err(Stop::from(ParseError::Syntax { at })),
        }
    }

    fn escaped_unit(&self, at: usize) -> Result<usize, Stop> {
        match self.unit(at)? {
            0 => Err(Stop::from(ParseError::Nul { at })),
            0xd800..=0xdbff => {
                let pair = self.bytes.get(at + 6..at + 8) == Some(b"\\u");
                match if pair { self.unit(at + 6)? } else { 0 } {
                    0xdc00..=0xdfff => Ok(at + 12),
                    _ => Err(Stop::from(ParseError::LoneSurrogate { at })),
                }
            }
            0xdc00..=0xdfff => Err(Stop::from(ParseError::LoneSurrogate { at })),
            _ => Ok(at + 6),
        }
    }

    fn unit(&self, at: usize) -> Result<u32, Stop> {
        let digits = self
            .bytes
            .get(at + 2..at + 6)
            .ok_or_else(|| Stop::from(ParseError::Syntax { at }))?;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit)
                .to_digit(16)
                .ok_or_else(|| Stop::from(ParseError::Syntax { at }))?;
            Ok(unit << 4 | digit)
        })
    }
}

/// Whether a text is not plain at this byte: a quote, a backslash or a control character. With its second bit turned
/// round a quote comes right after the control characters, and none of these leaves them.
const fn stops(byte: u8) -> bool {
    (byte ^ 2) <= 0x20 || byte == b'\\'
}

/// Where the first quote, backslash or control character stands, from `at` on; the end where there is none.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((chunk, after)) = rest.split_first_chunk::<16>() {
        // Whether one stands in sixteen bytes is quickly asked of all at once; where, of eight.
        if chunk.iter().fold(false, |any, byte| any | stops(*byte)) {
            return bytes.len() - rest.len() + first_stop(chunk);
        }
        rest = after;
    }
    near_end(bytes, bytes.len() - rest.len())
}

/// The same in sixteen bytes of which one stops.
#[inline]
fn first_stop(chunk: &[u8; 16]) -> usize {
    let [low, high] = chunk.as_chunks().0 else {
        return 0;
    };
    match word_stops(u64::from_le_bytes(*low)) {
        0 => 8 + word_stops(u64::from_le_bytes(*high)).trailing_zeros() as usize / 8,
        found => found.trailing_zeros() as usize / 8,
    }
}

#[inline(never)]
fn near_end(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| !stops(*byte)) {
        at += 1;
    }
    at
}

/// A text of less than eight bytes without escapes that begins here, as a word with its first byte lowest, and its
/// length; `None` where it is longer, or too near to the end of the document to be read at once.
#[inline]
pub(super) fn short_text(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let word = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    let found = word_stops(word);
    let length = found.trailing_zeros() as usize / 8;
    if found == 0 || word >> (length * 8) & 0xff != u64::from(b'"') {
        return None;
    }
    Some((word & !(u64::MAX << (length * 8)), length))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the bytes of a word at which a text is not plain: see [`stops`]. The lowest mark is always true, whatever a
/// borrow did to those above it.
const fn word_stops(word: u64) -> u64 {
    let low = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (low | backslash) & !word & HIGH
}

/// Marks, where one of the bytes of a word is a colon, one of them at least.
pub(super) const fn colons(word: u64) -> u64 {
    let other = word ^ (ONES * b':' as u64);
    other.wrapping_sub(ONES) & !other & HIGH
}
