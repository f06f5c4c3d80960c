//! Structured fields ([RFC 8941](https://www.rfc-editor.org/rfc/rfc8941)), strict: what is not canonical is refused.
//!
//! The parser of `sfv` keeps the last of two members or parameters of one name. Comparing with the canonical form finds
//! those, and everything else that two readers could understand differently.

use crate::refusal::{Problem, RefusalKind};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sfv::{
    BareItem, DictSerializer, Dictionary, InnerList, Item, ItemSerializer, ListEntry, ListSerializer, Parser,
    Version,
};

/// The inner lists of a dictionary by label, each with its canonical text.
pub(crate) fn inner_lists(
    header: &'static str,
    value: &str,
    limit: usize,
) -> Result<Vec<(String, InnerList, String)>, RefusalKind> {
    let (members, canonical) = members(header, value, limit)?;
    let is_one = members.len() == 1;
    members
        .into_iter()
        .map(|(label, entry)| match entry {
            ListEntry::InnerList(list) => {
                // The only one is all that stands behind its label.
                let one = canonical.get(label.len().saturating_add(1)..).filter(|_| is_one);
                let text = one.map_or_else(|| inner_list_text(&list), ToOwned::to_owned);
                Ok((label, list, text))
            }
            ListEntry::Item(_) => Err(RefusalKind::Malformed {
                header,
                problem: Problem::StructuredField,
            }),
        })
        .collect()
}

/// The byte sequences of a dictionary by label, none of them with parameters.
pub(crate) fn byte_sequences(
    header: &'static str,
    value: &str,
    limit: usize,
) -> Result<Vec<(String, Vec<u8>)>, RefusalKind> {
    if let Some(one) = one_byte_sequence(value) {
        return Ok(vec![one]);
    }
    let (members, _) = members(header, value, limit)?;
    members
        .into_iter()
        .map(|(label, entry)| match entry {
            ListEntry::Item(item) if item.params.is_empty() => match item.bare_item {
                BareItem::ByteSequence(bytes) => Ok((label, bytes)),
                _ => Err(RefusalKind::Malformed {
                    header,
                    problem: Problem::StructuredField,
                }),
            },
            _ => Err(RefusalKind::Malformed {
                header,
                problem: Problem::StructuredField,
            }),
        })
        .collect()
}

/// `label=:base64:`, as nearly everybody sends it: in a third of the time, as nothing has to be written to be
/// compared. It says nothing of a value in any other form, good or bad.
fn one_byte_sequence(value: &str) -> Option<(String, Vec<u8>)> {
    let (label, rest) = value.split_once("=:")?;
    let is_begin = |byte: &u8| byte.is_ascii_lowercase() || *byte == b'*';
    let is_key = |byte: u8| is_begin(&byte) || byte.is_ascii_digit() || b"_-.".contains(&byte);
    let is_label = label.as_bytes().first().is_some_and(is_begin) && label.bytes().all(is_key);
    // What this takes has one spelling: with padding, and without bits behind the end.
    let bytes = STANDARD.decode(rest.strip_suffix(':')?).ok()?;
    (is_label && value.len() <= BYTES).then(|| (label.to_owned(), bytes))
}

/// The canonical text of an inner list with its parameters.
fn inner_list_text(list: &InnerList) -> String {
    let mut out = String::with_capacity(USUAL);
    let mut serializer = ListSerializer::with_buffer(&mut out);
    let mut inner = serializer.inner_list();
    inner.items(&list.items);
    let _ = inner.finish().parameters(&list.params);
    out
}

/// The canonical text of an item with its parameters.
pub(crate) fn item_text(item: &Item) -> Option<String> {
    let serializer = ItemSerializer::new().bare_item(&item.bare_item);
    Some(serializer.parameters(&item.params).finish())
}

/// A dictionary in its canonical form.
pub(crate) fn canonical_dictionary(value: &str) -> Option<String> {
    let mut serializer = DictSerializer::new();
    serializer.members(&dictionary(value)?);
    serializer.finish()
}

/// One member of a dictionary, in its canonical form, with its parameters.
pub(crate) fn dictionary_member(value: &str, name: &str) -> Option<String> {
    let dictionary = dictionary(value)?;
    let (_, member) = dictionary.iter().find(|(key, _)| key.as_str() == name)?;
    let mut serializer = ListSerializer::new();
    serializer.members([member]);
    serializer.finish()
}

/// Without the strictness of the signature headers, whose white space is ours to demand; but a name that stands twice
/// is refused here too.
fn dictionary(value: &str) -> Option<Dictionary> {
    if value.len() > BYTES {
        return None;
    }
    let parsed: Dictionary = Parser::new(value).with_version(Version::Rfc8941).parse().ok()?;
    let mut serializer = DictSerializer::new();
    serializer.members(&parsed);
    let members = |text: &str| compacted(text).matches(',').count();
    (members(&serializer.finish()?) == members(value)).then_some(parsed)
}

/// The members of a dictionary by their labels, and its canonical form.
fn members(
    header: &'static str,
    value: &str,
    limit: usize,
) -> Result<(Vec<(String, ListEntry)>, String), RefusalKind> {
    if value.len() > BYTES {
        return Err(RefusalKind::TooLarge { header, limit: BYTES });
    }
    let malformed = |problem| RefusalKind::Malformed { header, problem };
    let parsed: Dictionary = Parser::new(value)
        .with_version(Version::Rfc8941)
        .parse()
        .map_err(|_| malformed(Problem::StructuredField))?;
    if parsed.len() > limit {
        return Err(RefusalKind::TooLarge { header, limit });
    }
    let mut canonical = String::with_capacity(USUAL);
    DictSerializer::with_buffer(&mut canonical).members(&parsed);
    // White space around the commas is the one freedom left: proxies that join lines use it.
    if !same_but_for_comma_space(&canonical, value) {
        return Err(malformed(Problem::StructuredField));
    }
    let members = parsed
        .into_iter()
        .map(|(label, entry)| (label.as_str().to_owned(), entry));
    Ok((members.collect(), canonical))
}

/// Whether the texts differ at most in blanks around commas outside of strings.
fn same_but_for_comma_space(canonical: &str, value: &str) -> bool {
    canonical == value || compacted(canonical) == compacted(value)
}

fn compacted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut in_string, mut escaped, mut after_comma) = (false, false, false);
    for character in text.trim_matches(' ').chars() {
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else {
            match character {
                ' ' | '\t' if after_comma => continue,
                ',' => out.truncate(out.trim_end_matches([' ', '\t']).len()),
                '"' => in_string = true,
                _ => {}
            }
            after_comma = character == ',';
        }
        out.push(character);
    }
    out
}

/// Room for what is usually written here.
const USUAL: usize = 512;
/// Three times what the longest honest header has.
const BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests;
