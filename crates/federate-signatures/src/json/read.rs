//! A strict reader of [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259), within I-JSON
//! ([RFC 7493](https://www.rfc-editor.org/rfc/rfc7493)).

use super::Json;
use std::collections::HashSet;

/// Why JSON was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadJson {
    /// The grammar is broken, or something follows the value.
    #[error("not JSON: byte {at} is not expected there")]
    Syntax {
        /// Counted in bytes from the begin.
        at: usize,
    },
    /// Not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// A name stands twice in one object: readers differ in which one they keep.
    #[error("a name stands twice in one object, again at byte {at}")]
    Duplicate {
        /// Counted in bytes from the begin.
        at: usize,
    },
    /// An escaped surrogate without its other half.
    #[error("half of a surrogate pair at byte {at}")]
    Surrogate {
        /// Counted in bytes from the begin.
        at: usize,
    },
    /// A number beyond what a double holds.
    #[error("a number beyond what a double holds at byte {at}")]
    Number {
        /// Counted in bytes from the begin.
        at: usize,
    },
    /// Deeper than is read.
    #[error("nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Longer than is read.
    #[error("more than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
}

/// Reads one document.
pub(crate) fn parse(bytes: &[u8]) -> Result<Json, BadJson> {
    let mut reader = Reader::new(bytes)?;
    let value = reader.document()?;
    Ok(value)
}

/// Reads one document, and the source text of one member of its top level.
pub(crate) fn with_source<'a>(bytes: &'a [u8], name: &str) -> Result<(Json, Option<&'a str>), BadJson> {
    let mut reader = Reader::new(bytes)?;
    reader.wanted = Some(name);
    let value = reader.document()?;
    Ok((value, reader.found))
}

struct Reader<'a, 'n> {
    text: &'a str,
    at: usize,
    depth: usize,
    wanted: Option<&'n str>,
    found: Option<&'a str>,
}

impl<'a> Reader<'a, '_> {
    fn new(bytes: &'a [u8]) -> Result<Self, BadJson> {
        if bytes.len() > BYTES {
            return Err(BadJson::TooLong { limit: BYTES });
        }
        Ok(Self {
            text: std::str::from_utf8(bytes).map_err(|_| BadJson::NotUtf8)?,
            at: 0,
            depth: 0,
            wanted: None,
            found: None,
        })
    }

    fn document(&mut self) -> Result<Json, BadJson> {
        self.space();
        let value = self.value()?;
        self.space();
        match self.peek() {
            None => Ok(value),
            Some(_) => Err(self.syntax()),
        }
    }

    fn value(&mut self) -> Result<Json, BadJson> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Json::Text),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.syntax()),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, BadJson>) -> Result<Json, BadJson> {
        if self.depth == DEPTH {
            return Err(BadJson::TooDeep { limit: DEPTH });
        }
        self.depth = self.depth.saturating_add(1);
        let value = read(self);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    fn object(&mut self) -> Result<Json, BadJson> {
        self.expect(b'{')?;
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names = HashSet::new();
        self.space();
        if self.take(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.space();
            let at = self.at;
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(BadJson::Duplicate { at });
            }
            self.space();
            self.expect(b':')?;
            self.space();
            let from = self.at;
            let value = self.value()?;
            if self.depth == 1 && self.wanted == Some(name.as_str()) {
                self.found = self.text.get(from..self.at);
            }
            members.push((name, value));
            self.space();
            if self.take(b'}') {
                return Ok(Json::Object(members));
            }
            self.expect(b',')?;
        }
    }

    fn array(&mut self) -> Result<Json, BadJson> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            self.space();
            items.push(self.value()?);
            self.space();
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<String, BadJson> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest
                .bytes()
                .take_while(|byte| *byte >= 0x20 && *byte != b'"' && *byte != b'\\')
                .count();
            // The bytes at which this stops are ASCII, so this is a boundary of characters.
            out.push_str(rest.get(..plain).unwrap_or_default());
            self.at = self.at.saturating_add(plain);
            match self.next() {
                Some(b'"') => return Ok(out),
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.syntax_before()),
            }
        }
    }

    fn escape(&mut self) -> Result<char, BadJson> {
        Ok(match self.next() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.syntax_before()),
        })
    }

    fn unicode(&mut self) -> Result<char, BadJson> {
        let at = self.at;
        let first = self.hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                let pair = self
                    .text
                    .get(self.at..)
                    .is_some_and(|rest| rest.starts_with("\\u"));
                if !pair {
                    return Err(BadJson::Surrogate { at });
                }
                self.at = self.at.saturating_add(2);
                match self.hex()? {
                    second @ 0xdc00..=0xdfff => {
                        let (high, low) = (first & 0x3ff, second & 0x3ff);
                        (high << 10 | low).saturating_add(0x1_0000)
                    }
                    _ => return Err(BadJson::Surrogate { at }),
                }
            }
            code => code,
        };
        // What is left are low halves.
        char::from_u32(code).ok_or(BadJson::Surrogate { at })
    }

    fn hex(&mut self) -> Result<u32, BadJson> {
        let end = self.at.saturating_add(4);
        let digits = self.text.get(self.at..end).ok_or_else(|| self.syntax())?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(self.syntax());
        }
        self.at = end;
        u32::from_str_radix(digits, 16).map_err(|_| self.syntax())
    }

    fn number(&mut self) -> Result<Json, BadJson> {
        let from = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return Err(self.syntax());
        }
        if self.take(b'.') && self.digits() == 0 {
            return Err(self.syntax());
        }
        if self.take(b'e') || self.take(b'E') {
            if !self.take(b'+') {
                self.take(b'-');
            }
            if self.digits() == 0 {
                return Err(self.syntax());
            }
        }
        let text = self.text.get(from..self.at).unwrap_or_default();
        // The standard library reads the nearest double, whatever the number of digits.
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Json::Number(number)),
            _ => Err(BadJson::Number { at: from }),
        }
    }

    fn digits(&mut self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let count = rest.bytes().take_while(u8::is_ascii_digit).count();
        self.at = self.at.saturating_add(count);
        count
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, BadJson> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.syntax());
        }
        self.at = self.at.saturating_add(word.len());
        Ok(value)
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at = self.at.saturating_add(1);
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at = self.at.saturating_add(1);
        byte
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.at = self.at.saturating_add(1);
        }
        found
    }

    fn expect(&mut self, byte: u8) -> Result<(), BadJson> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn syntax(&self) -> BadJson {
        BadJson::Syntax { at: self.at }
    }

    /// For the byte that was taken last.
    fn syntax_before(&self) -> BadJson {
        BadJson::Syntax {
            at: self.at.saturating_sub(1),
        }
    }
}

/// Like the documents of ActivityPub that are read at all.
const BYTES: usize = 1 << 20;
const DEPTH: usize = 64;
