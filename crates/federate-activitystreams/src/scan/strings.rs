//! Texts: where they end, and that they are in order.

use super::scanner::{Scanner, Stop};
use crate::{ParseError, tape::Token};

impl Scanner<'_> {
    /// A text, from its quote on: whether it has escapes, and what stands between the quotes.
    pub(super) fn string(&mut self) -> Result<(Token, usize, usize), Stop> {
        let start = self.at + 1;
        let mut at = start;
        let mut token = Token::Plain;
        loop {
            at = plain_end(self.bytes, at);
            match self.bytes.get(at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    token = Token::Escaped;
                    at = self.escape(at)?;
                }
                Some(0) => return Err(Stop::from(ParseError::Nul { at })),
                _ => return Err(Stop::from(ParseError::Syntax { at })),
            }
        }
        self.at = at + 1;
        Ok((token, start, at))
    }

    /// One escape, from its backslash on: where it ends.
    fn escape(&self, at: usize) -> Result<usize, Stop> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => match self.unit(at)? {
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
            },
            _ => Err(Stop::from(ParseError::Syntax { at })),
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

pub(super) const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the bytes of a word that are zero; the lowest mark is always true, whatever a borrow did to those
/// above it.
pub(super) const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

/// Where the first quote, backslash or control character stands, from `at` on: eight bytes at a time, and in
/// long texts thirty-two.
#[inline]
pub(crate) fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    let stops = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let long = at + 32;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64)) | control;
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
        if at >= long {
            while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<32>()) {
                if chunk.iter().fold(false, |any, byte| any | stops(*byte)) {
                    break;
                }
                at += 32;
            }
        }
    }
    while bytes.get(at).is_some_and(|byte| !stops(*byte)) {
        at += 1;
    }
    at
}
