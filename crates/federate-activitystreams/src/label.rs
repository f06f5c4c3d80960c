//! What is named by an id of its server and a word for people.

use crate::{Json, Property, Value, tape::Node};

/// A category, a language, a licence: an id that its server knows (`fr`, `12`) and a word for people, as PeerTube
/// and Lemmy write them. A text alone is the word.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Label {
    /// What the server calls it.
    pub identifier: Option<String>,
    /// What people call it.
    pub name: Option<String>,
}

const IDENTIFIER: Property<String> = Property::new("identifier", "http://schema.org#identifier");
const NAME: Property<String> = Property::new("name", "https://www.w3.org/ns/activitystreams#name");

impl Value for Label {
    const EXPECTED: &'static str = "label";

    fn read(node: Node<'_>) -> Option<Self> {
        if let Some(text) = node.as_str() {
            return Some(Self {
                identifier: None,
                name: Some(text.into()),
            });
        }
        if let Some(number) = node.as_number() {
            return Some(Self {
                identifier: Some(number.to_owned()),
                name: None,
            });
        }
        let label = node.is_object().then(|| crate::Object::at(node))?;
        Some(Self {
            identifier: label.get(&IDENTIFIER),
            name: label.get(&NAME),
        })
    }

    fn write(&self) -> Json {
        let mut label = crate::Object::new();
        if let Some(identifier) = &self.identifier {
            label.set(&IDENTIFIER, identifier.as_str());
        }
        if let Some(name) = &self.name {
            label.set(&NAME, name.as_str());
        }
        Json::object(&label)
    }
}
