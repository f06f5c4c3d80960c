/// Why a document has no meaning that we would hand on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The document names a context that is not in [`Contexts`](crate::Contexts). Nothing is ever fetched.
    #[error("the context {0:?} is not known here, and contexts are never fetched")]
    UnknownContext(String),
    /// A keyword with which a document can be rebuilt around a signature, or that nothing in the fediverse sends.
    #[error("{keyword} at {path:?} is refused")]
    Keyword {
        /// The keyword, such as `@graph`.
        keyword: String,
        /// Where it stood, as a JSON pointer.
        path: String,
    },
    /// The document is larger, deeper or dearer than the [`Limits`](crate::Limits) allow.
    #[error("over the limit of {limit} {what}")]
    Limit {
        /// What was counted.
        what: &'static str,
        /// The limit that was passed.
        limit: u64,
    },
    /// It is not JSON-LD: the processor's own words.
    #[error("not JSON-LD: {0}")]
    Syntax(String),
    /// It is not N-Quads: the line, counted from one.
    #[error("not N-Quads in line {0}")]
    NQuads(usize),
    /// The top of the document is not an object, or its id does not resolve.
    #[error("the document has no root: it is not an object, or its id is not an absolute IRI")]
    NoRoot,
    /// The document says nothing: no property of it has a meaning.
    #[error("no property of the document has a meaning in its contexts")]
    Empty,
    /// The graph does not tell which of its nodes the document is about, so whoever relays it could choose.
    #[error("the graph does not tell which node the document is about: {0}")]
    AmbiguousRoot(&'static str),
    /// As [`Error::AmbiguousRoot`], because an object stands under a name that the contexts give no meaning: a JSON
    /// pointer. The processor keeps what such an object says, and drops that anything points to it.
    #[error("a member without a meaning in the context holds an object: {0}")]
    WithoutMeaning(String),
    /// An IRI whose scheme is a term of the target context cannot be written without being read as something else.
    #[error("the IRI {0:?} would be read as a compact name")]
    Unwritable(String),
    /// There is no `signature` object.
    #[error("the document has no single `signature` object")]
    NoSignature,
    /// A member of the signature has more than one value, or one that is no text.
    #[error("the signature does not say its {0} once")]
    Option(&'static str),
}

impl Error {
    pub(crate) fn limit(what: &'static str, limit: u64) -> Self {
        Self::Limit { what, limit }
    }

    pub(crate) fn keyword(keyword: &str, path: &str) -> Self {
        Self::Keyword {
            keyword: keyword.to_owned(),
            path: path.to_owned(),
        }
    }
}
