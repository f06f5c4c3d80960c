//! A document: the bytes as they came, and an index of them made in one pass.

use std::{borrow::Cow, sync::Arc};

use crate::{names, scan, scope::Scopes};

/// What stands at one place of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Object,
    Array,
    /// A text without escapes: its bytes are its value.
    Plain,
    /// A text with escapes.
    Escaped,
    Number,
    True,
    False,
    Null,
}

/// One entry: 16 bytes. A name is an entry of its own, before its value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) token: Token,
    /// First byte: of a text the one after its quote, of all else its first.
    pub(crate) start: u32,
    /// The byte after the last: of a text its closing quote.
    pub(crate) end: u32,
    /// How many entries this value and all within it have: what stands within a value says nothing of where
    /// the value stands, so that it can be moved. Of a name, which is one entry, its [`hash`](scan::hash).
    pub(crate) size: u32,
}

impl Entry {
    /// A value that has none within it, or does not yet.
    pub(crate) const fn leaf(token: Token, start: u32, end: u32) -> Self {
        Self {
            token,
            start,
            end,
            size: 1,
        }
    }
}

/// One document. Flat, so that dropping it never recurses.
#[derive(Debug, Default)]
pub(crate) struct Doc {
    pub(crate) text: String,
    pub(crate) tape: Vec<Entry>,
    /// Whether any name has a prefix, is a keyword or a full IRI (`as:actor`, `@id`, `https://…#actor`): where
    /// none is, a property is found under its usual name alone.
    pub(crate) odd: bool,
    /// Decoded `type` values that have escapes, by entry: so that a type's name can be borrowed.
    pub(crate) types: Vec<(u32, Box<str>)>,
    /// What the document's own contexts give another meaning, and where.
    pub(crate) scopes: Scopes,
}

/// One value in a document: what a [`Value`](crate::Value) is read from.
#[derive(Debug, Clone, Copy)]
pub struct Node<'a> {
    pub(crate) doc: &'a Arc<Doc>,
    pub(crate) index: u32,
}

impl Doc {
    pub(crate) fn entry(&self, index: u32) -> Entry {
        const NOTHING: Entry = Entry::leaf(Token::Null, 0, 0);
        self.tape.get(index as usize).copied().unwrap_or(NOTHING)
    }

    pub(crate) fn raw(&self, start: u32, end: u32) -> &[u8] {
        self.text
            .as_bytes()
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn text_of(&self, entry: Entry) -> &str {
        self.text
            .get(entry.start as usize..entry.end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn string(&self, index: u32) -> Option<Cow<'_, str>> {
        let entry = self.entry(index);
        match entry.token {
            Token::Plain => Some(Cow::Borrowed(self.text_of(entry))),
            Token::Escaped => Some(Cow::Owned(unescape(self.text_of(entry)))),
            _ => None,
        }
    }

    /// The bytes of a value, quotes included.
    pub(crate) fn span(&self, index: u32) -> (u32, u32) {
        let entry = self.entry(index);
        match entry.token {
            Token::Plain | Token::Escaped => (entry.start.saturating_sub(1), entry.end.saturating_add(1)),
            _ => (entry.start, entry.end),
        }
    }
}

/// A place in a document or its index. Documents are smaller than 4 GiB: checked before they are read.
#[inline]
pub(crate) const fn position(at: usize) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "what has such places is not read")]
    let at = at as u32;
    at
}

/// The text that a checked JSON string means.
pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // What stands from here on is copied; it is looked at from there on.
    let (mut from, mut at) = (0, 0);
    loop {
        // There are no bare quotes or control characters in it, so this finds the next backslash.
        let end = scan::plain_end(text.as_bytes(), at);
        out.push_str(text.get(from..end).unwrap_or_default());
        from = end + 2;
        at = from;
        match text.as_bytes().get(end + 1) {
            Some(b'n') => out.push('\n'),
            Some(b't') => out.push('\t'),
            Some(b'r') => out.push('\r'),
            Some(b'b') => out.push('\u{8}'),
            Some(b'f') => out.push('\u{c}'),
            Some(b'u') => {
                let (c, used) = code_point(text.get(end + 1..).unwrap_or_default());
                out.push(c);
                from = end + 1 + used;
                at = from;
            }
            // A quote, a slash or a backslash means itself: it is copied with what follows.
            Some(_) => from = end + 1,
            None => return out,
        }
    }
}

