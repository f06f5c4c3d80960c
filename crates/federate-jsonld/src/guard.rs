//! What a document may cost, and what it may not say: looked at before the processor sees any of it.

use crate::contexts::Contexts;
use crate::{Error, Limits};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

/// Keywords that a document may use beside its names.
const IN_DOCUMENT: [&str; 6] = ["@id", "@type", "@value", "@language", "@list", "@set"];
/// Keywords that a context of a document may hold.
const IN_CONTEXT: [&str; 5] = ["@vocab", "@base", "@language", "@version", "@protected"];
/// Keywords that the definition of a term may hold.
const IN_TERM: [&str; 7] = [
    "@id",
    "@type",
    "@container",
    "@language",
    "@protected",
    "@prefix",
    "@context",
];
/// Keywords that a document may give another name. All others would hide what is looked for here.
const ALIASES: [&str; 2] = ["@id", "@type"];
/// What may not stand below a name that makes a graph of its own: the processor fails over it.
const NOT_IN_GRAPH: [&str; 3] = ["@list", "@set", "@value"];
/// The property that holds a proof, in a graph of its own.
const PROOF: &str = "https://w3id.org/security#proof";
/// Terms that stand on one another, and contexts within contexts: the processor recurses over both.
const CHAIN: u64 = 9;
const WITHIN: usize = 2;
/// To process any context means to copy the one before it, some 150 terms.
const COPY: u64 = 150;

pub(crate) fn check(document: &Value, contexts: &Contexts, limits: &Limits) -> Result<(), Error> {
    let mut guard = Guard {
        contexts,
        limits,
        path: String::new(),
        members: 0,
        cost: 0,
        terms: 0,
        bytes: 0,
        longest: 0,
        bases: 0,
        ids: ["@id", "id"].map(str::to_owned).into(),
        scoped: BTreeSet::new(),
        scoped_terms: 0,
        graphs: BTreeSet::new(),
        within: 0,
    };
    guard.value(document, 0)?;
    if !guard.graphs.is_empty() {
        graphs(document, &guard.graphs)?;
    }
    if !guard.scoped.is_empty() {
        let uses = count_uses(document, &guard.scoped);
        let each = COPY + guard.scoped_terms;
        guard.cost = guard.cost.saturating_add(uses.saturating_mul(each));
    }
    over("terms of contexts to process", guard.cost, limits.context_terms)?;
    let each = guard.name_bytes();
    over(
        "bytes of expanded names",
        each.saturating_mul(guard.members)
            .saturating_add(weight(document, &guard.ids)),
        limits.expanded_bytes,
    )
}

fn over(what: &'static str, count: u64, limit: u64) -> Result<(), Error> {
    if count > limit {
        return Err(Error::limit(what, limit));
    }
    Ok(())
}

struct Guard<'a> {
    contexts: &'a Contexts,
    limits: &'a Limits,
    path: String,
    members: u64,
    cost: u64,
    /// Terms that the document itself defines.
    terms: u64,
    /// Bytes of text in the contexts that the document itself brings: no name can expand by more.
    bytes: u64,
    /// The longest of these texts: a name expands by no more of them than stand on one another.
    longest: u64,
    /// Bytes of what every name can stand on: `@vocab` and `@base`.
    bases: u64,
    /// Names for `@id`.
    ids: BTreeSet<String>,
    scoped: BTreeSet<String>,
    scoped_terms: u64,
    /// Names that make a graph of their own.
    graphs: BTreeSet<String>,
    /// How many contexts this one stands in.
    within: usize,
}

