//! What is refused whole, and the limits of reading.

use thiserror::Error;

/// How much a document may hold before it is refused. All are checked in the one pass that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of the whole document. 1 MiB.
    pub bytes: usize,
    /// Arrays and objects within one another. 64; more than 512 counts as 512.
    pub depth: usize,
    /// Entries of one array. 10,000.
    pub items: usize,
    /// Properties of one object. 1,000.
    pub keys: usize,
    /// Bytes of one property name, as written. 4,096.
    pub key_bytes: usize,
    /// Values of the whole document, names not counted. 100,000.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            depth: 64,
            items: 10_000,
            keys: 1_000,
            key_bytes: 4_096,
            values: 100_000,
        }
    }
}

/// Why a document is refused whole. Offsets are bytes from its beginning. No content is ever printed.
///
/// | What | Variant |
/// |---|---|
/// | not JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)): `NaN`, comments, trailing comma, empty | [`Syntax`](Self::Syntax) |
/// | something after the document | [`TrailingData`](Self::TrailingData) |
/// | JSON, but no object at the top | [`NotAnObject`](Self::NotAnObject) |
/// | byte order mark | [`ByteOrderMark`](Self::ByteOrderMark) |
/// | not UTF-8 | [`NotUtf8`](Self::NotUtf8) |
/// | one property twice in one object, however escaped | [`DuplicateKey`](Self::DuplicateKey) |
/// | U+0000 in a text or a name, raw or `\u0000` | [`Nul`](Self::Nul) |
/// | half a surrogate pair (`\ud800`) | [`LoneSurrogate`](Self::LoneSurrogate) |
/// | a limit of [`Limits`] | [`TooLarge`](Self::TooLarge), [`TooDeep`](Self::TooDeep), [`TooMany`](Self::TooMany), [`LongKey`](Self::LongKey) |
/// | one property under two spellings (`actor`, `as:actor`, its full IRI, a second name by the inline context) with two values | [`Conflict`](Self::Conflict) |
/// | an inline `@context` that gives a security-relevant term another meaning | [`Redefined`](Self::Redefined) |
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not JSON.
    #[error("not JSON at byte {at}")]
    Syntax {
        /// Where.
        at: usize,
    },
    /// Something stands after the document.
    #[error("data after the document at byte {at}")]
    TrailingData {
        /// Where.
        at: usize,
    },
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// The document begins with a byte order mark.
    #[error("byte order mark before the document")]
    ByteOrderMark,
    /// The document is not UTF-8.
    #[error("not UTF-8 at byte {at}")]
    NotUtf8 {
        /// Where.
        at: usize,
    },
    /// One name stands twice in one object.
    #[error("duplicate property at byte {at}")]
    DuplicateKey {
        /// Where the second stands.
        at: usize,
    },
    /// U+0000.
    #[error("NUL character at byte {at}")]
    Nul {
        /// Where.
        at: usize,
    },
    /// Half a surrogate pair.
    #[error("lone surrogate at byte {at}")]
    LoneSurrogate {
        /// Where.
        at: usize,
    },
    /// More than [`Limits::bytes`].
    #[error("document of {size} bytes, more than {limit}")]
    TooLarge {
        /// What it has.
        size: usize,
        /// What it may have.
        limit: usize,
    },
    /// More than [`Limits::depth`].
    #[error("nested deeper than {limit} at byte {at}")]
    TooDeep {
        /// Where.
        at: usize,
        /// What is allowed.
        limit: usize,
    },
    /// More than [`Limits::items`], [`Limits::keys`] or [`Limits::values`].
    #[error("more than {limit} {what} at byte {at}")]
    TooMany {
        /// `items`, `properties` or `values`.
        what: &'static str,
        /// Where.
        at: usize,
        /// What is allowed.
        limit: usize,
    },
    /// More than [`Limits::key_bytes`].
    #[error("property name longer than {limit} bytes at byte {at}")]
    LongKey {
        /// Where.
        at: usize,
        /// What is allowed.
        limit: usize,
    },
    /// One property under two spellings with two values.
    #[error("{property} stands under two spellings with two values at byte {at}")]
    Conflict {
        /// Its usual name.
        property: &'static str,
        /// Where the second stands.
        at: usize,
    },
    /// A security-relevant term means something else by the document's own context.
    #[error("the context redefines {term} at byte {at}")]
    Redefined {
        /// The term.
        term: &'static str,
        /// Where.
        at: usize,
    },
}

/// One value that could not be read as its property wants it; the rest of the document stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Where: a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) such as `/object/published`.
    pub path: String,
    /// What the property holds: `date`, `identifier`, `number` …
    pub expected: &'static str,
    /// What stood there: its JSON type, and for short plain values the value.
    pub came: String,
}
