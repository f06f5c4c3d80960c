//! One pass over the bytes: is this JSON that we accept, and where is what?
//!
//! There is no recursion: what is open stands in a list, whose length the depth limit bounds.

use crate::{
    Limits, ParseError, context, spelling,
    tape::{Doc, Entry, Token, position, unescape},
};

/// The limits of what we wrote ourselves: only depth, which bounds what serde would do with it.
pub(crate) const OURS: Limits = Limits {
    bytes: u32::MAX as usize,
    depth: MOST_DEPTH,
    items: usize::MAX,
    keys: usize::MAX,
    key_bytes: usize::MAX,
    values: usize::MAX,
};

/// What walks a document by recursion (writing it as a [`serde_json::Value`]) goes no deeper than this.
const MOST_DEPTH: usize = 512;

/// Objects of at most this many properties are searched for duplicates pair by pair, larger ones sorted.
const FEW_KEYS: usize = 24;

/// Reads a document that came.
pub(crate) fn document(bytes: &[u8], limits: &Limits) -> Result<Doc, ParseError> {
    admit(bytes, limits)?;
    owned(bytes.to_vec(), limits)
}

/// Reads a document that is ours already.
pub(crate) fn owned(bytes: Vec<u8>, limits: &Limits) -> Result<Doc, ParseError> {
    admit(&bytes, limits)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| ParseError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    let mut scanner = Scanner::new(text, limits);
    scanner.run()?;
    let Scanner {
        tape,
        odd,
        types,
        contexts,
        ..
    } = scanner;
    let doc = Doc {
        bytes,
        tape,
        odd,
        types,
    };
    context::check(&doc, &contexts)?;
    Ok(doc)
}

/// A document that is one text only: what stands where only an id is known.
pub(crate) fn text(text: &str) -> Doc {
    let bytes = crate::Json::string(text).0;
    let end = position(bytes.len().saturating_sub(1));
    let token = if bytes.contains(&b'\\') {
        Token::Escaped
    } else {
        Token::Plain
    };
    let entry = Entry {
        token,
        start: 1,
        end,
        next: 1,
    };
    Doc {
        bytes,
        tape: vec![entry],
        odd: false,
        types: Vec::new(),
    }
}

fn admit(bytes: &[u8], limits: &Limits) -> Result<(), ParseError> {
    let limit = limits.bytes.min(u32::MAX as usize - 2);
    if bytes.len() > limit {
        return Err(ParseError::TooLarge {
            size: bytes.len(),
            limit,
        });
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(ParseError::ByteOrderMark);
    }
    Ok(())
}

/// An array or object that is not closed yet.
#[derive(Clone, Copy)]
struct Open {
    /// Its entry.
    entry: u32,
    /// How many values it has so far.
    count: usize,
    object: bool,
    /// Whether it is a context or within one.
    context: bool,
    /// Whether what comes next in it is a `type`.
    of_type: bool,
    /// Whether one of its names has an unusual spelling.
    odd: bool,
    /// Where its names begin in `seen`.
    names: usize,
}