impl Guard<'_> {
    /// By how many bytes a name can grow at most.
    fn name_bytes(&self) -> u64 {
        let chain = self.longest.saturating_mul(CHAIN + 1);
        self.bytes.min(chain.saturating_add(self.bases))
    }

    fn text(&mut self, text: &str) {
        self.bytes = self.bytes.saturating_add(text.len() as u64);
        self.longest = self.longest.max(text.len() as u64);
    }

    /// Runs `inner` one level down.
    fn below(
        &mut self,
        name: &str,
        depth: usize,
        inner: impl FnOnce(&mut Self, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if depth >= self.limits.depth {
            return Err(Error::limit("levels", self.limits.depth as u64));
        }
        let here = self.path.len();
        self.path.push('/');
        self.path.push_str(name);
        let result = inner(self, depth + 1);
        self.path.truncate(here);
        result
    }

    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        self.members += 1;
        over("members", self.members, self.limits.members)?;
        match value {
            Value::Array(items) => {
                for item in items {
                    self.below("-", depth, |me, depth| me.value(item, depth))?;
                }
            }
            Value::Object(members) => {
                for (name, value) in members {
                    self.members += 1;
                    self.below(name, depth, |me, depth| {
                        if name == "@context" {
                            me.context(value, depth)
                        } else if name.starts_with('@') && !IN_DOCUMENT.contains(&name.as_str()) {
                            Err(Error::keyword(name, &me.path))
                        } else {
                            me.value(value, depth)
                        }
                    })?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn context(&mut self, context: &Value, depth: usize) -> Result<(), Error> {
        self.cost = self.cost.saturating_add(COPY);
        match context {
            Value::String(url) => {
                let known = self.contexts.get(url)?;
                self.cost = self.cost.saturating_add(known.terms);
                self.scoped.extend(known.scoped.iter().cloned());
                self.graphs.extend(known.graphs.iter().cloned());
                if !known.scoped.is_empty() {
                    self.scoped_terms = self.scoped_terms.max(known.terms);
                }
            }
            Value::Array(parts) => {
                for part in parts {
                    self.below("-", depth, |me, depth| me.context(part, depth))?;
                }
            }
            Value::Object(terms) => {
                chains(terms)?;
                for (term, definition) in terms {
                    self.terms += 1;
                    self.cost += 1;
                    over("terms in contexts of its own", self.terms, self.limits.own_terms)?;
                    self.text(term);
                    self.below(term, depth, |me, depth| me.term(term, definition, depth))?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn term(&mut self, term: &str, definition: &Value, depth: usize) -> Result<(), Error> {
        if let Value::String(text) = definition {
            self.text(text);
        }
        if [definition.as_str(), part(definition, "@id")].contains(&Some("@id")) {
            self.ids.insert(term.to_owned());
        }
        if term.starts_with('@') {
            let base = definition.as_str().map_or(0, str::len);
            self.bases = self.bases.saturating_add(base as u64);
            // `@type` may be said to be a set; nothing else may be said of a keyword.
            return if IN_CONTEXT.contains(&term) || (term == "@type" && definition.is_object()) {
                Ok(())
            } else {
                Err(Error::keyword(term, &self.path))
            };
        }
        match definition {
            Value::String(means) => self.keyword(means, &ALIASES),
            Value::Object(parts) if term == "proof" && is_of_data_integrity(parts) => {
                self.text(PROOF);
                self.graphs.insert(term.to_owned());
                Ok(())
            }
            Value::Object(parts) => {
                for (part, value) in parts {
                    if part.starts_with('@') && !IN_TERM.contains(&part.as_str()) {
                        return Err(Error::keyword(part, &self.path));
                    }
                    if part == "@context" {
                        self.scoped.insert(term.to_owned());
                        if self.within >= WITHIN {
                            return Err(Error::limit("contexts within contexts", WITHIN as u64));
                        }
                        self.within += 1;
                        self.below(part, depth, |me, depth| me.context(value, depth))?;
                        self.within -= 1;
                        self.scoped_terms = self.scoped_terms.max(self.terms);
                        continue;
                    }
                    let allowed: &[&str] = match part.as_str() {
                        "@id" => &ALIASES,
                        "@type" => &["@id", "@vocab", "@none", "@json"],
                        "@container" => &["@list", "@set", "@language"],
                        _ => &[],
                    };
                    for text in strings(value) {
                        self.text(text);
                        self.keyword(text, allowed)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn keyword(&self, text: &str, allowed: &[&str]) -> Result<(), Error> {
        if text.starts_with('@') && !allowed.contains(&text) {
            return Err(Error::keyword(text, &self.path));
        }
        Ok(())
    }
}

/// Whether `proof` is said to be what the context of Data Integrity, which anybody may name, says that it is: to the letter. Of its own a
/// document makes no other graph.
fn is_of_data_integrity(definition: &Map<String, Value>) -> bool {
    let says = [("@id", PROOF), ("@type", "@id"), ("@container", "@graph")];
    definition.len() == says.len()
        && says
            .iter()
            .all(|(part, value)| definition.get(*part).is_some_and(|said| said == value))
}

/// Bytes that statements repeat of what stands in the document once: the id of a node and the name of a property, for
/// each value.
fn weight(value: &Value, ids: &BTreeSet<String>) -> u64 {
    match value {
        Value::Array(items) => items
            .iter()
            .fold(0, |sum, item| sum.saturating_add(weight(item, ids))),
        Value::Object(members) => {
            let own = members
                .iter()
                .filter(|(name, _)| ids.contains(*name))
                .filter_map(|(_, value)| value.as_str().map(str::len))
                .max()
                .unwrap_or(0) as u64;
            members
                .iter()
                .filter(|(name, _)| *name != "@context")
                .fold(0, |sum, (name, value)| {
                    let each = own.saturating_add(name.len() as u64);
                    sum.saturating_add(each.saturating_mul(values(value)))
                        .saturating_add(weight(value, ids))
                })
        }
        _ => 0,
    }
}

/// How many values a property has.
fn values(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(values).sum(),
        Value::Object(members) if members.contains_key("@set") => members.values().map(values).sum(),
        Value::Object(members) if !members.contains_key("@id") && !members.contains_key("id") => {
            // It may be a map of languages.
            members.len().max(1) as u64
        }
        _ => 1,
    }
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().map(Vec::as_slice).unwrap_or_default();
    many.iter()
        .chain(std::iter::once(value))
        .filter_map(Value::as_str)
}

/// How often a name that brings a context of its own is used: as a property or as a type.
fn count_uses(value: &Value, names: &BTreeSet<String>) -> u64 {
    match value {
        Value::String(text) => u64::from(names.contains(text)),
        Value::Array(items) => items.iter().map(|item| count_uses(item, names)).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| {
                // A value that is an array is read item by item, each with the context again.
                let each = value.as_array().map_or(1, |items| items.len().max(1)) as u64;
                each * u64::from(names.contains(name)) + count_uses(value, names)
            })
            .sum(),
        _ => 0,
    }
}

/// Refuses terms that stand on more than a few others, one upon another, or in a circle.
fn chains(terms: &Map<String, Value>) -> Result<(), Error> {
    let mut height: HashMap<&str, u64> = HashMap::new();
    for _ in 0..=CHAIN {
        let mut grew = false;
        for (term, definition) in terms {
            let means = [
                definition.as_str(),
                part(definition, "@id"),
                part(definition, "@type"),
            ];
            let needs = means
                .into_iter()
                .flatten()
                .flat_map(|name| [Some(name), prefix(name)])
                .chain([prefix(term)])
                .flatten()
                .filter(|name| *name != term && terms.contains_key(*name))
                .map(|name| height.get(name).map_or(1, |height| height + 1))
                .max()
                .unwrap_or(0);
            let known = height.entry(term).or_default();
            grew |= needs > *known;
            *known = needs.max(*known);
        }
        if !grew {
            return Ok(());
        }
    }
    Err(Error::limit("terms that stand on one another", CHAIN))
}

fn part<'a>(definition: &'a Value, name: &str) -> Option<&'a str> {
    definition.get(name).and_then(Value::as_str)
}

fn prefix(name: &str) -> Option<&str> {
    name.split_once(':').map(|(prefix, _)| prefix)
}

/// Refuses all but nodes below a name that makes a graph.
fn graphs(value: &Value, names: &BTreeSet<String>) -> Result<(), Error> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| graphs(item, names)),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| {
            if names.contains(name) {
                only_nodes(name, value)?;
            }
            graphs(value, names)
        }),
        _ => Ok(()),
    }
}

fn only_nodes(name: &str, value: &Value) -> Result<(), Error> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| only_nodes(name, item)),
        Value::Object(members) => match NOT_IN_GRAPH.iter().find(|word| members.contains_key(**word)) {
            Some(word) => Err(Error::keyword(word, name)),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}
