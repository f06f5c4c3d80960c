//! The walk over the bytes.

use super::MOST_DEPTH;
use crate::{
    Limits, ParseError, spelling,
    tape::{Entry, Token, position},
};

/// How many entries are reserved at most before any has been read.
const MOST_RESERVED: usize = 16_384;

/// An array or object that is not closed yet.
#[derive(Clone, Copy)]
pub(super) struct Open {
    /// Its entry.
    pub(super) entry: u32,
    /// How many values it has so far.
    pub(super) count: usize,
    pub(super) object: bool,
    /// Whether it is a context or within one.
    pub(super) context: bool,
    /// Whether what comes next in it is a `type`.
    pub(super) of_type: bool,
    /// Whether what comes next in it is a context.
    pub(super) of_context: bool,
    /// Whether one of its names has an unusual spelling.
    pub(super) odd: bool,
    /// Where its names begin in `seen`.
    pub(super) names: usize,
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

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a Limits,
    pub(super) depth: usize,
    pub(super) at: usize,
    pub(super) tape: Vec<Entry>,
    pub(super) values: usize,
    /// The innermost that is open.
    pub(super) top: Open,
    /// Those around it, [`OUTSIDE`] first.
    pub(super) around: Vec<Open>,
    /// The names of all open objects: hash and entry.
    pub(super) seen: Vec<(u32, u32)>,
    pub(super) odd: bool,
    /// Whether the name of any type has a colon.
    pub(super) odd_types: bool,
    pub(super) types: Vec<(u32, Box<str>)>,
    /// The objects that have a context, and its name in each.
    pub(super) contexts: Vec<(u32, u32)>,
    /// One property under two spellings with two values, unless the document's context says otherwise.
    pub(super) conflict: Option<ParseError>,
}

/// Why reading stopped; small, because every step can answer with it.
pub(super) type Stop = Box<ParseError>;

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, limits: &'a Limits) -> Self {
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

    pub(super) fn run(&mut self) -> Result<(), Stop> {
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

    #[inline]
    pub(super) fn skip_blanks(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn syntax(&self) -> Stop {
        Stop::from(ParseError::Syntax { at: self.at })
    }
}