/// `u00e9` or `ud83d\ude00`: the character, and how many bytes it took.
fn code_point(text: &str) -> (char, usize) {
    let unit = |at: usize| {
        text.get(at..at + 4)
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
    };
    match (unit(1), unit(7)) {
        (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
            let c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            (char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER), 11)
        }
        (Some(c), _) => (char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER), 5),
        (None, _) => (char::REPLACEMENT_CHARACTER, 1),
    }
}

impl<'a> Node<'a> {
    pub(crate) fn new(doc: &'a Arc<Doc>, index: u32) -> Self {
        Self { doc, index }
    }

    pub(crate) fn token(self) -> Token {
        self.doc.entry(self.index).token
    }

    /// The text, where this is one.
    #[must_use]
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        self.doc.string(self.index)
    }

    /// The number as it is spelled, where this is one: `1`, `1.0` and `1e0` are three.
    #[must_use]
    pub fn as_number(self) -> Option<&'a str> {
        let entry = self.doc.entry(self.index);
        (entry.token == Token::Number).then(|| self.doc.text_of(entry))
    }

    /// The truth value, where this is one.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        match self.token() {
            Token::True => Some(true),
            Token::False => Some(false),
            _ => None,
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.token() == Token::Null
    }

    /// Whether this is a JSON object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.token() == Token::Object
    }

    /// Whether this is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.token() == Token::Array
    }

    /// The values of an array, or this value alone: what "one or many" means. `null` is nothing.
    pub fn each(self) -> impl Iterator<Item = Node<'a>> {
        self.values()
    }

    pub(crate) fn values(self) -> Values<'a> {
        let entry = self.doc.entry(self.index);
        let (at, end) = match entry.token {
            Token::Array => (self.index + 1, self.index + entry.size),
            _ => (self.index, self.index + 1),
        };
        Values {
            doc: Some(self.doc),
            at,
            end,
        }
    }

    /// The properties of an object, each name decoded, in the order in which they came.
    pub fn entries(self) -> impl Iterator<Item = (Cow<'a, str>, Node<'a>)> {
        self.members().map(|member| (member.name(), member.value()))
    }

    /// The properties of an object, in the order in which they came, each to be asked what it means.
    pub fn members(self) -> impl Iterator<Item = Member<'a>> {
        self.keys().map(|key| Member { doc: self.doc, key })
    }

    /// The value under exactly this name.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Node<'a>> {
        Some(Node::new(self.doc, self.key(name)? + 1))
    }

    pub(crate) fn key(self, name: &str) -> Option<u32> {
        self.doc.find_key(self.index, name)
    }

    /// The bytes of this value, as they came.
    #[must_use]
    pub fn raw(self) -> &'a [u8] {
        self.text().as_bytes()
    }

    /// The JSON of this value, as it came.
    pub(crate) fn text(self) -> &'a str {
        let (start, end) = self.doc.span(self.index);
        self.doc
            .text
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    /// The value as a [`serde_json::Value`]. Depth is bounded by the limits of reading.
    #[must_use]
    pub fn to_value(self) -> serde_json::Value {
        use serde_json::Value;
        match self.token() {
            Token::Null => Value::Null,
            Token::True => Value::Bool(true),
            Token::False => Value::Bool(false),
            Token::Number => {
                let text = self.as_number().unwrap_or_default();
                serde_json::from_str(text).unwrap_or_else(|_| text.into())
            }
            Token::Plain | Token::Escaped => self.as_str().unwrap_or_default().into(),
            Token::Array => self.children().map(Node::to_value).collect(),
            Token::Object => Value::Object(
                self.entries()
                    .map(|(name, value)| (name.into(), value.to_value()))
                    .collect(),
            ),
        }
    }

    fn children(self) -> impl Iterator<Item = Node<'a>> {
        let entry = self.doc.entry(self.index);
        let (mut at, end) = if entry.token == Token::Array {
            (self.index + 1, self.index + entry.size)
        } else {
            (0, 0)
        };
        std::iter::from_fn(move || {
            let node = (at < end).then(|| Node::new(self.doc, at))?;
            at += self.doc.entry(at).size.max(1);
            Some(node)
        })
    }

    pub(crate) fn keys(self) -> impl Iterator<Item = u32> + use<'a> {
        self.doc.keys(self.index)
    }
}

