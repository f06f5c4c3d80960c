//! A document with parts of it taken out by what they mean, all else byte by byte as it came.

use crate::activitystreams::{Member, Node, Object};
use std::borrow::Cow;

/// What becomes of an object within the document.
pub(crate) enum Verdict {
    Keep,
    /// Only this text stands there.
    Reference(String),
    Drop,
}

/// Who says what stays. Names are to be asked for as the usual ones, whatever the document calls things: what is judged by its spelling
/// is not seen under an alias.
pub(crate) trait Judge {
    /// Whether this property stays, whatever it holds.
    fn keeps(&self, member: Member<'_>) -> bool;

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

enum Pruned<'a> {
    Same(Node<'a>),
    Other(String),
    Gone,
}

impl Pruned<'_> {
    fn is_same(&self) -> bool {
        matches!(self, Self::Same(_))
    }

    /// The JSON that stands there, if anything does.
    fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Same(node) => Some(String::from_utf8_lossy(node.raw())),
            Self::Other(text) => Some(Cow::Borrowed(text)),
            Self::Gone => None,
        }
    }
}

fn value<'a>(node: Node<'a>, judge: &impl Judge) -> Pruned<'a> {
    let within = if node.is_array() {
        array(node, judge)
    } else if node.is_object() {
        match crate::activitystreams::Value::read(node).map(|object| judge.object(&object)) {
            Some(Verdict::Keep) => members(node, judge),
            Some(Verdict::Reference(id)) => return Pruned::Other(serde_json::Value::from(id).to_string()),
            Some(Verdict::Drop) | None => return Pruned::Gone,
        }
    } else {
        None
    };
    within.map_or(Pruned::Same(node), Pruned::Other)
}

/// `None` where nothing changes: then nothing is noted or copied either.
fn array(node: Node<'_>, judge: &impl Judge) -> Option<String> {
    let mut items = node.each().map(|item| value(item, judge)).enumerate();
    let (at, changed) = items.find(|(_, item)| !item.is_same())?;
    let before = node.each().take(at).map(Pruned::Same);
    let all = before.chain([changed]).chain(items.map(|(_, item)| item));
    let texts: Vec<_> = all.filter_map(|item| item.text().map(Cow::into_owned)).collect();
    Some(format!("[{}]", texts.join(",")))
}

/// `None` where nothing changes: then nothing is noted or copied either.
fn members<'a>(node: Node<'a>, judge: &impl Judge) -> Option<String> {
    let pruned = |member: Member<'a>| match member.is("@context") {
        true => Pruned::Same(member.value()),
        false if !judge.keeps(member) => Pruned::Gone,
        false => value(member.value(), judge),
    };
    let mut members = node.members().map(pruned).enumerate();
    let (at, changed) = members.find(|(_, member)| !member.is_same())?;
    let before = node.members().take(at).map(|member| Pruned::Same(member.value()));
    let all = before.chain([changed]).chain(members.map(|(_, member)| member));
    let texts = node.members().zip(all).filter_map(|(member, pruned)| {
        let text = pruned.text()?;
        Some(format!("{}:{text}", serde_json::Value::from(&*member.name())))
    });
    Some(format!("{{{}}}", texts.collect::<Vec<_>>().join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activitystreams::terms;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// All that there is: names that go, and objects that stay, become their ids and go.
    struct Strict;

    impl Judge for Strict {
        fn keeps(&self, member: Member<'_>) -> bool {
            member.usual_name() != "bto"
        }

        fn object(&self, object: &Object) -> Verdict {
            match object.id() {
                None if object.has(&terms::ID) => Verdict::Drop,
                Some(id) if id.as_str() == "https://b.example/1" => Verdict::Reference(id.into()),
                _ => Verdict::Keep,
            }
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop::sample::select(vec![
            json!("https://a.example/1"),
            json!("https://b.example/1"),
            json!(null),
            json!(1),
            json!("\u{e9}\\"),
        ]);
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                object(inner),
            ]
        })
    }

    fn object(member: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
        let names = vec![
            "id",
            "@id",
            "type",
            "tag",
            "object",
            "as:object",
            "bto",
            "as:bto",
            "@context",
            "x",
        ];
        let members = (prop::sample::select(names), member);
        prop::collection::vec(members, 0..5).prop_map(|members| {
            let members = members.into_iter();
            Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect())
        })
    }

    proptest! {
        #[test]
        fn i5_of_what_is_left_nothing_more_is_to_go(document in object(value())) {
            if let Ok(object) = Object::from_value(&document) {
                let left = prune(&object, &Strict);
                prop_assert!(members(left.node(), &Strict).is_none(), "{} of {}", left.to_value(), document);
            }
        }
    }
}
