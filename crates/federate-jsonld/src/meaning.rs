//! Which member of a document its contexts give no meaning: for errors only.

use crate::Contexts;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Where the first member stands that has no meaning in the contexts and holds an object, as a JSON pointer.
///
/// Contexts count for the whole document, wherever they stand: it is a hint for people, and nothing is decided by it.
pub(crate) fn object_without_meaning(document: &Value, contexts: &Contexts) -> Option<String> {
    let mut known = Known {
        contexts,
        terms: BTreeSet::new(),
        all: false,
    };
    known.collect(document);
    let members = document.as_object()?;
    if known.all { None } else { known.find(members) }
}

struct Known<'a> {
    contexts: &'a Contexts,
    terms: BTreeSet<String>,
    /// Whether there is a `@vocab`, by which every name means something.
    all: bool,
}

impl Known<'_> {
    fn collect(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(members) => {
                for (name, value) in members {
                    if name == "@context" {
                        self.context(value);
                    } else {
                        self.collect(value);
                    }
                }
            }
            _ => {}
        }
    }

    fn context(&mut self, context: &Value) {
        match context {
            Value::String(url) => {
                let known = self.contexts.get(url).ok();
                let known: Option<Value> = known.and_then(|known| serde_json::from_str(&known.text).ok());
                if let Some(known) = known.as_ref().and_then(|known| known.get("@context")) {
                    self.context(known);
                }
            }
            Value::Array(parts) => parts.iter().for_each(|part| self.context(part)),
            Value::Object(terms) => {
                for (term, definition) in terms {
                    // That of ActivityStreams is `_:`, by which no statement is made.
                    self.all |= term == "@vocab" && definition.as_str().is_some_and(|iri| iri != "_:");
                    self.terms.insert(term.clone());
                    if let Some(scoped) = definition.get("@context") {
                        self.context(scoped);
                    }
                }
            }
            _ => {}
        }
    }

    fn find(&self, members: &Map<String, Value>) -> Option<String> {
        members.iter().find_map(|(name, value)| {
            let means = name.contains([':', '@']) || self.terms.contains(name);
            let items = value
                .as_array()
                .map_or(std::slice::from_ref(value), Vec::as_slice);
            let mut objects = items.iter().filter_map(Value::as_object);
            let below = if means {
                objects.find_map(|object| self.find(object))?
            } else {
                objects.next().map(|_| String::new())?
            };
            Some(format!("/{}{below}", name.replace('~', "~0").replace('/', "~1")))
        })
    }
}
