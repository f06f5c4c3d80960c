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

use crate::{Object, Property, names, tape::Node};

pub use self::{
    activitypub::*, activitystreams::*, group::*, interaction::*, mastodon::*, media::*, others::*,
    security::*,
};

impl Object {
    /// Reads every property that the library knows and writes it back as it was read: what a round trip
    /// through the types makes of a document. Properties with a value that cannot be read are left alone.
    #[must_use]
    pub fn rewritten(&self) -> Self {
        let mut object = self.clone();
        for term in all() {
            (term.rewrite)(&mut object);
        }
        object
    }

    fn count<T>(&self, property: &Property<T>) -> usize {
        let found = crate::edit::find(self.node(), property.name(), property.iri());
        found.map_or(0, |node| node.each().count())
    }
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
    static SPACES: LazyLock<HashSet<&str>> = LazyLock::new(|| {
        let bare = names::BARE.iter().map(|(_, space)| names::space(space));
        let spaces = all().iter().map(|term| names::space(term.iri));
        spaces.chain(bare).filter(|space| !space.is_empty()).collect()
    });
    iri.contains("://") && SPACES.contains(names::space(iri))
}
