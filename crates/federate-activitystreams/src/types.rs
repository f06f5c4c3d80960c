//! The names of types, without the spellings of JSON-LD.

use crate::{
    edit, names,
    tape::{Doc, Node, Token},
    terms,
};

/// The first type.
pub(crate) fn first(node: Node<'_>) -> Option<&str> {
    all(node).next()
}

/// All types, in the order in which they came; borrowed, also where the document escapes them.
pub(crate) fn all(node: Node<'_>) -> impl Iterator<Item = &str> {
    let found = edit::find(node, "type", "@type").map(Node::values);
    found.unwrap_or_default().filter_map(name)
}

/// The name without the prefix or the namespace of a vocabulary that the library knows: `as:Note` is `Note`.
pub(crate) fn short(name: &str) -> &str {
    if name.bytes().all(|byte| byte != b':') {
        return name;
    }
    match name.split_once(':') {
        None => name,
        Some((before, rest)) if names::prefix(before).is_some() && !rest.starts_with("//") => rest,
        Some(_) if terms::is_in_known_space(name) => names::local(name),
        Some(_) => name,
    }
}

fn name(node: Node<'_>) -> Option<&str> {
    let doc = node.doc;
    let text = match node.token() {
        Token::Plain => node.doc.text_of(doc.entry(node.index)),
        Token::Escaped => {
            let at = doc.types.binary_search_by_key(&node.index, |(index, _)| *index);
            at.ok()
                .and_then(|at| doc.types.get(at))
                .map(|(_, text)| &**text)?
        }
        _ => return None,
    };
    Some(meant(doc, node.index, text)).filter(|text| !text.is_empty())
}

fn meant<'a>(doc: &'a Doc, at: u32, text: &'a str) -> &'a str {
    if doc.scopes.is_empty() {
        return short(text);
    }
    if let Some(iri) = doc.scopes.name(at, text) {
        return names::local(iri);
    }
    match text.split_once(':') {
        // A prefix of the document's own: of a vocabulary that is known, the name alone; of another, what came.
        Some((before, rest)) => match doc.scopes.prefix(at, before) {
            Some(space) if terms::is_in_known_space(space) => rest,
            Some(_) => text,
            None => short(text),
        },
        None => text,
    }
}
