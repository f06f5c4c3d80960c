//! Ids and names, read without a type.

use crate::activitystreams::{Iri, Object, Property, Ref, terms};

/// The id that a document states, as one text: `Ok(None)` where it states none, an error where what stands there is something else than one
/// absolute id (I7). The types read more than that, an array of one for example, which is tolerance that an id must not have.
pub(crate) fn stated(object: &Object) -> Result<Option<Iri>, NotAnId> {
    match object.value_of(&terms::ID) {
        None => Ok(None),
        Some(id) if id.is_null() => Ok(None),
        Some(id) => id
            .as_str()
            .and_then(|text| Iri::parse(&text).ok())
            .map(Some)
            .ok_or(NotAnId),
    }
}

/// What stands where an id should is none.
#[derive(Debug)]
pub(crate) struct NotAnId;

/// All ids under a property.
pub(crate) fn of(object: &Object, property: &Property<Ref>) -> Vec<Iri> {
    object.get_all(property).iter().flat_map(Ref::ids).collect()
}

/// The name of a type or property without its prefix or namespace.
pub(crate) fn local_name(name: &str) -> &str {
    name.strip_prefix("as:")
        .or_else(|| name.strip_prefix("https://www.w3.org/ns/activitystreams#"))
        .unwrap_or(name)
}
