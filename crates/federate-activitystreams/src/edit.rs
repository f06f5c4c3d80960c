//! Finding a property under all its spellings, and setting it by splicing the bytes that came.

use std::sync::Arc;

use crate::{
    Json, Object, Ref, names,
    property::Property,
    scan,
    tape::{Doc, Entry, Node, Token, position},
};

/// The value of a property, under its usual name or, where the document has such spellings, another.
pub(crate) fn find<'a>(node: Node<'a>, name: &str, iri: &str) -> Option<Node<'a>> {
    if node.doc.is_usual() {
        return node.get(name);
    }
    let mut other = None;
    for key in keys(node, name, iri) {
        if node.doc.key_is(key, name) {
            return Some(Node::new(node.doc, key + 1));
        }
        other = other.or(Some(key));
    }
    other.map(|key| Node::new(node.doc, key + 1))
}

/// The value of `nameMap`, for a property that may be given by language.
pub(crate) fn find_map<'a>(node: Node<'a>, name: &str, iri: &str) -> Option<Node<'a>> {
    if node.doc.is_usual() {
        let key = node.keys().find(|key| {
            let spelled = node.doc.string(*key);
            spelled.is_some_and(|spelled| spelled.strip_suffix("Map") == Some(name))
        })?;
        return Some(Node::new(node.doc, key + 1));
    }
    let map = |text: &str| format!("{text}Map");
    // By the context of ActivityStreams a map is the property itself, so that has this meaning too.
    find(node, &map(name), &map(iri))
}

/// The document with this property set (or taken out), all else byte by byte as it was. `None` where it is
/// no object, or nothing would change.
pub(crate) fn put(node: Node<'_>, name: &str, iri: &str, value: Option<&Json>) -> Option<Doc> {
    if node.token() != Token::Object {
        return None;
    }
    if node.doc.is_usual() && node.doc.types.is_empty() && name != "@context" {
        // What is put in is looked at alone where it says nothing about the whole.
        match value {
            None => return splice(node, node.key(name)?, None),
            Some(value) => {
                if let Some(entries) = scan::fragment(&value.0, 1) {
                    return match node.key(name) {
                        Some(key) => splice(node, key, Some((&value.0, &entries))),
                        None => append(node, name, &value.0, &entries),
                    };
                }
            }
        }
    }
    let mut doc = scan::owned(rewrite(node, name, iri, value)?).ok()?;
    while value.is_none() {
        let whole = Arc::new(doc);
        match rewrite(Node::new(&whole, 0), name, iri, None) {
            Some(text) => doc = scan::owned(text).ok()?,
            None => return Arc::into_inner(whole),
        }
    }
    Some(doc)
}

/// The document with the value of this name replaced, or both taken out. The index is patched.
fn splice(node: Node<'_>, key: u32, value: Option<(&str, &[Entry])>) -> Option<Doc> {
    let doc = node.doc;
    let all = doc.entry(node.index);
    let (from, to, first, put) = match value {
        Some((text, entries)) => {
            let (start, end) = doc.span(key + 1);
            (start, end, key + 1, (text, entries))
        }
        None => {
            let (start, end) = without(node, key);
            (start, end, key, ("", &[][..]))
        }
    };
    let last = key + 1 + doc.entry(key + 1).size;
    let (text, entries) = put;
    let mut out = String::with_capacity((all.end - all.start) as usize + text.len());
    out.push_str(doc.text.get(all.start as usize..from as usize)?);
    let at = position(out.len());
    out.push_str(text);
    let after = position(out.len());
    out.push_str(doc.text.get(to as usize..all.end as usize)?);
    let mut tape = Vec::with_capacity(all.size as usize + entries.len());
    tape.extend(moved(
        doc.tape.get(node.index as usize..first as usize)?,
        all.start,
        0,
    ));
    tape.extend(moved(entries, 0, at));
    tape.extend(moved(
        doc.tape.get(last as usize..(node.index + all.size) as usize)?,
        to,
        after,
    ));
    finish(out, tape)
}

