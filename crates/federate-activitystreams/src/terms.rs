//! The properties that the library knows: one declaration each.
//!
//! Each is a constant that names the property (for `get`, `set`, `remove`), an accessor of [`Object`], and the entry
//! by which [`Object::warnings`] knows what belongs there.

mod activitypub;
mod activitystreams;
mod declare;
mod group;
mod interaction;
mod mastodon;
mod media;
mod others;
mod security;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::LazyLock,
};

use crate::{Json, Object, Property, Value, edit, names, tape::Node};

pub use self::{
    activitypub::*, activitystreams::*, group::*, interaction::*, mastodon::*, media::*, others::*,
    security::*,
};

impl Object {
    /// Reads every property that the library knows, sets it to something else, and writes back what was read: what a
    /// round trip through the types makes of a document. Properties with a value that cannot be read are left alone,
    /// and what reads the same keeps its spelling.
    #[must_use]
    pub fn rewritten(&self) -> Self {
        let mut object = self.clone();
        for term in all() {
            (term.rewrite)(&mut object);
        }
        object
    }

    fn rewrite<T: Value>(&mut self, property: &Property<T>) {
        let (name, iri) = (property.name(), property.iri());
        // Under two names that agree, the one would go.
        let Some(node) =
            edit::find(self.node(), name, iri).filter(|_| edit::stands_once(self.node(), name, iri))
        else {
            return;
        };
        let written: Option<Vec<Json>> = node.each().map(|one| Some(T::read(one)?.write())).collect();
        let Some(written) = written.filter(|values| !values.is_empty()) else {
            return;
        };
        // What reads as it was written keeps the spelling in which it came.
        let back = if written.iter().all(reads_as_written::<T>) {
            Json(node.text().to_owned())
        } else {
            Json::array(&written)
        };
        let before = self.clone();
        self.put(name, iri, Some(&Json::string("changed")));
        self.put(name, iri, Some(&back));
        // What cannot be put back is not taken away.
        if edit::find(self.node(), name, iri).is_none_or(|node| node.text() != back.0) {
            *self = before;
        }
    }
}

fn reads_as_written<T: Value>(written: &Json) -> bool {
    const VALUE: &str = "value";
    let mut holder = Object::new();
    holder.set_json(VALUE, written);
    let read = holder.node().get(VALUE).and_then(T::read);
    read.is_some_and(|read| read.write() == *written)
}

/// One term that the library knows, as it was declared.
///
/// [`terms::known`](known) finds it by its name on the wire, [`terms::all`](all) has them all.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Term {
    /// The name on the wire.
    pub name: &'static str,
    /// The full IRI.
    pub iri: &'static str,
    /// Where it is specified.
    pub spec: &'static str,
    /// What it holds, in a word or two: what a [`Warning`](crate::Warning) expects.
    pub expected: &'static str,
    /// Whether it has one value at most.
    pub functional: bool,
    /// Whether `nameMap` may stand beside it or in its place: text by language.
    pub by_language: bool,
    pub(crate) fits: fn(Node<'_>) -> bool,
    rewrite: fn(&mut Object),
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.iri)
    }
}

/// All terms that the library knows, in the order of their declaration.
#[must_use]
pub fn all() -> &'static [Term] {
    #[expect(unused_qualifications, reason = "each of the modules has one")]
    static ALL: LazyLock<Vec<Term>> = LazyLock::new(|| {
        [
            activitystreams::TERMS,
            activitypub::TERMS,
            security::TERMS,
            mastodon::TERMS,
            interaction::TERMS,
            group::TERMS,
            media::TERMS,
            others::TERMS,
        ]
        .concat()
    });
    &ALL
}

/// The term of this name on the wire.
#[must_use]
pub fn known(name: &str) -> Option<&'static Term> {
    static BY_NAME: LazyLock<HashMap<&str, &Term>> =
        LazyLock::new(|| all().iter().map(|term| (term.name, term)).collect());
    BY_NAME.get(name).copied()
}

/// The term of this full IRI, whichever of its spellings; of several, the first that is declared.
pub(crate) fn of_iri(iri: &str) -> Option<&'static Term> {
    static BY_IRI: LazyLock<HashMap<String, &Term>> = LazyLock::new(|| {
        let terms = all().iter().rev();
        terms
            .map(|term| (names::without_varieties(term.iri), term))
            .collect()
    });
    BY_IRI.get(&names::without_varieties(iri)).copied()
}

/// Whether this full IRI is of a vocabulary that the library knows terms of.
pub(crate) fn is_in_known_space(iri: &str) -> bool {
    iri.contains("://") && SPACES.contains(names::space(iri))
}

/// Whether an IRI of a vocabulary that the library knows terms of may begin with this.
pub(crate) fn may_begin(beginning: &str) -> bool {
    let beginning = beginning
        .strip_prefix("https:")
        .or_else(|| beginning.strip_prefix("http:"))
        .unwrap_or(beginning);
    let mut spaces = SPACES.iter();
    spaces.any(|space| space.starts_with(beginning) || beginning.starts_with(space))
}

/// What stands before the name of each term.
static SPACES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let bare = names::BARE.iter().map(|(_, space)| names::space(space));
    let spaces = all().iter().map(|term| names::space(term.iri));
    spaces.chain(bare).filter(|space| !space.is_empty()).collect()
});
