//! The names of types, without the spellings of JSON-LD.

use crate::{
    edit, names,
    tape::{Node, Token},
    terms,
};

/// The first type.
pub(crate) fn first(node: Node<'_>) -> Option<&str> {
    all(node).next()
}

/// All types, in the order in which they came; borrowed, also where the document escapes them.
pub(crate) fn all(node: Node<'_>) -> impl Iterator<Item = &str> {
    edit::find(node, "type", "@type")
        .into_iter()
        .flat_map(Node::each)
        .filter_map(name)
}

/// The name without the prefix or the namespace of a vocabulary that the library knows: `as:Note` is `Note`.
pub(crate) fn short(name: &str) -> &str {
    match name.split_once(':') {
        None => name,
        Some((before, rest)) if names::prefix(before).is_some() => rest,
        Some(_) if terms::is_in_known_space(name) => names::local(name),
        Some(_) => name,
    }
}

fn name(node: Node<'_>) -> Option<&str> {
    let doc = node.doc;
    let text = match node.token() {
        Token::Plain => node.doc.text_of(doc.entry(node.index)),
        Token::Escaped => doc
            .types
            .iter()
            .find(|(index, _)| *index == node.index)
            .map(|(_, text)| &**text)?,
        _ => return None,
    };
    let meant = match doc.renamed(text) {
        Some(iri) => names::local(iri),
        None => short(text),
    };
    Some(meant).filter(|text| !text.is_empty())
}