/// One property of an object: a name and its value.
#[derive(Debug, Clone, Copy)]
pub struct Member<'a> {
    doc: &'a Arc<Doc>,
    key: u32,
}

impl<'a> Member<'a> {
    /// Whether the name is spelled so.
    #[must_use]
    pub fn is(self, name: &str) -> bool {
        self.doc.key_is(self.key, name)
    }

    /// The name as it is spelled, decoded.
    #[must_use]
    pub fn name(self) -> Cow<'a, str> {
        self.doc.string(self.key).unwrap_or_default()
    }

    /// What the name means: the usual name where the library knows one (`actor` for `as:actor`, and for what the document's own context calls so),
    /// else as it is spelled or, where the context gives it another meaning, its IRI.
    #[must_use]
    pub fn usual_name(self) -> Cow<'a, str> {
        let spelled = self.name();
        if self.doc.is_usual() {
            return spelled;
        }
        match self.doc.scopes.meaning(self.key, &spelled) {
            Some(iri) => Cow::Owned(names::usual(&iri).into_owned()),
            None if self.doc.odd => Cow::Owned(names::usual(&spelled).into_owned()),
            None => spelled,
        }
    }

    /// What stands under it.
    #[must_use]
    pub fn value(self) -> Node<'a> {
        Node::new(self.doc, self.key + 1)
    }
}

/// What [`Node::each`] goes through: values that stand one after the other, without any `null`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Values<'a> {
    doc: Option<&'a Arc<Doc>>,
    at: u32,
    end: u32,
}

impl<'a> Iterator for Values<'a> {
    type Item = Node<'a>;

    #[inline]
    fn next(&mut self) -> Option<Node<'a>> {
        let doc = self.doc?;
        while self.at < self.end {
            let node = Node::new(doc, self.at);
            let entry = doc.entry(self.at);
            self.at += entry.size.max(1);
            if entry.token != Token::Null {
                return Some(node);
            }
        }
        None
    }
}

impl Doc {
    /// The name in an object under which exactly this stands.
    pub(crate) fn find_key(&self, index: u32, name: &str) -> Option<u32> {
        let entry = self.entry(index);
        if entry.token != Token::Object {
            return None;
        }
        let end = index + entry.size;
        let hash = scan::hash(name);
        let mut rest = self.tape.get(index as usize + 1..end as usize)?;
        while let Some([key, value]) = rest.first_chunk() {
            if key.size == hash && self.is(*key, name) {
                return Some(end - position(rest.len()));
            }
            rest = rest.get(1 + value.size as usize..)?;
        }
        None
    }

    /// The names of an object; of all else, none. A name's value is the entry after it.
    pub(crate) fn keys(&self, index: u32) -> impl Iterator<Item = u32> + use<'_> {
        let entry = self.entry(index);
        let (mut at, end) = if entry.token == Token::Object {
            (index + 1, index + entry.size)
        } else {
            (0, 0)
        };
        std::iter::from_fn(move || {
            let key = (at < end).then_some(at)?;
            at = key + 1 + self.entry(key + 1).size.max(1);
            Some(key)
        })
    }

    /// Whether every property stands under its usual name, if at all.
    pub(crate) fn is_usual(&self) -> bool {
        !self.odd && self.scopes.is_empty()
    }

    pub(crate) fn key_is(&self, key: u32, name: &str) -> bool {
        self.is(self.entry(key), name)
    }

    /// Whether this text is that.
    #[inline]
    fn is(&self, entry: Entry, text: &str) -> bool {
        match entry.token {
            Token::Plain => {
                (entry.end - entry.start) as usize == text.len()
                    && self.raw(entry.start, entry.end) == text.as_bytes()
            }
            // An escape takes at most six bytes for one: what cannot be it is not decoded.
            Token::Escaped => {
                let spelled = (entry.end - entry.start) as usize;
                (text.len()..=text.len().saturating_mul(6)).contains(&spelled)
                    && unescape(self.text_of(entry)) == text
            }
            _ => false,
        }
    }
}
