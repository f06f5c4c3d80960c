//! Where a collection or a page leads.

use crate::activitystreams::{Iri, Object, Property, Ref, terms};

/// The types that a collection or a page of one may have. A property makes none: a `Note` with `items` is a `Note`.
const TYPES: [&str; 4] = [
    "Collection",
    "OrderedCollection",
    "CollectionPage",
    "OrderedCollectionPage",
];

/// What stands where the next page may stand.
#[derive(Debug)]
pub(super) enum Onward {
    /// Nothing: this was the last.
    End,
    /// A URL of it, or an object that is only an id.
    At(Iri),
    /// The page itself.
    Here(Object),
    /// Something that is none of these, as text.
    Odd(String),
}

pub(super) fn is_collection(object: &Object) -> bool {
    TYPES.iter().any(|name| object.is(name))
}

pub(super) fn is_page(object: &Object) -> bool {
    object.is("CollectionPage") || object.is("OrderedCollectionPage")
}

pub(super) fn has_items(object: &Object) -> bool {
    object.has(&terms::ITEMS) || object.has(&terms::ORDERED_ITEMS)
}

/// Where a collection goes on: with its first page; with the next where it is a page itself, or a collection that has pages like one.
pub(super) fn from_collection(object: &Object) -> Onward {
    if !is_page(object) && object.has(&terms::FIRST) {
        return at(object, &terms::FIRST);
    }
    from_page(object)
}

/// Where a page goes on, whatever it calls itself: some are an `OrderedCollection` that names its first page, too.
pub(super) fn from_page(object: &Object) -> Onward {
    at(object, &terms::NEXT)
}

fn at(object: &Object, property: &Property<Ref>) -> Onward {
    let reference = object.refer(property);
    if reference.is_empty() {
        return Onward::End;
    }
    let embedded = reference
        .object()
        .filter(|page| is_collection(page) && (has_items(page) || page.has(&terms::NEXT)));
    if let Some(page) = embedded {
        return Onward::Here(page);
    }
    match (reference.id(), object.value_of(property)) {
        (Some(id), _) => Onward::At(id),
        // An empty text is how some say "no more".
        (None, Some(odd)) if odd.as_str().is_none_or(|text| !text.is_empty()) => {
            Onward::Odd(odd.as_str().unwrap_or_default().into_owned())
        }
        _ => Onward::End,
    }
}
