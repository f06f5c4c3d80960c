//! Properties as values: a name, its meaning, and the Rust type it is read as.

use std::{borrow::Cow, fmt, marker::PhantomData, time::SystemTime};

use crate::{
    Iri, Object, Ref, edit,
    tape::{Node, Token},
    terms::{HREF, ID},
    time, types,
};

/// One property: its name on the wire, its full IRI, and what it is read as.
///
/// Applications declare their own beside the library's, and they are read with the same tolerance:
///
/// ```
/// use federate_activitystreams::{Object, Property};
///
/// const SEATS: Property<f64> =
///     Property::new("maximumAttendeeCapacity", "https://schema.org/maximumAttendeeCapacity");
///
/// let event = Object::parse(br#"{"type": "Event", "maximumAttendeeCapacity": "12"}"#)?;
/// assert_eq!(event.get(&SEATS), Some(12.0));
/// # Ok::<_, federate_activitystreams::ParseError>(())
/// ```
pub struct Property<T> {
    name: &'static str,
    iri: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> Property<T> {
    /// A property of this name on the wire and this full IRI.
    #[must_use]
    pub const fn new(name: &'static str, iri: &'static str) -> Self {
        Self {
            name,
            iri,
            of: PhantomData,
        }
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its full IRI: how a document in expanded form spells it.
    #[must_use]
    pub const fn iri(&self) -> &'static str {
        self.iri
    }
}

impl<T> Clone for Property<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Property<T> {}

impl<T> fmt::Debug for Property<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property")
            .field("name", &self.name)
            .field("iri", &self.iri)
            .finish()
    }
}

/// What a property can be read as and written from. Applications may implement it for their own types.
pub trait Value: Sized {
    /// What it expects, in a word or two, for [`Warning`](crate::Warning)s: `date`, `number`.
    const EXPECTED: &'static str;
    /// Whether `nameMap` may stand in for `name`: text by language.
    const BY_LANGUAGE: bool = false;

    /// Reads one value (never an array, never `null`); `None` where it is something else.
    fn read(node: Node<'_>) -> Option<Self>;

    /// The value as JSON.
    fn write(&self) -> Json;
}

/// JSON to be written into a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub(crate) String);

impl Json {
    /// A text. U+0000 is left out: no receiver can store it.
    #[must_use]
    pub fn string(text: &str) -> Self {
        if text.contains('\0') {
            Self::of(&text.replace('\0', ""))
        } else {
            Self::of(text)
        }
    }

    /// Anything that serde can write.
    #[must_use]
    pub fn of<T: serde::Serialize + ?Sized>(value: &T) -> Self {
        Self(serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned()))
    }

    /// A document, or the part of one, with its bytes as they are. Where the document that it is a part of gives names
    /// another meaning, that context comes with it.
    #[must_use]
    pub fn object(object: &Object) -> Self {
        Self(edit::taken_out(object.node()).into_owned())
    }

    pub(crate) fn array(values: &[Self]) -> Self {
        let mut out = String::from("[");
        for (n, value) in values.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            out.push_str(&value.0);
        }
        out.push(']');
        Self(out)
    }
}

impl Value for String {
    const EXPECTED: &'static str = "text";
    const BY_LANGUAGE: bool = true;

    fn read(node: Node<'_>) -> Option<Self> {
        match node.token() {
            Token::Plain | Token::Escaped => node.as_str().map(Into::into),
            // A language map where a text belongs, or an expanded `{"@value": …}`: the first that is a text.
            Token::Object => match node.get("@value") {
                Some(value) => value.as_str().map(Into::into),
                None if is_by_language(node) => {
                    let mut texts = node.entries().flat_map(|(_, value)| value.each());
                    texts.find_map(|text| text.as_str()).map(Into::into)
                }
                None => None,
            },
            _ => None,
        }
    }

    fn write(&self) -> Json {
        Json::string(self)
    }
}

impl Value for Iri {
    const EXPECTED: &'static str = "identifier";

    fn read(node: Node<'_>) -> Option<Self> {
        Self::parse(&identifier(node)?).ok()
    }

    fn write(&self) -> Json {
        Json::of(self)
    }
}

