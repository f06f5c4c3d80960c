//! The names of types, without the spellings of JSON-LD.

use crate::{
    context, edit,
    tape::{Node, Token},
};

const NAMESPACES: [&str; 4] = [
    "https://www.w3.org/ns/activitystreams#",
    "http://www.w3.org/ns/activitystreams#",
    "as:",
    "activitystreams:",
];

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

/// The name without the namespace of ActivityStreams: `as:Note` is `Note`.
pub(crate) fn short(name: &str) -> &str {
    NAMESPACES
        .iter()
        .find_map(|space| name.strip_prefix(space))
        .unwrap_or(name)
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
        Some(iri) => context::local(iri),
        None => short(text),
    };
    Some(meant).filter(|text| !text.is_empty())
}
