//! Finding a property under all its spellings, and setting it by splicing the bytes that came.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

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

/// Whether a property stands under one of its names alone.
pub(crate) fn stands_once(node: Node<'_>, name: &str, iri: &str) -> bool {
    node.doc.is_usual() || keys(node, name, iri).nth(1).is_none()
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
    if value.is_none() && keys(node, name, iri).next().is_none() {
        return None;
    }
    if let Cow::Owned(text) = taken_out(node) {
        let whole = Arc::new(scan::owned(text).ok()?);
        return put(Node::new(&whole, 0), name, iri, value).or_else(|| Arc::into_inner(whole));
    }
    scan::owned(rewrite(node, name, iri, value)?).ok()
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
    let hash = scan::hash(name);
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
        size: hash,
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

/// The same as text, where a property may stand under several names: of these the first keeps its place.
fn rewrite(node: Node<'_>, name: &str, iri: &str, value: Option<&Json>) -> Option<String> {
    let text = node.text();
    let base = node.doc.entry(node.index).start;
    let found: Vec<u32> = keys(node, name, iri).collect();
    if found.is_empty() {
        return Some(with_new(node, name, iri, value?));
    }
    let mut out = String::with_capacity(text.len() + name.len() + value.map_or(0, |value| value.0.len()) + 8);
    let mut copied = 0;
    let mut cut = |out: &mut String, from: u32, to: u32| {
        out.push_str(text.get(copied..(from - base) as usize).unwrap_or_default());
        copied = (to - base) as usize;
    };
    let mut found = found.into_iter().peekable();
    let mut keys = node.keys().peekable();
    let (mut value, mut kept, mut end_before) = (value, false, base + 1);
    while let Some(key) = keys.next() {
        let (start, end) = node.doc.span(key + 1);
        if found.next_if_eq(&key).is_none() {
            kept = true;
        } else if let Some(value) = value.take() {
            cut(&mut out, start, end);
            out.push_str(&value.0);
            kept = true;
        } else if kept {
            cut(&mut out, end_before, end);
        } else {
            // Nothing stands before it: the comma behind it goes.
            let next = keys.peek().map_or(end, |next| node.doc.span(*next).0);
            cut(&mut out, node.doc.span(key).0, next);
        }
        end_before = end;
    }
    let end = base + u32::try_from(text.len()).ok()?;
    cut(&mut out, end, end);
    Some(out)
}

/// The same with a property that was not there, behind all others.
fn with_new(node: Node<'_>, name: &str, iri: &str, value: &Json) -> String {
    // A name that this document has given another meaning cannot say what is meant; the full IRI can, and of what is
    // a keyword, the keyword.
    let name = match node.doc.scopes.meaning(node.index, name) {
        Some(_) => iri,
        None => name,
    };
    let text = node.text();
    let body = text.strip_suffix('}').unwrap_or(text);
    let tail = body.trim_ascii_end().len();
    let (body, blanks) = body.split_at_checked(tail).unwrap_or((body, ""));
    let comma = if node.keys().next().is_some() { "," } else { "" };
    format!("{body}{comma}{}:{}{blanks}}}", Json::of(name).0, value.0)
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
        match node.doc.scopes.meaning(*key, &spelled) {
            Some(meant) => names::same_iri(&meant, iri) || names::spells(&meant, name, iri),
            None => names::spells(&spelled, name, iri),
        }
    })
}

/// The object as a document of its own: with the contexts around it that give names another meaning.
pub(crate) fn taken_out(node: Node<'_>) -> Cow<'_, str> {
    if node.token() != Token::Object || node.doc.scopes.is_empty() {
        return Cow::Borrowed(node.text());
    }
    let (around, meanings) = node.doc.scopes.around(node.index);
    if around.is_empty() {
        return Cow::Borrowed(node.text());
    }
    let own = node.key("@context");
    let value = |key: u32| Node::new(node.doc, key + 1);
    let addresses = around.into_iter().flat_map(|key| value(key).each());
    let addresses = addresses
        .filter(|part| part.as_str().is_some())
        .map(|part| part.text().to_owned());
    let inherited = (!meanings.is_empty()).then(|| definitions(&meanings));
    let own_parts = own
        .into_iter()
        .flat_map(|key| value(key).each())
        .map(|part| part.text().to_owned());
    let mut parts: Vec<String> = addresses.chain(inherited).collect();
    parts.dedup();
    parts.extend(own_parts);
    let context = format!("[{}]", parts.join(","));
    let text = node.text();
    let base = node.doc.entry(node.index).start;
    let out = match own.map(|key| node.doc.span(key + 1)) {
        Some((start, end)) => {
            let (before, rest) = text
                .split_at_checked((start - base) as usize)
                .unwrap_or((text, ""));
            let after = rest.get((end - start) as usize..).unwrap_or_default();
            format!("{before}{context}{after}")
        }
        None => {
            let comma = if node.keys().next().is_some() { "," } else { "" };
            format!(
                "{{\"@context\":{context}{comma}{}",
                text.get(1..).unwrap_or_default()
            )
        }
    };
    Cow::Owned(out)
}

/// A context of these names alone, each in full: what it stands on may mean something else where it is put.
fn definitions(meanings: &BTreeMap<&str, (&str, bool)>) -> String {
    let definitions = meanings.iter().map(|(name, (iri, prefix))| {
        let meaning = match Json::of(iri).0 {
            _ if iri.is_empty() => "null".to_owned(),
            iri if *prefix => format!("{{\"@id\":{iri},\"@prefix\":true}}"),
            iri => iri,
        };
        format!("{}:{meaning}", Json::of(name).0)
    });
    format!("{{{}}}", definitions.collect::<Vec<_>>().join(","))
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
