//! Which context holds where, and what a name means there.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// A name that means something else than what it says, by a context of the document.
#[derive(Debug)]
pub(crate) struct Renamed {
    pub(crate) name: Box<str>,
    /// The full IRI, or its beginning where the name is a prefix; empty where it is to mean nothing.
    pub(crate) iri: Box<str>,
}

/// What the context of one object says, for that object and all within it.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The object's entry.
    pub(crate) from: u32,
    /// The entry after all within it.
    pub(crate) to: u32,
    /// The entry of the name `@context`.
    pub(crate) context: u32,
    /// Which scope is around it.
    pub(crate) around: Option<usize>,
    /// Sorted by name.
    pub(crate) names: Vec<Renamed>,
    /// Sorted by name.
    pub(crate) prefixes: Vec<Renamed>,
}

/// The scopes of a document, in the order in which their objects stand.
#[derive(Debug, Default)]
pub(crate) struct Scopes(Vec<Scope>);

impl Scopes {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a scope behind those that are there, where it says anything.
    pub(crate) fn push(&mut self, mut scope: Scope) {
        for names in [&mut scope.names, &mut scope.prefixes] {
            // Of two definitions the later holds.
            names.reverse();
            names.sort_by(|a, b| a.name.cmp(&b.name));
            names.dedup_by(|a, b| a.name == b.name);
        }
        if !scope.names.is_empty() || !scope.prefixes.is_empty() {
            self.0.push(scope);
        }
    }

    /// The innermost scope in which this entry stands.
    pub(crate) fn innermost(&self, entry: u32) -> Option<usize> {
        let mut at = self.0.partition_point(|scope| scope.from <= entry).checked_sub(1);
        while let Some(scope) = at.and_then(|at| self.0.get(at)) {
            if entry < scope.to {
                return at;
            }
            at = scope.around;
        }
        None
    }

    /// What a name means at this entry, where that is something else than it says.
    pub(crate) fn meaning(&self, entry: u32, name: &str) -> Option<Cow<'_, str>> {
        if let Some(iri) = self.name(entry, name) {
            return Some(Cow::Borrowed(iri));
        }
        let (before, rest) = name.split_once(':').filter(|(_, rest)| !rest.starts_with("//"))?;
        let space = self.prefix(entry, before)?;
        Some(Cow::Owned(format!("{space}{rest}")))
    }

    /// What this very name means at this entry, where a context gives it another meaning.
    pub(crate) fn name(&self, entry: u32, name: &str) -> Option<&str> {
        self.find(entry, |scope| &scope.names, name)
    }

    /// What a prefix means at this entry, where a context gives it a meaning of its own.
    pub(crate) fn prefix(&self, entry: u32, name: &str) -> Option<&str> {
        self.find(entry, |scope| &scope.prefixes, name)
    }

    /// What the scopes around this object say that its own context does not: the `@context` names, the outermost first,
    /// and each name with the meaning of the nearest, and whether it is a prefix.
    pub(crate) fn around(&self, object: u32) -> (Vec<u32>, BTreeMap<&str, (&str, bool)>) {
        let (mut contexts, mut meanings) = (Vec::new(), BTreeMap::new());
        let mut own = BTreeSet::new();
        let mut at = self.innermost(object);
        while let Some(scope) = at.and_then(|at| self.0.get(at)) {
            let names = scope.names.iter().map(|one| (one, false));
            let names = names.chain(scope.prefixes.iter().map(|one| (one, true)));
            if scope.from == object {
                own.extend(names.map(|(one, _)| &*one.name));
            } else {
                contexts.push(scope.context);
                for (one, prefix) in names.filter(|(one, _)| !own.contains(&*one.name)) {
                    meanings.entry(&*one.name).or_insert((&*one.iri, prefix));
                }
            }
            at = scope.around;
        }
        contexts.reverse();
        (contexts, meanings)
    }

    fn find(&self, entry: u32, of: fn(&Scope) -> &Vec<Renamed>, name: &str) -> Option<&str> {
        let mut at = self.innermost(entry);
        while let Some(scope) = at.and_then(|at| self.0.get(at)) {
            let names = of(scope);
            if let Ok(found) = names.binary_search_by(|one| (*one.name).cmp(name)) {
                return names.get(found).map(|one| &*one.iri);
            }
            at = scope.around;
        }
        None
    }
}
