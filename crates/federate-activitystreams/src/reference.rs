//! Where an id or an object may stand.

use std::fmt;

use crate::{Iri, Json, Kind, Object, Value, property::identifier, tape::Node, tape::Token};

/// What stands where an id, an object or several of them may stand: `actor`, `object`, `attributedTo` …
///
/// Nothing may stand there too: then every question is answered with `None`.
///
/// ```
/// use federate_activitystreams::{Note, Object};
///
/// let by_id = Object::parse(br#"{"object": "https://a.example/1"}"#)?;
/// assert_eq!(by_id.object().id().unwrap().as_str(), "https://a.example/1");
/// assert!(by_id.object().object().is_none());
///
/// let whole = Object::parse(br#"{"object": {"id": "https://a.example/1", "type": "Note", "content": "hi"}}"#)?;
/// assert_eq!(whole.object().id(), by_id.object().id());
/// assert_eq!(whole.object().as_::<Note>().unwrap().content().as_deref(), Some("hi"));
/// # Ok::<_, federate_activitystreams::ParseError>(())
/// ```
#[derive(Clone, Default)]
pub struct Ref(Option<Object>);

impl Ref {
    pub(crate) fn at(node: Node<'_>) -> Self {
        Self(Some(Object::at(node)))
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// The id of what stands there: the text itself, an object's `id`, a Link's `href`. Of several, the
    /// first's.
    #[must_use]
    pub fn id(&self) -> Option<Iri> {
        self.nodes().find_map(Iri::read)
    }

    /// All ids, of each that has one.
    #[must_use]
    pub fn ids(&self) -> Vec<Iri> {
        self.nodes().filter_map(Iri::read).collect()
    }

    /// The object itself, where it is embedded. Of several, the first that is.
    #[must_use]
    pub fn object(&self) -> Option<Object> {
        self.nodes().find(|node| node.is_object()).map(Object::at)
    }

    /// The embedded object as a type, where it is one.
    #[must_use]
    pub fn as_<T: Kind>(&self) -> Option<T> {
        self.object().and_then(|object| T::from_object(&object))
    }

    /// The first of what stands there, embedded or not: an object that came as an id has that id and nothing
    /// else.
    #[must_use]
    pub fn first(&self) -> Option<Object> {
        self.nodes().next().map(Object::at)
    }

    /// Each of what stands there.
    pub fn iter(&self) -> impl Iterator<Item = Self> {
        self.nodes().map(Self::at)
    }

    /// How many stand there.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes().count()
    }

    /// Whether nothing stands there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this id is among those that stand there, byte by byte.
    #[must_use]
    pub fn contains(&self, id: &Iri) -> bool {
        self.nodes().filter_map(identifier).any(|one| one == id.as_str())
    }

    pub(crate) fn json(&self) -> Json {
        match &self.0 {
            Some(object) => Json::object(object),
            None => Json("null".to_owned()),
        }
    }

    fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        let values = self.0.as_ref().map(|object| object.node().values());
        values.unwrap_or_default()
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.len() != 1;
        let mut list = f.debug_list();
        for node in self.nodes() {
            match (node.token(), Iri::read(node)) {
                (Token::Object, _) if !several => return fmt::Debug::fmt(&Object::at(node), f),
                (Token::Object, _) => list.entry(&Object::at(node)),
                (_, Some(id)) if !several => return fmt::Debug::fmt(&id, f),
                (_, Some(id)) => list.entry(&id),
                (_, None) => list.entry(&"?"),
            };
        }
        list.finish()
    }
}

impl PartialEq<Iri> for Ref {
    fn eq(&self, other: &Iri) -> bool {
        self.len() == 1 && self.id().as_ref() == Some(other)
    }
}

impl From<Ref> for Option<Iri> {
    fn from(reference: Ref) -> Self {
        reference.id()
    }
}

impl From<&Ref> for Option<Iri> {
    fn from(reference: &Ref) -> Self {
        reference.id()
    }
}

impl From<&Self> for Ref {
    fn from(reference: &Self) -> Self {
        reference.clone()
    }
}

impl From<Object> for Ref {
    fn from(object: Object) -> Self {
        Self(Some(object))
    }
}

impl From<&Object> for Ref {
    fn from(object: &Object) -> Self {
        Self(Some(object.clone()))
    }
}

impl From<Iri> for Ref {
    fn from(id: Iri) -> Self {
        Self::from(&id)
    }
}

impl From<&Iri> for Ref {
    fn from(id: &Iri) -> Self {
        Self(Some(Object::of_text(id.as_str())))
    }
}
