//! One pass over the bytes: is this JSON that we accept, and where is what?
//!
//! There is no recursion: what is open stands in a list, whose length the depth limit bounds.

use crate::{
    Limits, ParseError, context,
    scope::Scopes,
    spelling,
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

/// How many entries are reserved at most before any has been read.
const MOST_RESERVED: usize = 16_384;

/// Reads a document that came.
pub(crate) fn document(bytes: &[u8], limits: &Limits) -> Result<Doc, ParseError> {
    admit(bytes, limits)?;
    let text = std::str::from_utf8(bytes).map_err(|error| ParseError::NotUtf8 {
        at: error.valid_up_to(),
    })?;
    index(text, limits, str::to_owned)
}

/// Reads a document that is ours already.
pub(crate) fn owned(text: String) -> Result<Doc, ParseError> {
    admit(text.as_bytes(), &OURS)?;
    index(text, &OURS, |text| text)
}

/// The entries of one value that is to be put into a document at this depth; `None` where it has anything that
/// concerns the whole document (a context, an unusual spelling), which has to be read anew then.
pub(crate) fn fragment(value: &str, depth: usize) -> Option<Vec<Entry>> {
    let limits = Limits {
        depth: MOST_DEPTH.checked_sub(depth)?,
        ..OURS
    };
    let mut scanner = Scanner::new(value, &limits);
    scanner.run().ok()?;
    let plain = !scanner.odd && scanner.types.is_empty() && scanner.contexts.is_empty();
    plain.then_some(scanner.tape)
}

/// What is refused is not even copied.
fn index<T: AsRef<str>>(text: T, limits: &Limits, own: impl FnOnce(T) -> String) -> Result<Doc, ParseError> {
    let mut scanner = Scanner::new(text.as_ref(), limits);
    scanner.run().map_err(|stop| *stop)?;
    match scanner.tape.first() {
        Some(entry) if entry.token == Token::Object => {}
        _ => return Err(ParseError::NotAnObject),
    }
    let Scanner {
        tape,
        odd,
        types,
        contexts,
        odd_types,
        conflict,
        ..
    } = scanner;
    let mut doc = Doc {
        text: own(text),
        tape,
        odd,
        types,
        scopes: Scopes::default(),
    };
    doc.scopes = context::check(&doc, &contexts, odd_types)?;
    match conflict {
        Some(conflict) if doc.scopes.is_empty() => Err(conflict),
        _ => Ok(doc),
    }
}

/// An object without any property.
pub(crate) fn nothing() -> Doc {
    Doc {
        text: "{}".to_owned(),
        tape: vec![Entry {
            token: Token::Object,
            start: 0,
            end: 2,
            size: 1,
        }],
        ..Doc::default()
    }
}

/// A document that is one text only: what stands where only an id is known.
pub(crate) fn text(text: &str) -> Doc {
    let text = crate::Json::string(text).0;
    let end = position(text.len().saturating_sub(1));
    let token = if text.contains('\\') {
        Token::Escaped
    } else {
        Token::Plain
    };
    let entry = Entry {
        token,
        start: 1,
        end,
        size: 1,
    };
    Doc {
        text,
        tape: vec![entry],
        ..Doc::default()
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
    /// Whether what comes next in it is a context.
    of_context: bool,
    /// Whether one of its names has an unusual spelling.
    odd: bool,
    /// Where its names begin in `seen`.
    names: usize,
}

/// What holds the document itself.
const OUTSIDE: Open = Open {
    entry: 0,
    count: 0,
    object: false,
    context: false,
    of_type: false,
    of_context: false,
    odd: false,
    names: 0,
};

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    limits: &'a Limits,
    depth: usize,
    at: usize,
    tape: Vec<Entry>,
    values: usize,
    /// The innermost that is open.
    top: Open,
    /// Those around it, [`OUTSIDE`] first.
    around: Vec<Open>,
    /// The names of all open objects: hash and entry.
    seen: Vec<(u32, u32)>,
    odd: bool,
    /// Whether the name of any type has a colon.
    odd_types: bool,
    types: Vec<(u32, Box<str>)>,
    /// The objects that have a context, and its name in each.
    contexts: Vec<(u32, u32)>,
    /// One property under two spellings with two values, unless the document's context says otherwise.
    conflict: Option<ParseError>,
}

/// Why reading stopped; small, because every step can answer with it.
type Stop = Box<ParseError>;

impl<'a> Scanner<'a> {
    fn new(text: &'a str, limits: &'a Limits) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            limits,
            depth: limits.depth.min(MOST_DEPTH),
            at: 0,
            tape: Vec::with_capacity((text.len() / 16 + 8).min(MOST_RESERVED)),
            values: 0,
            top: OUTSIDE,
            around: Vec::with_capacity(16),
            seen: Vec::with_capacity(64),
            odd: false,
            odd_types: false,
            types: Vec::new(),
            contexts: Vec::new(),
            conflict: None,
        }
    }

    fn run(&mut self) -> Result<(), Stop> {
        let byte = self.skip_blanks();
        let mut opened = self.value(byte)?;
        loop {
            let byte = self.skip_blanks();
            if opened && byte != Some(self.closer()) {
                opened = self.member(byte)?;
                continue;
            }
            if self.around.is_empty() {
                return match byte {
                    None => Ok(()),
                    Some(_) => Err(Stop::from(ParseError::TrailingData { at: self.at })),
                };
            }
            opened = match byte {
                Some(b',') => {
                    self.at += 1;
                    let byte = self.skip_blanks();
                    self.member(byte)?
                }
                Some(byte) if byte == self.closer() => {
                    self.close()?;
                    false
                }
                _ => return Err(self.syntax()),
            };
        }
    }

    fn closer(&self) -> u8 {
        if self.top.object { b'}' } else { b']' }
    }

    /// One entry of what is open; whether it opened another.
    fn member(&mut self, byte: Option<u8>) -> Result<bool, Stop> {
        if !self.top.object {
            if self.top.count >= self.limits.items {
                return Err(Stop::from(ParseError::TooMany {
                    what: "items",
                    at: self.at,
                    limit: self.limits.items,
                }));
            }
            return self.value(byte);
        }
        if byte != Some(b'"') {
            return Err(self.syntax());
        }
        self.name()?;
        let byte = self.skip_blanks();
        self.value(byte)
    }

    fn value(&mut self, byte: Option<u8>) -> Result<bool, Stop> {
        self.values += 1;
        if self.values > self.limits.values {
            return Err(Stop::from(ParseError::TooMany {
                what: "values",
                at: self.at,
                limit: self.limits.values,
            }));
        }
        self.top.count += 1;
        match byte {
            Some(b'"') => {
                let (token, start, end) = self.string()?;
                if self.top.of_type {
                    self.type_name(token, start, end);
                }
                self.leaf(token, start, end);
            }
            Some(b'{') => return self.begin(Token::Object),
            Some(b'[') => return self.begin(Token::Array),
            Some(b't') => self.word("true", Token::True)?,
            Some(b'f') => self.word("false", Token::False)?,
            Some(b'n') => self.word("null", Token::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.syntax()),
        }
        Ok(false)
    }

    fn type_name(&mut self, token: Token, start: usize, end: usize) {
        let text = self.text.get(start..end).unwrap_or_default();
        self.odd_types |= text.contains(':');
        if token == Token::Escaped {
            let decoded = unescape(text);
            self.odd_types |= decoded.contains(':');
            self.types.push((position(self.tape.len()), decoded.into()));
        }
    }

    fn begin(&mut self, token: Token) -> Result<bool, Stop> {
        let at = self.at;
        if self.around.len() >= self.depth {
            return Err(Stop::from(ParseError::TooDeep {
                at,
                limit: self.depth,
            }));
        }
        let object = token == Token::Object;
        let open = Open {
            entry: position(self.tape.len()),
            object,
            context: self.top.context || self.top.of_context,
            of_type: self.top.of_type && !object,
            names: self.seen.len(),
            ..OUTSIDE
        };
        self.around.push(std::mem::replace(&mut self.top, open));
        self.tape.push(Entry {
            token,
            start: position(at),
            end: 0,
            size: 0,
        });
        self.at += 1;
        Ok(true)
    }

    fn close(&mut self) -> Result<(), Stop> {
        self.at += 1;
        let Some(around) = self.around.pop() else {
            return Err(self.syntax());
        };
        let open = std::mem::replace(&mut self.top, around);
        let next = position(self.tape.len());
        if let Some(entry) = self.tape.get_mut(open.entry as usize) {
            entry.end = position(self.at);
            entry.size = next - open.entry;
        }
        if open.object {
            self.no_duplicates(open.names)?;
            if open.odd {
                let names = self.seen.get(open.names..).unwrap_or_default();
                let conflict = spelling::no_conflicts(self.text, &self.tape, names).err();
                self.conflict = self.conflict.take().or(conflict);
            }
            self.seen.truncate(open.names);
        }
        Ok(())
    }

    #[inline]
    fn leaf(&mut self, token: Token, start: usize, end: usize) {
        self.tape.push(Entry {
            token,
            start: position(start),
            end: position(end),
            size: 1,
        });
    }

    fn word(&mut self, word: &str, token: Token) -> Result<(), Stop> {
        let start = self.at;
        let end = start + word.len();
        if self.bytes.get(start..end) != Some(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at = end;
        self.leaf(token, start, end);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Stop> {
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
        self.leaf(Token::Number, start, self.at);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Stop> {
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

    /// A name and its colon.
    fn name(&mut self) -> Result<(), Stop> {
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

    /// A text, from its quote on: whether it has escapes, and what stands between the quotes.
    fn string(&mut self) -> Result<(Token, usize, usize), Stop> {
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

    fn no_duplicates(&mut self, names: usize) -> Result<(), Stop> {
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

    #[inline]
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

    fn syntax(&self) -> Stop {
        Stop::from(ParseError::Syntax { at: self.at })
    }
}

fn duplicate(tape: &[Entry], key: u32) -> ParseError {
    ParseError::DuplicateKey {
        at: tape.get(key as usize).map_or(0, |entry| entry.start as usize),
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the bytes of a word that are zero; the lowest mark is always true, whatever a borrow did to those
/// above it.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
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

#[cfg(test)]
mod tests;
