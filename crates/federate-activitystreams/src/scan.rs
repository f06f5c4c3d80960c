//! One pass over the bytes: is this JSON that we accept, and where is what?
//!
//! There is no recursion: what is open stands in a list, whose length the depth limit bounds.

mod names;
mod scanner;
mod strings;

use crate::{
    Limits, ParseError, context,
    scope::Scopes,
    tape::{Doc, Entry, Token, position},
};

use self::scanner::Scanner;
pub(crate) use self::{names::hash, strings::plain_end};

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
    u32::try_from(value.len()).ok()?;
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
    doc.scopes = context::check(&doc, &contexts)?;
    match conflict {
        Some(conflict) if doc.scopes.is_empty() => Err(conflict),
        _ => Ok(doc),
    }
}

/// An object without any property.
pub(crate) fn nothing() -> Doc {
    Doc {
        text: "{}".to_owned(),
        tape: vec![Entry::leaf(Token::Object, 0, 2)],
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
    Doc {
        text,
        tape: vec![Entry::leaf(token, 1, end)],
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

#[cfg(test)]
mod tests;