/// The document with this property behind all others.
fn append(node: Node<'_>, name: &str, value: &str, entries: &[Entry]) -> Option<Doc> {
    let doc = node.doc;
    let all = doc.entry(node.index);
    let name = Json::of(name).0;
    let text = node.text();
    // Blanks before the brace stay before it.
    let body = text.get(..text.len() - 1)?;
    let body = body.trim_end_matches([' ', '\n', '\r', '\t']);
    let mut out = String::with_capacity(text.len() + name.len() + value.len() + 2);
    out.push_str(body);
    if all.size > 1 {
        out.push(',');
    }
    let key = Entry {
        token: if name.contains('\\') {
            Token::Escaped
        } else {
            Token::Plain
        },
        start: position(out.len()) + 1,
        end: position(out.len() + name.len()) - 1,
        size: 1,
    };
    out.push_str(&name);
    out.push(':');
    let at = position(out.len());
    out.push_str(value);
    out.push_str(text.get(body.len()..)?);
    let mut tape = Vec::with_capacity(all.size as usize + 1 + entries.len());
    tape.extend(moved(
        doc.tape
            .get(node.index as usize..(node.index + all.size) as usize)?,
        all.start,
        0,
    ));
    tape.push(key);
    tape.extend(moved(entries, 0, at));
    finish(out, tape)
}

fn finish(text: String, mut tape: Vec<Entry>) -> Option<Doc> {
    let size = position(tape.len());
    let root = tape.first_mut()?;
    root.size = size;
    root.end = u32::try_from(text.len()).ok()?;
    Some(Doc {
        text,
        tape,
        ..Doc::default()
    })
}

/// Entries of text that stood at `from` and now stands at `to`.
fn moved(entries: &[Entry], from: u32, to: u32) -> impl Iterator<Item = Entry> + use<'_> {
    let by = to.wrapping_sub(from);
    entries.iter().map(move |entry| Entry {
        start: entry.start.wrapping_add(by),
        end: entry.end.wrapping_add(by),
        ..*entry
    })
}

/// The same as text, where a property may stand under several names; of these one is taken out at a time.
fn rewrite(node: Node<'_>, name: &str, iri: &str, value: Option<&Json>) -> Option<String> {
    let text = node.text();
    let base = node.doc.entry(node.index).start;
    let mut found: Vec<u32> = keys(node, name, iri).collect();
    if value.is_none() {
        found.truncate(1);
    }
    let mut out = String::with_capacity(text.len() + name.len() + value.map_or(0, |value| value.0.len()) + 8);
    let mut copied = 0;
    let mut copy = |out: &mut String, until: u32, skip_to: u32| {
        out.push_str(text.get(copied..(until - base) as usize).unwrap_or_default());
        copied = (skip_to - base) as usize;
    };
    for (n, key) in found.iter().enumerate() {
        let (start, end) = node.doc.span(key + 1);
        match value {
            Some(value) if n == 0 => {
                copy(&mut out, start, end);
                out.push_str(&value.0);
            }
            _ => {
                let (from, to) = without(node, *key);
                copy(&mut out, from.max(base), to);
            }
        }
    }
    let end = base + u32::try_from(text.len()).ok()?;
    if found.is_empty() {
        let value = value?;
        // A name that this document has given another meaning cannot say what is meant; the full IRI can.
        let name = if node.doc.renamed(name).is_some() {
            iri
        } else {
            name
        };
        copy(&mut out, end - 1, end - 1);
        let blanks = out.bytes().rev().take_while(u8::is_ascii_whitespace).count();
        let tail = out.split_off(out.len() - blanks);
        if node.keys().next().is_some() {
            out.push(',');
        }
        out.push_str(&Json::of(name).0);
        out.push(':');
        out.push_str(&value.0);
        out.push_str(&tail);
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

/// The names under which a property stands.
fn keys<'a>(node: Node<'a>, name: &'a str, iri: &'a str) -> impl Iterator<Item = u32> + 'a {
    node.keys().filter(move |key| {
        let Some(spelled) = node.doc.string(*key) else {
            return false;
        };
        match node.doc.renamed(&spelled) {
            Some(meant) => names::same_iri(meant, iri) || names::spells(meant, name, iri),
            None => names::spells(&spelled, name, iri),
        }
    })
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
        if let Some(doc) = put(self.node(), name, name, Some(value)) {
            *self = Self::whole(doc);
        }
    }
}
