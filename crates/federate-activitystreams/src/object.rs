//! A document, or an object in one.

use std::{
    borrow::{Borrow, Cow},
    fmt,
    sync::Arc,
};

use serde_json::Value as JsonValue;

use crate::{
    Iri, Json, Kind, Limits, ParseError, Property, Value, Warning, edit, scan,
    tape::{Doc, Node, Token},
    terms::ID,
    types,
};

/// Anything that a server sends: a whole document, or an object in one.
///
/// It keeps the bytes as they came and an index of them. Nothing is lost: [`to_bytes`](Self::to_bytes) of an
/// untouched document are the bytes that came, and setting one property leaves all others as they are. A
/// clone is O(1), and owned: it goes anywhere, also after the document that it was a part of is gone.
///
/// Reading is tolerant. Where a property holds something that cannot be read, the answer is as if it was not
/// there, and [`warnings`](Self::warnings) says so.
///
/// Two are equal when they stand for the same JSON text.
#[derive(Clone)]
pub struct Object {
    doc: Arc<Doc>,
    index: u32,
}

/// An activity is an object like all others; the name says what is meant.
pub type Activity = Object;

impl Object {
    /// An object without any property.
    #[must_use]
    pub fn new() -> Self {
        Self::whole(scan::nothing())
    }

