//! Finding a property under all its spellings, and setting it by splicing the bytes that came.

use crate::{
    Json, Object, Ref,
    property::Property,
    tape::{Node, Token},
    types,
};

/// The value of a property, under its usual name or, where the document has such spellings, another.
pub(crate) fn find<'a>(node: Node<'a>, name: &str, iri: &str) -> Option<Node<'a>> {
    match node.get(name) {
        Some(found) => Some(found),
        None if node.doc.odd => keys(node, name, iri)
            .next()
            .map(|key| Node::new(node.doc, key + 1)),
        None => None,
    }
}

/// The value of `nameMap`, for a property that may be given by language.
pub(crate) fn find_map<'a>(node: Node<'a>, name: &str, iri: &str) -> Option<Node<'a>> {
    let map = |text: &str| format!("{text}Map");
    find(node, &map(name), &map(iri))
}

/// The document with this property set (or taken out), all else byte by byte as it was. `None` where it is
/// no object, or nothing would change.
pub(crate) fn put(node: Node<'_>, name: &str, iri: &str, value: Option<&Json>) -> Option<Vec<u8>> {
    if node.token() != Token::Object {
        return None;
    }
    let raw = node.raw();
    let base = node.doc.entry(node.index).start;
    let found: Vec<u32> = if node.doc.odd {
        keys(node, name, iri).collect()
    } else {
        node.keys().filter(|key| node.doc.key_is(*key, name)).collect()
    };
    let mut out = Vec::with_capacity(raw.len() + name.len() + value.map_or(0, |value| value.0.len()) + 8);
    let mut copied = 0;
    let mut copy = |out: &mut Vec<u8>, until: u32, skip_to: u32| {
        out.extend_from_slice(raw.get(copied..(until - base) as usize).unwrap_or_default());
        copied = (skip_to - base) as usize;
    };
    for (n, key) in found.iter().enumerate() {
        let (start, end) = node.doc.span(key + 1);
        match value {
            Some(value) if n == 0 => {
                copy(&mut out, start, end);
                out.extend_from_slice(&value.0);
            }
            _ => {
                let (from, to) = without(node, *key);
                copy(&mut out, from.max(base), to);
            }
        }
    }
    let end = base + u32::try_from(raw.len()).ok()?;
    if found.is_empty() {
        let value = value?;
        copy(&mut out, end - 1, end - 1);
        // Blanks before the brace stay before it.
        let blanks = out.iter().rev().take_while(|c| c.is_ascii_whitespace()).count();
        let tail = out.split_off(out.len() - blanks);
        if node.keys().next().is_some() {
            out.push(b',');
        }
        out.extend_from_slice(&Json::of(name).0);
        out.push(b':');
        out.extend_from_slice(&value.0);
        out.extend_from_slice(&tail);
    }
    copy(&mut out, end, end);
    Some(out)
}

/// The bytes to be cut so that a property is gone: with the comma before it, or where it is the first, with
/// the one after it.
fn without(node: Node<'_>, key: u32) -> (u32, u32) {
    let doc = node.doc;
    let (start, end) = (doc.span(key).0, doc.span(key + 1).1);
    let mut before = None;
    let mut after = None;
    for other in node.keys() {
        if other < key {
            before = Some(doc.span(other + 1).1);
        } else if other > key && after.is_none() {
            after = Some(doc.span(other).0);
        }
    }
    match (before, after) {
        (Some(before), _) => (before, end),
        (None, Some(after)) => (start, after),
        (None, None) => (start, end),
    }
}

/// The names under which a property stands in a document with odd spellings.
fn keys<'a>(node: Node<'a>, name: &'a str, iri: &'a str) -> impl Iterator<Item = u32> + 'a {
    node.keys().filter(move |key| {
        let Some(spelled) = node.doc.string(*key) else {
            return false;
        };
        spelled == name || spelled == iri || same(&spelled, name, iri)
    })
}

fn same(spelled: &str, name: &str, iri: &str) -> bool {
    if let Some(keyword) = spelled.strip_prefix('@') {
        return iri.starts_with('@') && keyword == name && matches!(keyword, "id" | "type");
    }
    match spelled.split_once(':') {
        Some((prefix, rest)) => match crate::context::prefix(prefix) {
            Some(space) => iri.strip_prefix(space) == Some(rest),
            None => types::short(spelled) == name && iri.contains("activitystreams#"),
        },
        None => false,
    }
}

impl Object {
    /// What stands where an id or an object may stand.
    #[must_use]
    pub fn refer(&self, property: &Property<Ref>) -> Ref {
        find(self.node(), property.name(), property.iri())
            .map(Ref::at)
            .unwrap_or_default()
    }

    /// Sets a property by its name on the wire alone.
    pub(crate) fn set_json(&mut self, name: &str, value: &Json) {
        if let Some(changed) = put(self.node(), name, name, Some(value)).and_then(Self::own) {
            *self = changed;
        }
    }
}