/// What may come next.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Next,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    limits: &'a Limits,
    depth: usize,
    at: usize,
    tape: Vec<Entry>,
    values: usize,
    open: Vec<Open>,
    /// The names of all open objects: hash and entry.
    seen: Vec<(u32, u32)>,
    odd: bool,
    types: Vec<(u32, Box<str>)>,
    contexts: Vec<u32>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            limits,
            depth: limits.depth.min(MOST_DEPTH),
            at: 0,
            tape: Vec::with_capacity(text.len() / 20 + 8),
            values: 0,
            open: Vec::with_capacity(16),
            seen: Vec::with_capacity(64),
            odd: false,
            types: Vec::new(),
            contexts: Vec::new(),
        }
    }

    fn run(&mut self) -> Result<(), ParseError> {
        let mut want = Want::Value;
        loop {
            let byte = self.skip_blanks();
            want = match (want, byte) {
                (Want::ValueOrEnd, Some(b']')) | (Want::NameOrEnd, Some(b'}')) => self.close()?,
                (Want::Value | Want::ValueOrEnd, _) => self.value(byte)?,
                (Want::Name | Want::NameOrEnd, Some(b'"')) => self.name()?,
                (Want::Next, byte) => match (self.open.last(), byte) {
                    (None, None) => break,
                    (None, Some(_)) => return Err(ParseError::TrailingData { at: self.at }),
                    (Some(open), Some(b',')) => {
                        let want = if open.object { Want::Name } else { Want::Value };
                        self.at += 1;
                        want
                    }
                    (Some(open), Some(b'}')) if open.object => self.close()?,
                    (Some(open), Some(b']')) if !open.object => self.close()?,
                    _ => return Err(self.syntax()),
                },
                _ => return Err(self.syntax()),
            };
        }
        match self.tape.first() {
            Some(entry) if entry.token == Token::Object => Ok(()),
            _ => Err(ParseError::NotAnObject),
        }
    }

    fn value(&mut self, byte: Option<u8>) -> Result<Want, ParseError> {
        let at = self.at;
        self.values += 1;
        if self.values > self.limits.values {
            return Err(ParseError::TooMany {
                what: "values",
                at,
                limit: self.limits.values,
            });
        }
        if let Some(open) = self.open.last_mut() {
            open.count += 1;
            if !open.object && open.count > self.limits.items {
                return Err(ParseError::TooMany {
                    what: "items",
                    at,
                    limit: self.limits.items,
                });
            }
        }
        match byte {
            Some(b'{') => self.begin(Token::Object),
            Some(b'[') => self.begin(Token::Array),
            Some(b'"') => {
                let (token, start, end) = self.string()?;
                if token == Token::Escaped && self.open.last().is_some_and(|open| open.of_type) {
                    let decoded = unescape(self.text.get(start..end).unwrap_or_default());
                    self.types.push((position(self.tape.len()), decoded.into()));
                }
                self.leaf(token, start, end)
            }
            Some(b't') => self.word("true", Token::True),
            Some(b'f') => self.word("false", Token::False),
            Some(b'n') => self.word("null", Token::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.syntax()),
        }
    }

    fn begin(&mut self, token: Token) -> Result<Want, ParseError> {
        let at = self.at;
        if self.open.len() >= self.depth {
            return Err(ParseError::TooDeep {
                at,
                limit: self.depth,
            });
        }
        let object = token == Token::Object;
        let (context, of_type) = match self.open.last() {
            Some(open) => (open.context, open.of_type && !object),
            None => (false, false),
        };
        let entry = position(self.tape.len());
        let context = context || (entry > 0 && self.contexts.last() == Some(&(entry - 1)));
        let names = self.seen.len();
        self.open.push(Open {
            entry,
            count: 0,
            object,
            context,
            of_type,
            odd: false,
            names,
        });
        self.tape.push(Entry {
            token,
            start: position(at),
            end: 0,
            next: 0,
        });
        self.at += 1;
        Ok(if object { Want::NameOrEnd } else { Want::ValueOrEnd })
    }

    fn close(&mut self) -> Result<Want, ParseError> {
        self.at += 1;
        let Some(open) = self.open.pop() else {
            return Err(self.syntax());
        };
        let next = position(self.tape.len());
        if let Some(entry) = self.tape.get_mut(open.entry as usize) {
            entry.end = position(self.at);
            entry.next = next;
        }
        if open.object {
            self.no_duplicates(open.names)?;
            if open.odd {
                let names = self.seen.get(open.names..).unwrap_or_default();
                spelling::no_conflicts(self.text, &self.tape, names)?;
            }
            self.seen.truncate(open.names);
        }
        Ok(Want::Next)
    }

    fn leaf(&mut self, token: Token, start: usize, end: usize) -> Result<Want, ParseError> {
        let next = position(self.tape.len() + 1);
        self.tape.push(Entry {
            token,
            start: position(start),
            end: position(end),
            next,
        });
        Ok(Want::Next)
    }

    fn word(&mut self, word: &str, token: Token) -> Result<Want, ParseError> {
        let start = self.at;
        let end = start + word.len();
        if self.bytes.get(start..end) != Some(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at = end;
        self.leaf(token, start, end)
    }

    fn number(&mut self) -> Result<Want, ParseError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.leaf(Token::Number, start, self.at)
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            Err(self.syntax())
        } else {
            Ok(())
        }
    }

    fn name(&mut self) -> Result<Want, ParseError> {
        let at = self.at;
        let (token, start, end) = self.string()?;
        if end - start > self.limits.key_bytes {
            return Err(ParseError::LongKey {
                at,
                limit: self.limits.key_bytes,
            });
        }
        let raw = self.text.get(start..end).unwrap_or_default();
        let decoded;
        let name = if token == Token::Escaped {
            decoded = unescape(raw);
            decoded.as_str()
        } else {
            raw
        };
        let key = position(self.tape.len());
        let (hash, colon) = hash(name);
        let is_context = name == "@context";
        let odd = (colon || name.starts_with('@')) && !is_context;
        if let Some(open) = self.open.last_mut() {
            let odd = odd && !open.context;
            open.odd |= odd;
            self.odd |= odd;
            open.of_type = !open.context && matches!(name, "type" | "@type");
            if is_context && !open.context {
                self.contexts.push(key);
            }
            if open.count >= self.limits.keys {
                return Err(ParseError::TooMany {
                    what: "properties",
                    at,
                    limit: self.limits.keys,
                });
            }
        }
        self.seen.push((hash, key));
        self.tape.push(Entry {
            token,
            start: position(start),
            end: position(end),
            next: hash,
        });
        if self.skip_blanks() != Some(b':') {
            return Err(self.syntax());
        }
        self.at += 1;
        Ok(Want::Value)
    }

    /// A text, from its quote on: whether it has escapes, and what stands between the quotes.
    fn string(&mut self) -> Result<(Token, usize, usize), ParseError> {
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
                Some(0) => return Err(ParseError::Nul { at }),
                _ => return Err(ParseError::Syntax { at }),
            }
        }
        self.at = at + 1;
        Ok((token, start, at))
    }

    /// One escape, from its backslash on: where it ends.
    fn escape(&self, at: usize) -> Result<usize, ParseError> {
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
            Some(b'u') => match self.unit(at)? {
                0 => Err(ParseError::Nul { at }),
                0xd800..=0xdbff => {
                    let pair = self.bytes.get(at + 6..at + 8) == Some(b"\\u");
                    match if pair { self.unit(at + 6)? } else { 0 } {
                        0xdc00..=0xdfff => Ok(at + 12),
                        _ => Err(ParseError::LoneSurrogate { at }),
                    }
                }
                0xdc00..=0xdfff => Err(ParseError::LoneSurrogate { at }),
                _ => Ok(at + 6),
            },
            _ => Err(ParseError::Syntax { at }),
        }
    }

    fn unit(&self, at: usize) -> Result<u32, ParseError> {
        let digits = self.bytes.get(at + 2..at + 6).ok_or(ParseError::Syntax { at })?;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).ok_or(ParseError::Syntax { at })?;
            Ok(unit << 4 | digit)
        })
    }

    fn no_duplicates(&mut self, names: usize) -> Result<(), ParseError> {
        let seen = self.seen.get_mut(names..).unwrap_or_default();
        let name = |key: u32| spelling::decoded(self.text, &self.tape, key);
        if seen.len() <= FEW_KEYS {
            for (n, (hash, key)) in seen.iter().enumerate() {
                let before = seen.get(..n).unwrap_or_default();
                if before
                    .iter()
                    .any(|(other, there)| other == hash && name(*there) == name(*key))
                {
                    return Err(duplicate(&self.tape, *key));
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
                return Err(duplicate(&self.tape, *one.max(other)));
            }
        }
        Ok(())
    }

    fn skip_blanks(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn syntax(&self) -> ParseError {
        ParseError::Syntax { at: self.at }
    }
}

fn duplicate(tape: &[Entry], key: u32) -> ParseError {
    ParseError::DuplicateKey {
        at: tape.get(key as usize).map_or(0, |entry| entry.start as usize),
    }
}

/// FNV-1a, and whether there is a colon.
fn hash(name: &str) -> (u32, bool) {
    let mut colon = false;
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        colon |= byte == b':';
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash, colon)
}

/// Where the first quote, backslash or control character stands, from `at` on; eight bytes at a time.
fn plain_end(bytes: &[u8], mut at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let found = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if found != 0 {
            // The lowest mark is always true, whatever a borrow did to those above it.
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if *byte < 0x20 || matches!(byte, b'"' | b'\\') {
            break;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests;
