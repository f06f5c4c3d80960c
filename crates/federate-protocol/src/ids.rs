//! Ids and names, read without a type.

use crate::activitystreams::{Iri, Object, Property, Ref};

/// All ids under a property.
pub(crate) fn of(object: &Object, property: &Property<Ref>) -> Vec<Iri> {
    object
        .get(property)
        .map(|reference| reference.ids())
        .unwrap_or_default()
}

/// The name of a type or property without its prefix or namespace.
pub(crate) fn local_name(name: &str) -> &str {
    name.strip_prefix("as:")
        .or_else(|| name.strip_prefix("https://www.w3.org/ns/activitystreams#"))
        .unwrap_or(name)
}
