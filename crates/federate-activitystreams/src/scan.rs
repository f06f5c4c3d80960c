//! One pass over the bytes: is this JSON that we accept, and where is what?

use crate::{
    Limits, ParseError,
    tape::{Doc, Entry, Token},
};

/// The limits of what we wrote ourselves: only depth, which bounds what serde would do with it.
pub(crate) const OURS: Limits = Limits {
    bytes: u32::MAX as usize,
    depth: 512,
    items: usize::MAX,
    keys: usize::MAX,
    key_bytes: usize::MAX,
    values: usize::MAX,
};

/// Reads a document that came.
pub(crate) fn document(bytes: &[u8], limits: &Limits) -> Result<Doc, ParseError> {
    owned(bytes.to_vec(), limits)
}

/// Reads a document that is ours already.
pub(crate) fn owned(bytes: Vec<u8>, limits: &Limits) -> Result<Doc, ParseError> {
    let _ = (bytes, limits);
    todo!()
}

/// A document that is one text only: what stands where only an id is known.
pub(crate) fn text(text: &str) -> Doc {
    let bytes = crate::Json::string(text).0;
    let end = u32::try_from(bytes.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let token = if bytes.contains(&b'\\') {
        Token::Escaped
    } else {
        Token::Plain
    };
    let entry = Entry {
        token,
        odd: false,
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
