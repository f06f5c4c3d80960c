//! A document with parts of it taken out by what they mean, all else byte by byte as it came.

use crate::activitystreams::{Node, Object};
use std::borrow::Cow;

/// What becomes of an object within the document.
pub(crate) enum Verdict {
    Keep,
    /// Only this text stands there.
    Reference(String),
    Drop,
}

/// Who says what stays. Names are the usual ones, whatever the document calls things: what is judged by its spelling
/// is not seen under an alias.
pub(crate) trait Judge {
    /// Whether properties of this name stay, whatever they hold.
    fn keeps(&self, name: &str) -> bool;

    fn object(&self, object: &Object) -> Verdict;
}

/// The document as it is judged; the object at the top is not judged itself.
pub(crate) fn prune(object: &Object, judge: &impl Judge) -> Object {
    let whole = object.detached();
    match members(whole.node(), judge) {
        None => whole,
        // A part of a document that passed every limit passes them too; were it otherwise, nothing of it is to be seen.
        Some(text) => Object::parse(text.as_bytes()).unwrap_or_else(|_| Object::default()),
    }
}

enum Pruned {
    Same,
    Other(String),
    Gone,
}

fn value(node: Node<'_>, judge: &impl Judge) -> Pruned {
    if node.is_array() {
        return array(node, judge).map_or(Pruned::Same, Pruned::Other);
    }
    if !node.is_object() {
        return Pruned::Same;
    }
    match crate::activitystreams::Value::read(node).map(|object| judge.object(&object)) {
        Some(Verdict::Keep) => members(node, judge).map_or(Pruned::Same, Pruned::Other),
        Some(Verdict::Reference(id)) => Pruned::Other(serde_json::Value::from(id).to_string()),
        Some(Verdict::Drop) | None => Pruned::Gone,
    }
}

/// `None` where nothing changes: then nothing is copied either.
fn array(node: Node<'_>, judge: &impl Judge) -> Option<String> {
    let (mut items, mut changed) = (Vec::new(), false);
    for item in node.each() {
        match value(item, judge) {
            Pruned::Same => items.push(raw(item)),
            Pruned::Other(text) => {
                changed = true;
                items.push(Cow::Owned(text));
            }
            Pruned::Gone => changed = true,
        }
    }
    changed.then(|| format!("[{}]", items.join(",")))
}

/// `None` where nothing changes: then nothing is copied either.
fn members(node: Node<'_>, judge: &impl Judge) -> Option<String> {
    let (mut kept, mut changed) = (Vec::new(), false);
    for ((name, member), (usual, _)) in node.entries().zip(node.properties()) {
        let pruned = match name.as_ref() {
            "@context" => Pruned::Same,
            _ if !judge.keeps(&usual) => Pruned::Gone,
            _ => value(member, judge),
        };
        match pruned {
            Pruned::Same => kept.push((name, raw(member))),
            Pruned::Other(text) => {
                changed = true;
                kept.push((name, Cow::Owned(text)));
            }
            Pruned::Gone => changed = true,
        }
    }
    let member =
        |(name, text): &(Cow<'_, str>, Cow<'_, str>)| format!("{}:{text}", serde_json::Value::from(&**name));
    changed.then(|| format!("{{{}}}", kept.iter().map(member).collect::<Vec<_>>().join(",")))
}

fn raw(node: Node<'_>) -> Cow<'_, str> {
    String::from_utf8_lossy(node.raw())
}
