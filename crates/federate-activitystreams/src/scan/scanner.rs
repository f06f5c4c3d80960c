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
    /// How many more values it may have.
    pub(super) room: usize,
    /// Its entry.
    pub(super) entry: u32,
    /// Where its names begin in `seen`.
    names: u32,
    object: bool,
    /// Whether it is a context or within one.
    pub(super) context: bool,
    /// Whether one of its names has an unusual spelling.
    pub(super) odd: bool,
    pub(super) next: Next,
}

/// What the next value in an array or object is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Next {
    Any,
    /// A type, or several.
    Type,
    Context,
}

/// What holds the document itself.
const OUTSIDE: Open = Open {
    room: 1,
    entry: 0,
    names: 0,
    object: false,
    context: false,
    odd: false,
    next: Next::Any,
};

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) limits: &'a Limits,
    depth: usize,
    pub(super) at: usize,
    pub(super) tape: Vec<Entry>,
    /// How many more values the document may have.
    room: usize,
    /// The innermost that is open.
    pub(super) top: Open,
    /// Those around it, [`OUTSIDE`] first.
    around: Vec<Open>,
    /// The names of all open objects: hash and entry.
    pub(super) seen: Vec<(u32, u32)>,
    pub(super) odd: bool,
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
            room: limits.values,
            top: OUTSIDE,
            around: Vec::with_capacity(16),
            seen: Vec::with_capacity(64),
            odd: false,
            types: Vec::new(),
            contexts: Vec::new(),
            conflict: None,
        }
    }

    pub(super) fn run(&mut self) -> Result<(), Stop> {
        let byte = self.skip_blanks();
        let mut opened = self.value(byte)?;
        while !self.around.is_empty() {
            opened = if self.top.object {
                self.properties(opened)?
            } else {
                self.items(opened)?
            };
        }
        match self.skip_blanks() {
            None => Ok(()),
            Some(_) => Err(Stop::from(ParseError::TrailingData { at: self.at })),
        }
    }

    /// Reads on in an object, up to its end or to what opens in it: whether something opened.
    fn properties(&mut self, mut first: bool) -> Result<bool, Stop> {
        loop {
            match self.skip_blanks() {
                Some(b'}') => return self.close(),
                Some(b'"') if first => {}
                Some(b',') if !first => {
                    self.at += 1;
                    if self.skip_blanks() != Some(b'"') {
                        return Err(self.syntax());
                    }
                }
                _ => return Err(self.syntax()),
            }
            first = false;
            self.name()?;
            let byte = self.skip_blanks();
            if self.value(byte)? {
                return Ok(true);
            }
        }
    }

    /// The same in an array.
    fn items(&mut self, mut first: bool) -> Result<bool, Stop> {
        loop {
            let mut byte = self.skip_blanks();
            if byte == Some(b']') {
                return self.close();
            }
            if !first {
                if byte != Some(b',') {
                    return Err(self.syntax());
                }
                self.at += 1;
                byte = self.skip_blanks();
            }
            first = false;
            if self.top.room == 0 {
                return Err(Stop::from(ParseError::TooMany {
                    what: "items",
                    at: self.at,
                    limit: self.limits.items,
                }));
            }
            self.top.room -= 1;
            if self.value(byte)? {
                return Ok(true);
            }
        }
    }

    /// One value; whether it is an array or object, which is open now.
    #[inline(always)]
    fn value(&mut self, byte: Option<u8>) -> Result<bool, Stop> {
        if self.room == 0 {
            return Err(Stop::from(ParseError::TooMany {
                what: "values",
                at: self.at,
                limit: self.limits.values,
            }));
        }
        self.room -= 1;
        match byte {
            Some(b'"') => {
                let entry = self.string()?;
                if entry.token == Token::Escaped && self.top.next == Next::Type {
                    self.escaped_type(entry);
                }
                self.tape.push(entry);
                Ok(false)
            }
            Some(b'{') => self.begin(Token::Object, self.limits.keys),
            Some(b'[') => self.begin(Token::Array, self.limits.items),
            other => self.scalar(other),
        }
    }

    fn begin(&mut self, token: Token, room: usize) -> Result<bool, Stop> {
        if self.around.len() >= self.depth {
            return Err(Stop::from(ParseError::TooDeep {
                at: self.at,
                limit: self.depth,
            }));
        }
        let object = token == Token::Object;
        let open = Open {
            room,
            entry: position(self.tape.len()),
            names: position(self.seen.len()),
            object,
            context: self.top.context || self.top.next == Next::Context,
            odd: false,
            // The types in a list of them are types.
            next: if self.top.next == Next::Type && !object {
                Next::Type
            } else {
                Next::Any
            },
        };
        self.around.push(std::mem::replace(&mut self.top, open));
        let start = position(self.at);
        self.tape.push(Entry::leaf(token, start, start));
        self.at += 1;
        Ok(true)
    }

    /// The end of what is innermost; nothing has opened.
    fn close(&mut self) -> Result<bool, Stop> {
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
            let names = open.names as usize;
            self.no_duplicates(names)?;
            if open.odd {
                let names = self.seen.get(names..).unwrap_or_default();
                let conflict = spelling::no_conflicts(self.text, &self.tape, names).err();
                self.conflict = self.conflict.take().or(conflict);
            }
            self.seen.truncate(names);
        }
        Ok(false)
    }

    /// A value that is no text and holds none; nothing has opened.
    fn scalar(&mut self, byte: Option<u8>) -> Result<bool, Stop> {
        match byte {
            Some(b't') => self.word("true", Token::True)?,
            Some(b'f') => self.word("false", Token::False)?,
            Some(b'n') => self.word("null", Token::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.syntax()),
        }
        Ok(false)
    }

    fn word(&mut self, word: &str, token: Token) -> Result<(), Stop> {
        let start = self.at;
        let end = start + word.len();
        if self.bytes.get(start..end) != Some(word.as_bytes()) {
            return Err(self.syntax());
        }
        self.at = end;
        self.leaf(token, start);
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
        self.leaf(Token::Number, start);
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

    /// The entry of a value that ends here.
    fn leaf(&mut self, token: Token, start: usize) {
        let entry = Entry::leaf(token, position(start), position(self.at));
        self.tape.push(entry);
    }

    #[inline]
    pub(super) fn skip_blanks(&mut self) -> Option<u8> {
        match self.peek() {
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.blanks(),
        }
    }

    #[inline(never)]
    fn blanks(&mut self) -> Option<u8> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other,
            }
        }
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[cold]
    pub(super) fn syntax(&self) -> Stop {
        Stop::from(ParseError::Syntax { at: self.at })
    }
}