    /// Reads a document within the usual [`Limits`].
    ///
    /// # Errors
    ///
    /// Where the document is refused whole: see the table at [`ParseError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &Limits::default())
    }

    /// Reads a document within these limits.
    ///
    /// # Errors
    ///
    /// Where the document is refused whole: see the table at [`ParseError`].
    pub fn parse_with(bytes: &[u8], limits: &Limits) -> Result<Self, ParseError> {
        let doc = scan::document(bytes, limits)?;
        Ok(Self {
            doc: Arc::new(doc),
            index: 0,
        })
    }

    /// The document that this value is.
    ///
    /// # Errors
    ///
    /// Where it is no JSON object, or refused whole as a received document would be.
    pub fn from_value(value: impl Borrow<JsonValue>) -> Result<Self, ParseError> {
        let bytes = serde_json::to_vec(value.borrow()).map_err(|_| ParseError::NotAnObject)?;
        Self::parse_with(&bytes, &scan::OURS)
    }

    /// The document as bytes: as they came where nobody touched it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    /// [`to_bytes`](Self::to_bytes) without a copy.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.as_text().as_bytes()
    }

    /// The document as text: as it came where nobody touched it.
    pub(crate) fn as_text(&self) -> &str {
        if self.index == 0 {
            &self.doc.text
        } else {
            self.node().text()
        }
    }

    /// The document as a [`serde_json::Value`], and with it as serde has it. Numbers lose their spelling (`0.10` is
    /// `0.1`), and one that no `f64` holds (`1e400`) becomes a text: [`to_bytes`](Self::to_bytes) keeps them.
    #[must_use]
    pub fn to_value(&self) -> JsonValue {
        self.node().to_value()
    }

    /// The value at this place, for what no accessor reads.
    #[must_use]
    pub fn node(&self) -> Node<'_> {
        Node::new(&self.doc, self.index)
    }

    /// Its id: `id` or `@id`, or the text itself where only an id stands.
    ///
    /// `None` where there is none or it is no [`Iri`]; ids are not guessed.
    #[must_use]
    pub fn id(&self) -> Option<Iri> {
        let node = self.node();
        let id = if node.is_object() {
            edit::find(node, ID.name(), ID.iri())?
        } else {
            node
        };
        Iri::parse(&id.as_str()?).ok()
    }

    /// The name of its (first) type, without prefix or namespace: `Note` for `as:Note` too. Empty where there
    /// is none.
    #[must_use]
    pub fn type_name(&self) -> &str {
        types::first(self.node()).unwrap_or_default()
    }

    /// The names of all its types.
    #[must_use]
    pub fn types(&self) -> Vec<String> {
        types::all(self.node()).map(str::to_owned).collect()
    }

    /// Whether this type is among its types.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        types::all(self.node()).any(|one| one == name)
    }

    /// This object as a type, where it is one.
    #[must_use]
    pub fn as_<T: Kind>(&self) -> Option<T> {
        T::from_object(self)
    }

    /// Whether the property stands here and is not `null`.
    #[must_use]
    pub fn has<T>(&self, property: &Property<T>) -> bool {
        edit::find(self.node(), property.name(), property.iri()).is_some_and(|node| !node.is_null())
    }

    /// What stands at a property, as it came, under whichever of its names.
    #[must_use]
    pub fn value_of<T>(&self, property: &Property<T>) -> Option<Node<'_>> {
        edit::find(self.node(), property.name(), property.iri())
    }

    /// This as a document of its own: itself, or where it is a part of one that gives names another meaning, a copy
    /// that has this context.
    #[must_use]
    pub fn detached(&self) -> Self {
        match edit::taken_out(self.node()) {
            Cow::Borrowed(_) => self.clone(),
            Cow::Owned(text) => scan::owned(text).map_or_else(|_| self.clone(), Self::whole),
        }
    }

    /// The first value of a property that can be read.
    #[must_use]
    pub fn get<T: Value>(&self, property: &Property<T>) -> Option<T> {
        self.first_of(property.name(), property.iri())
    }

    /// All values of a property that can be read.
    #[must_use]
    pub fn get_all<T: Value>(&self, property: &Property<T>) -> Vec<T> {
        match edit::find(self.node(), property.name(), property.iri()) {
            Some(node) => node.each().filter_map(T::read).collect(),
            None => self.get(property).into_iter().collect(),
        }
    }

    /// Sets a property to one value, in the place where it stood. All else stays as it came, byte by byte.
    ///
    /// Where the property already says this, however it is spelled (`"12"` for 12, a list of one, a date in
    /// another form), nothing changes at all.
    ///
    /// Setting a property of an object that was a part of a document takes the object out of it: the
    /// document itself does not change. Where the document gives names another meaning, its context comes with the
    /// object. Of what is only an id, it makes an object with that id.
    ///
    /// A text that stands in several languages (`contentMap`) keeps the others as they came: [`remove`](Self::remove)
    /// it first, to say it anew. What would nest deeper than 512 levels is not set.
    pub fn set<T: Value>(&mut self, property: &Property<T>, value: impl Into<T>) -> &mut Self {
        let value = value.into().write();
        if !self.stands(property, std::slice::from_ref(&value)) {
            self.put(property.name(), property.iri(), Some(&value));
        }
        self
    }

    /// Sets a property to several values: an array, also of one or none.
    pub fn set_all<T: Value>(
        &mut self,
        property: &Property<T>,
        values: impl IntoIterator<Item = impl Into<T>>,
    ) -> &mut Self {
        let values: Vec<Json> = values.into_iter().map(|value| value.into().write()).collect();
        if !self.stands(property, &values) {
            self.put(property.name(), property.iri(), Some(&Json::array(&values)));
        }
        self
    }

    /// Takes a property out; a text in all its languages (`content` and `contentMap`).
    pub fn remove<T: Value>(&mut self, property: &Property<T>) -> &mut Self {
        self.put(property.name(), property.iri(), None);
        if T::BY_LANGUAGE && edit::find_map(self.node(), property.name(), property.iri()).is_some() {
            let map = |text: &str| format!("{text}Map");
            self.put(&map(property.name()), &map(property.iri()), None);
        }
        self
    }

    /// [`set`](Self::set), for chains.
    #[must_use]
    pub fn with<T: Value>(mut self, property: &Property<T>, value: impl Into<T>) -> Self {
        self.set(property, value);
        self
    }

    /// [`set_all`](Self::set_all), for chains.
    #[must_use]
    pub fn with_all<T: Value>(
        mut self,
        property: &Property<T>,
        values: impl IntoIterator<Item = impl Into<T>>,
    ) -> Self {
        self.set_all(property, values);
        self
    }

    /// [`remove`](Self::remove), for chains.
    #[must_use]
    pub fn without<T: Value>(mut self, property: &Property<T>) -> Self {
        self.remove(property);
        self
    }

    /// Whether it is written in the compact form with the usual names, as nearly all that is sent: no name is a
    /// keyword of JSON-LD (but `@context`), a full IRI or has a prefix, and the document's own context gives no known
    /// name another meaning. Said of the whole document that this is a part of.
    #[must_use]
    pub fn is_compact(&self) -> bool {
        self.doc.is_usual()
    }

    /// What could not be read, in this object and all within it. An empty list means that every known
    /// property was understood.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        crate::warnings::of(self.node())
    }

    pub(crate) fn at(node: Node<'_>) -> Self {
        Self {
            doc: Arc::clone(node.doc),
            index: node.index,
        }
    }

    /// What stands where only an id is known.
    pub(crate) fn of_text(text: &str) -> Self {
        Self {
            doc: Arc::new(scan::text(text)),
            index: 0,
        }
    }

    pub(crate) fn whole(doc: Doc) -> Self {
        Self {
            doc: Arc::new(doc),
            index: 0,
        }
    }

    fn first_of<T: Value>(&self, name: &str, iri: &str) -> Option<T> {
        let node = self.node();
        if let Some(found) = edit::find(node, name, iri)
            && let Some(value) = found.values().find_map(T::read)
        {
            return Some(value);
        }
        if T::BY_LANGUAGE {
            return edit::find_map(node, name, iri)?.values().find_map(T::read);
        }
        None
    }

    /// Whether these are the values of the property already, by what they mean.
    fn stands<T: Value>(&self, property: &Property<T>, values: &[Json]) -> bool {
        let Some(node) = edit::find(self.node(), property.name(), property.iri()) else {
            return false;
        };
        let mut values = values.iter();
        let same = node.each().all(|one| match (T::read(one), values.next()) {
            (Some(stands), Some(value)) => stands.write() == *value,
            _ => false,
        });
        same && values.next().is_none()
    }

    pub(crate) fn put(&mut self, name: &str, iri: &str, value: Option<&Json>) {
        if value.is_some() && !self.node().is_object() {
            // Where only an id stood, an object with this id takes its place.
            let id = self.id();
            *self = Self::new();
            if let Some(id) = id {
                self.set(&ID, id);
            }
        }
        if let Some(doc) = edit::put(self.node(), name, iri, value) {
            *self = Self::whole(doc);
        }
    }
}

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Object {
    /// Type and id only: what people wrote belongs in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.node().token() != Token::Object {
            return fmt::Debug::fmt(&self.id(), f);
        }
        let name = self.type_name();
        f.write_str(if name.is_empty() { "Object" } else { name })?;
        match self.id() {
            Some(id) => write!(f, "({id})"),
            None => f.write_str("(no id)"),
        }
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.node().raw() == other.node().raw()
    }
}

impl Eq for Object {}

impl From<&Self> for Object {
    fn from(object: &Self) -> Self {
        object.clone()
    }
}

impl TryFrom<JsonValue> for Object {
    type Error = ParseError;

    fn try_from(value: JsonValue) -> Result<Self, ParseError> {
        Self::from_value(value)
    }
}

impl serde::Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}
