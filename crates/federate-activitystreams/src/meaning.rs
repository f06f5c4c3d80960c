//! Documents by what their context makes of them.

use federate_jsonld::{Contexts, Limits, expand};
use thiserror::Error;

use crate::{Object, ParseError};

/// Why the context of a document could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MeaningError {
    /// A context that is not known, a keyword that is refused, a limit, or no JSON-LD.
    #[error("the context of the document could not be followed")]
    Context(#[source] federate_jsonld::Error),
    /// What it means is no document that would be read.
    #[error("what the document means could not be read")]
    Document(#[source] ParseError),
}

impl Object {
    /// The document as its context means it: in the compact form with the usual names, whatever it called them.
    ///
    /// What stands in that form already ([`is_compact`](Self::is_compact)) is answered with itself, byte for byte and
    /// at once. All else is [`expanded`](Self::expanded), with the contexts that are known and never with one that
    /// would have to be fetched.
    ///
    /// ```
    /// use federate_activitystreams::{Object, jsonld::Contexts};
    ///
    /// let came = Object::parse(
    ///     br#"{"@context": {"ap": {"@id": "https://www.w3.org/ns/activitystreams#", "@prefix": true}, "me": "@id",
    ///          "Post": {"@id": "ap:Note", "@context": {"body": "ap:content"}}},
    ///          "me": "https://a.example/1", "@type": "Post", "body": {"@value": "hi"}}"#,
    /// )?;
    /// let read = came.meant(&Contexts::shipped())?;
    /// assert_eq!(read.as_note().unwrap().content().as_deref(), Some("hi"));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Where it has to be expanded and cannot be: the caller may then read it by its names, as everybody does, or
    /// leave it.
    pub fn meant(&self, contexts: &Contexts) -> Result<Self, MeaningError> {
        if self.is_compact() {
            Ok(self.clone())
        } else {
            self.expanded(contexts)
        }
    }

    /// The document, expanded by its context and compacted with the usual names.
    ///
    /// This is another document than the one that came: what has no meaning in the context is gone, and so are
    /// proofs, which are of the bytes that came; the order of several values is not kept unless it is a list. Check
    /// signatures first, and keep what came.
    ///
    /// # Errors
    ///
    /// Where the context names one that is not known, or uses a keyword with which a document could be rearranged
    /// (`@graph`, `@included`, `@reverse` …), or where one of the limits of `federate-jsonld` is passed.
    pub fn expanded(&self, contexts: &Contexts) -> Result<Self, MeaningError> {
        let limits = Limits::default();
        let value = expand(&self.to_value(), contexts, &limits)
            .and_then(|expanded| expanded.compact(&limits))
            .map_err(MeaningError::Context)?;
        Self::from_value(value).map_err(MeaningError::Document)
    }
}
