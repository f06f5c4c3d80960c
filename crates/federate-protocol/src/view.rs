//! What of a document its sender can answer for.
//!
//! An object is believed when it is fetched from its own origin, when it is signed by its owner, or when it is embedded in a
//! document of the same origin and the same owner ([FEP-fe34]). All else that is embedded here becomes its id, for
//! somebody to fetch; what has no id to become is left out.
//!
//! [FEP-fe34]: https://codeberg.org/fediverse/fep/src/branch/main/fep/fe34/fep-fe34.md

use crate::activitystreams::{Iri, Object};
use serde_json::{Map, Value};

/// The view of an activity that `by` sent.
pub(crate) fn of_activity(object: &Object, by: &Iri) -> Object {
    reduce(object, by, Some(by))
}

/// The view of a document that was fetched from `id`; `owner` is who answers for it, where somebody does.
pub(crate) fn of_document(object: &Object, id: &Iri, owner: Option<&Iri>) -> Object {
    reduce(object, id, owner)
}

fn reduce(object: &Object, origin: &Iri, owner: Option<&Iri>) -> Object {
    let mut value = object.to_value();
    let Value::Object(top) = &mut value else {
        return object.clone();
    };
    let mut reducer = Reducer {
        origin,
        owner,
        changed: false,
    };
    reducer.members(top);
    if !reducer.changed {
        return object.clone();
    }
    // A part of a document that passed every limit passes them too; were it otherwise, nothing of it is to be seen.
    Object::from_value(value).unwrap_or_else(|_| Object::default())
}

struct Reducer<'a> {
    origin: &'a Iri,
    owner: Option<&'a Iri>,
    changed: bool,
}

enum Verdict {
    Keep,
    Reference(String),
    Drop,
}

impl Reducer<'_> {
    fn members(&mut self, node: &mut Map<String, Value>) {
        node.retain(|name, value| name == "@context" || self.value(value));
    }

    /// Whether the value stays.
    fn value(&mut self, value: &mut Value) -> bool {
        match value {
            Value::Array(items) => {
                items.retain_mut(|item| self.value(item));
                true
            }
            Value::Object(node) => match self.judge(node) {
                Verdict::Keep => {
                    self.members(node);
                    true
                }
                Verdict::Reference(id) => {
                    self.changed = true;
                    *value = Value::String(id);
                    true
                }
                Verdict::Drop => {
                    self.changed = true;
                    false
                }
            },
            _ => true,
        }
    }

    fn judge(&self, node: &Map<String, Value>) -> Verdict {
        let id = match property(node, "id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.as_str()),
            // An id that is no string names nothing, and must not be read as "without an id" (I7).
            Some(_) => return Verdict::Drop,
        };
        let Some(id) = id else {
            return if self.owned(node, None) {
                Verdict::Keep
            } else {
                Verdict::Drop
            };
        };
        let Ok(parsed) = Iri::parse(id) else {
            return Verdict::Drop;
        };
        if parsed.same_origin(self.origin) && self.owned(node, Some(id)) {
            Verdict::Keep
        } else {
            Verdict::Reference(id.to_owned())
        }
    }

    /// Whether nobody but the owner of the whole claims this node.
    fn owned(&self, node: &Map<String, Value>, id: Option<&str>) -> bool {
        if is_actor(node) {
            return match (id, self.owner) {
                (Some(id), Some(owner)) => id == owner.as_str(),
                (Some(_), None) => false,
                (None, _) => true,
            };
        }
        let mut claimed = false;
        let mut ours = false;
        for name in ["attributedTo", "actor", "owner", "controller"] {
            for claimant in ids(property(node, name)) {
                claimed = true;
                ours |= self.owner.is_some_and(|owner| owner.as_str() == claimant);
            }
        }
        !claimed || ours
    }
}

fn is_actor(node: &Map<String, Value>) -> bool {
    const ACTORS: [&str; 5] = ["Application", "Group", "Organization", "Person", "Service"];
    let named = |value: &Value| {
        value
            .as_str()
            .is_some_and(|name| ACTORS.contains(&local_name(name)))
    };
    match property(node, "type") {
        Some(Value::Array(types)) if types.iter().any(named) => true,
        Some(one) if named(one) => true,
        _ => property(node, "inbox").is_some(),
    }
}

/// A property under each of the spellings that mean the same without a context.
fn property<'a>(node: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = node.get(name) {
        return Some(value);
    }
    match name {
        "id" => node.get("@id"),
        "type" => node.get("@type"),
        "owner" | "controller" => node
            .get(&format!("https://w3id.org/security#{name}"))
            .or_else(|| node.get(&format!("sec:{name}"))),
        "inbox" => node
            .get("ldp:inbox")
            .or_else(|| node.get("http://www.w3.org/ns/ldp#inbox"))
            .or_else(|| node.get("as:inbox")),
        _ => node
            .get(&format!("as:{name}"))
            .or_else(|| node.get(&format!("https://www.w3.org/ns/activitystreams#{name}"))),
    }
}

fn local_name(name: &str) -> &str {
    name.strip_prefix("as:")
        .or_else(|| name.strip_prefix("https://www.w3.org/ns/activitystreams#"))
        .unwrap_or(name)
}

fn ids(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(id)) => vec![id],
        Some(Value::Object(node)) => property(node, "id").and_then(Value::as_str).into_iter().collect(),
        Some(Value::Array(items)) => items.iter().flat_map(|item| ids(Some(item))).collect(),
        _ => Vec::new(),
    }
}
