//! Text in the language that somebody reads.

use crate::{Object, Property, Value, edit};

impl Object {
    /// A text in the first of these languages that it has, best first ([RFC 4647](https://www.rfc-editor.org/rfc/rfc4647),
    /// lookup: `pt-BR` is content with `pt`; beyond it, `pt` with `pt-BR`). Where it has none of them, what
    /// [`get`](Self::get) answers.
    ///
    /// ```
    /// use federate_activitystreams::{Object, terms::CONTENT};
    ///
    /// let note = Object::parse(br#"{"content": "Hallo", "contentMap": {"de": "Hallo", "en-GB": "Hello"}}"#)?;
    /// assert_eq!(note.text_in(&CONTENT, &["fr", "en"]).as_deref(), Some("Hello"));
    /// assert_eq!(note.text_in(&CONTENT, &["fr"]).as_deref(), Some("Hallo"));
    /// # Ok::<_, federate_activitystreams::ParseError>(())
    /// ```
    #[must_use]
    pub fn text_in(&self, property: &Property<String>, languages: &[impl AsRef<str>]) -> Option<String> {
        let mut texts = self.texts(property);
        let best = languages.iter().find_map(|wanted| best(&texts, wanted.as_ref()));
        match best {
            Some(best) => Some(texts.swap_remove(best).1),
            None => self.get(property),
        }
    }

    /// A text by language (`contentMap`, `nameMap`, `summaryMap`; `@language` beside `@value`), each with its
    /// tag as it came, in the order in which they came.
    #[must_use]
    pub fn texts(&self, property: &Property<String>) -> Vec<(String, String)> {
        let (name, iri) = (property.name(), property.iri());
        let plain = edit::find(self.node(), name, iri);
        let map = edit::find_map(self.node(), name, iri);
        let values = map.into_iter().chain(plain).flat_map(crate::tape::Node::each);
        let mut texts = Vec::new();
        for value in values.filter(|value| value.is_object()) {
            match (
                value.get("@language").and_then(|tag| tag.as_str()),
                value.get("@value"),
            ) {
                (Some(tag), Some(text)) => texts.extend(String::read(text).map(|text| (tag.into(), text))),
                _ => texts.extend(
                    value
                        .entries()
                        .filter(|(tag, _)| !tag.starts_with('@'))
                        .filter_map(|(tag, text)| {
                            let text = text.each().find_map(|text| text.as_str())?;
                            Some((tag.into(), text.into()))
                        }),
                ),
            }
        }
        texts
    }

    /// The languages that its content is in, by tag, as they came.
    #[must_use]
    pub fn languages(&self) -> Vec<String> {
        let texts = self.texts(&crate::terms::CONTENT);
        texts.into_iter().map(|(tag, _)| tag).collect()
    }
}

/// Which of the texts is in this language.
fn best(texts: &[(String, String)], wanted: &str) -> Option<usize> {
    let mut range = wanted;
    loop {
        if let Some(at) = texts.iter().position(|(tag, _)| tag.eq_ignore_ascii_case(range)) {
            return Some(at);
        }
        match range.rsplit_once('-') {
            Some((shorter, _)) => range = shorter,
            None => break,
        }
    }
    texts.iter().position(|(tag, _)| {
        let begin = tag.get(..wanted.len());
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(wanted))
            && tag.as_bytes().get(wanted.len()) == Some(&b'-')
    })
}
