//! JSON for signing: read strictly, written by JCS ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785)).
//!
//! A reader of its own, because what is signed must be what everybody else reads: names that stand twice are refused
//! (other readers keep one of them, silently), numbers are the nearest double exactly (`serde_json` is one unit off
//! without its feature `float_roundtrip`, which a leaf crate cannot switch on for the whole program), and lone
//! surrogates are refused.

mod jcs;
mod read;

pub use jcs::canonicalize;
pub(crate) use jcs::{to_jcs, write_string};
pub use read::BadJson;
pub(crate) use read::{parse, with_source};

/// Splits an object that was read before its last brace, with a comma where a member can follow: whatever is put there,
/// the bytes of the document stay as they are.
pub(crate) fn before_end(document: &[u8]) -> Option<(String, String)> {
    let source = std::str::from_utf8(document).ok()?;
    let (before, after) = source.rsplit_once('}')?;
    let mut before = before.to_owned();
    if !before.trim_end().ends_with('{') {
        before.push(',');
    }
    Some((before, after.to_owned()))
}

/// A JSON value. Members of an object keep their order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// Finite.
    Number(f64),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(n, _)| n == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Takes a member out.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Self> {
        let Self::Object(members) = self else { return None };
        let at = members.iter().position(|(n, _)| n == name)?;
        Some(members.remove(at).1)
    }
}
