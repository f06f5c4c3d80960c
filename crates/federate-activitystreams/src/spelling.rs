//! One property under two spellings.

use std::borrow::Cow;

use crate::{
    ParseError, names,
    tape::{Entry, Token, unescape},
    terms,
};

/// The name of an entry as it is meant.
pub(crate) fn decoded<'a>(text: &'a str, tape: &[Entry], key: u32) -> Cow<'a, str> {
    let Some(entry) = tape.get(key as usize) else {
        return Cow::Borrowed("");
    };
    let raw = text
        .get(entry.start as usize..entry.end as usize)
        .unwrap_or_default();
    if entry.token == Token::Escaped {
        Cow::Owned(unescape(raw))
    } else {
        Cow::Borrowed(raw)
    }
}

/// Refuses an object in which one property has two spellings and two values.
pub(crate) fn no_conflicts(text: &str, tape: &[Entry], names: &[(u32, u32)]) -> Result<(), ParseError> {
    let mut meant: Vec<(Cow<'_, str>, u32)> = names
        .iter()
        .map(|(_, key)| (usual(decoded(text, tape, *key)), *key))
        .collect();
    meant.sort_unstable();
    for pair in meant.windows(2) {
        let [(name, one), (other, two)] = pair else {
            continue;
        };
        if name == other && !same(text, tape, one + 1, two + 1) {
            let property = terms::known(name).map(|term| term.name);
            let at = tape.get(*two as usize).map_or(0, |entry| entry.start as usize);
            return Err(ParseError::Conflict {
                property: property.unwrap_or("a property"),
                at,
            });
        }
    }
    Ok(())
}

fn usual(name: Cow<'_, str>) -> Cow<'_, str> {
    match name {
        Cow::Borrowed(name) => names::usual(name),
        Cow::Owned(name) => Cow::Owned(names::usual(&name).into_owned()),
    }
}

/// Whether two values are the same JSON: escapes aside, byte by byte.
pub(crate) fn same(text: &str, tape: &[Entry], one: u32, other: u32) -> bool {
    let span = |index: u32| {
        let size = tape.get(index as usize).map_or(0, |entry| entry.size);
        tape.get(index as usize..(index + size) as usize)
            .unwrap_or_default()
    };
    let (a, b) = (span(one), span(other));
    let raw = |entry: &Entry| {
        text.get(entry.start as usize..entry.end as usize)
            .unwrap_or_default()
    };
    let kind = |entry: &Entry| {
        if entry.token == Token::Escaped {
            Token::Plain
        } else {
            entry.token
        }
    };
    let value = |entry: &Entry| match entry.token {
        Token::Escaped => Cow::Owned(unescape(raw(entry))),
        Token::Object | Token::Array => Cow::Borrowed(""),
        _ => Cow::Borrowed(raw(entry)),
    };
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| kind(a) == kind(b) && a.size == b.size && value(a) == value(b))
}
