//! What an author wrote.

use crate::{Json, Object, Value, tape::Node, terms};

/// What an author wrote, before it was made HTML: `source`, as an object or as a text alone.
///
/// Spec: <https://www.w3.org/TR/activitypub/#source-property>
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The text.
    pub content: String,
    /// Its media type, where it says one: `text/markdown`, `text/x.misskeymarkdown`.
    pub media_type: Option<String>,
}

impl Source {
    /// A text of a media type.
    #[must_use]
    pub fn new(content: impl Into<String>, media_type: &str) -> Self {
        Self {
            content: content.into(),
            media_type: Some(media_type.to_owned()),
        }
    }
}

impl Value for Source {
    const EXPECTED: &'static str = "source";

    fn read(node: Node<'_>) -> Option<Self> {
        if let Some(text) = node.as_str() {
            return Some(Self {
                content: text.into(),
                media_type: None,
            });
        }
        let source = node.is_object().then(|| Object::at(node))?;
        Some(Self {
            content: source.content().unwrap_or_default(),
            media_type: source.media_type(),
        })
    }

    fn write(&self) -> Json {
        let mut source = Object::new().with(&terms::CONTENT, self.content.as_str());
        if let Some(media_type) = &self.media_type {
            source.set(&terms::MEDIA_TYPE, media_type.as_str());
        }
        Json::object(&source)
    }
}