/// The text by which what stands here is named, whether it is an identifier or not.
pub(crate) fn identifier<'a>(node: Node<'a>) -> Option<Cow<'a, str>> {
    match node.token() {
        Token::Plain | Token::Escaped => node.as_str(),
        Token::Object => {
            let text = |property: &Property<Iri>| edit::find(node, property.name(), property.iri());
            // What a link leads to is meant, not the link; of all else, an id that is none is not made up for.
            let value = match (text(&HREF), text(&ID)) {
                (Some(href), id) if id.is_none() || types::all(node).any(is_link) => href,
                (_, id) => id?,
            };
            value.as_str()
        }
        _ => None,
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "truth value";

    fn read(node: Node<'_>) -> Option<Self> {
        match value_of(node) {
            node if node.as_bool().is_some() => node.as_bool(),
            node => match node
                .as_number()
                .map_or_else(|| node.as_str(), |number| Some(number.into()))?
                .as_ref()
            {
                "true" | "1" => Some(true),
                "false" | "0" => Some(false),
                _ => None,
            },
        }
    }

    fn write(&self) -> Json {
        Json::of(self)
    }
}

impl Value for f64 {
    const EXPECTED: &'static str = "number";

    fn read(node: Node<'_>) -> Option<Self> {
        let number: Self = number(node)?.parse().ok()?;
        number.is_finite().then_some(number)
    }

    fn write(&self) -> Json {
        Json::of(self)
    }
}

macro_rules! integers {
    ($($integer:ty: $from:literal..=$to:literal),*) => {$(
        impl Value for $integer {
            const EXPECTED: &'static str = "whole number";

            fn read(node: Node<'_>) -> Option<Self> {
                let text = number(node)?;
                if let Ok(whole) = text.parse() {
                    return Some(whole);
                }
                // `12.0` and `1.2e1` are whole too; beyond 2^53 a float no longer says which whole it is.
                let float: f64 = text.parse().ok()?;
                let exact = float.fract() == 0.0 && ($from..=$to).contains(&float);
                exact.then(|| format!("{:.0}", float + 0.0).parse().ok()).flatten()
            }

            fn write(&self) -> Json {
                Json::of(self)
            }
        }
    )*};
}
integers!(i64: -9_007_199_254_740_992.0..=9_007_199_254_740_992.0, u64: 0.0..=9_007_199_254_740_992.0);

impl Value for SystemTime {
    const EXPECTED: &'static str = "date";

    fn read(node: Node<'_>) -> Option<Self> {
        time::parse(&value_of(node).as_str()?)
    }

    fn write(&self) -> Json {
        Json::string(&time::format(*self))
    }
}

impl Value for Object {
    const EXPECTED: &'static str = "object or identifier";

    fn read(node: Node<'_>) -> Option<Self> {
        // An id alone is an object that has this id and nothing else.
        (node.is_object() || Iri::read(node).is_some()).then(|| Self::at(node))
    }

    fn write(&self) -> Json {
        Json::object(self)
    }
}

impl Value for Ref {
    const EXPECTED: &'static str = "identifier or object";

    fn read(node: Node<'_>) -> Option<Self> {
        let fits = match node.token() {
            Token::Plain | Token::Escaped => Iri::read(node).is_some(),
            token => token == Token::Object,
        };
        fits.then(|| Self::at(node))
    }

    fn write(&self) -> Json {
        self.json()
    }
}

/// A number, or a text that spells one; `{"@value": …}` of either.
fn number(node: Node<'_>) -> Option<Cow<'_, str>> {
    let node = value_of(node);
    match node.as_number() {
        Some(number) => Some(number.into()),
        None => node.as_str(),
    }
}

/// Whether an object holds texts by language: each of its names is a language tag, and it is nothing that has a type.
fn is_by_language(node: Node<'_>) -> bool {
    let is_tag = |name: &str| name == "@none" || crate::warnings::is_language_tag(name);
    let names = || node.entries().map(|(name, _)| name);
    names().all(|name| is_tag(&name) && name != "type")
        && node.get("id").is_none_or(|id| Iri::read(id).is_none())
}

fn is_link(name: &str) -> bool {
    matches!(name, "Link" | "Mention" | "Hashtag")
}

pub(crate) fn value_of(node: Node<'_>) -> Node<'_> {
    if node.is_object() {
        node.get("@value").unwrap_or(node)
    } else {
        node
    }
}
