use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{Template, rel};

/// One link of a [`Jrd`](crate::Jrd) ([RFC 7033]).
///
/// [RFC 7033]: https://www.rfc-editor.org/rfc/rfc7033#section-4.4.4
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Link {
    /// The relation: `self`, or a URI. See [`rel`].
    pub rel: String,
    /// The media type of what is linked.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub href: Option<String>,
    /// A template in place of `href`, as it came. [`Template`] says which can be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it is called, by language; `und` where none is said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub titles: BTreeMap<String, String>,
    /// What is said about it, by URI; a text or null.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub properties: Map<String, Value>,
    /// Members that no specification knows, as they came.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Link {
    /// A link to `href` with a media type.
    #[must_use]
    pub fn new(rel: &str, type_: &str, href: &str) -> Self {
        Self {
            rel: rel.to_owned(),
            type_: Some(type_.to_owned()),
            href: Some(href.to_owned()),
            ..Self::default()
        }
    }

    /// A link with a template: `with_template(rel::SUBSCRIBE, "https://example.org/interact?uri={uri}")`.
    #[must_use]
    pub fn with_template(rel: &str, template: &str) -> Self {
        Self {
            rel: rel.to_owned(),
            template: Some(template.to_owned()),
            ..Self::default()
        }
    }

    /// Where people of this server do `activity` ([FEP-3b86]): `intent("Follow", "https://example.org/follow?id={object}")`.
    ///
    /// The page may change nothing by itself: it asks, in a form that other sites cannot send. Where it takes `{on-success}`, it
    /// shows whither it leads before it leads there.
    ///
    /// [FEP-3b86]: https://w3id.org/fep/3b86
    #[must_use]
    pub fn intent(activity: &str, template: &str) -> Self {
        Self::with_template(&rel::intent(activity), template)
    }

    /// The template, where there is one that can be used.
    #[must_use]
    pub fn usable_template(&self) -> Option<Template> {
        Template::parse(self.template.as_deref()?).ok()
    }

    /// Reads a link; one without a relation is none.
    pub(crate) fn read(value: Value) -> Option<Self> {
        let Value::Object(mut link) = value else {
            return None;
        };
        Some(Self {
            rel: text(&mut link, "rel")?,
            type_: text(&mut link, "type"),
            href: text(&mut link, "href"),
            template: text(&mut link, "template"),
            titles: object(&mut link, "titles")
                .into_iter()
                .filter_map(|(language, title)| match title {
                    Value::String(title) => Some((language, title)),
                    _ => None,
                })
                .collect(),
            properties: object(&mut link, "properties"),
            other: link,
        })
    }
}

/// Takes a text out; something else under its name is taken out too, and lost.
pub(crate) fn text(from: &mut Map<String, Value>, name: &str) -> Option<String> {
    match from.remove(name)? {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// Takes an object out.
pub(crate) fn object(from: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match from.remove(name) {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    }
}

/// Takes a list out.
pub(crate) fn list(from: &mut Map<String, Value>, name: &str) -> Vec<Value> {
    match from.remove(name) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    }
}
