//! Structured fields ([RFC 8941](https://www.rfc-editor.org/rfc/rfc8941)), strict: what is not canonical is refused.
//!
//! The parser of `sfv` keeps the last of two members or parameters of one name. Comparing with the canonical form finds
//! those, and everything else that two readers could understand differently.

use crate::refusal::{Problem, RefusalKind};
use sfv::{
    BareItem, DictSerializer, Dictionary, InnerList, Item, ItemSerializer, ListEntry, ListSerializer, Parser,
    Version,
};

/// The inner lists of a dictionary by label.
pub(crate) fn inner_lists(
    header: &'static str,
    value: &str,
    limit: usize,
) -> Result<Vec<(String, InnerList)>, RefusalKind> {
    members(header, value, limit)?
        .into_iter()
        .map(|(label, entry)| match entry {
            ListEntry::InnerList(list) => Ok((label, list)),
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
    members(header, value, limit)?
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

/// The canonical text of an inner list with its parameters.
pub(crate) fn inner_list_text(list: &InnerList) -> Option<String> {
    let mut serializer = ListSerializer::new();
    serializer.members([&ListEntry::InnerList(list.clone())]);
    serializer.finish()
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

fn members(header: &'static str, value: &str, limit: usize) -> Result<Vec<(String, ListEntry)>, RefusalKind> {
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
    let mut serializer = DictSerializer::new();
    serializer.members(&parsed);
    let canonical = serializer.finish().unwrap_or_default();
    // White space around the commas is the one freedom left: proxies that join lines use it.
    if !same_but_for_comma_space(&canonical, value) {
        return Err(malformed(Problem::StructuredField));
    }
    Ok(parsed
        .into_iter()
        .map(|(label, entry)| (label.as_str().to_owned(), entry))
        .collect())
}

/// Whether the texts differ at most in blanks around commas outside of strings.
fn same_but_for_comma_space(canonical: &str, value: &str) -> bool {
    compacted(canonical) == compacted(value)
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

/// Three times what the longest honest header has.
const BYTES: usize = 8 * 1024;

#[cfg(test)]
mod tests;
