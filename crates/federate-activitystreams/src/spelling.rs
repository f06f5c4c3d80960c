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
        if name == other && !same(text, tape, (one + 1, two + 1), name == "type") {
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

/// Whether two values say the same: one value or a list of it, an id or an object that is nothing but this id, a number
/// in two spellings, and `types` with or without the prefix of their vocabulary.
pub(crate) fn same(text: &str, tape: &[Entry], (one, other): (u32, u32), types: bool) -> bool {
    let at = |index: u32| tape.get(index as usize).copied();
    let mut waiting = vec![(one, other)];
    while let Some((one, other)) = waiting.pop() {
        let (one, other) = (alone(text, tape, one), alone(text, tape, other));
        let (Some(a), Some(b)) = (at(one), at(other)) else {
            return false;
        };
        let fits = match (a.token, b.token) {
            (Token::Array, Token::Array) => {
                let (a, b) = (items(tape, one), items(tape, other));
                waiting.extend(a.iter().copied().zip(b.iter().copied()));
                a.len() == b.len()
            }
            (Token::Plain | Token::Escaped, Token::Plain | Token::Escaped) => {
                let (a, b) = (decoded(text, tape, one), decoded(text, tape, other));
                a == b || (types && crate::types::short(&a) == crate::types::short(&b))
            }
            (Token::Number, Token::Number) => same_number(raw(text, a), raw(text, b)),
            _ => same_json(text, tape, one, other),
        };
        if !fits {
            return false;
        }
    }
    true
}

/// What stands alone in a list, or in an object that says no more than `@id` or `@value`.
fn alone(text: &str, tape: &[Entry], index: u32) -> u32 {
    let mut index = index;
    while let Some(entry) = tape.get(index as usize) {
        let first = index + 1;
        let size = tape.get(first as usize).map_or(0, |entry| entry.size);
        match entry.token {
            Token::Array if entry.size > 1 && size + 1 == entry.size => index = first,
            Token::Object if entry.size > 1 => {
                let value = first + 1;
                let size = tape.get(value as usize).map_or(0, |entry| entry.size);
                let name = decoded(text, tape, first);
                if size + 2 == entry.size && matches!(&*name, "id" | "@id" | "@value") {
                    index = value;
                } else {
                    return index;
                }
            }
            _ => return index,
        }
    }
    index
}

fn items(tape: &[Entry], array: u32) -> Vec<u32> {
    let size = tape.get(array as usize).map_or(0, |entry| entry.size);
    let (mut at, mut found) = (array + 1, Vec::new());
    while at < array + size {
        found.push(at);
        at += tape.get(at as usize).map_or(1, |entry| entry.size.max(1));
    }
    found
}

fn raw(text: &str, entry: Entry) -> &str {
    text.get(entry.start as usize..entry.end as usize)
        .unwrap_or_default()
}

fn same_number(a: &str, b: &str) -> bool {
    /// Beyond this a float no longer says which whole number it is.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.abs() < EXACT);
    a == b || number(a).is_some_and(|a| number(b) == Some(a))
}

/// Whether two values are the same JSON: escapes aside, byte by byte.
fn same_json(text: &str, tape: &[Entry], one: u32, other: u32) -> bool {
    let span = |index: u32| {
        let size = tape.get(index as usize).map_or(0, |entry| entry.size);
        tape.get(index as usize..(index + size) as usize)
            .unwrap_or_default()
    };
    let (a, b) = (span(one), span(other));
    let kind = |entry: &Entry| {
        if entry.token == Token::Escaped {
            Token::Plain
        } else {
            entry.token
        }
    };
    let value = |entry: &Entry| match entry.token {
        Token::Escaped => Cow::Owned(unescape(raw(text, *entry))),
        Token::Object | Token::Array => Cow::Borrowed(""),
        _ => Cow::Borrowed(raw(text, *entry)),
    };
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| kind(a) == kind(b) && a.size == b.size && value(a) == value(b))
}
